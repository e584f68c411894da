"""A tunnel through a proxy: SOCKS5 (RFC 1928, 1929) or HTTP CONNECT (RFC 9110, 9.3.6).

Names are resolved at its far end. What the proxy says about the target and what goes wrong with the proxy
itself are kept apart; where its answer leaves that open, it is the proxy's failure.
"""

from __future__ import annotations

import base64
import ipaddress
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import anyio

from probe.measure.failure import classify
from probe.model import failure as f

if TYPE_CHECKING:
    from collections.abc import Mapping

    from probe.measure.stream import Stream

PORTS: Final = {"socks5": 1080, "socks5h": 1080, "http": 8080}
MAX_HEAD: Final = 16 * 1024

X_PROXY_REFUSED: Final = "x_proxy_refused"
"""The proxy would not open this tunnel, or not say why it could not."""
X_PROXY_AUTHENTICATION: Final = "x_proxy_authentication"
X_PROXY_PROTOCOL: Final = "x_proxy_protocol_error"

SOCKS_TARGET: Final[Mapping[int, str]] = {
    3: f.NETWORK_UNREACHABLE,
    4: f.HOST_UNREACHABLE,
    5: f.CONNECTION_REFUSED,
    6: f.TIMEOUT,
}
"""Replies of RFC 1928, 6, that speak of the target; 1 (general failure) may be anything, 2 is a rule."""

PROXY_STATUS: Final[Mapping[str, str]] = {
    "dns_timeout": f.DNS_TEMPORARY,
    "dns_error": f.DNS_MISBEHAVING,
    "destination_unavailable": f.HOST_UNREACHABLE,
    "destination_ip_unroutable": f.NETWORK_UNREACHABLE,
    "connection_refused": f.CONNECTION_REFUSED,
    "connection_terminated": f.CONNECTION_RESET,
    "connection_timeout": f.TIMEOUT,
}
"""RFC 9209, 2.3: what an HTTP proxy says went wrong behind it."""

SQUID: Final[Mapping[tuple[str, ...], str]] = {
    ("err_dns_fail", "0"): f.DNS_MISBEHAVING,
    ("err_connect_fail", "101"): f.NETWORK_UNREACHABLE,
    ("err_connect_fail", "104"): f.CONNECTION_RESET,
    ("err_connect_fail", "110"): f.TIMEOUT,
    ("err_connect_fail", "111"): f.CONNECTION_REFUSED,
    ("err_connect_fail", "113"): f.HOST_UNREACHABLE,
}
"""X-Squid-Error: the error page and errno."""

GATEWAY_TIMEOUT: Final = 504


class TunnelError(Exception):
    """No tunnel; `of_target` tells whether it is the target that failed or the proxy."""

    def __init__(self, failure: str, *, of_target: bool) -> None:
        """Keep the failure string."""
        super().__init__(failure)
        self.failure = failure
        self.of_target = of_target


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy as the user named it; credentials show in no repr."""

    scheme: str
    host: str
    port: int
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def label(self) -> str:
        """The URL without credentials: all that is ever kept."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def proxy_of(url: str) -> Proxy:
    """Read `socks5://`, `socks5h://` or `http://[user:password@]host[:port]`. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("not a socks5://, socks5h:// or http:// proxy")
    return Proxy(
        scheme=parts.scheme,
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


async def open_tunnel(stream: Stream, proxy: Proxy, host: str, port: int, timeout_s: float) -> None:
    """Make the connection to the proxy one to the target. Raises TunnelError; cancellation passes."""
    talk = _connect_http if proxy.scheme == "http" else _connect_socks
    try:
        with anyio.fail_after(timeout_s):
            await talk(stream, proxy, host, port)
    except OSError as error:
        raise TunnelError(classify(error), of_target=False) from error
    except EOFError as error:
        raise TunnelError(f.EOF, of_target=False) from error


async def greet(stream: Stream, proxy: Proxy, timeout_s: float) -> bool:
    """Say whether the proxy still talks: SOCKS answers a greeting, HTTP needs no more than to accept."""
    if proxy.scheme == "http":
        return True
    try:
        with anyio.fail_after(timeout_s):
            await _socks_greeting(stream, proxy)
    except (OSError, EOFError, TunnelError):
        return False
    return True


async def _connect_socks(stream: Stream, proxy: Proxy, host: str, port: int) -> None:
    await _socks_greeting(stream, proxy)
    await stream.write(b"\x05\x01\x00" + _socks_address(host) + struct.pack(">H", port))
    version, reply, _, kind = await _exactly(stream, 4)
    if version != 5:
        raise TunnelError(X_PROXY_PROTOCOL, of_target=False)
    if reply != 0:
        raise TunnelError(SOCKS_TARGET.get(reply, X_PROXY_REFUSED), of_target=reply in SOCKS_TARGET)
    sizes = {1: 4, 4: 16}
    size = sizes[kind] if kind in sizes else (await _exactly(stream, 1))[0] if kind == 3 else -1
    if size < 0:
        raise TunnelError(X_PROXY_PROTOCOL, of_target=False)
    await _exactly(stream, size + 2)


async def _socks_greeting(stream: Stream, proxy: Proxy) -> None:
    """Agree on a method; with credentials both are offered, without them only none."""
    await stream.write(b"\x05\x02\x00\x02" if proxy.username else b"\x05\x01\x00")
    version, method = await _exactly(stream, 2)
    if version != 5:
        raise TunnelError(X_PROXY_PROTOCOL, of_target=False)
    if method == 2 and proxy.username:
        name, password = proxy.username.encode()[:255], proxy.password.encode()[:255]
        await stream.write(bytes((1, len(name))) + name + bytes((len(password),)) + password)
        _, status = await _exactly(stream, 2)
        if status != 0:
            raise TunnelError(X_PROXY_AUTHENTICATION, of_target=False)
    elif method != 0:
        raise TunnelError(X_PROXY_AUTHENTICATION, of_target=False)


def _socks_address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("ascii")[:255]
        return bytes((3, len(name))) + name
    return (b"\x01" if address.version == 4 else b"\x04") + address.packed


async def _exactly(stream: Stream, size: int) -> bytes:
    """Read so many bytes; EOFError if the stream ends before."""
    data = b""
    while len(data) < size:
        more = await stream.read(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


async def _connect_http(stream: Stream, proxy: Proxy, host: str, port: int) -> None:
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
    if proxy.username:
        token = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode("ascii")
        lines.append(f"Proxy-Authorization: Basic {token}")
    await stream.write("\r\n".join((*lines, "", "")).encode("ascii"))
    head = await _head(stream)
    status, headers = _parsed(head)
    if 200 <= status < 300:
        return
    if status == 407:
        raise TunnelError(X_PROXY_AUTHENTICATION, of_target=False)
    said = _said(status, headers)
    raise TunnelError(said or X_PROXY_REFUSED, of_target=said is not None)


async def _head(stream: Stream) -> bytes:
    """Read to the empty line, and not a byte of the tunnel: one at a time, since the answer is short."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        if len(head) >= MAX_HEAD:
            raise TunnelError(X_PROXY_PROTOCOL, of_target=False)
        more = await stream.read(1)
        if not more:
            raise EOFError
        head += more
    return head


def _parsed(head: bytes) -> tuple[int, dict[str, str]]:
    """Return the status and the headers, names in lower case."""
    first, *rest = head.decode("latin-1").split("\r\n")
    version, _, tail = first.partition(" ")
    digits = tail[:3]
    if not version.startswith("HTTP/1.") or not (digits.isascii() and digits.isdigit() and len(digits) == 3):
        raise TunnelError(X_PROXY_PROTOCOL, of_target=False)
    pairs = (line.partition(":") for line in rest)
    return int(digits), {name.strip().lower(): value.strip().lower() for name, _, value in pairs if name}


def _said(status: int, headers: Mapping[str, str]) -> str | None:
    """Return how the target failed as far as the proxy says so; None where it does not."""
    if status not in (502, 503, GATEWAY_TIMEOUT):
        return None
    parameters = (part.strip() for part in headers.get("proxy-status", "").split(";"))
    errors = [part.removeprefix("error=") for part in parameters if part.startswith("error=")]
    if errors:
        return PROXY_STATUS.get(errors[-1])
    squid = tuple(headers.get("x-squid-error", "").split())
    if squid:
        return SQUID.get(squid)
    return f.TIMEOUT if status == GATEWAY_TIMEOUT else None
