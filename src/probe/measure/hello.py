"""The ClientHello: pinned as far as Python lets us, measured and fingerprinted as it left."""

from __future__ import annotations

import hashlib
import ssl
from functools import lru_cache
from typing import Final

CIPHERS: Final = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA:"
    "AES128-GCM-SHA256:AES256-GCM-SHA384:"
    "AES128-SHA:AES256-SHA"
)
"""What browsers offer for TLS 1.2; TLS 1.3 suites are OpenSSL's three. Security level 0 follows, so that an
old server is a handshake that we judge and not a refusal of our own library."""
GROUPS: Final = "X25519:P-256:P-384"
ALPN_WEB: Final = ("h2", "http/1.1")

_GREASE: Final = frozenset(0x0A0A + 0x1010 * n for n in range(16))
_SNI, _ALPN, _SIGNATURES, _VERSIONS = 0x0000, 0x0010, 0x000D, 0x002B
_VERSION_NAMES: Final = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10"}


@lru_cache(maxsize=8)
def client_context(alpn: tuple[str, ...]) -> ssl.SSLContext:
    """Return the shared context for an ALPN list. It verifies nothing: that is done afterwards, offline.

    Groups are pinned where Python can (3.15); elsewhere OpenSSL's own list goes out, and the hello's length
    and JA4 tell. A single group, which older Pythons could set, would fail at servers that lack it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS + ":@SECLEVEL=0")
    if hasattr(context, "set_groups"):
        context.set_groups(GROUPS)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


class _Reader:
    """Big-endian fields off a byte string; IndexError past its end."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, size: int) -> bytes:
        if len(self.data) < size:
            raise IndexError(size)
        field, self.data = self.data[:size], self.data[size:]
        return field

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        return self.take(self.number(size))


def _numbers(data: bytes) -> list[int]:
    pairs = (int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data) - 1, 2))
    return [number for number in pairs if number not in _GREASE]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else "0" * 12


def ja4(hello: bytes) -> str:
    """Return the JA4 of a ClientHello record (FoxIO's published description); "" if it is none."""
    try:
        return _ja4(hello)
    except IndexError:
        return ""


_SEEN: Final[dict[tuple[tuple[str, ...], bool], str]] = {}


def ja4_of(hello: bytes, alpn: tuple[str, ...], *, named: bool) -> str:
    """Return the JA4 of a shared context's hello: it depends on nothing but the key, so it is read once."""
    if not hello:
        return ""
    if (alpn, named) not in _SEEN:
        _SEEN[alpn, named] = ja4(hello)
    return _SEEN[alpn, named]


def _ja4(hello: bytes) -> str:
    record = _Reader(hello)
    if record.number(1) != 22:
        return ""
    record.take(2)
    body = _Reader(record.vector(2))
    if body.number(1) != 1:
        return ""
    body = _Reader(body.vector(3))
    version = body.number(2)
    body.take(32)
    body.vector(1)
    ciphers = _numbers(body.vector(2))
    body.vector(1)
    rest = _Reader(body.vector(2)) if body.data else _Reader(b"")
    extensions: dict[int, bytes] = {}
    while rest.data:
        kind = rest.number(2)
        extensions[kind] = rest.vector(2)
    kinds = [kind for kind in extensions if kind not in _GREASE]
    offered = _numbers(extensions[_VERSIONS][1:]) if _VERSIONS in extensions else [version]
    first = _Reader(extensions[_ALPN][2:]).vector(1) if _ALPN in extensions else b""
    ends = first[:1] + first[-1:]
    alpn = ends.decode() if len(ends) == 2 and ends.isalnum() else "00"
    signatures = _numbers(extensions[_SIGNATURES][2:]) if _SIGNATURES in extensions else []
    head = (
        f"t{_VERSION_NAMES.get(max(offered), '00')}{'d' if _SNI in extensions else 'i'}"
        f"{min(len(ciphers), 99):02d}{min(len(kinds), 99):02d}{alpn}"
    )
    hashed = ",".join(sorted(f"{kind:04x}" for kind in kinds if kind not in (_SNI, _ALPN)))
    tail = hashed + ("_" + ",".join(f"{n:04x}" for n in signatures) if signatures else "")
    return f"{head}_{_digest(','.join(sorted(f'{c:04x}' for c in ciphers)))}_{_digest(tail)}"
