"""Who answers for a resolver: it is asked for names that tell from which address they were asked for.

Such an answer is an address of the resolver's, or of whoever answers in its stead: a forwarder of the
operator's, a router in the home, the volunteer. So the look-up is made apart, and all that is kept of it is
whether the address lies in the published ranges of the resolver's owner, and in which of them.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final

import anyio
from msgspec import structs

from probe.measure import dns
from probe.measure.memory import memory_of
from probe.measure.urls import is_public
from probe.model import failure as f
from probe.model.who import ARM, WhoAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from probe.measure.resolver import Resolver
    from probe.measure.trace import Context
    from probe.model.observation import DNSLookup
    from probe.model.target import Target
    from probe.model.who import Whence, WhoTransport

TIMEOUT_S: Final = 3.0
ANSWERED: Final = frozenset({None, f.DNS_NXDOMAIN, f.DNS_NO_ANSWER, f.DNS_SERVFAIL, f.DNS_BOGON})
"""What a resolver that was reached says, whoever runs the servers of such names."""
LINGER_S: Final = 0.4
"""After the first answer over UDP: a forged one wins by the round trip behind the forger."""


async def ask(ctx: Context, target: Target, transport: WhoTransport, ip: str, port: int) -> None:
    """Ask the target's questions over UDP or TCP, one after another; an answer each is an observation.

    Over TCP the caller holds room for a connection.
    """
    for question in target.who:
        await _ask(ctx, target, question, transport, (ip, port))


async def is_heard(ctx: Context, target: Target, resolver: Resolver) -> bool:
    """Ask over HTTPS or TLS, to hold plain DNS against it; say whether the resolver answered so.

    One handshake a question, and no more questions than it takes for one that tells.
    """
    transport: WhoTransport = "doh" if resolver.scheme == "https" else "dot"
    url = resolver.place.url if transport == "doh" else ""
    heard = False
    for question in target.who:
        await ctx.room_for_hello(resolver.server_name or resolver.ip, resolver.ip)
        async with memory_of(ctx).alone(resolver.ip), ctx.at((resolver.ip,)):
            answer = await _ask(
                ctx,
                target,
                question,
                transport,
                (resolver.ip, resolver.port),
                server_name=resolver.server_name or None,
                url=url,
            )
        heard = heard or answer.failure in ANSWERED
        if answer.whence or not heard:
            break
    return heard


async def _ask(
    ctx: Context,
    target: Target,
    question: str,
    transport: WhoTransport,
    at: tuple[str, int],
    *,
    server_name: str | None = None,
    url: str = "",
) -> WhoAnswer:
    """Ask one question, and keep of the look-up what may be kept."""
    name, _, rdtype = question.partition(" ")
    apart = structs.replace(ctx, queries=[], bytes_sent=0, bytes_received=0)
    began = ctx.now()
    try:
        lookup = await _looked_up(apart, transport, at, (name, rdtype), server_name=server_name, url=url)
    finally:
        ctx.bytes_sent += apart.bytes_sent
        ctx.bytes_received += apart.bytes_received
    whence, prefix, asn = _whence(ctx, target, at[0], _told(lookup))
    answer = WhoAnswer(
        t0=began,
        t=lookup.t,
        failure=f.DNS_BOGON if lookup.failure is None and not whence else lookup.failure,
        ip=at[0],
        transport=transport,
        question=question,
        whence=whence,
        prefix=prefix,
        asn=asn,
    )
    ctx.who_answers.append(answer)
    return answer


async def _looked_up(
    ctx: Context,
    transport: WhoTransport,
    at: tuple[str, int],
    question: tuple[str, str],
    *,
    server_name: str | None,
    url: str,
) -> DNSLookup:
    """Return the look-up with all replies; over TLS only a server whose certificate holds is asked."""
    limit = min(ctx.options.timeout_s, TIMEOUT_S)
    ip, port = at
    name, rdtype = question
    match transport:
        case "udp":
            heard: list[DNSLookup] = []
            ended = anyio.Event()

            def note(lookup: DNSLookup) -> None:
                heard.append(lookup)
                ended.set()

            await dns.ask_udp(
                ctx, ip, port, name, rdtype, arm=ARM, follow=False, timeout_s=limit, linger_s=LINGER_S,
                on_done=note,
            )  # fmt: skip
            await ended.wait()
            return heard[0]
        case "tcp":
            return await dns.ask_tcp(ctx, ip, port, name, rdtype, arm=ARM, timeout_s=limit)
        case "dot":
            return await dns.ask_dot(
                ctx, ip, port, name, rdtype, server_name=server_name, arm=ARM, timeout_s=limit
            )
        case "doh":
            return await dns.ask_doh(ctx, ip, port, url, name, rdtype=rdtype, arm=ARM, timeout_s=limit)


def _told(lookup: DNSLookup) -> Iterator[str]:
    """Yield the addresses that were told, in A, AAAA or TXT records; a client's subnet is no address."""
    for reply in lookup.replies:
        yield from reply.answers
        for text in reply.texts:
            word = text.strip('"')
            if _is_address(word):
                yield word


def _whence(ctx: Context, target: Target, resolver: str, told: Iterable[str]) -> tuple[Whence, str, int]:
    """Return whose the asker's address is, its range, its AS: the owner's where any reply says so."""
    askers = {one: ctx.asn_table.lookup(one) or 0 for one in told if is_public(one)}
    for name in target.ranges:
        for prefix in ctx.ranges.get(name, ()):
            network = ip_network(prefix)
            inside = [asn for one, asn in askers.items() if ip_address(one) in network]
            if inside:
                return "owner", prefix, inside[0]
    own = ctx.asn_table.lookup(resolver)
    if own is not None and own in askers.values():
        return "owner", "", own
    return ("elsewhere" if askers else ""), "", next(iter(askers.values()), 0)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
