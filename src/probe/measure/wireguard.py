"""WireGuard's handshake and data packets: Noise_IKpsk2 as its white paper has it (wireguard.com/papers)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

if TYPE_CHECKING:
    from datetime import datetime

    from probe.model.vpn import WireGuardKeys

INITIATION: Final = 1
RESPONSE: Final = 2
COOKIE: Final = 3
DATA: Final = 4
SIZES: Final = {INITIATION: 148, RESPONSE: 92, COOKIE: 64}
SMALLEST_DATA: Final = 32
_CONSTRUCTION: Final = b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
_IDENTIFIER: Final = b"WireGuard v1 zx2c4 Jason@zx2c4.com"
_LABEL_MAC1: Final = b"mac1----"
_TAI64_EPOCH: Final = 0x400000000000000A
"""2^62, and the ten leap seconds of 1970 (TAI64N)."""


def hashed(*parts: bytes) -> bytes:
    """Return BLAKE2s of the parts, one after the other."""
    return hashlib.blake2s(b"".join(parts)).digest()


def kdf(key: bytes, given: bytes, n: int) -> list[bytes]:
    """Return `n` keys of 32 bytes drawn from a chaining key and something new (HKDF over HMAC-BLAKE2s)."""
    root = hmac.new(key, given, hashlib.blake2s).digest()
    found: list[bytes] = []
    last = b""
    for number in range(1, n + 1):
        last = hmac.new(root, last + bytes([number]), hashlib.blake2s).digest()
        found.append(last)
    return found


def mac1(public: bytes, message: bytes) -> bytes:
    """Return the MAC that shows a message was made by somebody who knows the receiver's public key."""
    return hashlib.blake2s(message, digest_size=16, key=hashed(_LABEL_MAC1, public)).digest()


def nonce(counter: int) -> bytes:
    """Return ChaCha20Poly1305's nonce of a counter."""
    return bytes(4) + counter.to_bytes(8, "little")


def sealed(key: bytes, counter: int, plain: bytes, beside: bytes) -> bytes:
    """Encrypt, and authenticate what stands beside."""
    return ChaCha20Poly1305(key).encrypt(nonce(counter), plain, beside)


def opened(key: bytes, counter: int, cipher: bytes, beside: bytes) -> bytes | None:
    """Decrypt; None for what is not authentic."""
    try:
        return ChaCha20Poly1305(key).decrypt(nonce(counter), cipher, beside)
    except InvalidTag:
        return None


def public_of(private: X25519PrivateKey) -> bytes:
    """Return the public half of a key."""
    return private.public_key().public_bytes_raw()


def shared(private: X25519PrivateKey, public: bytes) -> bytes:
    """Return what both ends of two keys share. Raises ValueError for a point of small order."""
    return private.exchange(X25519PublicKey.from_public_bytes(public))


def tai64n(moment: datetime) -> bytes:
    """Return a moment as the handshake's timestamp; a server takes only one later than the last it saw."""
    return struct.pack(">QI", _TAI64_EPOCH + int(moment.timestamp()), moment.microsecond * 1000)


def begun(public: bytes) -> tuple[bytes, bytes]:
    """Return chaining key and hash as a handshake with the owner of a public key begins."""
    chain = hashed(_CONSTRUCTION)
    return chain, hashed(hashed(chain, _IDENTIFIER), public)


@dataclass(slots=True, kw_only=True)
class Tunnel:
    """An open session: keys, the other end's index, a counter of packets sent."""

    sending: bytes = field(repr=False)
    receiving: bytes = field(repr=False)
    own_index: int
    peer_index: int
    counter: int = 0

    def pack(self, inner: bytes) -> bytes:
        """Return a data packet around an inner packet, padded; an empty one is a keepalive."""
        padded = inner + bytes(-len(inner) % 16)
        head = struct.pack("<IIQ", DATA, self.peer_index, self.counter)
        packet = head + sealed(self.sending, self.counter, padded, b"")
        self.counter += 1
        return packet

    def unpack(self, packet: bytes) -> bytes | None:
        """Return what a data packet holds; None for one that is not of this session, or not authentic."""
        if len(packet) < SMALLEST_DATA:
            return None
        kind, index, counter = struct.unpack_from("<IIQ", packet)
        if kind != DATA or index != self.own_index:
            return None
        return opened(self.receiving, counter, packet[16:], b"")


class Initiation:
    """One try at a handshake: its first message, and what becomes of the answer to it."""

    def __init__(self, keys: WireGuardKeys, moment: datetime) -> None:
        """Make the message. Raises ValueError for keys that are no points."""
        self._keys = keys
        self._own = X25519PrivateKey.from_private_bytes(keys.private_key)
        self._ephemeral = X25519PrivateKey.generate()
        self.index = secrets.randbits(32)
        peer = keys.peer_public_key
        chain, digest = begun(peer)
        ephemeral = public_of(self._ephemeral)
        (chain,) = kdf(chain, ephemeral, 1)
        digest = hashed(digest, ephemeral)
        chain, key = kdf(chain, shared(self._ephemeral, peer), 2)
        static = sealed(key, 0, public_of(self._own), digest)
        digest = hashed(digest, static)
        chain, key = kdf(chain, shared(self._own, peer), 2)
        stamp = sealed(key, 0, tai64n(moment), digest)
        self._chain, self._hash = chain, hashed(digest, stamp)
        body = struct.pack("<II", INITIATION, self.index) + ephemeral + static + stamp
        self.message = body + mac1(peer, body) + bytes(16)

    def answered(self, packet: bytes) -> Tunnel | None:
        """Return the session that a response opens; None where it is none, or not authentic."""
        if len(packet) != SIZES[RESPONSE] or struct.unpack_from("<I", packet)[0] != RESPONSE:
            return None
        _, sender, receiver = struct.unpack_from("<III", packet)
        if receiver != self.index or packet[60:76] != mac1(public_of(self._own), packet[:60]):
            return None
        ephemeral, empty = packet[12:44], packet[44:60]
        try:
            (chain,) = kdf(self._chain, ephemeral, 1)
            (chain,) = kdf(chain, shared(self._ephemeral, ephemeral), 1)
            (chain,) = kdf(chain, shared(self._own, ephemeral), 1)
        except ValueError:
            return None
        chain, tau, key = kdf(chain, self._keys.preshared_key, 3)
        digest = hashed(hashed(self._hash, ephemeral), tau)
        if opened(key, 0, empty, digest) is None:
            return None
        sending, receiving = kdf(chain, b"", 2)
        return Tunnel(sending=sending, receiving=receiving, own_index=self.index, peer_index=sender)


def is_cookie(packet: bytes) -> bool:
    """Say whether a packet is the reply of a server under load, which wants to be asked again."""
    return len(packet) == SIZES[COOKIE] and struct.unpack_from("<I", packet)[0] == COOKIE
