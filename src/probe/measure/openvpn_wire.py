"""OpenVPN's control packets: their fields, acknowledgements, and the static key around them.

As its protocol document has them (openvpn.github.io/openvpn-rfc): plain, under tls-auth, under tls-crypt.
"""

from __future__ import annotations

import hmac
import secrets
import struct
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterable

    from probe.model.vpn import OpenVPNKeys

CONTROL: Final = 4
ACK: Final = 5
DATA_V1: Final = 6
RESET_CLIENT: Final = 7
RESET_SERVER: Final = 8
DATA_V2: Final = 9
PAYLOAD: Final = 1100
"""Bytes of TLS in one packet: with all headers it fits into what any path carries."""
MOST_ACKS: Final = 8
MOST_AHEAD: Final = 64
"""Packets kept that came before an earlier one: no handshake has as many."""
_TAG: Final = 32
_SLOT: Final = 128
"""A static key holds two keys, each of 64 bytes for a cipher and 64 for a MAC."""


class Body(Struct, frozen=True):
    """What stands in a control packet under its static key."""

    op: int
    session: bytes
    acks: tuple[int, ...]
    peer: bytes
    """The other end's session, where anything is acknowledged."""
    number: int | None
    payload: bytes


class Wrapping:
    """The static key around control packets; plain ones where the profile has none."""

    def __init__(self, keys: OpenVPNKeys, *, is_server: bool = False) -> None:
        """Choose the halves of the key by direction: tls-crypt has the client's fixed."""
        self.kind = keys.wrap
        self._digest = keys.digest if keys.wrap == "auth" else "sha256"
        direction = 1 if keys.wrap == "crypt" else keys.direction
        if direction is not None and is_server:
            direction = 1 - direction
        out, back = (direction, 1 - direction) if direction is not None else (0, 0)
        size = hmac.new(b"", b"", self._digest).digest_size
        slots = [keys.static_key[i * _SLOT : (i + 1) * _SLOT] for i in (0, 1)]
        self._mac_out, self._mac_in = slots[out][64 : 64 + size], slots[back][64 : 64 + size]
        self._key_out, self._key_in = slots[out][:32], slots[back][:32]
        self._size = size
        self._count = 0

    def wrapped(self, head: bytes, rest: bytes, now: int) -> bytes:
        """Return a packet of its first nine bytes, opcode and session, and what follows them."""
        if not self.kind:
            return head + rest
        self._count += 1
        replay = struct.pack("!II", self._count, now)
        if self.kind == "auth":
            return head + hmac.digest(self._mac_out, replay + head + rest, self._digest) + replay + rest
        tag = hmac.digest(self._mac_out, head + replay + rest, self._digest)
        return head + replay + tag + _ctr(self._key_out, tag, rest)

    def unwrapped(self, packet: bytes) -> tuple[bytes, bytes] | None:
        """Return head and rest; None for what is not authentic."""
        head, rest = packet[:9], packet[9:]
        if not self.kind:
            return head, rest
        if self.kind == "auth":
            tag, replay, rest = rest[: self._size], rest[self._size :][:8], rest[self._size + 8 :]
            right = hmac.digest(self._mac_in, replay + head + rest, self._digest)
        else:
            replay, tag, rest = rest[:8], rest[8 : 8 + _TAG], _ctr(self._key_in, rest[8:], rest[8 + _TAG :])
            right = hmac.digest(self._mac_in, head + replay + rest, self._digest)
        return (head, rest) if hmac.compare_digest(tag, right) else None


def _ctr(key: bytes, tag: bytes, data: bytes) -> bytes:
    if len(tag) < 16:
        return b""
    return Cipher(AES(key), CTR(tag[:16])).encryptor().update(data)


class Channel(Struct):
    """One end of a control channel: numbers, acknowledgements, what must be sent again."""

    wrapping: Wrapping
    session: bytes = field(default_factory=lambda: secrets.token_bytes(8))
    peer: bytes = b""
    next_number: int = 0
    expected: int = 0
    unacked: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    owed: list[int] = field(default_factory=list)
    """Numbers to acknowledge."""
    ahead: dict[int, bytes] = field(default_factory=dict)

    def sent(self, op: int, payload: bytes, now: int) -> bytes:
        """Return a new packet under the next number; it is kept until it is acknowledged."""
        number = self.next_number
        self.next_number += 1
        self.unacked[number] = (op, payload)
        return self._packet(op, number, payload, now)

    def chunks(self, data: bytes, now: int) -> Iterable[bytes]:
        """Return the packets of a piece of TLS."""
        for at in range(0, len(data), PAYLOAD):
            yield self.sent(CONTROL, data[at : at + PAYLOAD], now)

    def again(self, now: int) -> list[bytes]:
        """Return everything that was not acknowledged yet."""
        return [self._packet(op, number, payload, now) for number, (op, payload) in self.unacked.items()]

    def acknowledgement(self, now: int) -> bytes:
        """Return a packet that acknowledges what is owed; empty where nothing is."""
        return self._packet(ACK, None, b"", now) if self.owed else b""

    def _packet(self, op: int, number: int | None, payload: bytes, now: int) -> bytes:
        acks, self.owed = self.owed[:MOST_ACKS], self.owed[MOST_ACKS:]
        rest = bytes([len(acks)]) + struct.pack(f"!{len(acks)}I", *acks) + (self.peer if acks else b"")
        if number is not None:
            rest += struct.pack("!I", number)
        return self.wrapping.wrapped(bytes([op << 3]) + self.session, rest + payload, now)

    def read(self, packet: bytes) -> Body | None:
        """Take a control packet apart; None where it is none, not authentic, or of another session."""
        unwrapped = self.wrapping.unwrapped(packet) if len(packet) > 9 else None
        body = parsed(*unwrapped) if unwrapped is not None else None
        if body is None or (body.peer and body.peer != self.session):
            return None
        if self.peer and body.session != self.peer:
            return None
        if not self.peer:
            self.peer = body.session
        for number in body.acks:
            self.unacked.pop(number, None)
        if body.number is not None:
            if body.number not in self.owed:
                self.owed.append(body.number)
            if self.expected <= body.number < self.expected + MOST_AHEAD:
                self.ahead[body.number] = body.payload
        return body

    def in_order(self) -> bytes:
        """Return the TLS that came, as far as nothing is missing in between."""
        found = b""
        while self.expected in self.ahead:
            found += self.ahead.pop(self.expected)
            self.expected += 1
        return found


def parsed(head: bytes, rest: bytes) -> Body | None:
    """Read the fields of a control packet; None where they do not fit."""
    op, n_acks = head[0] >> 3, rest[0] if rest else 0
    at = 1 + 4 * n_acks
    if op not in {CONTROL, ACK, RESET_CLIENT, RESET_SERVER} or n_acks > MOST_ACKS or len(rest) < at:
        return None
    acks = struct.unpack_from(f"!{n_acks}I", rest, 1)
    peer = rest[at : at + 8] if n_acks else b""
    at += len(peer)
    if op == ACK:
        return Body(op, head[1:], acks, peer, None, b"")
    if len(rest) < at + 4:
        return None
    return Body(op, head[1:], acks, peer, struct.unpack_from("!I", rest, at)[0], rest[at + 4 :])
