"""Axes: rates on a scale of logarithms, and round numbers to end a plain one at."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LEAST_BPS: Final = 1_000.0
"""What is slower is drawn at the edge: a stalled trial has no place on a scale of logarithms."""
MOST_BPS: Final = 1e10
STEPS: Final = (1, 2, 5)


class LogScale(Struct, frozen=True, kw_only=True):
    """From `low` to `high` bit/s, both whole steps of 1, 2, 5."""

    low: float
    high: float

    def share(self, bps: float) -> float:
        """Return where a rate lies, 0 at the low end and 1 at the high one."""
        inside = min(max(bps, self.low), self.high)
        return (log10(inside) - log10(self.low)) / (log10(self.high) - log10(self.low))

    def ticks(self, at_most: int) -> tuple[float, ...]:
        """Return rates to write at the axis: steps of 1, 2, 5 if there is room, else of 1, or both ends."""
        every = tuple(_steps(self.low, self.high))
        decades = tuple(tick for tick in every if log10(tick) % 1 < 1e-9)
        for ticks in (every, decades):
            if 2 <= len(ticks) <= at_most:
                return ticks
        return self.low, self.high


def scale_of(rates: Iterable[float]) -> LogScale:
    """Return a scale that holds these rates, of a factor of ten at least."""
    known = [min(max(rate, LEAST_BPS), MOST_BPS) for rate in rates] or [LEAST_BPS]
    low, high = _below(min(known)), _above(max(known))
    while high / low < 9.99:
        low, high = (_below(low * 0.99), high) if low > LEAST_BPS else (low, _above(high * 1.01))
    return LogScale(low=low, high=high)


def nice_ceiling(value: float) -> float:
    """Return the smallest 1, 2 or 5 times a power of ten that is no smaller; 1 for nothing."""
    return _above(value) if value > 0 else 1.0


def _steps(low: float, high: float) -> Iterator[float]:
    for power in range(floor(log10(low)), ceil(log10(high)) + 1):
        for step in STEPS:
            tick = step * 10.0**power
            if low * 0.999 <= tick <= high * 1.001:
                yield tick


def _below(value: float) -> float:
    return max(tick for tick in _around(value) if tick <= value * 1.000_001)


def _above(value: float) -> float:
    return min(tick for tick in _around(value) if tick >= value * 0.999_999)


def _around(value: float) -> Iterator[float]:
    """Yield the steps of the decades below, of and above a value."""
    power = floor(log10(value))
    return (step * 10.0**p for p in (power - 1, power, power + 1) for step in STEPS)
