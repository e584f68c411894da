"""From exception to failure string: by number, never by message, once, where the exception is caught."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Iterator
from typing import Final

from probe.model import failure as f

POSIX: Final[dict[int, str]] = {
    errno.ECONNREFUSED: f.CONNECTION_REFUSED,
    errno.ECONNRESET: f.CONNECTION_RESET,
    errno.EPIPE: f.CONNECTION_RESET,
    errno.ECONNABORTED: f.CONNECTION_ABORTED,
    errno.ENOTCONN: f.CONNECTION_ALREADY_CLOSED,
    errno.ETIMEDOUT: f.TIMED_OUT,
    errno.EHOSTUNREACH: f.HOST_UNREACHABLE,
    errno.EHOSTDOWN: f.HOST_UNREACHABLE,
    getattr(errno, "ENONET", errno.EHOSTDOWN): f.HOST_UNREACHABLE,
    errno.ENETUNREACH: f.NETWORK_UNREACHABLE,
    errno.ENETDOWN: f.NETWORK_DOWN,
    errno.ENETRESET: f.NETWORK_RESET,
    errno.EACCES: f.PERMISSION_DENIED,
    errno.EPERM: f.PERMISSION_DENIED,
    errno.EMFILE: f.X_LOCAL_FD_LIMIT,
    errno.ENFILE: f.X_LOCAL_FD_LIMIT,
    errno.EADDRINUSE: "x_local_address_in_use",
    errno.EADDRNOTAVAIL: "x_local_address_not_available",
    errno.EAFNOSUPPORT: "x_local_family_not_supported",
    errno.ENOBUFS: "x_local_no_buffers",
    errno.EINVAL: "x_local_invalid_argument",
    errno.EMSGSIZE: "x_local_message_size",
    errno.EPROTO: "x_protocol_error",
}
"""POSIX errno. Other unreachables of ICMP reach us as these numbers too (man 7 icmp, man 7 ip).

ENONET is Linux's for "host isolated"."""

WIN32: Final[dict[int, str]] = {
    64: f.CONNECTION_RESET,
    121: f.TIMED_OUT,
    995: f.INTERRUPTED,
    1225: f.CONNECTION_REFUSED,
    1226: f.CONNECTION_RESET,
    1231: f.NETWORK_UNREACHABLE,
    1232: f.HOST_UNREACHABLE,
    1234: f.CONNECTION_REFUSED,
    1236: f.CONNECTION_ABORTED,
}
"""What the proactor gives instead of Winsock's codes (Microsoft, System Error Codes). As errno, these numbers
mean something else: 64 is ENONET on Linux, EHOSTDOWN on macOS."""

WINSOCK: Final[dict[int, str]] = {
    10013: f.PERMISSION_DENIED,
    10024: f.X_LOCAL_FD_LIMIT,
    10040: "x_local_message_size",
    10047: "x_local_family_not_supported",
    10048: "x_local_address_in_use",
    10049: "x_local_address_not_available",
    10050: f.NETWORK_DOWN,
    10051: f.NETWORK_UNREACHABLE,
    10052: f.NETWORK_RESET,
    10053: f.CONNECTION_ABORTED,
    10054: f.CONNECTION_RESET,
    10055: "x_local_no_buffers",
    10057: f.CONNECTION_ALREADY_CLOSED,
    10060: f.TIMED_OUT,
    10061: f.CONNECTION_REFUSED,
    10064: f.HOST_UNREACHABLE,
    10065: f.HOST_UNREACHABLE,
}
"""Winsock's own codes, which stand in `winerror` and in `errno`."""

RESOLVER: Final[dict[int, str]] = {
    number: name
    for symbol, name in (
        ("EAI_NONAME", f.DNS_NXDOMAIN),
        ("EAI_NODATA", f.DNS_NO_ANSWER),
        ("EAI_ADDRFAMILY", f.DNS_NO_ANSWER),
        ("EAI_AGAIN", f.DNS_TEMPORARY),
        ("EAI_FAIL", f.DNS_NON_RECOVERABLE),
        ("EAI_SYSTEM", f.DNS_MISBEHAVING),
    )
    if (number := getattr(socket, symbol, None)) is not None
} | {
    11001: f.DNS_NXDOMAIN,
    11002: f.DNS_TEMPORARY,
    11003: f.DNS_NON_RECOVERABLE,
    11004: f.DNS_NO_ANSWER,
}
"""getaddrinfo. EAI_AGAIN is SERVFAIL, REFUSED, time-out and junk alike: the own queries tell them apart."""


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in seen:
        seen.add(id(now))
        yield now
        now = now.exceptions[0] if isinstance(now, BaseExceptionGroup) else now.__cause__ or now.__context__


def _of_os(error: OSError) -> str | None:
    windows = getattr(error, "winerror", None)
    if windows in WIN32:
        return WIN32[windows]
    number = error.errno
    if number is None:
        return f.TIMEOUT if isinstance(error, TimeoutError) else None
    return POSIX.get(number) or WINSOCK.get(windows or number)


def _named(error: BaseException) -> str | None:
    match error:
        case asyncio.CancelledError():
            return f.INTERRUPTED
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError() | EOFError():
            return f.EOF
        case ssl.SSLError():
            return f.TLS_FAILED_HANDSHAKE
        case socket.gaierror():
            return RESOLVER.get(error.errno or 0, f"{f.UNKNOWN_PREFIX}gai {error.errno}")
        case OSError():
            return _of_os(error)
        case _:
            return None


def classify(error: BaseException) -> str:
    """Name what the exception, or the first known one among its causes, says happened.

    A time-out of ours and a connection that the kernel gave up (ETIMEDOUT) keep different names. A cancelled
    operation is `interrupted`: our doing, never evidence. What no table knows is `unknown_failure: <type>`
    without the message, which may hold an address of the volunteer.
    """
    for cause in _causes(error):
        name = _named(cause)
        if name is not None:
            return name
    number = error.errno if isinstance(error, OSError) else None
    return f"{f.UNKNOWN_PREFIX}{type(error).__name__}" + ("" if number is None else f" {number}")
