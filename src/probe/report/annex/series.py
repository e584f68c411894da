"""What the runs of one service on one network come to: states, spans without a good run, contradictions."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.model.words import WORST_FIRST, State
from probe.report.annex.records import Count, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

MIXED: Final = "mixed"
FOUND: Final = (State.BLOCKED, State.THROTTLED, State.GEOBLOCKED, State.DOWN)
"""States of which it is told from when to when at least they were found."""
ORDER: Final = ("blocked", "throttled", MIXED, "geoblocked", "down", "inconclusive", "reachable")
"""In which rows are shown: where many are cut off, findings stay."""


class Seen(Struct, frozen=True, kw_only=True):
    """What one run found of one service."""

    state: State
    mechanism: str
    confirmed: bool
    began: datetime
    ended: datetime


def counts(words: Iterable[str]) -> tuple[Count, ...]:
    """Return how often each word came: the most frequent first, then by the alphabet; nothing for ""."""
    found = Counter(word for word in words if word)
    return tuple(Count(word=w, n=n) for w, n in sorted(found.items(), key=lambda one: (-one[1], one[0])))


def state_counts(states: Mapping[State, int]) -> tuple[Count, ...]:
    """Return runs in each state that came, the worst first."""
    return tuple(Count(word=str(state), n=states[state]) for state in WORST_FIRST if states.get(state))


def conclusion(runs: Sequence[Seen]) -> tuple[str, int]:
    """Return what all conclusive runs found, else `mixed`; and how many contradict the most frequent one."""
    conclusive = Counter(one.state for one in runs if one.state is not State.INCONCLUSIVE)
    if not conclusive:
        return str(State.INCONCLUSIVE), 0
    if len(conclusive) > 1:
        return MIXED, conclusive.total() - max(conclusive.values())
    return str(next(iter(conclusive))), 0


def spans(runs: Sequence[Seen]) -> tuple[Span, ...]:
    """Return each series of runs that found the same, without any that found something else between.

    The runs are in order of their begin. An inconclusive run neither ends a series nor makes it longer: it
    is a gap.
    """
    found: list[list[Seen]] = []
    last: State | None = None
    for one in sorted(runs, key=lambda seen: seen.began):
        if one.state is State.INCONCLUSIVE:
            continue
        if one.state in FOUND:
            if one.state is not last:
                found.append([])
            found[-1].append(one)
        last = one.state
    return tuple(_span(series) for series in found)


def _span(series: Sequence[Seen]) -> Span:
    gaps = [(after.began - before.ended).total_seconds() for before, after in pairwise(series)]
    return Span(
        state=str(series[0].state),
        from_utc=_text(series[0].began),
        to_utc=_text(max(one.ended for one in series)),
        n_runs=len(series),
        longest_gap_s=max(0, round(max(gaps))) if gaps else None,
    )


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
