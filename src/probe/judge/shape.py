"""A label for how a slow transfer was slow: it names the mechanism and decides no state (METHOD 7)."""

from __future__ import annotations

from itertools import accumulate, chain, pairwise
from math import inf, nan, sqrt
from statistics import linear_regression, mean, median, pstdev
from typing import TYPE_CHECKING, Final

from probe.judge.constants import (
    SHAPE_FLAT_RTT,
    SHAPE_GAP_HIGH_S,
    SHAPE_GAP_LOW_S,
    SHAPE_GAP_RTTS,
    SHAPE_GAPS,
    SHAPE_LEAST_RTT_US,
    SHAPE_OFF_LINE,
    SHAPE_PLATEAU_CV,
    SHAPE_QUEUE_GROWS,
    SHAPE_RTT,
    SHAPE_SCATTER_CV,
    SHAPE_TRIALS,
)
from probe.judge.screen import SEGMENT_BYTES
from probe.judge.trial import begin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.model.transfer import Transfer

POLICED: Final = "policed"
SHAPED: Final = "shaped"
LOSSY: Final = "lossy"
SLOW: Final = "slow"
OFF_LINE_BYTES: Final = SHAPE_OFF_LINE * SEGMENT_BYTES
FROZEN: Final = "frozen"
"""Said where the trials of a freeze say it; that the server serves so much is seen under another name."""


def shape_of(trials: Sequence[tuple[Transfer, float]]) -> str:
    """Return the label of slow trials, each with its rate; `slow` where nothing shows the way of it.

    A policer drops what is over its rate, so that TCP waits for a time-out, sends a burst and waits again;
    a shaper keeps it in a queue, so that the round trip grows and nothing is lost. A longer way round, or
    losses by chance, have pauses and long round trips too: a policer's waits begin where its allowance is
    spent, in all trials on one line of bytes over time, and a queue fills while it is looked at. A server
    that sends a piece at a time pauses as regularly: what a policer drops leaves segments out of order, and
    what leaves a queue does not pause.
    """
    if not trials:
        return SLOW
    enough = len(trials) >= SHAPE_TRIALS
    waits = [_waits(t, _longest_rtt_us(t)) for t, _ in trials]
    often = median(map(len, waits)) >= SHAPE_GAPS
    halting = median(len(_waits(t, _least_rtt_us(t))) for t, _ in trials) >= SHAPE_GAPS
    spread = _spread([rate for _, rate in trials])
    reordered = median(_reordered(t) for t, _ in trials)
    flat = _middle([_growth(t, queue=False) for t, _ in trials], default=SHAPE_FLAT_RTT) < SHAPE_FLAT_RTT
    queued = _middle([_growth(t, queue=True) for t, _ in trials], default=0.0) >= SHAPE_RTT
    fills = _middle([_filling(t) for t, _ in trials], default=0.0) >= SHAPE_QUEUE_GROWS
    alike = spread < SHAPE_PLATEAU_CV
    if enough and often and flat and alike and reordered and _off_line(waits) <= OFF_LINE_BYTES:
        return POLICED
    if enough and not halting and queued and fills and not reordered:
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


def _filling(t: Transfer) -> float | None:
    """Return by how much the receiver's round trip changed while it was looked at; None where it never was.

    A name that is led a longer way has a long round trip from its first byte to its last.
    """
    told = _received_rtts(t)
    return max(told) / min(told) if told else None


def _longest_rtt_us(t: Transfer) -> float:
    """Return the receiver's round trip where it is longer: what is done to a name begins after connecting."""
    return max(_least_rtt_us(t), median(_received_rtts(t) or [0]))


def _waits(t: Transfer, rtt_us: float) -> list[tuple[float, int]]:
    """Return where each wait of 0.2 to 1 s began that no round trip explains: seconds, and bytes so far."""
    low = max(SHAPE_GAP_LOW_S, SHAPE_GAP_RTTS * rtt_us / 1e6)
    arrived = [(at, n) for at, n in t.series if n]
    so_far = accumulate(n for _, n in arrived)
    return [
        (before - begin(t), n_bytes)
        for ((before, _), (after, _)), n_bytes in zip(pairwise(arrived), so_far, strict=False)
        if low <= after - before <= SHAPE_GAP_HIGH_S
    ]


def _off_line(waits: Sequence[Sequence[tuple[float, int]]]) -> float:
    """Return how many bytes, as a root mean square, the waits of all trials lie off the nearest line."""
    points = list(chain.from_iterable(waits))
    times, n_bytes = [at for at, _ in points], [n for _, n in points]
    if max(times) - min(times) < SHAPE_GAP_LOW_S:
        return inf
    slope, at_once = linear_regression(times, n_bytes)
    return sqrt(mean((n - at_once - slope * at) ** 2 for at, n in points))


def _received_rtts(t: Transfer) -> list[int]:
    """Return what the receiver itself made of the round trip, in microseconds, once it knew."""
    return [s.rcv_rtt_us for s in t.samples if s.rcv_rtt_us]


def _least_rtt_us(t: Transfer) -> int:
    return min((s.min_rtt_us or s.rtt_us for s in t.samples), default=0)


def _reordered(t: Transfer) -> int:
    return max((s.reordering or 0 for s in t.samples), default=0) + max(
        (s.rcv_ooopack or 0 for s in t.samples), default=0
    )


def _spread(rates: Sequence[float]) -> float:
    middle = mean(rates)
    return pstdev(rates) / middle if middle > 0 else nan  # neither alike nor scattered
