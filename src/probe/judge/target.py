"""Judge one target: its hops in order, the network's gate, the verdict and what is still owed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from probe.judge.address import judge_addresses
from probe.judge.appstore import judge_store
from probe.judge.cross import evaluate
from probe.judge.final import judge_answers, notice_of
from probe.judge.gate import NOT_MEASURED, through_gate
from probe.judge.hop import Hop
from probe.judge.next_transfer import transfer_debts
from probe.judge.outcome import Outcome, conclude
from probe.judge.owed import debts_of
from probe.judge.place import place_of
from probe.judge.reading import PAGES, read
from probe.judge.slowed import judge_slowness, may_be_slowed, slowness_of
from probe.judge.speak import verdict_of
from probe.judge.special import SPECIAL
from probe.judge.trust import Trust
from probe.judge.views import all_views, views_of_hop
from probe.judge.whole import object_url
from probe.judge.witness import bursts
from probe.model.words import Layer, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.judge.cross import Cross
    from probe.judge.facts import RunFacts
    from probe.judge.reading import Leg, Reading
    from probe.judge.view import ControlView
    from probe.model.measurement import Measurement
    from probe.model.target import Debt, Target
    from probe.model.verdict import Note, Verdict

MAX_HOPS = 11
"""The first request and ten redirects (METHOD 5)."""
LEAST_ACCUSING = (
    State.REACHABLE,
    State.INCONCLUSIVE,
    State.DOWN,
    State.GEOBLOCKED,
    State.THROTTLED,
    State.BLOCKED,
)


class Judged(Struct, frozen=True):
    """A verdict, and what it still needs; with nothing owed it is final."""

    verdict: Verdict
    debts: tuple[Debt, ...] = ()


def judge_target(facts: RunFacts, target: Target, measurements: Sequence[Measurement]) -> Judged:
    """Return the verdict that the evidence carries now, whatever the evidence; total, pure, order-free."""
    reading = read(target, measurements, facts.clock_offset_s)
    outcome = _slowed(facts, reading, _judge(facts, reading))
    debts = debts_of(facts, reading, outcome)
    outcome = through_gate(facts, outcome, debts)
    return Judged(verdict_of(facts, reading, outcome), () if facts.stopped else debts)


def _slowed(facts: RunFacts, reading: Reading, web: Outcome) -> Outcome:
    """Return what the rounds gave with what transfers say beside it."""
    if not may_be_slowed(web):
        return web
    slowness = slowness_of(facts, reading, web)
    web.wants.transfers = transfer_debts(facts, reading, web, slowness)
    lacks = slowness.facts.freeze.lacks_whole
    web.wants.whole = object_url(reading) if lacks else ""
    web.wants.control = web.wants.control or slowness.stopped_short or (lacks and not web.wants.whole)
    return judge_slowness(facts, web, slowness)


class _Run(Struct, eq=False):
    """What the hops of one target share."""

    facts: RunFacts
    reading: Reading
    views: tuple[ControlView, ...]
    bursts: frozenset[tuple[str, float]]
    tainted: bool = False


def _judge(facts: RunFacts, reading: Reading) -> Outcome:
    run = _Run(facts, reading, all_views(facts, reading), bursts([*reading.own, *reading.aside]))
    special = SPECIAL.get(reading.target.experiment)
    if special is not None and reading.own:
        return special(_hop(run, 0, reading.legs.get(0, [])))
    outcome: Outcome | None = None
    notes: list[Note] = []
    for index in range(MAX_HOPS):
        found = [judge_addresses(_hop(run, index, legs)) for legs in _by_place(reading.legs.get(index, []))]
        if not found:
            break
        outcome = min(
            found,
            key=lambda o: (not o.answers, LEAST_ACCUSING.index(o.state), o.rule.rule_id, o.params["name"]),
        )
        if not _leads_on(reading, outcome, index):
            break
        notes += outcome.notes
        run.tainted = run.tainted or _leaves_site(outcome)
    if outcome is None:
        return conclude(NOT_MEASURED, Layer.NETWORK, hop=_hop(run, 0, []))
    outcome = judge_answers(outcome) if outcome.answers else outcome
    outcome.notes = [*notes, *outcome.notes]
    return judge_store(reading, outcome)


def _by_place(legs: list[Leg]) -> list[list[Leg]]:
    """Group the legs of one hop by where they lead: redirects may differ from round to round."""
    groups: dict[tuple[str, int, bool], list[Leg]] = {}
    for leg in legs:
        groups.setdefault((leg.place.host, leg.place.port, leg.place.is_tls), []).append(leg)
    return list(groups.values())


def _hop(run: _Run, index: int, legs: list[Leg]) -> Hop:
    reading, facts, target = run.reading, run.facts, run.reading.target
    place = legs[0].place if legs else reading.start
    name = place.host.lower()
    here = views_of_hop(run.views, place, index)
    tries = [t for leg in legs for t in leg.tries] + reading.elsewhere
    sni = (target.server_name or name).lower().rstrip(".") if index == 0 else name
    crosses: dict[bool, Cross] = {}

    def cross_of(plain: bool) -> Cross:
        if plain not in crosses:
            crosses[plain] = evaluate([m for m in reading.aside if not reading.before(m)], sni, plain=plain)
        return crosses[plain]

    return Hop(
        facts=facts,
        reading=reading,
        index=index,
        place=place,
        name=name,
        sni=sni,
        legs=legs,
        views=here,
        trust=Trust(reading, (name, sni), tries, here, facts.ranges),
        sides=(target.country == facts.home,) if target.country else (True, False),
        bursts=run.bursts,
        tainted=run.tainted,
        cross_of=cross_of,
        label=target.input if not index else f"{target.input} → {place.url}",
    )


def _leads_on(reading: Reading, outcome: Outcome, index: int) -> bool:
    """Say whether the hop worked, every answer was a redirect, and the next hop was tried."""
    return (
        bool(outcome.answers)
        and reading.target.experiment in PAGES
        and index + 1 in reading.legs
        and all(
            r.answer is not None and r.answer.http is not None and r.answer.http.location
            for r in outcome.answers
        )
        and (outcome.validated or notice_of(outcome) is None)
    )


def _leaves_site(outcome: Outcome) -> bool:
    """Say whether an answer that nothing vouches for led to another site."""
    return not outcome.validated and any(
        not _same_site(place_of(r.answer.http.location or "").host, place_of(r.answer.http.url).host)
        for r in outcome.answers
        if r.answer is not None and r.answer.http is not None
    )


def _same_site(one: str, other: str) -> bool:
    """Say whether one host is the other, or stands under it: names beyond that may be anybody's."""
    one, other = one.lower().removeprefix("www."), other.lower().removeprefix("www.")
    return one == other or one.endswith("." + other) or other.endswith("." + one)
