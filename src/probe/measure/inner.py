"""Packets within a tunnel: echo requests, and what comes back of them."""

from __future__ import annotations

import ipaddress
import struct
from typing import Final

PAYLOADS: Final = (56, 500, 1200)
"""Bytes of the echo requests: an ordinary ping, and two larger packets that a path may treat otherwise."""
ICMP: Final = 1


def checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    data += bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def echo(own: str, inside: str, number: int, size: int, *, reply: bool = False) -> bytes:
    """Return an IPv4 packet with an ICMP echo request of so many bytes, or the reply to one."""
    body = struct.pack("!BBHHH", 0 if reply else 8, 0, 0, 0x5052, number) + bytes(size)
    body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    ends = ipaddress.IPv4Address(own).packed + ipaddress.IPv4Address(inside).packed
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), number, 0, 64, ICMP, 0) + ends
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def echoes(own: str, inside: str) -> tuple[bytes, ...]:
    """Return the echo requests of one turn; where an address is not known any private one will do."""
    return tuple(
        echo(own or "10.0.0.2", inside or "10.0.0.1", number, size) for number, size in enumerate(PAYLOADS, 1)
    )


def is_reply(packet: bytes) -> bool:
    """Say whether an inner packet is an echo reply."""
    if len(packet) < 28 or packet[0] >> 4 != 4 or packet[9] != ICMP:
        return False
    at = (packet[0] & 15) * 4
    return at < len(packet) and packet[at] == 0
