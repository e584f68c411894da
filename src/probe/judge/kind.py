"""Failure strings by class: what counts together in a witness count."""

from __future__ import annotations

from typing import Final

from probe.model import failure as f

RESET: Final = "reset"
TIMEOUT: Final = "timeout"
EOF: Final = "eof"
REFUSED: Final = "refused"
UNREACHABLE: Final = "unreachable"
ALERT: Final = "alert"
UNTRUSTED: Final = "untrusted"
MISMATCH: Final = "mismatch"
EXPIRED: Final = "expired"
CLOCK: Final = "clock"
OTHER: Final = "other"
LOCAL: Final = "local"

MIXABLE: Final = frozenset({RESET, TIMEOUT, EOF})
"""METHOD 2: mixed classes of one layer count when all are of these."""
CERTIFICATE: Final = frozenset({UNTRUSTED, MISMATCH, EXPIRED, CLOCK})

KIND_OF: Final[dict[str, str]] = (
    dict.fromkeys(f.RESETS, RESET)
    | dict.fromkeys(f.TIMEOUTS, TIMEOUT)
    | dict.fromkeys(f.EOFS, EOF)
    | dict.fromkeys(f.UNREACHABLES, UNREACHABLE)
    | dict.fromkeys(f.LOCAL, LOCAL)
    | {
        f.CONNECTION_REFUSED: REFUSED,
        f.X_TLS_ALERT: ALERT,
        f.TLS_UNKNOWN_AUTHORITY: UNTRUSTED,
        f.TLS_INVALID_HOSTNAME: MISMATCH,
        f.TLS_INVALID_CERTIFICATE: EXPIRED,
    }
)

NXDOMAIN: Final = "nxdomain"
SERVFAIL: Final = "servfail"
NO_ANSWER: Final = "no_answer"
DNS_UNCLEAR: Final = "unclear"

DNS_KIND_OF: Final[dict[str, str]] = dict.fromkeys(f.TIMEOUTS, TIMEOUT) | {
    f.DNS_NXDOMAIN: NXDOMAIN,
    f.DNS_SERVFAIL: SERVFAIL,
    f.DNS_REFUSED: REFUSED,
    f.DNS_NO_ANSWER: NO_ANSWER,
    f.INTERRUPTED: LOCAL,
    f.X_LOCAL_FD_LIMIT: LOCAL,
    f.PERMISSION_DENIED: LOCAL,
    f.CONNECTION_REFUSED: DNS_UNCLEAR,
}
"""An answer that cannot be read, or getaddrinfo's EAI_AGAIN, is unclear: it names no mechanism."""


def kind_of(failure: str) -> str:
    """Return the class of a TCP, TLS or HTTP failure."""
    return KIND_OF.get(failure, OTHER)


def dns_kind_of(failure: str) -> str:
    """Return the class of a DNS failure."""
    return DNS_KIND_OF.get(failure, DNS_UNCLEAR)
