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

LOCAL_PREFIX: Final = "x_local_"
VAGUE: Final = frozenset({RESET, EOF, ALERT, OTHER, UNTRUSTED, MISMATCH, EXPIRED})
"""What a test helper's one word for "anything else" may stand for: failing so, it fails alike."""

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

DNS_KIND_OF: Final[dict[str, str]] = (
    dict.fromkeys(f.TIMEOUTS, TIMEOUT)
    | dict.fromkeys(f.LOCAL, LOCAL)
    | {
        f.DNS_NXDOMAIN: NXDOMAIN,
        f.DNS_SERVFAIL: SERVFAIL,
        f.DNS_REFUSED: REFUSED,
        f.DNS_NO_ANSWER: NO_ANSWER,
    }
)
"""An answer that cannot be read, or getaddrinfo's EAI_AGAIN, is unclear: it names no mechanism."""


def kind_of(failure: str) -> str:
    """Return the class of a TCP, TLS or HTTP failure."""
    return LOCAL if failure.startswith(LOCAL_PREFIX) else KIND_OF.get(failure, OTHER)


def dns_kind_of(failure: str) -> str:
    """Return the class of a DNS failure."""
    return LOCAL if failure.startswith(LOCAL_PREFIX) else DNS_KIND_OF.get(failure, DNS_UNCLEAR)
