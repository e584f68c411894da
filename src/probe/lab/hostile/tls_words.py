"""TLS records and handshake messages put together by hand (RFC 5246, RFC 8446)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from probe.lab.hostile.acts import sends
from probe.lab.injected import fin

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.lab.records import Act, Wire

CHANGE_CIPHER, ALERT, HANDSHAKE, DATA, HEARTBEAT = 20, 21, 22, 23, 24
HELLO_REQUEST, SERVER_HELLO, CERTIFICATE = 0, 2, 11
FATAL, WARNING = 2, 1
TLS_1_0, TLS_1_2, TLS_1_3 = 0x0301, 0x0303, 0x0304
AES_128_GCM: Final = 0x1301
"""A cipher suite of TLS 1.3."""
ECDHE_RSA: Final = 0xC02F
"""One of TLS 1.2, which every client offers."""
RETRY: Final = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random of a ServerHello that asks for another ClientHello (RFC 8446, 4.1.3)."""
P_521: Final = 0x0019
SRTP: Final = 14
"""An extension that no browser sends with HTTPS (RFC 5764)."""


def record(data: bytes, kind: int = HANDSHAKE, version: int = TLS_1_2, size: int | None = None) -> bytes:
    """Return one record; `size` is what its length field claims."""
    return struct.pack("!BHH", kind, version, len(data) if size is None else size) + data


def message(kind: int, data: bytes, size: int | None = None) -> bytes:
    """Return one handshake message; `size` is what its length field claims."""
    return bytes([kind]) + (len(data) if size is None else size).to_bytes(3, "big") + data


def alert(number: int, level: int = FATAL) -> bytes:
    """Return an alert in clear."""
    return record(bytes([level, number]), ALERT)


def extension(kind: int, data: bytes) -> bytes:
    """Return one extension."""
    return struct.pack("!HH", kind, len(data)) + data


def server_hello(
    *extensions: bytes,
    version: int = TLS_1_2,
    random: bytes = b"r" * 32,
    session: bytes = b"",
    cipher: int = ECDHE_RSA,
    compression: int = 0,
) -> bytes:
    """Return a record with a ServerHello."""
    tail = struct.pack("!HB", cipher, compression)
    if extensions:
        joined = b"".join(extensions)
        tail += struct.pack("!H", len(joined)) + joined
    body = struct.pack("!H", version) + random + bytes([len(session)]) + session + tail
    return record(message(SERVER_HELLO, body))


def retry(session: bytes, group: int = P_521) -> bytes:
    """Return a record that asks for another ClientHello, with a key of the group."""
    return server_hello(
        extension(43, struct.pack("!H", TLS_1_3)),
        extension(51, struct.pack("!H", group)),
        random=RETRY,
        session=session,
        cipher=AES_128_GCM,
    )


def certificates(*chain: bytes, size: int | None = None) -> bytes:
    """Return a Certificate message of TLS 1.2; `size` is what the length of its list claims."""
    listed = b"".join(len(der).to_bytes(3, "big") + der for der in chain)
    return message(CERTIFICATE, (len(listed) if size is None else size).to_bytes(3, "big") + listed)


def session_of(hello: bytes) -> bytes:
    """Return the session id of a ClientHello in one record."""
    return hello[44 : 44 + hello[43]]


def knowing(made: Callable[[bytes], bytes], times: int = 1, then: Act = fin) -> Act:
    """Send what is made of the first ClientHello, after each that comes, `times` times at most; then end."""

    async def act(wire: Wire) -> None:
        answer = made(await wire.read(65536))
        await wire.write(answer)
        for _ in range(times - 1):
            if (await wire.read(65536))[:1] in (b"", bytes([ALERT])):
                return
            await wire.write(answer)
        await then(wire)

    return act


SAFE: Final = extension(0xFF01, b"\0")
"""Without it clients leave (RFC 5746)."""
PLAIN_HELLO: Final = server_hello(SAFE)
"""An ordinary ServerHello of TLS 1.2."""


def hello_then(*pieces: bytes, then: Act = fin) -> Act:
    """Send a ServerHello of TLS 1.2 and these messages behind it, and end."""
    return sends(PLAIN_HELLO, *pieces, then=then)
