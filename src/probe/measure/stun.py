"""STUN (RFC 8489) as far as a binding request goes: one datagram out, and the address it came from back."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import struct
from typing import TYPE_CHECKING, Final

import anyio

if TYPE_CHECKING:
    import socket

    from probe.measure.trace import Context

COOKIE: Final = 0x2112A442
REQUEST: Final = 0x0001
SUCCESS: Final = 0x0101
XOR_MAPPED_ADDRESS: Final = 0x0020
FAMILIES: Final = {1: 4, 2: 16}
"""Number of the family to bytes of an address."""
MAX_DATAGRAM: Final = 2048
MAX_ATTRIBUTES: Final = 32
MAX_HEARD: Final = 64
"""Datagrams read in one try: a flood that is always there never lets a deadline pass."""
TRIES: Final = 2
PATIENCE_S: Final = 1.0
"""For each try; anybody nearer than the moon answers by then."""
_HEADER: Final = struct.Struct("!HHI12s")
_ATTRIBUTE: Final = struct.Struct("!HH")


def request(transaction: bytes) -> bytes:
    """Return a binding request without attributes; the transaction's id is 12 bytes."""
    return _HEADER.pack(REQUEST, 0, COOKIE, transaction)


def mapped_address(datagram: bytes, transaction: bytes) -> str | None:
    """Return the address that a success response tells; None for whatever else it is."""
    if len(datagram) < _HEADER.size:
        return None
    kind, length, cookie, named = _HEADER.unpack_from(datagram)
    if (kind, cookie, named) != (SUCCESS, COOKIE, transaction) or length > len(datagram) - _HEADER.size:
        return None
    at, end = _HEADER.size, _HEADER.size + length
    for _ in range(MAX_ATTRIBUTES):
        if at + _ATTRIBUTE.size > end:
            return None
        what, size = _ATTRIBUTE.unpack_from(datagram, at)
        at += _ATTRIBUTE.size
        value = datagram[at : min(at + size, end)]
        if what == XOR_MAPPED_ADDRESS:
            return _unmasked(value, transaction)
        at += size + 3 & ~3
    return None


def _unmasked(value: bytes, transaction: bytes) -> str | None:
    n = FAMILIES.get(value[1], 0) if len(value) >= 4 else 0
    if not n or len(value) != 4 + n:
        return None
    mask = COOKIE.to_bytes(4) + transaction
    return str(ipaddress.ip_address(bytes(a ^ b for a, b in zip(value[4:], mask, strict=False))))


async def ask(ctx: Context, ip: str, port: int) -> str | None:
    """Ask one server, twice at most; its word on our address, or None. Bytes are counted, nothing is kept."""
    transaction = secrets.token_bytes(12)
    try:
        sock = ctx.network.open_udp(ip, port)
    except OSError:
        return None
    try:
        for _ in range(TRIES):
            with anyio.move_on_after(PATIENCE_S):
                return await _exchange(ctx, sock, transaction)
    except OSError:
        return None
    finally:
        sock.close()
    return None


async def _exchange(ctx: Context, sock: socket.socket, transaction: bytes) -> str | None:
    loop = asyncio.get_running_loop()
    asked = request(transaction)
    await loop.sock_sendall(sock, asked)
    ctx.bytes_sent += len(asked)
    for _ in range(MAX_HEARD):
        datagram = await loop.sock_recv(sock, MAX_DATAGRAM)
        ctx.bytes_received += len(datagram)
        if (told := mapped_address(datagram, transaction)) is not None:
            return told
    return None
