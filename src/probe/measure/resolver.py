"""The name asked of another resolver from here, and its addresses tried under the name.

A certificate valid for the name at an address that only the other resolver gave shows that the system's
resolver kept it back, whoever the other one is: that is all the trust a comparison resolver needs. One is
asked in the open too, as the system's resolver was: what it says there tells the resolver from the path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio
from msgspec import Struct, field
from msgspec.structs import replace

from probe.measure import dns, http, tcp, tls, who
from probe.measure.control_answer import address_and_port
from probe.measure.dns_stream import is_trusted
from probe.measure.memory import memory_of
from probe.measure.names import system_resolver
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
OPENLY: Final = 2
"""Resolvers asked over plain UDP until one answers, at most."""
PER_FAMILY: Final = 2
"""Addresses of each family that are tried under the name."""
TOLERABLE_WAIT_S: Final = 2.0
"""Of our own handshake budget; a DoH server that would have to wait longer lets others go first."""
DOT_PORT: Final = 853

ORDER: Final = ("https", "dns+tls", "dns+udp", "dns+tcp")
"""A verified channel first: an answer over UDP can be anybody's."""
VERIFIED: Final = frozenset(ORDER[:2])
OPEN: Final = "dns+udp"

ANSWERS: Final = frozenset({None, f.DNS_NXDOMAIN, f.DNS_NO_ANSWER, f.DNS_SERVFAIL})
"""What an honest resolver says of a name; all else is a resolver that did not answer."""


class Resolver(Struct, frozen=True, kw_only=True):
    """A comparison resolver at one address."""

    scheme: str
    ip: str
    port: int
    place: Place
    server_name: str = ""

    def wait_s(self, ctx: Context) -> float:
        """Return how long our own handshake budget would keep us from asking now."""
        return (
            ctx.pace.hellos.wait_s(self.server_name or self.ip, self.ip) if self.scheme in VERIFIED else 0.0
        )

    async def ask(self, ctx: Context, name: str, rdtype: str, *, patient: bool = True) -> DNSLookup | None:
        """Ask one question; the lookup is an observation, its connection has the arm of lookups.

        None if our own limits would make an impatient caller wait: nothing was sent then.
        """
        limit = min(ctx.options.timeout_s, TIMEOUT_S)
        ip, port = self.ip, self.port
        if self.scheme == OPEN:
            return await dns.ask_udp(ctx, ip, port, name, rdtype=rdtype, timeout_s=limit)
        # One at a time: two that saw room for one would leave the other waiting on an open connection.
        async with memory_of(ctx).alone(ip), ctx.at((ip,)):
            if self.wait_s(ctx) > TOLERABLE_WAIT_S:
                if not patient:
                    return None
                await ctx.room_for_hello(self.server_name or ip, ip)
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

    In the end one public resolver has been asked over plain UDP in any case. Addresses of `step.addresses`
    were tried before and are not tried again. A target that is itself a resolver is compared with another
    over the same transport, and asked over TLS at its own address.
    """
    try:
        place = place_of(step.target.input)
    except ValueError:
        return
    if place.scheme.startswith("dns+"):
        await _compare_resolver(ctx, step.target, place)
        return
    if place.is_literal:
        return
    search = Search(target=step.target, place=place)
    search.tried.update(pair[0] for a in step.addresses if (pair := address_and_port(a, place.port)))
    for resolver in _in_order(ctx, ctx.resolvers)[:MAX_ASKED]:
        if resolver.ip not in search.answered:
            await search.ask(ctx, resolver, patient=False)
        if search.proven or len(search.answered) == RESOLVERS:
            break
    if not search.proven and not search.verified:
        # Answers that anybody may have given are all there is: now a verified one is worth waiting for.
        for resolver in search.busy[:1]:
            await search.ask(ctx, resolver, patient=True)
    await _ask_openly(ctx, search)


class Search(Struct, kw_only=True):
    """How far the search for a true address has come."""

    target: Target
    place: Place
    tried: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    """Addresses of resolvers that answered, be it that there is no such name."""
    busy: list[Resolver] = field(default_factory=list)
    """Left out because of our own limits."""
    verified: bool = False
    """An answer came over a verified channel."""
    proven: bool = False
    """An address showed a certificate valid for the name."""
    openly: set[str] = field(default_factory=set)
    """Addresses of resolvers that were asked over plain UDP."""
    heard: bool = False
    """One of them answered."""

    async def ask(self, ctx: Context, resolver: Resolver, *, patient: bool) -> None:
        """Ask one resolver for both families and try what it gives."""
        v4 = await self.ask_a(ctx, resolver, patient=patient)
        if v4 is None or v4.failure not in ANSWERS:
            return
        self.answered.add(resolver.ip)
        self.verified = self.verified or resolver.scheme in VERIFIED
        v6 = await resolver.ask(ctx, self.place.host, "AAAA", patient=patient or not v4.answers)
        answers = (*v4.answers, *(v6.answers if v6 is not None else ()))
        chosen = _per_family(ip for ip in answers if is_public(ip) and ip not in self.tried)
        self.tried.update(chosen)
        self.proven = await _any_proves_itself(ctx, self.target, self.place, chosen)

    async def ask_a(self, ctx: Context, resolver: Resolver, *, patient: bool) -> DNSLookup | None:
        """Ask one resolver for IPv4 addresses, and remember whether it answers."""
        lookup = await resolver.ask(ctx, self.place.host, "A", patient=patient)
        if lookup is None:
            self.busy.append(resolver)
            return None
        says_something = lookup.failure in ANSWERS
        mute = memory_of(ctx).mute_resolvers
        (mute.discard if says_something else mute.add)((resolver.scheme, resolver.ip))
        if resolver.scheme == OPEN:
            self.openly.add(resolver.ip)
            self.heard = self.heard or says_something or lookup.failure == f.DNS_REFUSED
        return lookup


async def _ask_openly(ctx: Context, search: Search) -> None:
    """Ask over plain UDP until a resolver has answered so, late answers kept; not the user's own resolvers.

    First one that told the name over a verified channel: what it says in the open is held against that.
    An address that only this answer gave is tried under the name: a true answer must be known as one.
    """
    named = system_resolver(ctx)
    avoided = {*ctx.network.system_resolvers(), *(named or ())[:1], *search.openly}
    others = [r for r in _resolvers(ctx.resolvers) if r.scheme == OPEN and r.ip not in avoided]
    mute = memory_of(ctx).mute_resolvers
    others.sort(key=lambda r: ((r.scheme, r.ip) in mute, r.ip not in search.answered))
    for resolver in others[: max(OPENLY - len(search.openly), 0)]:
        if search.heard:
            return
        lookup = await search.ask_a(ctx, resolver, patient=True)
        answers = [ip for ip in lookup.answers if is_public(ip)] if lookup is not None else []
        if answers and search.tried.isdisjoint(answers):
            search.tried.add(answers[0])
            await _any_proves_itself(ctx, search.target, search.place, answers[:1])


def _in_order(ctx: Context, targets: Iterable[Target]) -> list[Resolver]:
    """Sort the resolvers: mute ones last, else by how far the channel can be trusted, taking turns."""
    memory = memory_of(ctx)
    found = _resolvers(targets)
    verified = [r for r in found if r.scheme in VERIFIED]
    turn = memory.resolver_turn % max(len(verified), 1)
    memory.resolver_turn += 1
    rest = [r for r in found if r.scheme not in VERIFIED]

    def rank(resolver: Resolver) -> tuple[bool, int]:
        return ((resolver.scheme, resolver.ip) in memory.mute_resolvers, ORDER.index(resolver.scheme))

    return sorted([*verified[turn:], *verified[:turn], *rest], key=rank)


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


async def _compare_resolver(ctx: Context, target: Target, place: Place) -> None:
    """Ask another resolver over the same transport, and this address over a verified channel.

    A server with a question of its own answers for a zone, and over nothing but UDP and TCP.
    """
    others = [r for r in _resolvers(ctx.resolvers) if r.scheme == place.scheme and r.ip != place.host]
    for other in others[:RESOLVERS]:
        lookup = await other.ask(ctx, dns.NEUTRAL_NAME, "A")
        if lookup is not None and lookup.failure is None:
            break
    if target.question:
        return
    same = [r for r in _resolvers(ctx.resolvers) if r.scheme == "https" and r.ip == place.host]
    # A target over TLS fails under its name: there only the address may tell that it lives.
    own = Resolver(scheme="dns+tls", ip=place.host, port=DOT_PORT, place=place)
    named = [replace(own, server_name=target.server_name)] if place.scheme != "dns+tls" else []
    for resolver in (own, *same, *named) if target.who else (*same, own):
        if target.who and await who.is_heard(ctx, target, resolver):
            return
        lookup = None if target.who else await resolver.ask(ctx, dns.NEUTRAL_NAME, "A")
        if lookup is not None and lookup.failure is None:
            return
