"""The recipe `quic`: HTTP/3 at the target under its own name, and where that fails under a neutral one.

Each try comes from a fresh port: a censor that has seen the name is silent towards the old one for minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from probe.measure import http3, quic
from probe.measure.names import resolve
from probe.measure.urls import is_public, place_of
from probe.measure.web import choose

if TYPE_CHECKING:
    from probe.measure.trace import Context
    from probe.measure.urls import Place
    from probe.model.target import Step

OWN: Final = "target@target"
NEUTRAL: Final = "neutral@target"
OWN_ELSEWHERE: Final = "target@neutral"
NEUTRAL_ELSEWHERE: Final = "neutral@neutral"
PER_FAMILY: Final = 2
"""Addresses of a family: QUIC is blocked by name or for all, and each try costs a time-out."""
TIMEOUT_S: Final = 5.0


async def recipe(ctx: Context, step: Step) -> None:
    """Shake hands with `quic://host[:port]` and ask for its page; on failure ask who else is silent.

    `step.neutrals` bear the names and addresses of neutrals that are known to speak QUIC, if any.
    """
    place = place_of(step.target.input)
    known = await resolve(ctx, place.host)
    ips = dict.fromkeys((*choose(known), *choose(step.addresses)))
    async with anyio.create_task_group() as tasks:
        for family in (4, 6):
            for ip in [i for i in ips if (":" in i) == (family == 6)][:PER_FAMILY]:
                if is_public(ip):
                    tasks.start_soon(_one, ctx, step, place, ip)


async def _one(ctx: Context, step: Step, place: Place, ip: str) -> None:
    timeout_s = min(TIMEOUT_S, ctx.options.timeout_s)
    name = step.target.server_name or place.host
    async with ctx.at((ip,)):
        _, line = await quic.handshake(
            ctx, ip, place.port, name, verified_name=name, private_ca=step.target.private_ca,
            arm=OWN, timeout_s=timeout_s,
        )  # fmt: skip
        if line is not None:
            if step.round == 0:
                await http3.round_trip(ctx, line, f"https://{place.authority}/", timeout_s=timeout_s)
            line.close()
            return
        await quic.negotiate_version(ctx, ip, place.port, timeout_s=timeout_s)
        other = next((n for n in step.neutrals if place_of(n.input).host != place.host), None)
        if other is not None:
            await _shake(ctx, (ip, place.port), place_of(other.input).host, NEUTRAL)
    if other is None:
        return
    host = place_of(other.input)
    there = next((a for a in other.addresses if (":" in a) == (":" in ip)), None)
    if there is not None:
        async with ctx.at((there,)):
            await _shake(ctx, (there, host.port), host.host, NEUTRAL_ELSEWHERE)
            await _shake(ctx, (there, host.port), name, OWN_ELSEWHERE)


async def _shake(ctx: Context, where: tuple[str, int], name: str, arm: str) -> None:
    timeout_s = min(TIMEOUT_S, ctx.options.timeout_s)
    _, line = await quic.handshake(ctx, *where, name, verified_name=name, arm=arm, timeout_s=timeout_s)
    if line is not None:
        line.close()
