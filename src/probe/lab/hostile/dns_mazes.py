"""DNS messages that cost whoever reads them: names that wind, records by the thousand, endless aliases."""

from __future__ import annotations

import struct
from functools import cache
from itertools import pairwise

from probe.lab.hostile import dns_words as w


def maze(query: bytes) -> bytes:
    """Return 64 kB of records whose names each wind through all pointers that a name may have."""
    start = 12 + len(w.question_of(query)) + 12
    labels = b"\1a" * 126 + b"\0"
    hidden = w.record(labels, kind=w.UNKNOWN)
    winding = struct.pack("!H", 0xC000 + start)
    return w.reply(query, hidden, *(w.record(w.packed(w.TRUE), owner=winding) for _ in range(4000)))


def deep(query: bytes) -> bytes:
    """Return 2 kB of records that each name two names of 126 labels, for which a parser works a second."""
    start = 12 + len(w.question_of(query)) + 12
    winding = struct.pack("!H", 0xC000 + start)
    hidden = w.record(b"\1a" * 126 + b"\0", kind=w.UNKNOWN)
    return w.reply(query, hidden, *[w.record(winding * 2, owner=winding, kind=w.PERSON) for _ in range(127)])


def chain(query: bytes) -> bytes:
    """Return a name that is 8,000 pointers, each to the one before it."""
    start = 12 + len(w.question_of(query)) + 12
    steps = b"\0" + b"".join(struct.pack("!H", 0xC000 + start + at) for at in (0, *range(1, 14_000, 2)))
    owner = struct.pack("!H", 0xC000 + start + len(steps) - 2)
    return w.reply(query, w.record(steps, kind=w.UNKNOWN), w.record(w.packed(w.TRUE), owner=owner))


def many(query: bytes) -> bytes:
    """Return four thousand addresses."""
    each = (w.record(bytes([93, 184, n >> 8, n & 0xFF])) for n in range(4000))
    return w.reply(query, *each)


def aliases(query: bytes, *names: bytes, end: bool) -> bytes:
    """Return a chain of aliases from the name asked, at the end of which an address stands or not."""
    owners = (w.TO_QUESTION, *(w.name(name) for name in names))
    links = [w.record(to, owner=owner, kind=w.CNAME) for owner, to in pairwise(owners)]
    return w.reply(query, *links, *([w.record(w.packed(w.TRUE), owner=owners[-1])] if end else []))


@cache
def hundreds() -> tuple[bytes, ...]:
    """Return a thousand names."""
    return tuple(b"alias%d" % n for n in range(1000))
