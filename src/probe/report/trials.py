"""The trials of one target as they are drawn: pairs in order of time, what each arm moved, what that says.

How fast a trial was, and how likely chance is, is for judging to say: both are given by whoever calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from statistics import median
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from probe.model.measurement import Measurement
    from probe.model.transfer import Arms, Purpose, Transfer

TESTED: Final = frozenset(("T", "X"))
"""Arms that bear the target's name; the others are held against them."""
ARMS: Final[tuple[Arms, ...]] = ("T/C1", "X/C2")
ALONE: Final = frozenset(("freeze", "elsewhere", "small_segments"))
MOST_DRAWN: Final = 64
"""Measurements: more than a run makes of one target, and no file makes a picture without end."""
LONGEST_S: Final = 3600.0
MOST_BYTES: Final = 10**12
"""What a stored run may say of a trial at most: a file that was tampered with still gives a picture."""
SMALLEST_BPS: Final = 1.0
LARGEST_BPS: Final = 1e12
"""What stands for a rate of nothing, and for one that no link has, where ratios are taken."""

Known = Mapping[tuple[str, str], "Rates"]
"""What judging made of each pair, by measurement and arms."""
SignTest = Callable[[Sequence[tuple[float, float]]], float]
"""Takes the rates of pairs; returns the one-sided p that chance makes so many of them slower."""


class Rates(Struct, frozen=True, kw_only=True):
    """How fast both arms of a pair were, in bit/s; `unfit` says why the pair does not count."""

    tested_bps: float = 0.0
    control_bps: float = 0.0
    unfit: str = ""


UNKNOWN: Final = Rates(unfit="unfinished")


class Trial(Struct, frozen=True, kw_only=True):
    """One transfer as a curve."""

    is_tested: bool
    purpose: Purpose
    moved: tuple[tuple[float, int], ...]
    """Seconds since its request, and bytes at the socket so far; empty where none was sent."""


class Pair(Struct, frozen=True, kw_only=True):
    """Two trials side by side."""

    arms: Arms
    test: int
    t_s: float
    """Seconds since the run began."""
    tested: Trial
    control: Trial
    rates: Rates

    @property
    def counts(self) -> bool:
        """Whether its rates may be compared."""
        return not self.rates.unfit

    @property
    def ratio(self) -> float:
        """The suspected arm's rate by its control's."""
        return _bounded(self.rates.tested_bps) / _bounded(self.rates.control_bps)


class Series(Struct, frozen=True, kw_only=True):
    """All pairs of one kind of arms, the first test and its confirmation together."""

    arms: Arms
    pairs: tuple[Pair, ...]
    p: float
    """Of all pairs that count, together; 1 of none."""

    @property
    def counted(self) -> tuple[Pair, ...]:
        """The pairs that may be compared."""
        return tuple(pair for pair in self.pairs if pair.counts)

    @property
    def ratio(self) -> float | None:
        """Median over pairs; None of none."""
        ratios = [pair.ratio for pair in self.counted]
        return median(ratios) if ratios else None

    @property
    def n_slower(self) -> int:
        """Pairs in which the suspected arm was the slower one."""
        return sum(pair.ratio < 1 for pair in self.counted)


class TargetTrials(Struct, frozen=True, kw_only=True):
    """Everything that was transferred because of one target."""

    target_id: str
    input: str
    series: tuple[Series, ...]
    alone: tuple[Trial, ...] = ()
    """Trials that belong to no pair: a freeze's, and those held against it."""


def trials_of(measurements: Iterable[Measurement], known: Known, sign_test: SignTest) -> TargetTrials | None:
    """Return what can be drawn of a target's first measurements; None where nothing was transferred."""
    transferred = [m for m in measurements if m.transfers][:MOST_DRAWN]
    if not transferred:
        return None
    pairs = [pair for m in transferred for arms in ARMS if (pair := _pair(m, arms, known))]
    kinds = dict.fromkeys(pair.arms for pair in pairs)
    alone = tuple(_trial(t) for m in transferred for t in m.transfers if t.purpose in ALONE)
    if not pairs and not alone:
        return None
    return TargetTrials(
        target_id=transferred[0].target_id,
        input=transferred[0].input,
        series=tuple(_series(kind, [p for p in pairs if p.arms == kind], sign_test) for kind in kinds),
        alone=alone,
    )


def _bounded(bps: float) -> float:
    return min(max(bps, SMALLEST_BPS), LARGEST_BPS)


def _series(arms: Arms, pairs: Sequence[Pair], sign_test: SignTest) -> Series:
    ordered = tuple(sorted(pairs, key=lambda pair: pair.t_s))
    rates = [(pair.rates.tested_bps, pair.rates.control_bps) for pair in ordered if pair.counts]
    return Series(arms=arms, pairs=ordered, p=sign_test(rates) if rates else 1.0)


def _pair(measurement: Measurement, arms: Arms, known: Known) -> Pair | None:
    """Return the pair of these arms that a measurement holds; None where it lacks one of them."""
    suspect, _slash, other = arms.partition("/")
    ours = {t.arm: t for t in measurement.transfers if t.purpose == "pair"}
    tested, control = ours.get(suspect), ours.get(other)  # type: ignore[call-overload]  # they are arms
    if tested is None or control is None:
        return None
    return Pair(
        arms=arms,
        test=tested.test,
        t_s=measurement.started_s + min(tested.t0, control.t0),
        tested=_trial(tested),
        control=_trial(control),
        rates=known.get((measurement.measurement_uid, arms), UNKNOWN),
    )


def _trial(transfer: Transfer) -> Trial:
    began = transfer.requested
    steps: list[tuple[float, int]] = []
    if began is not None:
        sums = accumulate(n for _t, n in transfer.series)
        times = (t - began for t, _n in transfer.series)
        steps = [(0.0, 0), *zip(times, sums, strict=True), (transfer.t - began, transfer.n_socket_bytes)]
    return Trial(
        is_tested=transfer.arm in TESTED,
        purpose=transfer.purpose,
        moved=tuple((min(max(t, 0.0), LONGEST_S), min(max(n, 0), MOST_BYTES)) for t, n in steps),
    )
