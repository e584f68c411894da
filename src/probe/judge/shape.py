"""A label for how a slow transfer was slow: it names the mechanism and decides no state (METHOD 7)."""

from __future__ import annotations

from itertools import pairwise
from statistics import mean, median, pstdev
from typing import TYPE_CHECKING, Final

from probe.judge.constants import (
    SHAPE_FLAT_RTT,
    SHAPE_GAP_HIGH_S,
    SHAPE_GAP_LOW_S,
    SHAPE_GAP_RTTS,
    SHAPE_GAPS,
    SHAPE_LEAST_RTT_US,
    SHAPE_PLATEAU_CV,
    SHAPE_RTT,
    SHAPE_SCATTER_CV,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.model.transfer import Transfer

POLICED: Final = "policed"
SHAPED: Final = "shaped"
LOSSY: Final = "lossy"
SLOW: Final = "slow"
FROZEN: Final = "frozen"
"""Said where the trials of a freeze say it; that the server serves so much is seen under another name."""


def shape_of(trials: Sequence[tuple[Transfer, float]]) -> str:
    """Return the label of slow trials, each with its rate; `slow` where nothing shows the way of it.

    A policer drops what is over its rate, so that TCP waits for a time-out, sends a burst and waits again;
    a shaper keeps it in a queue, so that the round trip grows and nothing is lost.
    """
    if not trials:
        return SLOW
    gaps = median(_gaps(t) for t, _ in trials)
    spread = _spread([rate for _, rate in trials])
    reordered = median(_reordered(t) for t, _ in trials)
    flat = _middle([_growth(t, queue=False) for t, _ in trials], default=SHAPE_FLAT_RTT) < SHAPE_FLAT_RTT
    queued = _middle([_growth(t, queue=True) for t, _ in trials], default=0.0) >= SHAPE_RTT
    if gaps >= SHAPE_GAPS and flat and spread < SHAPE_PLATEAU_CV:
        return POLICED
    if gaps < SHAPE_GAPS and queued and not reordered:
        return SHAPED
    return LOSSY if spread >= SHAPE_SCATTER_CV and reordered else SLOW


def _growth(t: Transfer, *, queue: bool) -> float | None:
    """Return by how much the round trip grew; None where the kernel told nothing.

    In a download only the receiver's own estimate sees a queue; it also grows where data come in bursts.
    Over the shortest of paths a late wake of either machine is many round trips, and no queue.
    """
    told = [(queue and s.rcv_rtt_us) or s.rtt_us for s in t.samples]
    least = _least_rtt_us(t)
    return max(told) / max(least, SHAPE_LEAST_RTT_US) if least > 0 else None


def _middle(values: Sequence[float | None], *, default: float) -> float:
    known = [v for v in values if v is not None]
    return median(known) if known else default


def _gaps(t: Transfer) -> int:
    """Count the waits of 0.2 to 1 s between two arrivals that no round trip explains."""
    times = [at for at, n in t.series if n]
    low = max(SHAPE_GAP_LOW_S, SHAPE_GAP_RTTS * _least_rtt_us(t) / 1e6)
    return sum(low <= b - a <= SHAPE_GAP_HIGH_S for a, b in pairwise(times))


def _least_rtt_us(t: Transfer) -> int:
    return min((s.min_rtt_us or s.rtt_us for s in t.samples), default=0)


def _reordered(t: Transfer) -> int:
    return max((s.reordering or 0 for s in t.samples), default=0) + max(
        (s.rcv_ooopack or 0 for s in t.samples), default=0
    )


def _spread(rates: Sequence[float]) -> float:
    middle = mean(rates)
    return pstdev(rates) / middle if middle else 0.0
