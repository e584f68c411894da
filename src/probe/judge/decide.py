"""The decision over pairs of rates: throttled, clear, or nobody can tell. Numbers in, a word out (METHOD 7).

Sequential: pairs come one by one, and a test ends as soon as no pair to come could make it `throttled`.
"""

from __future__ import annotations

from math import comb, log
from statistics import median, quantiles
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from probe.judge.constants import (
    CLEAR_MEDIAN,
    CLEAR_PAIRS,
    CLEAR_RATIO,
    LEAST_CONTROL_BPS,
    LEAST_PAIRS,
    NOISY_MEDIAN,
    NOISY_RSD,
    PAIRS,
    SLOW_MEDIAN,
    SLOW_PAIRS,
    SLOW_RATIO,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    Pair = tuple[float, float]
    """Rate of the suspected arm and of its control, in bit/s."""

Answer = Literal["throttled", "clear", "undecided", "slow_link", "few"]
SMALLEST_BPS = 1.0
"""What stands for a rate of nothing where a logarithm is taken."""


class Decision(Struct, frozen=True, kw_only=True):
    """What the pairs of one test say."""

    answer: Answer
    n: int
    n_slow: int
    """Pairs in which the suspected arm had less than half its control's rate."""
    ratio: float
    """Median over pairs; 1 of none."""
    rate_bps: float
    control_bps: float
    """Medians of both arms."""
    rsd: float
    """Spread of the control's rates: interquartile range of their logarithms, as a standard deviation."""
    is_noisy: bool


def decide(pairs: Sequence[Pair]) -> Decision:
    """Return the decision over the pairs of one test, in any order."""
    ratios = [_ratio(pair) for pair in pairs]
    n_slow = sum(r < SLOW_RATIO for r in ratios)
    control = median(c for _, c in pairs) if pairs else 0.0
    rsd = _rsd([c for _, c in pairs])
    middle = median(ratios) if ratios else 1.0
    return Decision(
        answer=_answer(ratios, middle, control, rsd),
        n=len(pairs),
        n_slow=n_slow,
        ratio=middle,
        rate_bps=median(t for t, _ in pairs) if pairs else 0.0,
        control_bps=control,
        rsd=rsd,
        is_noisy=rsd > NOISY_RSD,
    )


def is_decided(pairs: Sequence[Pair]) -> bool:
    """Say whether no further pair can make the test `throttled`: then it need not go on.

    Two pairs that are not slow leave at most four slow ones of six.
    """
    return len(pairs) >= PAIRS or sum(_ratio(p) >= SLOW_RATIO for p in pairs) > PAIRS - SLOW_PAIRS


def is_over(pairs: Sequence[Pair]) -> bool:
    """Say whether the test may end: nothing to come makes it `throttled`, or more nearly `clear`.

    One slow pair among few, or pairs that lie between, may yet turn out to be a bad moment; six pairs tell.
    """
    if not is_decided(pairs):
        return False
    told = decide(pairs)
    may_clear = told.answer == "undecided" and told.n < PAIRS and told.n_slow <= PAIRS - CLEAR_PAIRS
    return not may_clear


def _answer(ratios: Sequence[float], middle: float, control: float, rsd: float) -> Answer:
    n, n_slow = len(ratios), sum(r < SLOW_RATIO for r in ratios)
    n_passing = sum(r > CLEAR_RATIO for r in ratios)
    stopped = n < LEAST_PAIRS and n - n_slow > PAIRS - SLOW_PAIRS
    if n and control < LEAST_CONTROL_BPS:
        return "slow_link"
    if stopped:
        return "clear" if middle > CLEAR_MEDIAN and n_passing == n else "undecided"
    if n < LEAST_PAIRS:
        return "few"
    # A noisy link asks for a lower median, not for every pair: one of its controls may meet a bad moment.
    if n_slow >= min(SLOW_PAIRS, n) and middle < (NOISY_MEDIAN if rsd > NOISY_RSD else SLOW_MEDIAN):
        return "throttled"
    return "clear" if middle > CLEAR_MEDIAN and n_passing >= min(CLEAR_PAIRS, n) else "undecided"


def _ratio(pair: Pair) -> float:
    return max(pair[0], SMALLEST_BPS) / max(pair[1], SMALLEST_BPS)


def _rsd(rates: Sequence[float]) -> float:
    if len(rates) < 2:
        return 0.0
    low, _, high = quantiles((log(max(r, SMALLEST_BPS)) for r in rates), n=4, method="inclusive")
    return (high - low) / 1.349


def sign_test(pairs: Sequence[Pair]) -> float:
    """Return the one-sided exact p that so many of the pairs are slower than their control by chance."""
    n, k = len(pairs), sum(t < c for t, c in pairs)
    return sum(comb(n, i) for i in range(k, n + 1)) / 2**n if n else 1.0


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return the p values adjusted for their number, in the same order (Holm 1979)."""
    adjusted = [1.0] * len(p_values)
    worst = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = worst
    return tuple(adjusted)
