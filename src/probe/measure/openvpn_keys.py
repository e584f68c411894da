"""OpenVPN's keys: the exchange within TLS (key method 2), what is drawn from it, packets of data."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import struct
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from msgspec import Struct

from probe.measure.openvpn_wire import DATA_V1, DATA_V2

CIPHERS: Final = {"AES-256-GCM": (AESGCM, 32), "AES-128-GCM": (AESGCM, 16)} | {
    "CHACHA20-POLY1305": (ChaCha20Poly1305, 32)
}
PING: Final = bytes.fromhex("2a187bf3641eb4cb07ed2d0a981fc748")
"""What OpenVPN sends for a keepalive (ping.c)."""
OPTIONS: Final = (
    "V4,dev-type tun,link-mtu 1549,tun-mtu 1500,proto {proto},cipher AES-256-GCM,auth [null-digest],"
    "keysize 256,key-method 2,tls-client"
)
PEER_INFO: Final = "IV_VER=2.6.12\nIV_PLAT=linux\nIV_PROTO=2\nIV_NCP=2\nIV_CIPHERS={ciphers}\n"
_METHOD: Final = bytes(4) + b"\2"


@dataclass(frozen=True, slots=True, repr=False)
class Randoms:
    """One end's part of the exchange; only the client has a premaster."""

    premaster: bytes = b""
    first: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    second: bytes = field(default_factory=lambda: secrets.token_bytes(32))


def said(text: str) -> bytes:
    """Return a string as the exchange has it: its length in front, a zero at the end; empty as two zeros."""
    return struct.pack("!H", len(text.encode()) + 1) + text.encode() + b"\0" if text else b"\0\0"


def message(own: Randoms, options: str, user: str = "", password: str = "", info: str = "") -> bytes:
    """Return one end's message of the exchange."""
    return (
        _METHOD
        + own.premaster
        + own.first
        + own.second
        + said(options)
        + said(user)
        + said(password)
        + said(info)
    )


def read_message(data: bytes, *, of_client: bool = False) -> Randoms | None:
    """Return the other end's part; None where it is not whole."""
    at = len(_METHOD) + 48 * of_client
    if len(data) < at + 64 + 2 or not data.startswith(_METHOD):
        return None
    (length,) = struct.unpack_from("!H", data, at + 64)
    if len(data) < at + 66 + length:
        return None
    return Randoms(data[len(_METHOD) : at], data[at : at + 32], data[at + 32 : at + 64])


def prf(secret: bytes, seed: bytes, size: int) -> bytes:
    """Return TLS 1.0's pseudo-random bytes (RFC 2246, 5): MD5 over one half, SHA-1 over the other."""
    half = (len(secret) + 1) // 2
    parts = (_expanded(secret[:half], seed, size, "md5"), _expanded(secret[-half:], seed, size, "sha1"))
    return bytes(a ^ b for a, b in zip(*parts, strict=True))


def _expanded(secret: bytes, seed: bytes, size: int, digest: str) -> bytes:
    found, last = b"", seed
    while len(found) < size:
        last = hmac.digest(secret, last, digest)
        found += hmac.digest(secret, last + seed, digest)
    return found[:size]


def block(client: Randoms, server: Randoms, sessions: bytes) -> bytes:
    """Return the 256 bytes of keys; `sessions` are the client's and the server's."""
    master = prf(client.premaster, b"OpenVPN master secret" + client.first + server.first, 48)
    return prf(master, b"OpenVPN key expansion" + client.second + server.second + sessions, 256)


class DataChannel:
    """Packets of data of one end."""

    def __init__(self, keys: bytes, cipher: str, peer_id: int | None, *, is_server: bool = False) -> None:
        """Choose this end's halves of the keys. Raises KeyError for a cipher that is not known here."""
        kind, size = CIPHERS[cipher]
        out, back = (keys[128:], keys[:128]) if is_server else (keys[:128], keys[128:])
        self._sending, self._receiving = kind(out[:size]), kind(back[:size])
        self._iv_out, self._iv_in = out[64:72], back[64:72]
        self._peer_id = peer_id
        self._count = 0

    def pack(self, inner: bytes) -> bytes:
        """Return a packet of data."""
        self._count += 1
        number = struct.pack("!I", self._count)
        if self._peer_id is None:
            head, beside = bytes([DATA_V1 << 3]), number
        else:
            head = struct.pack("!I", DATA_V2 << 27 | self._peer_id)
            beside = head + number
        sealed = self._sending.encrypt(number + self._iv_out, inner, beside)
        return head + number + sealed[-16:] + sealed[:-16]

    def unpack(self, packet: bytes) -> bytes | None:
        """Return what a packet of data holds; None where it is none, or not authentic."""
        op = packet[0] >> 3 if packet else 0
        size = {DATA_V1: 1, DATA_V2: 4}.get(op, 0)
        if not size or len(packet) < size + 20:
            return None
        number, tag, sealed = packet[size:][:4], packet[size + 4 :][:16], packet[size + 20 :]
        beside = packet[: size + 4] if op == DATA_V2 else number
        try:
            return self._receiving.decrypt(number + self._iv_in, sealed + tag, beside)
        except InvalidTag:
            return None


class Push(Struct, frozen=True):
    """What the server's PUSH_REPLY tells that packets of data need."""

    cipher: str
    peer_id: int | None
    own: str
    inside: str
    framed: bool
    """A byte of compression stands before each inner packet."""


def read_push(text: str, usual: str) -> Push:
    """Read `PUSH_REPLY,option value,…`."""
    options: dict[str, list[str]] = {}
    for option in text.split(",")[1:]:
        name, *words = option.split()[:4] or [""]
        options.setdefault(name, words)
    peer_id = "".join(options.get("peer-id", []))
    own, other = (*options.get("ifconfig", []), "", "")[:2]
    gateway = "".join(options.get("route-gateway", [])[:1])
    routed = "".join(options.get("route", [])[:1]) if options.get("topology") != ["subnet"] else ""
    return Push(
        cipher="".join(options.get("cipher", [usual])[:1]).upper(),
        peer_id=int(peer_id) if peer_id.isascii() and peer_id.isdigit() and len(peer_id) < 8 else None,
        own=_address(own),
        inside=_address(gateway) or _address(routed) or _address(other),
        framed="comp-lzo" in options or options.get("compress", ["stub-v2"])[:1] != ["stub-v2"],
    )


def _address(text: str) -> str:
    """Return an IPv4 address; empty for whatever else a server may push in its place."""
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        return ""
