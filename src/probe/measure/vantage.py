"""Where we stand: what the machine tells, who answers for a portal page, who answers where nobody lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from probe.measure import dns, http, tcp, who
from probe.measure.machine import resolver_facts
from probe.measure.names import system_resolver
from probe.measure.urls import is_public, place_of
from probe.model.observation import LocalFact

if TYPE_CHECKING:
    from probe.measure.trace import Context
    from probe.model.target import Step

SINKHOLE: Final = "192.0.2.1"
"""RFC 5737, TEST-NET-1: nobody's, and routed nowhere."""
SINKHOLE_PORTS: Final = (443, 80)
SINKHOLE_S: Final = 2.5
"""Silence is what we expect; whoever intercepts is near and answers at once."""
PORTAL_ADDRESSES: Final = 2
PORTAL_S: Final = 6.0


async def local(ctx: Context, _step: Step) -> None:
    """Read what this machine says of itself; nothing is sent."""
    resolvers = ctx.network.system_resolvers()
    ctx.local.extend(ctx.network.vantage())
    ctx.local.extend(resolver_facts(resolvers, named=bool(ctx.options.dns)))
    asked = system_resolver(ctx)
    if asked is not None and is_public(asked[0]) and (asn := ctx.asn_table.name_of(asked[0])):
        ctx.local.append(LocalFact(name="resolver_asn", value=asn))


async def portal(ctx: Context, step: Step) -> None:
    """Ask for a portal check page over plain HTTP, as operating systems do; a redirect is not followed.

    A second address is tried only if the first did not answer at all. An answer of the resolver that points
    into this network is tried too: that is how portals answer.
    """
    place = place_of(step.target.input)
    addresses = step.addresses or step.target.addresses or ((place.host,) if place.is_literal else ())
    if not addresses:
        addresses = (await dns.ask_system(ctx, place.host)).answers
    for attempt, address in enumerate(_either_family(addresses)):
        async with ctx.at((address,)):
            timeout = min(ctx.options.timeout_s, PORTAL_S)
            _, stream = await tcp.connect(ctx, address, place.port, attempt=attempt, timeout_s=timeout)
            if stream is None:
                continue
            answer = await http.round_trip(ctx, stream, place.url, attempt=attempt, timeout_s=timeout)
            if answer.status_code is not None:
                return


def _either_family(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first address of each family, IPv4 first; else the first two."""
    firsts = [next((a for a in addresses if (":" in a) == v6), None) for v6 in (False, True)]
    chosen = tuple(a for a in firsts if a is not None)
    return chosen if len(chosen) == PORTAL_ADDRESSES else addresses[:PORTAL_ADDRESSES]


async def sinkhole(ctx: Context, step: Step) -> None:
    """Knock where nothing lives: TCP 443 and 80, and questions over UDP/53. Any answer is intercepted."""
    async with anyio.create_task_group() as tasks:
        for port in SINKHOLE_PORTS:
            tasks.start_soon(_knock, ctx, port)
        tasks.start_soon(_ask_nobody, ctx)
        tasks.start_soon(who.ask, ctx, step.target, "udp", SINKHOLE, 53)


async def _knock(ctx: Context, port: int) -> None:
    async with ctx.at((SINKHOLE,)):
        _, stream = await tcp.connect(ctx, SINKHOLE, port, timeout_s=SINKHOLE_S)
        if stream is not None:
            stream.close()


async def _ask_nobody(ctx: Context) -> None:
    await dns.ask_udp(ctx, SINKHOLE, 53, dns.NEUTRAL_NAME, timeout_s=SINKHOLE_S)
