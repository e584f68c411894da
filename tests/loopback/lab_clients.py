"""Plain clients for the lab's tests: blocking sockets in threads, so that RST, FIN and silence stay apart."""

from __future__ import annotations

import asyncio
import ssl
import struct
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import dns.message
import dns.rdatatype

from loopback.servers import secured
from probe.lab import Lab, open_lab
from probe.targets import read_catalogue

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    from probe.lab.network import LabNetwork
    from probe.targets import Catalogue

T = TypeVar("T")
PATIENCE_S = 0.6
REGISTRATION = "v.whatsapp.net"
"""The name of the one target of the service that most scenarios are about."""


@cache
def catalogue() -> Catalogue:
    """Return the shipped catalogue, read once."""
    return read_catalogue()


def in_lab(scenario: str, use: Callable[[Lab], Awaitable[T]], *, seed: int = 1) -> T:
    """Open a lab without delays, use it, close it."""

    async def run() -> T:
        async with open_lab(scenario, catalogue(), seed=seed, rtt_s=0.0) as lab:
            return await use(lab)

    return asyncio.run(run())


def address_of(lab: Lab, name: str, nth: int = 0) -> str:
    """Return the nth true address of a name; the first two are IPv4."""
    return lab.network.world.names.addresses(name)[nth]


async def connected(network: LabNetwork, address: str, port: int) -> socket.socket:
    """Return a blocking connected socket. Raises OSError; TimeoutError after `PATIENCE_S`."""
    sock = network.open_tcp(address)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await network.connect(sock, address, port)
    except BaseException:
        sock.close()
        raise
    sock.settimeout(PATIENCE_S)
    return sock


def client_context(lab: Lab, *, alpn: tuple[str, ...] = ("http/1.1",), verify: bool = True) -> ssl.SSLContext:
    """Return a context that trusts the lab, or anybody."""
    context = ssl.create_default_context(cafile=lab.network.trust().path)
    context.set_alpn_protocols(list(alpn))
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def handshaken(
    lab: Lab, address: str, name: str, *, port: int = 443, verify: bool = True
) -> ssl.SSLSocket:
    """Return a TLS connection to the address that names `name`. Raises OSError, ssl.SSLError."""
    sock = await connected(lab.network, address, port)
    context = client_context(lab, verify=verify)
    try:
        return await asyncio.to_thread(secured, context, sock, server_hostname=name)
    except BaseException:
        sock.close()
        raise


def exchange(sock: socket.socket, data: bytes) -> bytes:
    """Send, read until the end, close. Raises OSError."""
    with sock:
        sock.sendall(data)
        received = b""
        while piece := sock.recv(65536):
            received += piece
        return received


def request_of(host: str, path: str = "/", method: str = "GET", body: bytes = b"") -> bytes:
    """Return the bytes of a request that asks for the connection to be closed."""
    lines = (
        f"{method} {path} HTTP/1.1",
        f"Host: {host}",
        "Connection: close",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def get(
    lab: Lab,
    host: str,
    path: str = "/",
    *,
    address: str = "",
    tls: bool = True,
    port: int = 0,
    method: str = "GET",
    body: bytes = b"",
) -> bytes:
    """Return the whole answer to one request, head and body."""
    address = address or address_of(lab, host, 0 if 4 in lab.scenario.families else -1)
    port = port or (443 if tls else 80)
    sock = await (handshaken(lab, address, host, port=port) if tls else connected(lab.network, address, port))
    return await asyncio.to_thread(exchange, sock, request_of(host, path, method, body))


async def ask_udp(
    lab: Lab, resolver: str, name: str, kind: str = "A", *, listen_s: float = 0.15, cd: bool = False
) -> list[bytes]:
    """Return every datagram that came back within the time, in order."""
    query = question(name, kind, cd=cd)
    sock = lab.network.open_udp(resolver, 53)
    try:
        await asyncio.get_running_loop().sock_sendall(sock, query)
        replies: list[bytes] = []
        try:
            async with asyncio.timeout(listen_s):
                while True:
                    replies.append(await asyncio.get_running_loop().sock_recv(sock, 4096))
        except TimeoutError:
            return replies
    finally:
        sock.close()


def question(name: str, kind: str = "A", *, cd: bool = False) -> bytes:
    """Return a query message with identifier 7."""
    query = dns.message.make_query(name, kind, id=7)
    if cd:
        query.flags |= 0x0010
    return query.to_wire()


def framed(message: bytes) -> bytes:
    """Return a message with its two bytes of length."""
    return struct.pack("!H", len(message)) + message


def told(reply: bytes) -> tuple[str, list[str]]:
    """Return (rcode, addresses) of a reply."""
    message = dns.message.from_wire(reply)
    rows: list[Any] = [row for rrset in message.answer for row in rrset]
    wanted = (dns.rdatatype.A, dns.rdatatype.AAAA)
    return message.rcode().name, sorted(row.address for row in rows if row.rdtype in wanted)
