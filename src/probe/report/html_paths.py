"""Which verdicts a page follows back to their measurements, and these measurements, read once more.

Accusations first: a page of a hundred thousand targets follows some thousand measurements and says so.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from probe.model.words import WORST_FIRST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from probe.model.measurement import Measurement
    from probe.model.verdict import Verdict
    from probe.report.html_survey import Survey
    from probe.report.told import Told

MOST_MEASUREMENTS: Final = 3000
MOST_WITNESSES: Final = 40
"""Of one verdict."""
BESIDE_S: Final = 5.0
"""How far from a try its neutral control may lie."""


class Kept(Struct, frozen=True, kw_only=True):
    """One measurement, and its line in measurements.jsonl."""

    line: int
    measurement: Measurement


class Paths(Struct, frozen=True, kw_only=True):
    """What a page tells of a run's measurements."""

    followed: frozenset[str]
    """Target ids of the verdicts that are followed."""
    kept: Mapping[str, Kept]
    """By uid, in the order of writing."""
    beside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Uid of a try of an accused target, and of the neutral sites tried just before and after it."""


def paths_of(run: Told, survey: Survey) -> Paths:
    """Choose verdicts until their measurements are as many as a page bears, and read these."""
    followed: set[str] = set()
    wanted: dict[str, None] = {}
    order = {state: n for n, state in enumerate(WORST_FIRST)}
    for verdict in sorted(run.verdicts, key=lambda v: (v.service != "network", order[v.state])):
        own = uids_of(verdict)
        if len(wanted) + len(own) > MOST_MEASUREMENTS:
            break
        followed.add(verdict.target_id)
        wanted |= dict.fromkeys(own)
    beside = _beside(survey, wanted)
    wanted |= dict.fromkeys(uid for uids in beside.values() for uid in uids)
    return Paths(followed=frozenset(followed), kept=_read(run, wanted), beside=beside)


def uids_of(verdict: Verdict) -> tuple[str, ...]:
    """Return a target's own measurements and those that the verdict rests on, each once."""
    return tuple(dict.fromkeys((*verdict.measurement_uids, *verdict.witnesses[:MOST_WITNESSES])))


def _read(run: Told, wanted: Iterable[str]) -> dict[str, Kept]:
    uids = set(wanted)
    kept: dict[str, Kept] = {}
    if uids:
        for line, measurement in enumerate(run.measurements(), 1):
            uid = measurement.measurement_uid
            if uid in uids and uid not in kept:
                kept[uid] = Kept(line=line, measurement=measurement)
    return kept


def _beside(survey: Survey, wanted: Mapping[str, None]) -> dict[str, tuple[str, ...]]:
    """Return the neutral sites tried last before and first after each try of what is accused."""
    by_end = sorted((end, uid) for _begin, end, uid in survey.sites)
    by_begin = sorted((begin, uid) for begin, _end, uid in survey.sites)
    found: dict[str, tuple[str, ...]] = {}
    room = MOST_MEASUREMENTS - len(wanted)
    for begin, end, uid in survey.tries:
        near = (*_before(by_end, begin), *_after(by_begin, end)) if uid in wanted else ()
        if len(near) > room:
            break
        if near:
            room -= len(near)
            found[uid] = near
    return found


def _before(sites: Sequence[tuple[float, str]], moment: float) -> tuple[str, ...]:
    at = bisect_right(sites, (moment, "\U0010ffff")) - 1
    return (sites[at][1],) if at >= 0 and moment - sites[at][0] <= BESIDE_S else ()


def _after(sites: Sequence[tuple[float, str]], moment: float) -> tuple[str, ...]:
    at = bisect_left(sites, (moment, ""))
    return (sites[at][1],) if at < len(sites) and sites[at][0] - moment <= BESIDE_S else ()
