"""The recipes of a resolver that is itself the target: names, or what the catalogue wants, asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from probe.measure import dns, dns_quic, who
from probe.measure.names import resolve
from probe.measure.urls import is_public, place_of
from probe.measure.web import choose

if TYPE_CHECKING:
    from probe.measure.trace import Context
    from probe.model.target import Step

NAMES: Final = 2
"""Neutral names asked over UDP; where each costs a connection, one."""


def _questions(step: Step) -> tuple[tuple[str, str], ...]:
    """Return names and types to ask: the target's own, else names that nobody has a reason to block.

    Those are names of the step's neutrals, else the usual ones, and IPv4 addresses are asked for.
    """
    if step.target.question:
        name, _, rdtype = step.target.question.partition(" ")
        return ((name, rdtype or "A"),)
    hosts = tuple(place_of(neutral.input).host for neutral in step.neutrals[:NAMES])
    return tuple((name, "A") for name in hosts or (dns.NEUTRAL_NAME, "www.iana.org"))


async def dns_queries(ctx: Context, step: Step) -> None:
    """Ask the resolver of `dns+udp://`, `dns+tcp://`, `dns+tls://` or `dns+quic://ip`. Raises ValueError."""
    place = place_of(step.target.input)
    questions = _questions(step)
    name, rdtype = questions[0]
    match place.scheme:
        case "dns+udp":
            async with anyio.create_task_group() as group:
                for question in questions:
                    group.start_soon(dns.ask_udp, ctx, place.host, place.port, *question)
                group.start_soon(who.ask, ctx, step.target, "udp", place.host, place.port)
        case "dns+tcp":
            async with ctx.at((place.host,)):
                await dns.ask_tcp(ctx, place.host, place.port, name, rdtype)
                await who.ask(ctx, step.target, "tcp", place.host, place.port)
        case "dns+tls":
            server_name = step.target.server_name or None
            await ctx.room_for_hello(server_name or place.host, place.host)
            async with ctx.at((place.host,)):
                await dns.ask_dot(ctx, place.host, place.port, name, rdtype, server_name=server_name)
        case "dns+quic":
            server_name = step.target.server_name or None
            async with ctx.at((place.host,)):
                await dns_quic.ask_doq(ctx, place.host, place.port, name, rdtype, server_name=server_name)
        case _:
            raise ValueError(f"not a resolver: {step.target.input}")


async def doh_queries(ctx: Context, step: Step) -> None:
    """Ask the DNS-over-HTTPS service at each stated address, or at those its name resolves to."""
    place = place_of(step.target.input)
    known = step.target.addresses or await resolve(ctx, place.host)
    ips = [ip for ip in choose((*known, *step.addresses)) if is_public(ip)]

    name, rdtype = _questions(step)[0]

    async def ask(ip: str) -> None:
        await ctx.room_for_hello(place.host, ip)
        async with ctx.at((ip,)):
            await dns.ask_doh(ctx, ip, place.port, place.url, name, rdtype=rdtype)

    async with anyio.create_task_group() as group:
        for ip in ips:
            group.start_soon(ask, ip)
