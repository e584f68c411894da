"""Statement 11 in figures: transfers beside their controls, and how often such a comparison errs."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.report.annex.records import LayerError, SpeedTest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from probe.report.annex.gather import Named
    from probe.report.trials import Series

SIMULATED: Final = (100_000, 0.0013)
"""Runs of each line, and the share of tests of the worst of them that said throttled though nothing was."""
SIMULATED_CONFIRMED: Final = 0.00003
"""Upper 95 % bound of the same for what a second test confirmed: none in 100,000 runs of each line."""
SIMULATED_SOURCE: Final = "docs/throttling-errors.md"


class ErrorBound(Struct, frozen=True, kw_only=True):
    """How often a comparison of speeds says throttled where nothing is: at most so often, with 95 %."""

    source: str
    """`self_test` of the run named, or `simulation`."""
    run: str
    n_tests: int
    n_false: int
    bound: float


class Errors(Struct, frozen=True, kw_only=True):
    """Statement 11."""

    layers: tuple[LayerError, ...]
    speed_tests: tuple[SpeedTest, ...]
    bounds: tuple[ErrorBound, ...]
    n_compared: int
    """Targets whose speed was compared, over all runs."""
    expected_false: float
    """Of so many comparisons, at most so many say throttled by chance, by the largest bound."""


def errors_of(runs: Sequence[Named], layers: tuple[LayerError, ...]) -> Errors:
    """Return what is known of errors: at neutral sites in these runs, and of comparisons of speed."""
    bounds = tuple(_bounds(runs))
    n_compared = sum(verdict.goodput_ratio is not None for _name, one in runs for verdict in one.verdicts)
    return Errors(
        layers=layers,
        speed_tests=tuple(_speed_tests(runs)),
        bounds=bounds,
        n_compared=n_compared,
        expected_false=round(n_compared * max(one.bound for one in bounds), 4),
    )


def _bounds(runs: Iterable[Named]) -> Iterator[ErrorBound]:
    n, rate = SIMULATED
    yield ErrorBound(source="simulation", run="", n_tests=n, n_false=round(n * rate), bound=rate)
    for name, one in runs:
        if (tested := one.self_test) is not None:
            yield ErrorBound(
                source="self_test",
                run=name,
                n_tests=tested.n_tests,
                n_false=tested.n_false,
                bound=tested.bound,
            )


def _speed_tests(runs: Iterable[Named]) -> Iterator[SpeedTest]:
    for name, one in runs:
        for trials in one.trials:
            for series in trials.series:
                yield _speed_test(name, trials.target_id, series)


def _speed_test(run: str, target_id: str, series: Series) -> SpeedTest:
    tested = [pair.rates.tested_bps for pair in series.counted]
    control = [pair.rates.control_bps for pair in series.counted]
    begins = [pair.t_s for pair in series.pairs]
    last = series.pairs[-1]
    longest = max((arm.moved[-1][0] for arm in (last.tested, last.control) if arm.moved), default=0.0)
    return SpeedTest(
        run=run,
        target_id=target_id,
        arms=series.arms,
        n_pairs=len(series.pairs),
        n_counted=len(tested),
        n_slower=series.n_slower,
        seconds=round(max(begins) - min(begins) + longest, 1),
        median_kbps=_kbps(median(tested)) if tested else None,
        least_kbps=_kbps(min(tested)) if tested else None,
        most_kbps=_kbps(max(tested)) if tested else None,
        control_median_kbps=_kbps(median(control)) if control else None,
        control_least_kbps=_kbps(min(control)) if control else None,
        control_most_kbps=_kbps(max(control)) if control else None,
        ratio=None if series.ratio is None else round(series.ratio, 3),
        p=float(f"{series.p:.3g}"),
    )


def _kbps(bps: float) -> float:
    return round(bps / 1000, 1)
