"""Servers of the host whose large object is fetched, where they have their own ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.lab import pages
from probe.lab.records import Answer

if TYPE_CHECKING:
    from probe.lab.records import Request, Wire

HOST: Final = "abs.twimg.com"


def small_page(request: Request) -> Answer:
    return pages.page("A small page") if request.path == "/" else pages.large_object()


async def _short(wire: Wire) -> None:
    """Send forty kilobytes and say by closing that this was all."""
    await wire.write(
        b"HTTP/1.1 200 OK\r\nServer: nginx\r\nConnection: close\r\n\r\n" + bytes(range(256)) * 160
    )
    await wire.close()


def without_length(request: Request) -> Answer:
    return pages.own_page(HOST) if request.path == "/" else Answer(act=_short)
