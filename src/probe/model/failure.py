"""Failure strings: OONI's df-007 names where it has one, ours begin with `x_`."""

from typing import Final

# TCP/IP
CONNECTION_REFUSED: Final = "connection_refused"
CONNECTION_RESET: Final = "connection_reset"
CONNECTION_ABORTED: Final = "connection_aborted"
CONNECTION_ALREADY_CLOSED: Final = "connection_already_closed"
TIMEOUT: Final = "generic_timeout_error"
EOF: Final = "eof_error"
HOST_UNREACHABLE: Final = "host_unreachable"
NETWORK_UNREACHABLE: Final = "network_unreachable"
NETWORK_DOWN: Final = "network_down"
NETWORK_RESET: Final = "network_reset"
PERMISSION_DENIED: Final = "permission_denied"
TIMED_OUT: Final = "timed_out"
INTERRUPTED: Final = "interrupted"

# DNS
DNS_NXDOMAIN: Final = "dns_nxdomain_error"
DNS_SERVFAIL: Final = "dns_servfail_error"
DNS_REFUSED: Final = "dns_refused_error"
DNS_MISBEHAVING: Final = "dns_server_misbehaving"
DNS_NO_ANSWER: Final = "dns_no_answer"
DNS_TEMPORARY: Final = "dns_temporary_failure"
DNS_NON_RECOVERABLE: Final = "dns_non_recoverable_failure"
DNS_BOGON: Final = "dns_bogon_error"
DNS_WRONG_ID: Final = "dns_reply_with_wrong_query_id"
X_DNS_UNPARSABLE: Final = "x_dns_reply_unparsable"
X_DNS_NOT_A_RESPONSE: Final = "x_dns_not_a_response"
X_DNS_WRONG_QUESTION: Final = "x_dns_wrong_question"
X_DNS_TRUNCATED: Final = "x_dns_truncated"
X_DOH_NOT_DNS: Final = "x_doh_not_dns"

# TLS
TLS_FAILED_HANDSHAKE: Final = "ssl_failed_handshake"
TLS_INVALID_HOSTNAME: Final = "ssl_invalid_hostname"
TLS_UNKNOWN_AUTHORITY: Final = "ssl_unknown_authority"
TLS_INVALID_CERTIFICATE: Final = "ssl_invalid_certificate"
X_TLS_ALERT: Final = "x_tls_alert"
"""The server sent a fatal alert after the handshake (during it: ssl_failed_handshake, with the number)."""
X_TLS_TOO_LARGE: Final = "x_tls_handshake_too_large"
X_TLS_BAD_RECORD: Final = "x_tls_bad_record"
"""After the handshake came bytes that were not the peer's: they did not decrypt."""

# HTTP
HTTP_INVALID_REDIRECT: Final = "http_invalid_redirect_location_host"
HTTP_UNEXPECTED_STATUS: Final = "http_unexpected_status_code"
HTTP_REQUEST_FAILED: Final = "http_request_failed"
JSON_PARSE_ERROR: Final = "json_parse_error"
X_HTTP_PARSE: Final = "x_http_parse_error"
X_HTTP_NO_STATUS_LINE: Final = "x_http_no_status_line"
X_HTTP_HEADERS_TOO_LARGE: Final = "x_http_headers_too_large"
X_REDIRECT_LOOP: Final = "x_redirect_loop"
X_TOO_MANY_REDIRECTS: Final = "x_too_many_redirects"

# QUIC
QUIC_INCOMPATIBLE_VERSION: Final = "quic_incompatible_version"
X_QUIC_PROTOCOL: Final = "x_quic_protocol_error"
"""What came was no QUIC that one could go on with."""
X_QUIC_CLOSED: Final = "x_quic_closed"
"""The other side closed the connection within the handshake, for a reason that is no TLS alert."""

# Helpers that serve transfers
X_HELPER_CERTIFICATE: Final = "x_helper_certificate"
"""It showed another certificate than it had announced."""
X_HELPER_ANSWER: Final = "x_helper_answer"
"""What it announced or sent is not what the protocol has it send."""

# Tunnels
X_VPN_AUTH: Final = "x_vpn_auth_failed"
"""The server does not take the user and password, or the certificate."""
X_VPN_PROTOCOL: Final = "x_vpn_protocol_error"
"""What came is not of the tunnel's protocol."""
X_VPN_CIPHER: Final = "x_vpn_cipher_unknown"
"""It wants a cipher for data that this program does not know."""

# Here
X_LOCAL_FD_LIMIT: Final = "x_local_fd_limit"
X_NOT_TRIED: Final = "x_not_tried_reserved_address"
"""An answer or a redirect named a loopback, private or reserved address: perhaps the volunteer's own."""
UNKNOWN_PREFIX: Final = "unknown_failure: "

RESETS: Final = frozenset({CONNECTION_RESET, CONNECTION_ABORTED})
TIMEOUTS: Final = frozenset({TIMEOUT, TIMED_OUT})
EOFS: Final = frozenset({EOF, CONNECTION_ALREADY_CLOSED})
UNREACHABLES: Final = frozenset({HOST_UNREACHABLE, NETWORK_UNREACHABLE, NETWORK_DOWN, NETWORK_RESET})
LOCAL: Final = frozenset({INTERRUPTED, X_LOCAL_FD_LIMIT, X_NOT_TRIED, PERMISSION_DENIED})
"""Failures of this machine or of its user: never evidence about a target."""

CERTIFICATE: Final = frozenset({TLS_INVALID_HOSTNAME, TLS_UNKNOWN_AUTHORITY, TLS_INVALID_CERTIFICATE})
"""The handshake completed and what it showed does not hold."""
