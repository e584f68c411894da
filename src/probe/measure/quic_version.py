"""QUIC version negotiation: a question that bears no name, which whoever speaks QUIC must answer."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import TYPE_CHECKING, Final

import anyio
from msgspec import Struct

from probe.measure.failure import classify
from probe.model import failure as f
from probe.model.quic import QUICHandshake

if TYPE_CHECKING:
    import socket

    from probe.measure.trace import Context

MAX_VERSIONS: Final = 16
INITIAL_BYTES: Final = 1200
"""RFC 9000, 14.1: the smallest datagram that may bear an Initial."""
RESERVED_VERSION: Final = 0x5A6A7A8A
"""RFC 9000, 15: versions of the form 0x?a?a?a?a force version negotiation."""


def offered_versions(data: bytes, own: bytes) -> tuple[str, ...]:
    """Read a version negotiation packet (RFC 9000, 17.2.1): the versions as hex; empty for anything else.

    `own` is our connection id, which comes back as theirs: what does not bear it is somebody else's.
    """
    if len(data) < 7 or not data[0] & 0x80 or data[1:5] != b"\0\0\0\0":
        return ()
    at = 6 + data[5]
    if at >= len(data) or data[6:at] != own:
        return ()
    rest = data[at + 1 + data[at] :]
    return tuple(rest[i : i + 4].hex() for i in range(0, len(rest) - 3, 4))[:MAX_VERSIONS]


async def negotiate_version(
    ctx: Context, ip: str, port: int, *, arm: str = "version", trial: int = 0, timeout_s: float | None = None
) -> QUICHandshake:
    """Ask with a reserved version: whoever speaks QUIC must answer with those he speaks (RFC 9000, 6).

    No name and no ClientHello is in the packet, so nobody on the path can act on one.
    """
    own, theirs = secrets.token_bytes(8), secrets.token_bytes(8)
    head = bytes([0xC0 | secrets.randbelow(16)]) + RESERVED_VERSION.to_bytes(4)
    packet = head + bytes([8]) + theirs + bytes([8]) + own + b"\0"
    # No token, and a length that fits: some servers read on before they look at the version.
    packet += (0x4000 | (INITIAL_BYTES - len(packet) - 2)).to_bytes(2)
    packet += secrets.token_bytes(INITIAL_BYTES - len(packet))
    heard = _Heard()
    failure: str | None = None
    t0 = ctx.now()
    try:
        with contextlib.closing(ctx.network.open_udp(ip, port)) as sock:
            t0 = ctx.now()
            with anyio.fail_after(timeout_s or ctx.options.timeout_s):
                await _listen(ctx, sock, packet, own, heard)
            failure = None if heard.versions else f.X_QUIC_PROTOCOL
    except OSError as error:
        failure = classify(error)
    seen = QUICHandshake(
        t0=t0, t=ctx.now(), failure=failure, ip=ip, port=port, server_name=None, verified_name="",
        completed=False, offered_version=f"{RESERVED_VERSION:08x}", server_versions=heard.versions,
        first_byte_s=None if heard.first is None else heard.first - t0,
        datagrams_received=heard.datagrams, bytes_received=heard.received, arm=arm, trial=trial,
    )  # fmt: skip
    ctx.quic_handshakes.append(seen)
    return seen


class _Heard(Struct):
    versions: tuple[str, ...] = ()
    first: float | None = None
    datagrams: int = 0
    received: int = 0


async def _listen(ctx: Context, sock: socket.socket, packet: bytes, own: bytes, heard: _Heard) -> None:
    """Send the packet and return at the first version list that is meant for it, or after enough else."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, packet)
    ctx.bytes_sent += len(packet)
    while heard.datagrams < MAX_VERSIONS and not heard.versions:
        data = await loop.sock_recv(sock, 65536)
        heard.first = ctx.now() if heard.first is None else heard.first
        heard.datagrams += 1
        heard.received += len(data)
        ctx.bytes_received += len(data)
        heard.versions = offered_versions(data, own)
