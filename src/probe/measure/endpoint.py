"""The recipes of bare endpoints: a TCP connect, and a request that any HTTP answer satisfies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from probe.measure import http, tcp
from probe.measure.names import resolve
from probe.measure.urls import is_public, place_of
from probe.measure.web import choose
from probe.model import failure as f

if TYPE_CHECKING:
    from probe.measure.trace import Context
    from probe.measure.urls import Place
    from probe.model.target import Step


async def tcp_connect(ctx: Context, step: Step) -> None:
    """Connect to every address of `tcp://host:port` and close. Raises ValueError for another input."""
    await _at_each(ctx, step, asks=False)


async def http_any(ctx: Context, step: Step) -> None:
    """Connect to every address of `tcp://host:port` and POST in clear: any HTTP that comes is life."""
    await _at_each(ctx, step, asks=True)


async def _at_each(ctx: Context, step: Step, *, asks: bool) -> None:
    place = place_of(step.target.input)
    known = await resolve(ctx, place.host)
    ips = tuple(dict.fromkeys((*choose(known), *choose(step.addresses))))
    async with anyio.create_task_group() as group:
        for ip in ips:
            if is_public(ip):
                group.start_soon(_one, ctx, place, ip, asks)
            else:
                tcp.not_tried(ctx, ip, place.port, f.X_NOT_TRIED)


async def _one(ctx: Context, place: Place, ip: str, asks: bool) -> None:
    async with ctx.at((ip,)):
        _, stream = await tcp.connect(ctx, ip, place.port)
        if stream is None:
            return
        if asks:
            await http.round_trip(ctx, stream, f"http://{place.authority}/", method="POST", headers_only=True)
        stream.close()
