"""Web servers that mean harm: what each path of the hostile site sends."""

from __future__ import annotations

import asyncio
import zlib
from functools import cache
from typing import TYPE_CHECKING

from probe.lab import injected, pages
from probe.lab.hostile.acts import DRIP_S, sends
from probe.lab.records import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from probe.lab.hostile.records import Misbehaviour
    from probe.lab.records import Act, Request, Wire

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
BOMB_BYTES = 200 << 20


async def slow_loris(wire: Wire) -> None:
    """Send a header a byte at a time, for ever."""
    await wire.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        await wire.write(b"y")
        await asyncio.sleep(DRIP_S)


async def slow_body(wire: Wire) -> None:
    """Send good headers, then a body a byte at a time, for ever."""
    await wire.write(OK + b"Content-Length: 1000000\r\n\r\n")
    while True:
        await wire.write(b"y")
        await asyncio.sleep(DRIP_S)


async def endless_headers(wire: Wire) -> None:
    """Send headers and never an empty line."""
    await wire.write(b"HTTP/1.1 200 OK\r\n")
    lines = b"".join(b"X-%d: %s\r\n" % (n, b"a" * 50) for n in range(1000))
    while True:
        await wire.write(lines)


async def endless_body(wire: Wire) -> None:
    """Send a body without length and without end."""
    await wire.write(OK + b"Connection: close\r\n\r\n")
    while True:
        await wire.write(bytes(65536))


async def endless_interim(wire: Wire) -> None:
    """Send `100 Continue` for ever."""
    while True:
        await wire.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


@cache
def bomb() -> bytes:
    """Return 200 MiB of zeros, gzipped to some 200 kB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(BOMB_BYTES >> 20)) + packer.flush()


async def gzip_bomb(wire: Wire) -> None:
    """Send the bomb with honest headers."""
    packed = await asyncio.to_thread(bomb)  # a second of work, the first time
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    await sends(head + packed)(wire)


PATHS: Mapping[str, Act] = {
    "slow-loris": slow_loris,
    "slow-body": slow_body,
    "endless-headers": endless_headers,
    "endless-body": endless_body,
    "endless-interim": endless_interim,
    "gzip-bomb": gzip_bomb,
    "bad-gzip": sends(OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"),
    "garbage": sends(bytes(range(128, 256)) * 4),
    "http09": sends(b"<html><body>This site is blocked</body></html>"),
    "bad-status": sends(b"HTTP/1.1 999999 Nope\r\n\r\n"),
    "nul": sends(b"HTTP/1.1 200 OK\r\nServer: a\x00b\r\nContent-Length: 2\r\n\r\nok"),
    "ansi": sends(
        b"HTTP/1.1 200 \x1b[31mOK\x1b[0m\r\nServer: \x1b]0;pwned\x07\x1b[2J [bold red]x[/]\r\n\r\n"
        b"<html><title>\x1b[2J\xc2\x9b31m\xe2\x80\xae[bold]hi\x00</title></html>",
    ),
    "two-lengths": sends(OK + b"Content-Length: 5\r\nContent-Length: 7\r\n\r\nhello"),
    "bad-location": sends(b"HTTP/1.1 302 Found\r\nLocation: http://[bad\r\nContent-Length: 0\r\n\r\n"),
    "cut-body": sends(OK + b"Content-Length: 10000\r\n\r\n" + b"x" * 5000),
    "stalled-body": sends(OK + b"Content-Length: 100000\r\n\r\n" + b"x" * 16000, then=injected.swallow),
    "reset-body": sends(OK + b"Content-Length: 100000\r\n\r\n" + b"x" * 5000, then=injected.reset),
    "cut-chunk": sends(OK + b"Transfer-Encoding: chunked\r\n\r\n1000\r\n" + b"x" * 100),
    "empty": injected.fin,
    "silent": injected.swallow,
    "reset": injected.reset,
}
"""What the hostile site does, by the first part of the path."""


def _loop(request: Request) -> Answer:
    number = request.path.rsplit("/", 1)[-1]
    return pages.redirect(f"/redirect-loop/{(int(number) + 1) % 3 if number.isdigit() else 0}")


def _chain(request: Request) -> Answer:
    number = request.path.rsplit("/", 1)[-1]
    return pages.redirect(f"/redirect-for-ever/{int(number) + 1 if number.isdigit() else 0}")


ANSWERS: Mapping[str, Callable[[Request], Answer]] = {
    "redirect-loop": _loop,
    "redirect-for-ever": _chain,
    "redirect-inside": lambda _request: pages.redirect("http://127.0.0.1:22/"),
    "huge": pages.huge,
}


def site(request: Request) -> Answer:
    """Answer as the path says; an unknown path gets an ordinary page."""
    kind = request.path.strip("/").split("/")[0]
    if kind in ANSWERS:
        return ANSWERS[kind](request)
    return Answer(act=PATHS[kind]) if kind in PATHS else pages.own_page(request.host)


ROWS: tuple[Misbehaviour, ...] = ()
