"""From a host to the addresses a user of this network would be sent to, and those that came too late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from probe.measure import dns
from probe.measure.dns_message import is_answer
from probe.measure.urls import is_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.measure.trace import Context
    from probe.model.observation import DNSLookup

DNS_PORT: Final = 53
TYPES: Final = ("A", "AAAA")


def named_resolver(text: str) -> tuple[str, int]:
    """Read `--dns`: `ip`, `ip:port` or `[ip]:port`. Raises ValueError."""
    address, port = text, DNS_PORT
    if not is_address(text):
        host, _, tail = text.rpartition(":")
        address, port = host.removeprefix("[").removesuffix("]"), int(tail)
    if not is_address(address) or not 0 < port < 65536:
        raise ValueError(f"not a resolver: {text!r}")
    return address, port


def system_resolver(ctx: Context) -> tuple[str, int] | None:
    """Return the resolver that this network's users are given, or the one named instead; None if unknown."""
    if ctx.options.dns:
        return named_resolver(ctx.options.dns)
    configured = ctx.network.system_resolvers()
    return (configured[0], DNS_PORT) if configured else None


async def resolve(
    ctx: Context, host: str, *, hop: int = 0, on_conflict: Callable[[tuple[str, ...]], None] | None = None
) -> tuple[str, ...]:
    """Ask for the addresses of a host, as its users' programs do and by queries of our own.

    What getaddrinfo gave is what a user gets, and is returned as soon as it is there; else what the queries
    gave first. `on_conflict` is told, later, all addresses of replies that contradict each other within one
    query. A literal is returned as it is.
    """
    if is_address(host):
        return (host,)
    queries = _Queries(ctx, host, hop, on_conflict)
    queries.start(system_resolver(ctx))
    if not ctx.options.dns:
        system = await dns.ask_system(ctx, host, hop=hop)
        if system.answers:
            return system.answers
    await queries.answered()
    return queries.addresses()


class _Queries:
    """The A and AAAA queries of one host, running beside."""

    def __init__(
        self, ctx: Context, host: str, hop: int, on_conflict: Callable[[tuple[str, ...]], None] | None
    ) -> None:
        self._ctx = ctx
        self._host = host
        self._hop = hop
        self._on_conflict = on_conflict
        self._found: dict[str, DNSLookup] = {}
        self._all_in = anyio.Event()
        self._all_in.set()

    def start(self, resolver: tuple[str, int] | None) -> None:
        if resolver is not None:
            self._all_in = anyio.Event()
            for rdtype in TYPES:
                self._ctx.tasks.start_soon(self._ask, rdtype, resolver)

    async def _ask(self, rdtype: str, resolver: tuple[str, int]) -> None:
        self._found[rdtype] = await dns.ask_udp(
            self._ctx, *resolver, self._host, rdtype, is_system=True, hop=self._hop, on_done=self._done
        )
        if len(self._found) == len(TYPES):
            self._all_in.set()

    def _done(self, lookup: DNSLookup) -> None:
        if self._on_conflict is not None and is_contradicted(lookup):
            self._on_conflict(all_answers(lookup))

    async def answered(self) -> None:
        await self._all_in.wait()

    def addresses(self) -> tuple[str, ...]:
        lookups = [self._found[rdtype] for rdtype in TYPES if rdtype in self._found]
        return tuple(dict.fromkeys(ip for lookup in lookups for ip in lookup.answers))


def is_contradicted(lookup: DNSLookup) -> bool:
    """Tell whether two replies to one query, each acceptable, say different things."""
    said = {(reply.failure, frozenset(reply.answers)) for reply in lookup.replies if is_answer(reply)}
    return len(said) > 1


def all_answers(lookup: DNSLookup) -> tuple[str, ...]:
    """Return the addresses of all replies, each once, in order of arrival."""
    return tuple(dict.fromkeys(ip for reply in lookup.replies if is_answer(reply) for ip in reply.answers))
