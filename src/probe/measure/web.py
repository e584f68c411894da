"""The recipe of a web page: name, addresses, connections, handshakes, requests, redirects, hop by hop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio
import anyio.lowlevel
from msgspec import Struct, field

from probe.measure import http, tcp, tls
from probe.measure.names import resolve
from probe.measure.urls import is_public, place_of
from probe.model import failure as f

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from probe.measure.stream import AnyStream, Stream
    from probe.measure.trace import Context
    from probe.measure.urls import Place
    from probe.model.observation import HTTPRoundTrip, TLSHandshake
    from probe.model.target import Step

MAX_REDIRECTS: Final = 10
PER_FAMILY: Final = 4
"""Addresses tried of each family."""
HANDSHAKES: Final = 2
"""Connections of a family that get a handshake, until one succeeds."""


class _Journey(Struct, kw_only=True):
    """What the hops of one measurement share."""

    ctx: Context
    step: Step
    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of each host, once resolved."""
    tried: set[tuple[str, str]] = field(default_factory=set)
    """(host, address)."""


async def web(ctx: Context, step: Step) -> None:
    """Fetch `step.target.input` as a browser would, every operation recorded; redirects are followed by hand.

    Rounds after the first stop at each answer's headers. `step.addresses` are tried beside the resolver's,
    at the first hop, and also where there was no answer. Raises ValueError for an input that is no URL.
    """
    journey = _Journey(ctx=ctx, step=step)
    url = step.target.input
    seen = {url}
    for hop in range(MAX_REDIRECTS + 1):
        request = await _hop(journey, place_of(url), hop)
        if request is None or request.failure is not None or request.location is None:
            return
        url = request.location
        if url in seen:
            ctx.amend(request, f.X_REDIRECT_LOOP)
            return
        if hop == MAX_REDIRECTS:
            ctx.amend(request, f.X_TOO_MANY_REDIRECTS)
            return
        seen.add(url)


async def _hop(journey: _Journey, place: Place, hop: int) -> HTTPRoundTrip | None:
    """Measure one hop afresh; return the request whose answer leads on, or None if there was no answer."""
    ctx, step = journey.ctx, journey.step
    known = journey.addresses.get(place.host)
    if known is None:

        def contradicted(answers: tuple[str, ...]) -> None:
            ctx.tasks.start_soon(_try_others, journey, place, hop, answers)

        known = await resolve(ctx, place.host, hop=hop, on_conflict=contradicted)
        journey.addresses[place.host] = known
    chosen = choose(known)
    if hop == 0:
        chosen += tuple(ip for ip in choose(step.addresses) if ip not in chosen)
    return await _visit(journey, place, hop, chosen, headers_only=step.round > 0)


async def _try_others(journey: _Journey, place: Place, hop: int, answers: tuple[str, ...]) -> None:
    """Try what contradicting replies named and nobody tried: which address bears the name's certificate."""
    others = tuple(ip for ip in answers if (place.host, ip) not in journey.tried)
    await _visit(journey, place, hop, choose(others), headers_only=True)


def choose(ips: Iterable[str]) -> tuple[str, ...]:
    """Return each address once, at most PER_FAMILY of each family, IPv4 first."""
    unique = tuple(dict.fromkeys(ips))
    v4 = [ip for ip in unique if ":" not in ip][:PER_FAMILY]
    return (*v4, *[ip for ip in unique if ":" in ip][:PER_FAMILY])


async def _visit(
    journey: _Journey, place: Place, hop: int, ips: Sequence[str], *, headers_only: bool
) -> HTTPRoundTrip | None:
    ctx = journey.ctx
    journey.tried.update((place.host, ip) for ip in ips)
    public = [ip for ip in ips if is_public(ip)]
    for ip in ips:
        if ip not in public:
            tcp.not_tried(ctx, ip, place.port, f.X_NOT_TRIED, hop=hop)
    if not public:
        return None
    if place.scheme == "https":
        await ctx.room_for_hello(_server_name(journey, place) or public[0], public[0])
    answers: dict[int, HTTPRoundTrip] = {}
    async with ctx.at(public):
        streams = await _connect_all(ctx, public, place.port, hop)
        lanes = {version: [s for s in streams if (":" in s.ip) == (version == 6)] for version in (4, 6)}

        async def lane(version: int) -> None:
            short = headers_only or (version == 6 and bool(lanes[4]))
            answer = await _family(journey, place, hop, lanes[version], headers_only=short)
            if answer is not None:
                answers[version] = answer

        try:
            async with anyio.create_task_group() as both:
                used = [version for version, members in lanes.items() if members]
                for version in used[1:]:
                    both.start_soon(lane, version)
                for version in used[:1]:  # in this task: a thousand more would cost a second
                    await lane(version)
        finally:
            for stream in streams:
                stream.close()
    good = [answers[v] for v in sorted(answers) if answers[v].status_code is not None]
    return good[0] if good else next(iter(answers.values()), None)


async def _connect_all(ctx: Context, ips: Sequence[str], port: int, hop: int) -> list[Stream]:
    """Connect to all addresses at once; return the open streams in the order of the addresses."""
    opened: dict[str, Stream] = {}

    async def one(ip: str) -> None:
        _, stream = await tcp.connect(ctx, ip, port, hop=hop)
        if stream is not None:
            opened[ip] = stream

    async with anyio.create_task_group() as group:
        for ip in ips[1:]:
            group.start_soon(one, ip)
        for ip in ips[:1]:  # in this task, as above
            await one(ip)
    return [opened[ip] for ip in ips if ip in opened]


async def _family(
    journey: _Journey, place: Place, hop: int, streams: Sequence[Stream], *, headers_only: bool
) -> HTTPRoundTrip | None:
    """Ask over the best stream of one family; None if no handshake completed."""
    stream: AnyStream | None = streams[0]
    if place.scheme == "https":
        stream = await _secure(journey, place, hop, streams[:HANDSHAKES])
    if stream is None:
        return None
    # The end of a handshake takes milliseconds of computing: the clocks of others come first.
    await anyio.lowlevel.checkpoint()
    return await http.round_trip(journey.ctx, stream, place.url, headers_only=headers_only, hop=hop)


async def _secure(journey: _Journey, place: Place, hop: int, streams: Sequence[Stream]) -> AnyStream | None:
    """Shake hands until a certificate holds; else return a stream whose certificate does not, if any."""
    ctx, target = journey.ctx, journey.step.target
    doubtful: AnyStream | None = None
    name = _server_name(journey, place)
    for stream in streams:
        shaken, secured = await tls.handshake(
            ctx,
            stream,
            name,
            verified_name=name or place.host,
            private_ca=target.private_ca,
            hop=hop,
        )
        if secured is not None and _holds(shaken):
            return secured
        doubtful = doubtful or secured
    return doubtful


def _holds(shaken: TLSHandshake) -> bool:
    return shaken.chain_failure is None and bool(shaken.name_matches)


def _server_name(journey: _Journey, place: Place) -> str | None:
    """Return the name for the ClientHello: the host, or what the catalogue states for a literal address."""
    if not place.is_literal:
        return place.host
    return journey.step.target.server_name or None
