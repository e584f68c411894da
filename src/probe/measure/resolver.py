"""The name asked of another resolver from here, and its addresses tried under the name.

A certificate valid for the name at an address that only the other resolver gave shows that the system's
resolver kept it back, whoever the other one is: that is all the trust a comparison resolver needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio

from probe.measure import dns, http, tcp, tls
from probe.measure.control_answer import address_and_port
from probe.measure.dns_stream import is_trusted
from probe.measure.memory import memory_of
from probe.measure.urls import is_public, place_of
from probe.model import failure as f

if TYPE_CHECKING:
    from collections.abc import Iterable

    from probe.measure.trace import Context
    from probe.measure.urls import Place
    from probe.model.observation import DNSLookup
    from probe.model.target import Step, Target

TIMEOUT_S: Final = 5.0
RESOLVERS: Final = 2
"""Different ones that answered, at most."""
MAX_ASKED: Final = 6
"""Resolvers tried for them, at most."""
PER_FAMILY: Final = 2
"""Addresses of each family that are tried under the name."""
TOLERABLE_WAIT_S: Final = 2.0
"""Of our own handshake budget; a DoH server that would have to wait longer lets others go first."""
DOT_PORT: Final = 853

ORDER: Final = ("https", "dns+tls", "dns+udp", "dns+tcp")
"""A verified channel first: an answer over UDP can be anybody's."""
VERIFIED: Final = frozenset(ORDER[:2])

ANSWERS: Final = frozenset({None, f.DNS_NXDOMAIN, f.DNS_NO_ANSWER, f.DNS_SERVFAIL})
"""What an honest resolver says of a name; all else is a resolver that did not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """A comparison resolver at one address."""

    scheme: str
    ip: str
    port: int
    place: Place
    server_name: str = ""

    async def ask(self, ctx: Context, name: str, rdtype: str) -> DNSLookup:
        """Ask one question; the lookup is an observation, its connection has the arm of lookups."""
        limit = min(ctx.options.timeout_s, TIMEOUT_S)
        ip, port = self.ip, self.port
        if self.scheme == "dns+udp":
            return await dns.ask_udp(ctx, ip, port, name, rdtype=rdtype, timeout_s=limit)
        if self.scheme in VERIFIED:
            await ctx.room_for_hello(self.server_name or ip, ip)
        async with ctx.at((ip,)):
            match self.scheme:
                case "https":
                    url = self.place.url
                    return await dns.ask_doh(
                        ctx, ip, port, url, name, rdtype=rdtype, arm=dns.ARM, timeout_s=limit
                    )
                case "dns+tls":
                    sent = self.server_name or None
                    return await dns.ask_dot(
                        ctx, ip, port, name, rdtype=rdtype, server_name=sent, arm=dns.ARM, timeout_s=limit
                    )
                case _:
                    return await dns.ask_tcp(ctx, ip, port, name, rdtype=rdtype, arm=dns.ARM, timeout_s=limit)


async def recipe(ctx: Context, step: Step) -> None:
    """Ask comparison resolvers for the name until an address of theirs proves itself, two answering at most.

    Addresses of `step.addresses` were tried before and are not tried again. A target that is itself a
    resolver is compared with another over the same transport, and asked over TLS at its own address.
    """
    try:
        place = place_of(step.target.input)
    except ValueError:
        return
    if place.scheme.startswith("dns+"):
        await _compare_resolver(ctx, place)
        return
    if place.is_literal:
        return
    tried = {pair[0] for text in step.addresses if (pair := address_and_port(text, place.port))}
    answered: set[str] = set()
    for resolver in _in_order(ctx, ctx.resolvers)[:MAX_ASKED]:
        if resolver.ip in answered:
            continue
        lookups = await _ask_both(ctx, resolver, place.host)
        if not lookups:
            continue
        answered.add(resolver.ip)
        fresh = [ip for lookup in lookups for ip in lookup.answers if is_public(ip) and ip not in tried]
        chosen = _per_family(fresh)
        tried.update(chosen)
        if await _any_proves_itself(ctx, step.target, place, chosen) or len(answered) == RESOLVERS:
            return


async def _ask_both(ctx: Context, resolver: Resolver, name: str) -> tuple[DNSLookup, ...]:
    """Ask for both families; empty where the resolver does not answer at all."""
    memory = memory_of(ctx)
    v4 = await resolver.ask(ctx, name, "A")
    if v4.failure not in ANSWERS:
        memory.mute_resolvers.add((resolver.scheme, resolver.ip))
        return ()
    memory.mute_resolvers.discard((resolver.scheme, resolver.ip))
    v6 = await resolver.ask(ctx, name, "AAAA")
    return (v4, v6)


def _in_order(ctx: Context, targets: Iterable[Target]) -> list[Resolver]:
    """Sort the resolvers: mute ones last, else by how far the channel can be trusted."""
    mute = memory_of(ctx).mute_resolvers

    def rank(resolver: Resolver) -> tuple[bool, bool, int]:
        name = resolver.place.host if resolver.scheme == "https" else resolver.ip
        wait = ctx.pace.hellos.wait_s(name, resolver.ip) if resolver.scheme in VERIFIED else 0.0
        return (
            (resolver.scheme, resolver.ip) in mute,
            wait > TOLERABLE_WAIT_S,
            ORDER.index(resolver.scheme),
        )

    return sorted(_resolvers(targets), key=rank)


def _resolvers(targets: Iterable[Target]) -> list[Resolver]:
    """Read the catalogue's resolvers; one that states no address is left out: it would need resolving."""
    found = []
    for target in targets:
        place = place_of(target.input)
        addresses = target.addresses or ((place.host,) if place.is_literal else ())
        if place.scheme in ORDER and addresses:
            name = target.server_name or ("" if place.is_literal else place.host)
            found.append(
                Resolver(scheme=place.scheme, ip=addresses[0], port=place.port, place=place, server_name=name)
            )
    return found


def _per_family(addresses: Iterable[str]) -> list[str]:
    unique = list(dict.fromkeys(addresses))
    return [
        ip
        for v6 in (False, True)
        for ip in [address for address in unique if (":" in address) == v6][:PER_FAMILY]
    ]


async def _any_proves_itself(ctx: Context, target: Target, place: Place, addresses: list[str]) -> bool:
    """Try the addresses, families side by side; say whether one showed a certificate valid for the name."""
    proven: list[str] = []

    async def family(ips: list[str]) -> None:
        for attempt, ip in enumerate(ips):
            if await _proves_itself(ctx, target, place, ip, attempt, first=not proven):
                proven.append(ip)
                return

    async with anyio.create_task_group() as tasks:
        for v6 in (False, True):
            tasks.start_soon(family, [ip for ip in addresses if (":" in ip) == v6])
    return bool(proven)


async def _proves_itself(
    ctx: Context, target: Target, place: Place, ip: str, attempt: int, *, first: bool
) -> bool:
    """Try one address as the target's input says, and on 443 for its certificate."""
    async with ctx.at((ip,)):
        if place.scheme != "https":
            _, stream = await tcp.connect(ctx, ip, place.port, attempt=attempt)
            if stream is not None and place.scheme == "http":
                await http.round_trip(ctx, stream, place.url, headers_only=True, attempt=attempt)
            elif stream is not None:
                stream.close()
        port = place.port if place.scheme == "https" else 443
        await ctx.room_for_hello(place.host, ip)
        _, stream = await tcp.connect(ctx, ip, port, attempt=attempt)
        if stream is None:
            return False
        shaken, secured = await tls.handshake(
            ctx, stream, place.host, verified_name=place.host, private_ca=target.private_ca, attempt=attempt
        )
        if secured is None:
            return False
        if first and place.scheme == "https":
            await http.round_trip(ctx, secured, place.url, headers_only=True, attempt=attempt)
        secured.close()
        return is_trusted(shaken)


async def _compare_resolver(ctx: Context, place: Place) -> None:
    """Ask another resolver over the same transport, and this address over a verified channel."""
    others = [r for r in _resolvers(ctx.resolvers) if r.scheme == place.scheme and r.ip != place.host]
    for other in others[:RESOLVERS]:
        if (await other.ask(ctx, dns.NEUTRAL_NAME, "A")).failure is None:
            break
    same = [r for r in _resolvers(ctx.resolvers) if r.scheme == "https" and r.ip == place.host]
    own = Resolver(scheme="dns+tls", ip=place.host, port=DOT_PORT, place=place)
    for resolver in (*same, own):
        if (await resolver.ask(ctx, dns.NEUTRAL_NAME, "A")).failure is None:
            return
