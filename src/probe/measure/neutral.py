"""The heartbeat: one cheap success or failure at a neutral, to stand beside other targets' failures."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

import anyio

from probe.measure import dns, http, tcp, tls
from probe.measure.memory import memory_of
from probe.measure.names import resolve
from probe.measure.urls import place_of

if TYPE_CHECKING:
    from probe.measure.trace import Context
    from probe.measure.urls import Place
    from probe.model.target import Step

TIMEOUT_S: Final = 5.0
"""A beat that takes longer brackets nothing."""
PATIENCE_S: Final = 1.0
"""Waiting longer for our own limits would make all the other beats late: another neutral is better."""


async def recipe(ctx: Context, step: Step) -> None:
    """Try one address of a neutral once, by the scheme of its input.

    `https`: connect and shake hands under the name; `http`: connect and ask for `/` up to the headers;
    `dns+udp`: one question for a neutral name. The address is the first of the step's, else of the target's,
    that no experiment has retired. Where neither states one, it is the system's resolver that is tried: it is
    asked for the name, and nothing else is sent. Where our own limits forbid it for now, nothing is tried and
    nothing observed.
    """
    place = place_of(step.target.input)
    if place.scheme == "dns+udp":
        await dns.ask_udp(ctx, place.host, place.port, dns.NEUTRAL_NAME, timeout_s=_timeout(ctx))
        return
    known = step.addresses or step.target.addresses or ((place.host,) if place.is_literal else ())
    if not known:
        await resolve(ctx, place.host)
        return
    now = ctx.network.clock.counter()
    address = next((ip for ip in known if not memory_of(ctx).is_retired(ip, now)), None)
    if address is None:
        return
    if place.scheme == "https" and ctx.pace.hellos.wait_s(place.host, address) > PATIENCE_S:
        return
    async with AsyncExitStack() as room:
        with anyio.move_on_after(PATIENCE_S) as waiting:
            await room.enter_async_context(memory_of(ctx).name(place.host))
            await room.enter_async_context(ctx.at((address,)))
        if not waiting.cancelled_caught:
            await _beat(ctx, place, address)


async def _beat(ctx: Context, place: Place, address: str) -> None:
    _, stream = await tcp.connect(ctx, address, place.port, timeout_s=_timeout(ctx))
    if stream is None:
        return
    try:
        if place.scheme == "http":
            await http.round_trip(ctx, stream, place.url, headers_only=True, timeout_s=_timeout(ctx))
        else:
            await tls.handshake(ctx, stream, place.host, verified_name=place.host, timeout_s=_timeout(ctx))
    finally:
        stream.close()


def _timeout(ctx: Context) -> float:
    return min(ctx.options.timeout_s, TIMEOUT_S)
