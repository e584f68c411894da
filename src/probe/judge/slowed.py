"""Whether a target that answers is slowed: transfers read into facts, and what they make of its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.judge import note as notes
from probe.judge.baseline import calibration_of
from probe.judge.constants import BASELINE_FRESH_S, CLEAR_MEDIAN, LEAST_CONTROL_BPS
from probe.judge.decide import sign_test
from probe.judge.freeze import freeze_of
from probe.judge.moved import has_moved
from probe.judge.note import note
from probe.judge.outcome import SOURCE_WORDS, Rates, conclude
from probe.judge.pairs import EXPERIMENT, PairTest, pair_tests
from probe.judge.screening import is_suspect, most_whole, stopped_short
from probe.judge.shape import FROZEN, shape_of
from probe.judge.stand import SOURCES
from probe.judge.throughput import (
    NAME,
    OWN,
    THROUGHPUT_RULES,
    TWICE,
    SlowFacts,
    accused,
    accused_by_name,
    agrees,
    disagrees,
    slow_for_all,
)
from probe.judge.trial import begin, end
from probe.judge.whole import object_url, views_of_object
from probe.model.transfer import TRIAL_BYTES, TRIAL_SECONDS
from probe.model.words import ControlSource, Layer, Located, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.judge.facts import RunFacts
    from probe.judge.outcome import Outcome
    from probe.judge.reading import Reading
    from probe.model.baseline import TargetBaseline
    from probe.model.measurement import Measurement
    from probe.model.transfer import Transfer
    from probe.model.verdict import Note

NOT_MADE: Final = PairTest()
GOOD: Final = 2
"""The class of a status that brings the thing itself."""


class Slowness(Struct, frozen=True):
    """A target's transfers, and what they amount to."""

    facts: SlowFacts
    transfers: tuple[Measurement, ...]
    stopped_short: bool
    """The page itself fell silent short of its declared length."""
    known_name: str = ""
    """The neutral name beside which a baseline saw the target's own at its address."""

    @property
    def n_handshakes(self) -> int:
        """Transfers made so far."""
        return sum(len(m.transfers) for m in self.transfers)


def may_be_slowed(outcome: Outcome) -> bool:
    """Say whether transfers may be asked of a target: it answers, over a certificate that holds.

    Of an app the answer is what the shop said of it; whether the shop is slow is a question to its site.
    """
    asks_shop = outcome.hop.reading.target.experiment == "store"
    return (
        outcome.validated and not asks_shop and (outcome.state is State.REACHABLE or stopped_short(outcome))
    )


def slowness_of(facts: RunFacts, reading: Reading, outcome: Outcome) -> Slowness:
    """Read the transfers of a target; total, and the same in whatever order they come."""
    made = tuple(m for m in reading.aside if m.experiment == EXPERIMENT)
    tests = pair_tests(made, link_passes=any(p.bps >= LEAST_CONTROL_BPS for p in facts.neutral_pages))
    broken = stopped_short(outcome)
    begun = reading.own[0].measurement_start_time
    row = calibration_of(facts, reading.target, begun)
    # That two names were alike holds for a while; at what rate a server sends holds for a day.
    fresh = calibration_of(facts, reading.target, begun, within_s=BASELINE_FRESH_S)
    own, again = tests.get((OWN, 0), NOT_MADE), tests.get((OWN, 1), NOT_MADE)
    outside_bps = fresh.rate_bps if fresh is not None else None
    return Slowness(
        SlowFacts(
            own=own,
            own_again=again,
            name=tests.get((NAME, 0), NOT_MADE),
            name_again=tests.get((NAME, 1), NOT_MADE),
            freeze=freeze_of(
                made,
                _got_elsewhere(reading, outcome, outside_bps),
                here=most_whole(reading, outcome) if _is_page(reading) else 0,
            ),
            moved=_moved(facts, made),
            calibrated=row is not None and _calibrates(row, [t for t in (own, again) if t.is_throttled]),
            outside_bps=outside_bps,
            suspected=broken or is_suspect(facts, reading, outcome),
        ),
        made,
        broken,
        row.pair_name if row is not None else "",
    )


def _calibrates(row: TargetBaseline, tests: Sequence[PairTest]) -> bool:
    """Say whether a baseline saw the names of slow tests alike at the target's address, and its own faster.

    Another neutral name may stand at another backend, or in another class of rate. And what comes here as
    it came there is not slowed, however fast its control is here.
    """
    known, rate_bps = row.pair_calibration, row.rate_bps
    if known is None or rate_bps is None or not row.pair_name:
        return False
    return CLEAR_MEDIAN <= known <= 1 / CLEAR_MEDIAN and all(
        t.control_name == row.pair_name and t.decision.rate_bps < CLEAR_MEDIAN * rate_bps for t in tests
    )


def _is_page(reading: Reading) -> bool:
    """Say whether transfers fetch the page itself, not another object of its site."""
    return object_url(reading) in {"", reading.target.input}


def _got_elsewhere(
    reading: Reading, outcome: Outcome, rate_bps: float | None
) -> list[tuple[ControlSource, float]]:
    """Return who got how many bytes of the target elsewhere; of a rate recorded, what a trial can have moved.

    Where the transfers are of an object, how long the page is says nothing of it.
    """
    views = outcome.hop.views if _is_page(reading) else views_of_object(reading)
    fresh = [v for v in views if v.age_s is None or v.age_s <= BASELINE_FRESH_S]
    whole = [v for v in fresh if v.usable and v.answered]
    found = [(v.source, float(v.body_length or 0)) for v in whole if (v.status or 0) // 100 == GOOD]
    moved = min(TRIAL_BYTES, (rate_bps or 0.0) / 8 * TRIAL_SECONDS)
    return [*found, (ControlSource.BASELINE, moved)]


def _moved(facts: RunFacts, made: Sequence[Measurement]) -> bool:
    """Say whether this machine changed its network between the first transfer and the last."""
    if not made:
        return False
    first = min(m.started_s for m in made)
    last = max(m.started_s + m.runtime_s for m in made)
    looks = sorted((d.started_s, d.uid, d.local) for d in facts.digests if d.local)
    before = [local for at, _, local in looks if at <= first][-1:]
    after = [local for at, _, local in looks if at > last][:1]
    during = [local for at, _, local in looks if first < at <= last]
    return has_moved([*before, *during, *after, *(m.local for m in made if m.local)])


def judge_slowness(facts: RunFacts, outcome: Outcome, slowness: Slowness) -> Outcome:
    """Return the outcome with what transfers say of it.

    A page that answers stays reachable where they say nothing; one whose body stopped short stays what it
    is unless they accuse.
    """
    f = slowness.facts
    finding = facts.finding
    if not slowness.transfers:
        return outcome
    if finding is not None and not finding.fine and not f.moved:
        outcome.notes.append(note(notes.SLOWED_NETWORK))
        return outcome
    rule = next((rule for rule in THROUGHPUT_RULES if rule.when(f)), None)
    outcome.rates = _rates(f)
    outcome.witnesses |= frozenset(m.measurement_uid for m in slowness.transfers)
    if rule is None or (slowness.stopped_short and rule.state is not State.THROTTLED):
        if rule is not None:
            outcome.notes.append(note(rule.because, _params(f, outcome)))
        outcome.notes += _notes(f, over=rule is not None)
        outcome.sources = tuple(dict.fromkeys((*outcome.sources, *_sources(f))))
        return outcome
    made = conclude(
        TWICE.get(rule.rule_id, rule) if accused(f) and agrees(f) else rule,
        Layer.THROUGHPUT,
        hop=outcome.hop,
        params=_params(f, outcome),
        wants=outcome.wants,
        uids=outcome.witnesses,
    )
    made.confirmed = made.located is not Located.UNKNOWN and accused(f) and agrees(f)
    made.sources = _sources(f)
    made.n_controls = len(f.deciding.fit) + len(f.again.fit)
    made.rates, made.validated, made.answers = outcome.rates, outcome.validated, outcome.answers
    made.notes = [*outcome.notes, *_notes(f, over=True)]
    return made


def _rates(f: SlowFacts) -> Rates | None:
    """Return the medians of the deciding test; of an address slow for all names, beside a neutral server."""
    test = f.deciding
    if not test.fit:
        return None
    told = test.decision
    if slow_for_all(f):
        elsewhere = f.name.decision.control_bps
        return Rates(told.rate_bps, elsewhere, told.rate_bps / elsewhere)
    return Rates(told.rate_bps, told.control_bps, told.ratio)


def _sources(f: SlowFacts) -> tuple[ControlSource, ...]:
    """Return what the transfers were held against."""
    used = [t.source for t in (f.own, f.name) if t.fit]
    if f.own.is_throttled and f.calibrated and not f.name.is_throttled:
        used.append(ControlSource.BASELINE)
    if slow_for_all(f) and f.outside_bps is not None:
        used.append(ControlSource.BASELINE)
    if f.freeze.holds and f.freeze.completes is not None:
        used += [ControlSource.NEUTRAL, f.freeze.completes]
    return tuple(s for s in SOURCES if s in used)


def _params(f: SlowFacts, outcome: Outcome) -> dict[str, str]:
    """Return every value that a sentence of the table may name."""
    test = f.deciding
    told, again = test.decision, f.again.decision
    pooled = [*test.rates, *(f.again.rates if accused(f) and agrees(f) else ())]
    rates = _rates(f) or Rates(told.rate_bps, told.control_bps, told.ratio)
    slow = [(p.suspect, p.rate_bps) for p in test.fit if p.suspect is not None]
    return {
        "name": outcome.hop.label,
        "n": str(told.n),
        "n_slow": str(told.n_slow),
        "rate": _kbps(rates.goodput_bps),
        "control_rate": _kbps(rates.control_bps),
        "ratio": f"{rates.ratio:.2f}",
        "ratio_again": f"{again.ratio:.2f}",
        "n_again": str(again.n),
        "n_slow_again": str(again.n_slow),
        "later": f"{f.again.began_s - test.ended_s:.0f}",
        "p_value": f"{sign_test(pooled):.3g}",
        "shape": FROZEN if f.freeze.is_apart else shape_of(slow),
        "trigger": ".sni" if accused_by_name(f) and f.own.is_throttled else "",
        "trials": str(f.freeze.heard),
        "kb": f"{f.freeze.n_bytes / 1000:.0f}",
        "whole": SOURCE_WORDS[f.freeze.completes] if f.freeze.completes is not None else "",
        "outside": _kbps(f.outside_bps or 0.0),
    }


def _kbps(bps: float) -> str:
    return f"{bps / 1000:.0f}"


def _notes(f: SlowFacts, *, over: bool) -> list[Note]:
    """Say what could not have been seen, and what was not decided."""
    test = f.deciding
    found: list[Note] = []
    if not over and test.goes_on:
        found.append(note(notes.SLOWED_UNDECIDED, n=len(test.fit)))
    elif not over and not (test.is_clear or f.own.is_clear):
        found.append(note(notes.SLOWED_NO_CONTROL))
    elif not over and test is f.name:
        found.append(note(notes.NAME_NOT_SLOWED))
    elif not over:
        found.append(note(notes.NOT_SLOWED, n=len(test.fit), ratio=f"{test.decision.ratio:.2f}"))
    if accused(f) and f.again.pairs and not agrees(f) and not disagrees(f):
        found.append(note(notes.CONFIRMATION_UNDECIDED, n=len(f.again.fit)))
    if test.fit:
        moved = max(_moved_bytes(p.control) for p in test.fit if p.control is not None)
        lasted = max(end(p.control) - begin(p.control) for p in test.fit if p.control is not None)
        found.append(
            note(
                notes.FLOOR,
                kb=f"{moved / 1000:.0f}",
                seconds=f"{lasted:.1f}",
                control=_kbps(test.decision.control_bps),
            )
        )
    return found


def _moved_bytes(t: Transfer) -> int:
    return sum(n for _, n in t.series)
