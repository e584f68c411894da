"""What hostile QUIC is made of: packets by hand, sealed with the keys that anybody on the path can derive.

Needs the extra `quic` when it is used, not when it is read.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from probe.lab.hostile.records import Misbehaviour

if TYPE_CHECKING:
    from collections.abc import Iterable

Send = Callable[[bytes], object]
Peer = Callable[[bytes, Send], object]

OWN: Final = b"hostile!"
"""The connection id that hostile servers give themselves."""
VERSION: Final = 1
SMALLEST: Final = 1200
"""RFC 9000, 14.1: what a datagram with an Initial is filled up to."""
ACK, CRYPTO, PING, CLOSE = b"\x02", b"\x06", b"\x01", b"\x1c"
"""Types of frames (RFC 9000, 19)."""
BATCH, EVERY_S = 40, 0.002
"""So many datagrams of a flood at a time."""


def number(value: int) -> bytes:
    """Write an integer as QUIC does (RFC 9000, 16)."""
    for bits, mark in ((6, 0), (14, 1), (30, 2), (62, 3)):
        if value < 1 << bits:
            return (mark << bits | value).to_bytes((bits + 2) // 8, "big")
    raise ValueError("too large for QUIC")


def ids(datagram: bytes) -> tuple[bytes, bytes]:
    """Return the destination and the source connection id of a long header."""
    n = datagram[5]
    m = datagram[6 + n]
    return datagram[6 : 6 + n], datagram[7 + n : 7 + n + m]


def is_first(datagram: bytes) -> bool:
    """Tell whether a client's Initial begins here."""
    return len(datagram) >= SMALLEST and datagram[0] & 0xF0 == 0xC0 and datagram[1:5] == b"\0\0\0\1"


def initial(datagram: bytes, frames: bytes, n: int = 0, size: int = SMALLEST, keys: bytes = b"") -> bytes:
    """Return a server's Initial with these frames, filled up with padding; `size` 0: only as far as must be.

    `keys` is the connection id that the keys are of, where it is not the client's.
    """
    from aioquic.quic.crypto import CryptoPair

    theirs, client = ids(datagram)
    pair = CryptoPair()
    pair.setup_initial(cid=keys or theirs, is_client=False, version=VERSION)
    head = b"\xc1" + VERSION.to_bytes(4, "big") + bytes((len(client),)) + client + bytes((len(OWN),)) + OWN
    payload = frames.ljust(max(4, size - len(head) - 23), b"\0")
    length = 2 + len(payload) + 16
    head += b"\0" + (0x4000 | length).to_bytes(2, "big") + n.to_bytes(2, "big")
    sealed: bytes = pair.encrypt_packet(head, payload, n)
    return sealed


def crypto(data: bytes, at: int = 0) -> bytes:
    """Return a CRYPTO frame: a piece of the handshake."""
    return CRYPTO + number(at) + number(len(data)) + data


def close(code: int, reason: bytes = b"") -> bytes:
    """Return a CONNECTION_CLOSE."""
    return CLOSE + number(code) + b"\0" + number(len(reason)) + reason


def retry(datagram: bytes, token: bytes, *, is_sealed: bool = True) -> bytes:
    """Return a Retry, with a true integrity tag or one of zeros."""
    from aioquic.quic.packet import encode_quic_retry

    theirs, client = ids(datagram)
    made: bytes = encode_quic_retry(
        version=VERSION,
        source_cid=os.urandom(8),
        destination_cid=client,
        original_destination_cid=theirs,
        retry_token=token,
    )
    return made if is_sealed else made[:-16] + bytes(16)


def versions(datagram: bytes, listed: Iterable[int]) -> bytes:
    """Return a version negotiation packet."""
    theirs, client = ids(datagram)
    head = b"\x80\0\0\0\0" + bytes((len(client),)) + client + bytes((len(theirs),)) + theirs
    return head + b"".join(version.to_bytes(4, "big") for version in listed)


def first(made: Callable[[bytes], Iterable[bytes]]) -> Peer:
    """Answer each Initial with these datagrams, and nothing else."""

    def peer(datagram: bytes, send: Send) -> None:
        if is_first(datagram):
            for said in made(datagram):
                send(said)

    return peer


def flood(made: Callable[[bytes], bytes], times: int) -> Peer:
    """Answer the first Initial with one datagram, over and over, as fast as the loop turns."""

    def peer(datagram: bytes, send: Send) -> None:
        if is_first(datagram):
            _again(made(datagram), send, times)

    return peer


def _again(said: bytes, send: Send, left: int) -> None:
    for _ in range(min(left, BATCH)):
        send(said)
    if left > BATCH:
        asyncio.get_running_loop().call_later(EVERY_S, _again, said, send, left - BATCH)


def row(word: str, does: str, peer: Peer, failure: str | None = None, **facts: Any) -> Misbehaviour:
    """Return the row of whoever answers QUIC so."""
    return Misbehaviour(name=f"quic.{word}", does=does, door="quic", peer=peer, failure=failure, facts=facts)
