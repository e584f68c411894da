"""What a verdict still needs, as far as this run can have it; with nothing owed a verdict is final."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.judge.constants import CONTROL_AGAIN_S, FLOOR_ROUNDS, MAX_EXTRA_ROUNDS
from probe.judge.place import place_of
from probe.judge.segments import asked_small
from probe.judge.whole import asked_whole, is_of_object
from probe.model.target import Debt
from probe.model.words import Owed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probe.judge.facts import RunFacts
    from probe.judge.hop import Hop
    from probe.judge.outcome import Outcome
    from probe.judge.reading import Reading

MAX_ADDRESSES = 4
"""Of a family; more would only repeat the same test."""


def debts_of(facts: RunFacts, reading: Reading, outcome: Outcome) -> tuple[Debt, ...]:
    """Return the debts of a target, the cheapest first."""
    return tuple(_debts(facts, reading, outcome, outcome.hop))


def _debts(facts: RunFacts, reading: Reading, outcome: Outcome, hop: Hop) -> Iterator[Debt]:
    target_id = reading.target.target_id
    wants = outcome.wants
    rounds = len(reading.own)
    last = max((m.started_s for m in reading.own), default=0.0)
    next_round = last + facts.options.round_gap_s if reading.own else 0.0
    url = hop.place.url if hop.index else ""
    if rounds < facts.options.rounds:
        yield Debt(
            target_id=target_id,
            what=Owed.ROUND,
            why="every target is tried in all rounds",
            not_before_s=next_round,
        )
    elif wants.rounds and rounds < max(facts.options.rounds, FLOOR_ROUNDS) + MAX_EXTRA_ROUNDS:
        yield Debt(
            target_id=target_id,
            what=Owed.ROUND,
            why="a failure without a neutral success before and after it is no witness",
            not_before_s=next_round,
        )
    controls = _asked(reading, hop, "control")
    can_ask = bool(facts.options.controls or facts.options.control_proxy)
    if wants.control and can_ask and not controls:
        yield Debt(
            target_id=target_id,
            what=Owed.CONTROL,
            why="nobody has looked from elsewhere",
            addresses=_tried(hop),
            url=url,
        )
    if wants.whole and can_ask and not any(asked_whole(reading)):
        yield Debt(
            target_id=target_id,
            what=Owed.CONTROL,
            why="whether the object comes whole elsewhere tells a freeze here from a server's own",
            addresses=_tried(hop),
            url=wants.whole,
        )
    if wants.control_again and can_ask and len(controls) == 1:
        yield Debt(
            target_id=target_id,
            what=Owed.CONTROL_AGAIN,
            why="a target that fails for a control too is asked for twice before it is called down",
            not_before_s=_last_asked(hop) + CONTROL_AGAIN_S,
            addresses=_tried(hop),
            url=url,
        )
    if wants.resolver and _may_ask_resolvers(hop) and not _asked(reading, hop, "resolver"):
        yield Debt(
            target_id=target_id,
            what=Owed.RESOLVER,
            why="another resolver may know other addresses for the name",
            addresses=_tried(hop),
            url=url,
        )
    if wants.addresses and not _tried_often(hop, wants.addresses) and hop.index == 0:
        yield Debt(
            target_id=target_id,
            what=Owed.ADDRESSES,
            why="the addresses that a control or another resolver gave are tried from here too",
            not_before_s=next_round,
            addresses=_per_family(wants.addresses),
        )
    if wants.segments and not any(asked_small(hop)):
        yield Debt(
            target_id=target_id,
            what=Owed.SMALL_SEGMENTS,
            why="a path that loses large packets is as silent as one that interferes",
            addresses=wants.segments,
            url=url,
        )
    elif wants.cross and not _crossed(reading, hop):
        yield Debt(
            target_id=target_id,
            what=Owed.CROSS,
            why="only a cross experiment tells whether the name or the address is what fails",
            addresses=wants.cross[:1],
            server_name=hop.sni if not hop.place.is_literal else "",
            plain=not hop.place.is_tls,
        )
    yield from wants.transfers


def _asked(reading: Reading, hop: Hop, experiment: str) -> list[float]:
    """Return when a debt of this kind was paid for this hop, in order; long ago is not paid."""
    return [
        m.started_s
        for m in reading.aside
        if m.experiment == experiment
        and place_of(m.input).host.lower() == hop.name
        and not is_of_object(reading, m)
        and not reading.before(m)
    ]


def _last_asked(hop: Hop) -> float:
    """Return when the last control began to be asked, which may be long after its measurement began."""
    return max((v.asked_s for v in hop.views if v.asked_s is not None), default=0.0)


def _may_ask_resolvers(hop: Hop) -> bool:
    return not hop.place.is_literal or hop.place.scheme.startswith("dns+")


def _crossed(reading: Reading, hop: Hop) -> bool:
    names = {hop.name, hop.sni}
    return any(
        m.experiment == "cross" and place_of(m.input).host.lower() in names and not reading.before(m)
        for m in reading.aside
    )


def _tried(hop: Hop) -> tuple[str, ...]:
    return tuple(sorted({t.ip for leg in hop.legs for t in leg.tries}))


def _tried_often(hop: Hop, addresses: tuple[str, ...]) -> bool:
    """Say whether any of these addresses has been tried in enough rounds."""
    rounds = {leg.measurement.measurement_uid for leg in hop.legs for t in leg.tries if t.ip in addresses}
    return len(rounds) >= FLOOR_ROUNDS


def _per_family(addresses: tuple[str, ...]) -> tuple[str, ...]:
    four = [ip for ip in addresses if ":" not in ip][:MAX_ADDRESSES]
    return (*four, *[ip for ip in addresses if ":" in ip][:MAX_ADDRESSES])
