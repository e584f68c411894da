"""A target as it is from here: its name resolved, endpoints tried, the page fetched, all behind the guard.

The operations are those of a volunteer's run, so that like is compared with like.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import anyio

from probe.helper.answer import DNS_BROKE_HTTP, Found, Question, answer_of
from probe.helper.guard import (
    NOT_FOR_HTTP,
    QUIC_PORT,
    Guard,
    GuardedNetwork,
    NotAllowedError,
)
from probe.measure import dns, http, quic, tcp, tls
from probe.measure.control_answer import address_and_port, endpoint
from probe.measure.pace import Pace
from probe.measure.trace import Context, is_ours
from probe.measure.urls import is_address
from probe.measure.verify import Verifier
from probe.model import failure as f
from probe.model.options import RunOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from anyio.abc import TaskGroup

    from probe.measure.urls import Place
    from probe.model.network import Network
    from probe.model.observation import HTTPRoundTrip

LOOK_S: Final = 20.0
"""For all of it; what was not done by then is told as a time-out or not at all."""
STEP_S: Final = 6.0
RESOLVE_S: Final = 4.0
MAX_ENDPOINTS: Final = 4
"""Of those that the client names, and as many again of those found here."""
PER_FAMILY: Final = 2
FETCH_TRIES: Final = 3
"""Addresses that a page is asked for at, until one answers."""
MAX_REDIRECTS: Final = 10
HERE: Final = frozenset({f.NETWORK_UNREACHABLE, f.NETWORK_DOWN})
"""Failures of an endpoint that are most likely the helper's own, for want of IPv6: they are not told."""


class Observer:
    """Looks at targets for others, through one network and one guard."""

    def __init__(
        self,
        network: Network,
        guard: Guard,
        number_of: Callable[[str], int | None] = lambda _address: None,
    ) -> None:
        """Load the trust store. `number_of` tells the AS number of an address."""
        self.guard = guard
        self._network = GuardedNetwork(network, guard)
        self._verifier = Verifier(network.trust(), network.clock.utc)
        self._number_of = number_of
        self._options = RunOptions(timeout_s=STEP_S)
        self._has_quic = find_spec("aioquic") is not None
        self._quic_lives = False
        """Somebody answered QUIC here once: before that its silence may be this helper's own network's."""

    def question(
        self,
        url: str,
        endpoints: Iterable[str],
        headers: Iterable[tuple[str, str]],
        *,
        quic: bool = False,
    ) -> Question:
        """Take what was asked: endpoints that are not allowed are left out. Raises NotAllowedError."""
        pairs = (address_and_port(text, 0) for text in endpoints)
        allowed = [pair for pair in pairs if pair is not None and self.guard.allows(*pair)]
        return Question(
            place=self.guard.place(url),
            headers=tuple(headers),
            endpoints=tuple(dict.fromkeys(allowed))[:MAX_ENDPOINTS],
            quic=quic,
        )

    async def look(self, question: Question) -> dict[str, Any]:
        """Return the answer in the protocol's shape, within the time."""
        found = Found()
        async with anyio.create_task_group() as tasks:
            with anyio.move_on_after(LOOK_S) as scope:
                await self._all(tasks, scope, question, found)
        if not self._quic_lives:
            found.quic.clear()
        return answer_of(question, found, self._number_of)

    def _context(self, tasks: TaskGroup, scope: anyio.CancelScope) -> Context:
        """Return a context of its own for one chain of operations: no budget is shared with others."""
        now = self._network.clock.counter()
        return Context(
            network=self._network,
            options=self._options,
            pace=Pace(self._network.clock),
            verifier=self._verifier,
            zero=now,
            run_zero=now,
            keep_series=False,
            tasks=tasks,
            scope=scope,
        )

    async def _all(
        self, tasks: TaskGroup, scope: anyio.CancelScope, question: Question, found: Found
    ) -> None:
        place = question.place
        ctx = self._context(tasks, scope)
        found.failure, found.addresses = await self._resolve(ctx, found, place.host)
        own = [(ip, place.port) for ip in _some(found.addresses) if self.guard.allows(ip, place.port)]
        async with anyio.create_task_group() as group:
            for ip, port in dict.fromkeys((*question.endpoints, *own)):
                group.start_soon(self._try, self._context(tasks, scope), place, (ip, port), found)
                if question.quic and self._has_quic and place.scheme == "https" and port == QUIC_PORT:
                    group.start_soon(self._try_quic, self._context(tasks, scope), place, (ip, port), found)
            if place.port not in NOT_FOR_HTTP:
                group.start_soon(self._fetch, self._context(tasks, scope), question, found)

    async def _resolve(self, ctx: Context, found: Found, host: str) -> tuple[str | None, tuple[str, ...]]:
        """Resolve each name once: what was checked is what is connected to."""
        if is_address(host):
            return None, (host,)
        if host not in found.resolved:
            with anyio.move_on_after(RESOLVE_S):
                lookup = await dns.ask_system(ctx, host)
                found.resolved[host] = (lookup.failure, lookup.answers)
        return found.resolved.setdefault(host, (f.DNS_TEMPORARY, ()))

    async def _try(self, ctx: Context, place: Place, where: tuple[str, int], found: Found) -> None:
        """Connect to one endpoint and, where the URL is https, shake hands for its host."""
        name = endpoint(*where)
        try:
            connected, stream = await tcp.connect(ctx, *where)
            if not _is_of_here(connected.failure):
                found.tcp[name] = connected.failure
            if stream is not None and place.scheme == "https":
                shaken, _ = await tls.handshake(ctx, stream, _name(place), verified_name=place.host)
                found.tls[name] = shaken.failure
        finally:
            ctx.close()

    async def _try_quic(self, ctx: Context, place: Place, where: tuple[str, int], found: Found) -> None:
        """Shake hands over UDP for the URL's host."""
        shaken, line = await quic.handshake(ctx, *where, _name(place), verified_name=place.host)
        if line is not None:
            line.close()
        self._quic_lives = self._quic_lives or shaken.completed
        if not _is_of_here(shaken.failure):
            found.quic[endpoint(*where)] = shaken.failure

    async def _fetch(self, ctx: Context, question: Question, found: Found) -> None:
        """Fetch the page, every redirect asked of the guard and resolved afresh."""
        place = question.place
        try:
            for _hop in range(MAX_REDIRECTS + 1):
                request, failure = await self._ask(ctx, place, question.headers, found)
                if request is None or failure is not None or request.location is None:
                    found.request, found.http_failure = request, failure
                    return
                place = self.guard.place(request.location)
            found.http_failure = f.X_TOO_MANY_REDIRECTS
        except NotAllowedError:
            found.http_failure = f.X_NOT_TRIED
        finally:
            ctx.close()

    async def _ask(
        self, ctx: Context, place: Place, headers: tuple[tuple[str, str], ...], found: Found
    ) -> tuple[HTTPRoundTrip | None, str | None]:
        """Ask the first address that answers; return the answer or why there is none."""
        failure, addresses = await self._resolve(ctx, found, place.host)
        if failure is not None or not addresses:
            return None, DNS_BROKE_HTTP
        failure = f.X_NOT_TRIED  # no evidence, should nothing but our own shortcomings follow
        allowed = [ip for ip in _some(addresses) if self.guard.allows(ip, place.port)]
        for ip in allowed[:FETCH_TRIES]:
            request, why = await self._ask_at(ctx, place, ip, headers)
            if request is not None:
                return request, request.failure
            if not _is_of_here(why):
                failure = why
        return None, failure

    async def _ask_at(
        self, ctx: Context, place: Place, ip: str, headers: tuple[tuple[str, str], ...]
    ) -> tuple[HTTPRoundTrip | None, str | None]:
        connected, raw = await tcp.connect(ctx, ip, place.port)
        if raw is None:
            return None, connected.failure
        if place.scheme != "https":
            return await http.round_trip(ctx, raw, place.url, headers=headers), None
        ctx.pace = Pace(self._network.clock)
        shaken, secured = await tls.handshake(ctx, raw, _name(place), verified_name=place.host)
        if secured is None or shaken.failure is not None:
            raw.close()
            return None, shaken.failure
        return await http.round_trip(ctx, secured, place.url, headers=headers), None


def _is_of_here(failure: str | None) -> bool:
    return failure in HERE or is_ours(failure)


def _name(place: Place) -> str | None:
    return None if place.is_literal else place.host


def _some(addresses: Sequence[str]) -> tuple[str, ...]:
    """Return a few addresses of each family, IPv4 first."""
    v4 = [ip for ip in addresses if ":" not in ip][:PER_FAMILY]
    return (*v4, *[ip for ip in addresses if ":" in ip][:PER_FAMILY])
