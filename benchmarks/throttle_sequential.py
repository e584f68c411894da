"""When to stop: ways of ending a test early, over the same simulated pairs, with what each costs and errs.

- six: always six pairs.
- curtailed: ends once no pair to come could make it throttled.
- in use: what the program does. As curtailed, but it goes on where more pairs may still make it clear.
- five of five: ends with five slow pairs too.
- Wald: his test of a slow pair being likely (0.95) or not (0.2), errors 0.1 % and 2 %, at most seven pairs;
  at its upper bound the medians decide as ever.
- seven: goes on to a seventh pair where four of six are slow, and takes five of seven.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np
from benchmarks.throttle_links import Link, begin
from benchmarks.throttle_tests import CHUNK, run_tests
from benchmarks.throttle_transfers import Censor

from probe.judge.constants import PAIRS, SLOW_PAIRS, SLOW_RATIO
from probe.judge.decide import decide, is_decided, is_over

Pairs = list[tuple[float, float]]
MOST_PAIRS: Final = 7
"""Fourteen handshakes."""
LIKELY: Final = 0.95
UNLIKELY: Final = 0.2
UPPER: Final = log((1 - 0.02) / 0.001)
LOWER: Final = log(0.02 / (1 - 0.001))


@dataclass(slots=True, kw_only=True)
class Spent:
    """Sums over the runs of one rule."""

    n: int = 0
    throttled: int = 0
    clear: int = 0
    pairs: int = 0
    n_bytes: float = 0.0
    seconds: float = 0.0


def _slow(pairs: Pairs) -> int:
    return sum(t < c * SLOW_RATIO for t, c in pairs)


def _six(pairs: Pairs) -> bool:
    return len(pairs) >= PAIRS


def _five(pairs: Pairs) -> bool:
    return is_decided(pairs) or (len(pairs) == SLOW_PAIRS and decide(pairs).answer == "throttled")


def _wald(pairs: Pairs) -> bool:
    slow = _slow(pairs)
    ratio = slow * log(LIKELY / UNLIKELY) + (len(pairs) - slow) * log((1 - LIKELY) / (1 - UNLIKELY))
    return not LOWER < ratio < UPPER or len(pairs) >= MOST_PAIRS


def _seven(pairs: Pairs) -> bool:
    slow = _slow(pairs)
    others = len(pairs) - slow
    if others > 2 or (others == 2 and slow <= 2) or len(pairs) >= MOST_PAIRS:
        return True
    return len(pairs) == PAIRS and slow >= SLOW_PAIRS


RULES: Final[dict[str, Callable[[Pairs], bool]]] = {
    "six": _six,
    "curtailed": is_decided,
    "in use": is_over,
    "five of five": _five,
    "Wald": _wald,
    "seven": _seven,
}
"""Each says whether a test that has these pairs is over; what it says is `decide`'s word over them."""


def compare(rng: np.random.Generator, link: Link, censor: Censor, n_runs: int) -> dict[str, Spent]:
    """Run so many tests of seven pairs and return what each rule would have said of them, and spent."""
    out = {name: Spent() for name in RULES}
    for done in range(0, n_runs, CHUNK):
        n = min(CHUNK, n_runs - done)
        tests = run_tests(rng, link, censor, begin(link, rng, n), most_pairs=MOST_PAIRS, stops=False)
        rows = np.stack([np.stack([p.suspect, p.control], axis=1) for p in tests.pairs], axis=1).tolist()
        spent = np.stack([np.stack(s, axis=1) for s in tests.spent], axis=1).cumsum(axis=1).tolist()
        for pairs, costs in zip(rows, spent, strict=True):
            for name, stops in RULES.items():
                _add(out[name], [(t, c) for t, c in pairs], costs, stops)
    return out


def _add(
    spent: Spent, pairs: Pairs, costs: Sequence[Sequence[float]], stops: Callable[[Pairs], bool]
) -> None:
    used = next(n for n in range(1, MOST_PAIRS + 1) if stops(pairs[:n]))
    answer = decide(pairs[:used]).answer
    spent.n += 1
    spent.pairs += used
    spent.throttled += answer == "throttled"
    spent.clear += answer == "clear"
    spent.n_bytes += costs[used - 1][0]
    spent.seconds += costs[used - 1][1]
