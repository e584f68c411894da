"""DNS messages put together by hand, byte by byte, as no library would let anybody."""

from __future__ import annotations

import struct
from typing import Final

TRUE: Final = "93.184.215.14"
OTHER: Final = "93.184.215.15"
A, NS, CNAME, TXT, PERSON, OPT, UNKNOWN = 1, 2, 5, 16, 17, 41, 65280
IN, CHAOS = 1, 3
ANSWER: Final = 0x8180
"""Flags of an ordinary answer: QR, RD, RA (RFC 1035, 4.1.1)."""
CUT: Final = 0x0200
TO_QUESTION: Final = b"\xc0\x0c"
"""A pointer to the name that was asked."""


def question_of(query: bytes) -> bytes:
    """Return the question of a query: name, type, class."""
    return query[12 : query.index(b"\0", 12) + 5]


def packed(address: str) -> bytes:
    """Return the four bytes of an IPv4 address."""
    return bytes(map(int, address.split(".")))


def record(
    data: bytes,
    *,
    owner: bytes = TO_QUESTION,
    kind: int = A,
    klass: int = IN,
    ttl: int = 60,
    size: int | None = None,
) -> bytes:
    """Return a resource record; `size` is what its length field claims."""
    return owner + struct.pack("!HHIH", kind, klass, ttl, len(data) if size is None else size) + data


GOOD: Final = record(packed(TRUE))


def reply(
    query: bytes,
    *answers: bytes,
    flags: int = ANSWER,
    number: int | None = None,
    question: bytes | None = None,
    counts: tuple[int, int, int, int] | None = None,
    beside: bytes = b"",
) -> bytes:
    """Return an answer to a query; `counts` and `number` (its id) may lie, `beside` follows the answers."""
    asked = question_of(query) if question is None else question
    head = struct.pack(
        "!6H",
        int.from_bytes(query[:2], "big") if number is None else number & 0xFFFF,
        flags,
        *(counts or (1 if asked else 0, len(answers), 0, 1 if beside else 0)),
    )
    return head + asked + b"".join(answers) + beside


def good(query: bytes, address: str = TRUE) -> bytes:
    """Return the honest answer, or one like it with another address."""
    return reply(query, record(packed(address)))


def name(*labels: bytes) -> bytes:
    """Return a name without compression; a label may be of any length, as no resolver would have it."""
    return b"".join(bytes([len(label) & 0xFF]) + label for label in labels) + b"\0"


def opt(options: bytes = b"", *, extended: int = 0) -> bytes:
    """Return an EDNS record (RFC 6891), its options as they are given; `extended`: upper bits of rcode."""
    return b"\0" + struct.pack("!HHIH", OPT, 1232, extended << 24, len(options)) + options
