"""Which transfers a target's verdict still needs, the most telling first; bounded."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.judge.constants import (
    FREEZE_PASSED,
    FREEZE_TRIALS,
    LEAST_PAIRS,
    PAIRS_AT_MOST,
    SLOW_FOR_ALL_BPS,
    TRANSFERS_AT_MOST,
)
from probe.judge.freeze import looks_frozen
from probe.judge.place import place_of
from probe.judge.screen import FASTEST_BPS
from probe.judge.slowed import may_be_slowed
from probe.judge.throughput import NAME, OWN, accused, by_address, distance_explains, slow_for_all
from probe.judge.whole import object_url
from probe.model.target import Debt
from probe.model.words import Owed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probe.judge.facts import RunFacts
    from probe.judge.outcome import Outcome
    from probe.judge.pairs import PairTest
    from probe.judge.reading import Reading
    from probe.judge.slowed import Slowness
    from probe.judge.throughput import SlowFacts
    from probe.model.transfer import Arms, Purpose

FREEZE_ATTEMPTS: Final = 5
SINGLE_ATTEMPTS: Final = 2
"""Trials that get no further than a handshake are made again, so often in all."""
ELSEWHERE_TIMES: Final = 2
"""How much more than the freeze let through is asked of another server."""


class Thing(Struct, frozen=True):
    """What transfers fetch: its URL, one validated address, the name in the ClientHello."""

    url: str
    ip: str
    server_name: str
    is_object: bool
    """A large object that the catalogue names, not the page itself."""


def transfer_debts(facts: RunFacts, reading: Reading, web: Outcome, slowness: Slowness) -> tuple[Debt, ...]:
    """Return what is owed in transfers: pay the first that can be had, and ask again."""
    finding = facts.finding
    target = reading.target
    if not facts.options.throughput or facts.stopped or finding is None or not finding.fine:
        return ()
    if not (target.paired or slowness.facts.suspected) or not may_be_slowed(web):
        return ()
    if len(reading.own) < facts.options.rounds or slowness.facts.moved:
        return ()
    thing = _thing(reading, web, slowness)
    if thing is None:
        return ()
    left = TRANSFERS_AT_MOST - max(slowness.n_handshakes, len(slowness.transfers))
    owing = _Owing(facts, reading, slowness, thing)
    return tuple(debt for debt, cost in owing.debts() if cost <= left)


class _Owing(Struct, frozen=True):
    facts: RunFacts
    reading: Reading
    slowness: Slowness
    thing: Thing

    def debts(self) -> Iterator[tuple[Debt, int]]:
        """Yield debts with how many handshakes they cost: a freeze before pairs, a confirmation last."""
        f = self.slowness.facts
        target = self.reading.target
        yield from self._freeze(f)
        own = self.thing.is_object or f.suspected
        if own and f.own.goes_on:
            yield self._pair(OWN, f.own, "its own name and a neutral one are compared at its address")
        if f.name.goes_on and (target.paired == "name" or not own or (not f.own.goes_on and _asks_name(f))):
            yield self._pair(NAME, f.name, "its name and a neutral one are compared at a neutral server")
        if slow_for_all(f) and f.outside_bps is not None and not by_address(f):
            tests: tuple[tuple[Arms, PairTest], ...] = ((OWN, f.own), (NAME, f.name))
            for arms, test in tests:
                if test.decision.n < LEAST_PAIRS and len(test.pairs) < PAIRS_AT_MOST and not test.is_drowned:
                    yield self._pair(arms, test, "what is slow for all names is counted like what is not")
        if accused(f) and f.again.goes_on:
            first = f.own if f.own.is_throttled else f.name
            yield self._pair(
                first.arms,
                f.again,
                "one test that finds it slowed is made again, some time later",
                which=1,
                not_before_s=first.ended_s + self.facts.options.confirm_after_s,
            )

    def _freeze(self, f: SlowFacts) -> Iterator[tuple[Debt, int]]:
        freeze = f.freeze
        if not (self.slowness.stopped_short or looks_frozen((*f.own.pairs, *f.name.pairs))):
            return
        if freeze.heard < FREEZE_TRIALS:
            if freeze.tried < FREEZE_ATTEMPTS:
                why = "a transfer that falls silent is made without a cap, to see where it ends"
                yield self._single("freeze", freeze.tried, why)
        elif freeze.stands and not freeze.came:
            if freeze.elsewhere is None and freeze.n_elsewhere < SINGLE_ATTEMPTS:
                why = "as many bytes from another server show that the link lets them pass"
                yield self._single("elsewhere", freeze.n_elsewhere, why, n_bytes=_more(freeze.n_bytes))
            if freeze.cured is None and freeze.n_cured < SINGLE_ATTEMPTS:
                why = "smaller segments show whether large packets are what is lost"
                yield self._single("small_segments", freeze.n_cured, why)

    def _single(self, purpose: Purpose, number: int, why: str, n_bytes: int = 0) -> tuple[Debt, int]:
        return self._debt(why, purpose=purpose, number=number, n_bytes=n_bytes), 1

    def _pair(
        self, arms: Arms, test: PairTest, why: str, *, which: int = 0, not_before_s: float = 0.0
    ) -> tuple[Debt, int]:
        number = test.next_number
        return self._debt(why, arms=arms, test=which, number=number, not_before_s=not_before_s), 2

    def _debt(
        self,
        why: str,
        *,
        arms: Arms = "",
        purpose: Purpose = "pair",
        test: int = 0,
        number: int = 0,
        n_bytes: int = 0,
        not_before_s: float = 0.0,
    ) -> Debt:
        return Debt(
            target_id=self.reading.target.target_id,
            what=Owed.TRANSFER,
            why=why,
            not_before_s=not_before_s,
            addresses=(self.thing.ip,),
            server_name=self.thing.server_name,
            neutral_name=self.slowness.known_name,
            url=self.thing.url,
            arms=arms,
            purpose=purpose,
            test=test,
            number=number,
            n_bytes=n_bytes,
        )


def _more(n_bytes: int) -> int:
    return int(n_bytes * max(FREEZE_PASSED, ELSEWHERE_TIMES))


def _asks_name(f: SlowFacts) -> bool:
    """Say whether pairs at the target's own address leave something to ask at a neutral server."""
    return (
        f.own.has_no_control
        or f.own.is_throttled
        or f.own.decision.answer == "slow_link"
        or (
            f.own.is_clear
            and f.own.decision.control_bps < SLOW_FOR_ALL_BPS
            and not distance_explains(f.own, FASTEST_BPS)
        )
    )


def _thing(reading: Reading, web: Outcome, slowness: Slowness) -> Thing | None:
    """Return what is fetched, at the address that transfers or else most rounds used; None without one."""
    target, start, hop = reading.target, reading.start, web.hop
    if target.large_object:
        host, port = start.host, start.port if start.is_tls else 443
        url = object_url(reading)
        name = target.server_name or host
    else:
        host, port, url, name = hop.place.host, hop.place.port, hop.place.url, hop.sni
    shown = Counter(
        t.ip
        for legs in reading.legs.values()
        for leg in legs
        for t in leg.tries
        if t.tls_ok and leg.place.is_tls and leg.place.host.lower() == host.lower() and t.port == port
    )
    if place_of(f"https://{name}/").is_literal:
        return None  # an address has no name that could be slowed
    used = {t.ip for m in slowness.transfers for t in m.transfers if t.arm == "T"}
    if not shown:
        return None
    ip = min(shown, key=lambda ip: (ip not in used, -shown[ip], ":" in ip, ip))
    return Thing(url, ip, name.lower().rstrip("."), bool(target.large_object))
