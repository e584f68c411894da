"""The self-test: how often the decision would say `throttled` on this link though nothing is (METHOD 7).

A pool of neutral trials is cut, in order of time, into tests of pairs in which both arms are neutral (A/A),
and `decide` is asked about each. What it says is an error. The bound that is printed holds for this link,
while the trials were made; it is never 0 %, because a pool without an error only shows that errors are not
frequent.
"""

from __future__ import annotations

from itertools import pairwise, product
from math import ceil, exp, lgamma, log, log1p
from statistics import fmean, median
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.judge.constants import PAIRS
from probe.judge.decide import SMALLEST_BPS, decide

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from probe.judge.decide import Pair

TEST_TRIALS: Final = 2 * PAIRS
STRIDE: Final = 2
"""Trials between the begins of two tests that overlap: even, so that pairs stay the pairs that were made."""
MOST_TRIALS: Final = 600
"""The latest of a pool; older ones are left out, and judging stays quick."""
ORDERS: Final = tuple(product((False, True), repeat=PAIRS))
"""All ways of saying which trial of each pair is the suspected one: the run's seed draws one of them."""
FLOORS: Final = (1 / 2, 1 / 2.5, 1 / 3, 1 / 4, 1 / 5, 1 / 7, 1 / 10, 1 / 15, 1 / 20, 1 / 30)
SEEN: Final = 0.95
"""A slowdown stands above the floor if so many of the tests with it say throttled."""
CONFIDENCE: Final = 0.95
HALVINGS: Final = 60


class SelfTest(Struct, frozen=True, kw_only=True):
    """What a pool of neutral trials says about the decision's errors on this link."""

    n_trials: int
    n_permutations: int
    """A/A tests that were asked about; most of them share trials with others."""
    n_false: int
    """Those of them in which `decide` said throttled."""
    n_tests: int
    """Tests that share no trial."""
    n_independent: int
    """Of those, how many count as independent once their likeness to the one before is taken off."""
    bound: float
    """Upper 95 % bound of the rate of false `throttled` in one test; 1 of a pool too small for a test."""
    rsd: float
    """Spread of the rates as `decide` measures it, the median over tests."""
    floor_ratio: float | None
    """The mildest slowdown (T/C) that 95 % of tests here would have shown; None where even 1/30 is not."""


def self_test(*pools: Sequence[float]) -> SelfTest:
    """Estimate how often `decide` errs, from neutral trials' rates (bit/s) in order of time, a server a pool.

    Pairs are of neighbours in time, and a test is of twelve trials in a row, as in a run. Every way of
    drawing which trial of a pair is the suspected one is asked about, at every second begin: that gives the
    rate of errors closely, but those tests share trials, so its error bar cannot be had from their number.
    The bound so counts only tests that share none; it is the larger of two (Clopper and Pearson 1934):

    - errors among these tests, each in one order drawn beforehand, out of `n_independent`: the exact bound of
      what it says;
    - the rate over all permutations, as so many errors out of `n_independent`, rounded up: errors that one
      order happened to miss are not forgotten.

    `n_independent` is the number of such tests, less where the link's level in one test resembles that in the
    one before: n (1 - r) / (1 + r), r their correlation (Bartlett 1935), never raised by a negative one.
    """
    kept = [tuple(pool[-MOST_TRIALS:]) for pool in pools]
    tests = [test for pool in kept for test in _tests(pool, TEST_TRIALS)]
    verdicts = [_is_throttled(_pairs(t, order)) for p in kept for t in _tests(p, STRIDE) for order in ORDERS]
    n_false = sum(verdicts)
    n_independent = sum(_independent(_tests(pool, TEST_TRIALS)) for pool in kept)
    drawn = sum(_is_throttled(_pairs(test, _drawn(number))) for number, test in enumerate(tests))
    rate = n_false / len(verdicts) if verdicts else 0.0
    shared = ceil(rate * n_independent - 1e-9)
    return SelfTest(
        n_trials=sum(map(len, kept)),
        n_permutations=len(verdicts),
        n_false=n_false,
        n_tests=len(tests),
        n_independent=n_independent,
        bound=upper_bound(max(shared, ceil(drawn * n_independent / max(1, len(tests)))), n_independent),
        rsd=median(decide([(r, r) for r in test]).rsd for test in tests) if tests else 0.0,
        floor_ratio=next((f for f in FLOORS if _shows(tests, f)), None),
    )


def upper_bound(k: int, n: int, confidence: float = CONFIDENCE) -> float:
    """Return the exact one-sided upper bound of a probability, after k events in n independent tries."""
    if k >= n:
        return 1.0
    low, high = k / n, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _at_most(k, n, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _at_most(k: int, n: int, p: float) -> float:
    """Return the probability of at most k events in n tries of probability p, 0 < p < 1."""
    logs = (
        lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) + i * log(p) + (n - i) * log1p(-p)
        for i in range(k + 1)
    )
    return sum(map(exp, logs))


def _tests(pool: Sequence[float], stride: int) -> list[tuple[float, ...]]:
    return [tuple(pool[i : i + TEST_TRIALS]) for i in range(0, len(pool) - TEST_TRIALS + 1, stride)]


def _pairs(test: Sequence[float], order: Iterable[bool], slowed: float = 1.0) -> list[Pair]:
    both = zip(test[::2], test[1::2], order, strict=True)
    return [(b * slowed, a) if swap else (a * slowed, b) for a, b, swap in both]


def _drawn(number: int) -> tuple[bool, ...]:
    """Return the order of the n-th test: fixed beforehand, spread over all (a Weyl sequence)."""
    return ORDERS[number * 39 % len(ORDERS)]


def _is_throttled(pairs: Sequence[Pair]) -> bool:
    return decide(pairs).answer == "throttled"


def _shows(tests: Sequence[Sequence[float]], ratio: float) -> bool:
    said = [_is_throttled(_pairs(test, order, ratio)) for test in tests for order in ORDERS[::3]]
    return bool(said) and fmean(said) >= SEEN


def _independent(tests: Sequence[Sequence[float]]) -> int:
    levels = [median(log(max(rate, SMALLEST_BPS)) for rate in test) for test in tests]
    if len(levels) < 3:
        return len(levels)
    middle = fmean(levels)
    spread = sum((level - middle) ** 2 for level in levels)
    shared = sum((a - middle) * (b - middle) for a, b in pairwise(levels))
    r = max(0.0, shared / spread) if spread > 0 else 0.0
    return max(1, int(len(levels) * (1 - r) / (1 + r)))
