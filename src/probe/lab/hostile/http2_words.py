"""What hostile HTTP/2 is made of: frames by hand, and when they are sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import hpack

from probe.lab import injected
from probe.lab.hostile.records import Misbehaviour

if TYPE_CHECKING:
    from collections.abc import Iterable

    from probe.lab.records import Act, Wire

DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
"""Types of frames (RFC 9113, 6)."""
END_STREAM, END_HEADERS, PADDED = 1, 4, 8
MAX_ASKED: Final = 2000
"""Bytes within which a client's first request has ended."""


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    """Return one frame."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def head(*pairs: tuple[str, str], flags: int = END_HEADERS, status: Iterable[str] = ("200",)) -> bytes:
    """Return the headers of an answer to the first request, with these statuses in front."""
    block = hpack.Encoder().encode([*((":status", code) for code in status), *pairs])
    return frame(HEADERS, flags, 1, block)


def setting(number: int, value: int) -> bytes:
    """Return settings with one of them."""
    return frame(SETTINGS, 0, 0, number.to_bytes(2, "big") + value.to_bytes(4, "big"))


HELLO: Final = frame(SETTINGS)
OK: Final = head()
END: Final = frame(DATA, END_STREAM, 1, b"ok")


async def _asked(wire: Wire) -> bool:
    """Say hello and read until the request has ended; False where the client left."""
    await wire.write(HELLO)
    got = b""
    while bytes((HEADERS, END_STREAM | END_HEADERS)) not in got and len(got) < MAX_ASKED:
        data = await wire.read(65536)
        if not data:
            return False
        got += data
    return True


def after(*pieces: bytes, then: Act = injected.swallow) -> Act:
    """Send the pieces when the request is here, each by itself."""

    async def act(wire: Wire) -> None:
        if not await _asked(wire):
            return
        for piece in pieces:
            await wire.write(piece)
            await asyncio.sleep(0.01)
        await then(wire)

    return act


def flood(begin: bytes, block: bytes) -> Act:
    """Send the beginning when the request is here, then, without end, the block."""

    async def on(wire: Wire) -> None:
        while True:
            await wire.write(block)
            await asyncio.sleep(0)

    return after(begin, then=on)


def at_once(*pieces: bytes, then: Act = injected.swallow) -> Act:
    """Send the pieces in place of the hello."""

    async def act(wire: Wire) -> None:
        for piece in pieces:
            await wire.write(piece)
        await then(wire)

    return act


def row(word: str, does: str, act: Act, failure: str | None = None, **facts: Any) -> Misbehaviour:
    """Return the row of a server of HTTP/2 that does this."""
    return Misbehaviour(name=f"http2.{word}", does=does, door="h2", peer=act, failure=failure, facts=facts)
