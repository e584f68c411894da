"""What a middlebox puts in a server's place on plain HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from probe.lab import pages
from probe.lab.records import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from probe.lab.records import Act, Request, Wire


def _raw(data: bytes) -> Answer:
    async def act(wire: Wire) -> None:
        await wire.write(data)
        await wire.close()

    return Answer(act=act)


def _with_headers(_request: Request, _true: Answer) -> Answer:
    return Answer(headers=(("Content-Type", "text/html; charset=utf-8"),), body=pages.NOTICE)


def _no_headers(_request: Request, _true: Answer) -> Answer:
    return _raw(b"HTTP/1.1 200 OK\r\n\r\n" + pages.NOTICE)


def _same_length(_request: Request, true: Answer) -> Answer:
    body = pages.NOTICE.ljust(len(true.body))
    return Answer(headers=(("Content-Type", "text/html; charset=utf-8"),), body=body)


def _unpaid(_request: Request, _true: Answer) -> Answer:
    return Answer(headers=(("Content-Type", "text/html; charset=utf-8"),), body=pages.UNPAID)


def _bare(_request: Request, _true: Answer) -> Answer:
    return _raw(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + pages.BARE_NOTICE)


PAGES: Mapping[str, Callable[[Request, Answer], Answer]] = {
    "": _with_headers,
    "notice": _with_headers,
    "no-headers": _no_headers,
    "same-length": _same_length,
    "unknown": _bare,
    "unpaid": _unpaid,
}
"""Injected pages by the `detail` of a rule: (request, what the server would have said) → answer."""


async def swallow(wire: Wire) -> None:
    """Read whatever comes and never answer: what a silent drop after the handshake looks like."""
    while await wire.read(65536):
        pass


async def fin(wire: Wire) -> None:
    """End the stream at once, in good order."""
    await wire.close()


async def reset(wire: Wire) -> None:
    """Send RST."""
    await asyncio.sleep(0)
    wire.reset()


STRIKES: Mapping[str, Act] = {"drop": swallow, "fin": fin, "reset": reset}
