"""IP packets as the wire sees them: taken apart, and made anew with right checksums."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import Final

ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
HOP_LIMIT: Final = 57
"""What forged packets arrive with; true ones of the lab have 64."""


@dataclass(slots=True)
class Packet:
    """One IPv4 or IPv6 packet; ports, seq, ack and flags are 0 where its protocol has none."""

    raw: bytes
    src: bytes
    dst: bytes
    proto: int
    sport: int = 0
    dport: int = 0
    seq: int = 0
    ack: int = 0
    flags: int = 0
    payload: bytes = b""

    @property
    def flow(self) -> bytes:
        """Source, destination and both ports, as they lie in the packet."""
        return self.src + self.dst + struct.pack("!HH", self.sport, self.dport)

    @property
    def way_back(self) -> bytes:
        """The flow of the answers."""
        return self.dst + self.src + struct.pack("!HH", self.dport, self.sport)


class Fate(Enum):
    """What a censor answers about a packet; a `Packet` instead replaces it."""

    SWALLOW = "swallow"
    HELD = "held"
    """The wire keeps it, and lets it go on later."""
    NEXT = "next"
    """This packet may pass; the next of the flow must be shown again."""
    DONE = "done"
    """Nothing of this flow matters any more."""


def parse(raw: bytes) -> Packet:
    """Take a packet apart; IPv6 extension headers and fragments are left as an unknown protocol."""
    if raw[0] >> 4 == 4:
        offset, proto = (raw[0] & 15) * 4, raw[9]
        src, dst = raw[12:16], raw[16:20]
    else:
        offset, proto = 40, raw[6]
        src, dst = raw[8:24], raw[24:40]
    packet = Packet(raw, src, dst, proto)
    if proto == TCP and len(raw) >= offset + 20:
        packet.sport, packet.dport, packet.seq, packet.ack = struct.unpack_from("!HHII", raw, offset)
        packet.flags = raw[offset + 13]
        packet.payload = raw[offset + (raw[offset + 12] >> 4) * 4 :]
    elif proto == UDP and len(raw) >= offset + 8:
        packet.sport, packet.dport = struct.unpack_from("!HH", raw, offset)
        packet.payload = raw[offset + 8 :]
    return packet


def checksum(data: bytes) -> int:
    """Return the Internet checksum, RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(src: bytes, dst: bytes, proto: int, payload: bytes) -> bytes:
    """Wrap a payload whose own checksum is already right."""
    if len(src) == 16:
        return struct.pack("!IHBB", 0x60000000, len(payload), proto, HOP_LIMIT) + src + dst + payload
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0x4000, HOP_LIMIT, proto, 0, src, dst)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def _with_checksum(src: bytes, dst: bytes, proto: int, segment: bytes, at: int) -> bytes:
    """Put the checksum over pseudo-header and segment into the segment at that offset."""
    if len(src) == 16:
        pseudo = src + dst + struct.pack("!II", len(segment), proto)
    else:
        pseudo = src + dst + struct.pack("!BBH", 0, proto, len(segment))
    value = checksum(pseudo + segment[:at] + b"\0\0" + segment[at + 2 :])
    if proto == UDP and value == 0:
        value = 0xFFFF  # zero would mean: no checksum
    return segment[:at] + struct.pack("!H", value) + segment[at + 2 :]


def tcp(  # noqa: PLR0917  # in the order of the header
    src: bytes, dst: bytes, ports: tuple[int, int], seq: int, ack: int, flags: int, data: bytes = b""
) -> bytes:
    """Make a TCP packet without options."""
    head = struct.pack("!HHIIBBHHH", *ports, seq % 2**32, ack % 2**32, 5 << 4, flags, 64240, 0, 0)
    return ip(src, dst, TCP, _with_checksum(src, dst, TCP, head + data, 16))


def udp(src: bytes, dst: bytes, ports: tuple[int, int], data: bytes) -> bytes:
    """Make a UDP packet."""
    head = struct.pack("!HHHH", *ports, 8 + len(data), 0)
    return ip(src, dst, UDP, _with_checksum(src, dst, UDP, head + data, 6))


def unreachable(router: bytes, packet: Packet, kind: int, code: int) -> bytes:
    """Make the ICMP or ICMPv6 message by which a router returns a packet to its sender."""
    quoted = packet.raw[: 28 if len(router) == 4 else 1200]
    body = struct.pack("!BBHI", kind, code, 0, 0) + quoted
    if len(router) == 16:
        return ip(router, packet.src, ICMP6, _with_checksum(router, packet.src, ICMP6, body, 2))
    return ip(router, packet.src, ICMP, body[:2] + struct.pack("!H", checksum(body)) + body[4:])


def readdressed(raw: bytes, *, src: bytes | None = None, dst: bytes | None = None) -> bytes:
    """Return the packet with other addresses and all its checksums right again."""
    packet = parse(raw)
    src, dst = src or packet.src, dst or packet.dst
    if len(src) == 16:
        head, segment = raw[:8] + src + dst, raw[40:]
    else:
        size = (raw[0] & 15) * 4
        head, segment = raw[:10] + b"\0\0" + src + dst + raw[20:size], raw[size:]
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    if packet.proto == TCP:
        return head + _with_checksum(src, dst, TCP, segment, 16)
    if packet.proto == UDP:
        return head + _with_checksum(src, dst, UDP, segment, 6)
    return head + segment
