"""The recipe of a page asked once more in small segments, which a path that loses large packets carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.measure import http, tcp, tls
from probe.measure.urls import place_of
from probe.model.words import SMALL_SEGMENTS

if TYPE_CHECKING:
    from probe.measure.stream import AnyStream
    from probe.measure.trace import Context
    from probe.model.target import Step

SEGMENT: Final = 1200
"""TCP_MAXSEG: below what any tunnel carries, IPv6's least MTU of 1280 included, and large enough that our
ClientHello stays in one segment: whoever reads names on the path is shown what it was shown before."""


async def recipe(ctx: Context, step: Step) -> None:
    """Connect once to the first of `step.addresses`, shake hands where the input says so, and ask.

    Raises ValueError for an input that is no URL.
    """
    place = place_of(step.target.input)
    if not step.addresses:
        return
    ip = step.addresses[0]
    name = (step.target.server_name or None) if place.is_literal else place.host
    is_tls = place.scheme == "https"
    if is_tls:
        await ctx.room_for_hello(name or ip, ip)
    async with ctx.at((ip,)):
        _, raw = await tcp.connect(ctx, ip, place.port, arm=SMALL_SEGMENTS, max_segment=SEGMENT)
        stream: AnyStream | None = raw
        if raw is not None and is_tls:
            _, stream = await tls.handshake(
                ctx,
                raw,
                name,
                verified_name=name or place.host,
                private_ca=step.target.private_ca,
                arm=SMALL_SEGMENTS,
            )
        if stream is not None:
            await http.round_trip(ctx, stream, place.url, headers_only=True, arm=SMALL_SEGMENTS)
