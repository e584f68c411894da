"""The recipe `quic`: HTTP/3 at the target under its own name, and where that is silent, whoever else is.

Each try comes from a fresh port: a censor that has seen the name is silent towards the old one for minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio
from msgspec import Struct

from probe.measure import http3, quic, quic_version
from probe.measure.names import resolve
from probe.measure.urls import is_public, place_of
from probe.measure.web import choose
from probe.model import quic as arms

if TYPE_CHECKING:
    from probe.measure.trace import Context
    from probe.measure.urls import Place
    from probe.model.quic import QUICHandshake
    from probe.model.target import Step, Target

PER_FAMILY: Final = 2
"""Addresses of a family: QUIC is blocked by name or for all, and each try costs a time-out."""
TIMEOUT_S: Final = 5.0


class _Asked(Struct, frozen=True, kw_only=True):
    """What all tries of one measurement share."""

    ctx: Context
    step: Step
    place: Place
    name: str
    """Of the ClientHello."""
    timeout_s: float


async def recipe(ctx: Context, step: Step) -> None:
    """Shake hands with `quic://host[:port]` and ask for its page; on silence ask who else is silent.

    `step.neutrals` bear the names and addresses of neutrals that speak QUIC; they take turns by round.
    Raises ValueError for an input that is none.
    """
    place = place_of(step.target.input)
    asked = _Asked(
        ctx=ctx,
        step=step,
        place=place,
        name=step.target.server_name or place.host,
        timeout_s=min(TIMEOUT_S, ctx.options.timeout_s),
    )
    known = step.target.addresses or await resolve(ctx, place.host)
    ips = [ip for ip in dict.fromkeys((*choose(known), *choose(step.addresses))) if is_public(ip)]
    async with anyio.create_task_group() as tasks:
        for family in (4, 6):
            of_family = [ip for ip in ips if (":" in ip) == (family == 6)][:PER_FAMILY]
            for ip in of_family:
                tasks.start_soon(_one, asked, ip, ip == of_family[0])


async def _one(asked: _Asked, ip: str, is_first: bool) -> None:  # started as a task
    """Try one address; the page is asked for, or neutral servers are, once a family."""
    ctx, place = asked.ctx, asked.place
    async with ctx.at((ip,)):
        seen, line = await quic.handshake(
            ctx, ip, place.port, asked.name, verified_name=asked.name,
            private_ca=asked.step.target.private_ca, arm=arms.OWN, timeout_s=asked.timeout_s,
        )  # fmt: skip
        if line is not None:
            if asked.step.round == 0 and is_first:
                await http3.round_trip(ctx, line, f"https://{place.authority}/", timeout_s=asked.timeout_s)
            line.close()
    if seen.completed or seen.close_code is not None:
        return  # somebody there speaks QUIC, and has said what he had to say
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_negotiate, asked, (ip, place.port), arms.VERSION)
        other = _other(asked, ())
        if other is not None:
            tasks.start_soon(_shake, asked, (ip, place.port), place_of(other.input).host, arms.NEUTRAL)
        if is_first:
            tasks.start_soon(_elsewhere, asked, ":" in ip)


async def _elsewhere(asked: _Asked, is_v6: bool) -> None:  # started as a task
    """Ask a neutral server under its own name, another neutral's, and last the target's.

    The target's name comes last: what it may leave behind must not stain the others.
    """
    servers = [
        (t, a)
        for t in _in_turn(asked)
        if place_of(t.input).host != asked.place.host and (a := _address(t, is_v6=is_v6))
    ]
    if not servers:
        return
    server, ip = servers[0]
    own = place_of(server.input)
    where = (ip, own.port)
    if not _spoke(await _shake(asked, where, own.host, arms.SELF_ELSEWHERE)):
        await _negotiate(asked, where, arms.VERSION_ELSEWHERE)
        return
    other = _other(asked, (own.host,))
    if other is None:
        return
    if _spoke(await _shake(asked, where, place_of(other.input).host, arms.NEUTRAL_ELSEWHERE)):
        await _shake(asked, where, asked.name, arms.OWN_ELSEWHERE)


def _in_turn(asked: _Asked) -> tuple[Target, ...]:
    """Return the neutrals, another one first in each round."""
    pool = asked.step.neutrals
    shift = asked.step.round % len(pool) if pool else 0
    return (*pool[shift:], *pool[:shift])


def _other(asked: _Asked, but: tuple[str, ...]) -> Target | None:
    """Return a neutral to borrow the name of, other than the target's and those named."""
    taken = {asked.place.host, asked.name, *but}
    return next((t for t in _in_turn(asked) if place_of(t.input).host not in taken), None)


def _address(neutral: Target, *, is_v6: bool) -> str:
    return next((a for a in neutral.addresses if (":" in a) == is_v6), "")


def _spoke(seen: QUICHandshake) -> bool:
    """Say whether the server went on with the handshake: a refusal of its own is an answer too."""
    return seen.completed or seen.close_code is not None


async def _negotiate(asked: _Asked, where: tuple[str, int], arm: str) -> None:
    async with asked.ctx.at((where[0],)):
        await quic_version.negotiate_version(asked.ctx, *where, arm=arm, timeout_s=asked.timeout_s)


async def _shake(asked: _Asked, where: tuple[str, int], name: str, arm: str) -> QUICHandshake:
    async with asked.ctx.at((where[0],)):
        seen, line = await quic.handshake(
            asked.ctx, *where, name, verified_name=name, arm=arm, timeout_s=asked.timeout_s
        )
        if line is not None:
            line.close()
    return seen
