"""What a middlebox reads in QUIC: the name in a ClientHello, behind keys that anybody on the path can derive.

RFC 9001, sections 5.2 to 5.4, version 1 only; the names of a ClientHello are read as over TCP.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from wire import names

SALT: Final = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
VERSION_1: Final = b"\0\0\0\1"
MAX_BYTES: Final = 16_384


def is_initial(datagram: bytes) -> bool:
    """Say whether a datagram begins with an Initial packet of version 1."""
    return len(datagram) > 21 and datagram[0] & 0xF0 == 0xC0 and datagram[1:5] == VERSION_1


def _expand(secret: bytes, label: bytes, size: int) -> bytes:
    """HKDF-Expand-Label of TLS 1.3 with an empty context; one block is enough."""
    label = b"tls13 " + label
    info = size.to_bytes(2) + bytes([len(label)]) + label + b"\0"
    return hmac.digest(secret, info + b"\1", hashlib.sha256)[:size]


def keys_of(cid: bytes) -> tuple[bytes, bytes, bytes]:
    """Return key, iv and header protection key of the client's Initial packets."""
    secret = _expand(hmac.digest(SALT, cid, hashlib.sha256), b"client in", 32)
    return _expand(secret, b"quic key", 16), _expand(secret, b"quic iv", 12), _expand(secret, b"quic hp", 16)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a variable-length integer and where it ends. Raises IndexError."""
    size = 1 << (data[at] >> 6)
    if at + size > len(data):
        raise IndexError
    return int.from_bytes(data[at : at + size]) & ((1 << (8 * size - 2)) - 1), at + size


class QuicHello:
    """The ClientHello of one flow, put together from its Initial packets."""

    def __init__(self) -> None:
        self._keys: tuple[bytes, bytes, bytes] | None = None
        self._pieces: dict[int, bytes] = {}

    def hear(self, datagram: bytes) -> str | None:
        """Take a datagram; return the name, UNFINISHED while bytes are missing, None when none will come."""
        try:
            for payload in self._payloads(datagram):
                self._read(payload)
        except (IndexError, InvalidTag, ValueError):
            pass
        message = b""
        for offset, piece in sorted(self._pieces.items()):
            if offset > len(message):
                return names.UNFINISHED
            message = message[:offset] + piece + message[offset + len(piece) :]
        if len(message) > MAX_BYTES:
            return None
        # As one record of TLS, so that one reader serves both.
        return names.server_name(b"\x16\x03\x01" + len(message).to_bytes(2) + message)

    def _payloads(self, datagram: bytes) -> list[bytes]:
        """Open every Initial packet of a datagram."""
        found, at = [], 0
        while is_initial(datagram[at:]):
            packet = datagram[at:]
            cid = packet[6 : 6 + packet[5]]
            offset = 6 + len(cid)
            offset += 1 + packet[offset]
            token, offset = _varint(packet, offset)
            size, offset = _varint(packet, offset + token)
            self._keys = self._keys or keys_of(cid)
            found.append(self._opened(packet, offset, offset + size))
            at += offset + size
        return found

    def _opened(self, packet: bytes, at: int, end: int) -> bytes:
        """Take off header protection, then the seal."""
        assert self._keys
        key, iv, hp = self._keys
        mask = Cipher(AES(hp), ECB()).encryptor().update(packet[at + 4 : at + 20])
        first = packet[0] ^ (mask[0] & 0x0F)
        size = (first & 3) + 1
        number = bytes(a ^ b for a, b in zip(packet[at : at + size], mask[1:], strict=False))
        nonce = (int.from_bytes(iv) ^ int.from_bytes(number)).to_bytes(12)
        return AESGCM(key).decrypt(nonce, packet[at + size : end], bytes([first]) + packet[1:at] + number)

    def _read(self, payload: bytes) -> None:
        """Keep the pieces that CRYPTO frames bear; PADDING, PING and ACK are passed over."""
        at = 0
        while at < len(payload):
            kind = payload[at]
            at += 1
            if kind in {2, 3}:
                for _ in range(2):
                    _, at = _varint(payload, at)
                ranges, at = _varint(payload, at)
                for _ in range(1 + 2 * ranges + 3 * (kind == 3)):
                    _, at = _varint(payload, at)
            elif kind == 6:
                offset, at = _varint(payload, at)
                size, at = _varint(payload, at)
                self._pieces[offset] = payload[at : at + size]
                at += size
            elif kind > 1:
                return
