"""Links of the simulation: how rate, round trip, loss and stalls of a line vary from one trial to the next.

Many runs are drawn at once; every array has one element a run. The rate of a link is its nominal rate times
the exponential of a level that wanders with 12 s of memory, of noise of the single trial, and of a bad state
that comes and goes. These are models; they were chosen at least as wild as lines of that kind are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

RATE_BPS: Final = 8e6
MEMORY_S: Final = 12.0
SLOWEST_BPS: Final = 4e3


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One kind of line. Spreads are of natural logarithms."""

    name: str
    rtt_s: float = 0.06
    sd: float = 0.2
    """Spread of the rate from trial to trial; half of its variance wanders slowly."""
    jitter: float = 0.1
    """Spread of the rate from one round trip to the next."""
    rtt_sd: float = 0.05
    loss: tuple[float, float] = (0.0, 0.0)
    """Part of the packets that is lost, drawn between these for each run."""
    bad: float = 1.0
    """The rate's factor in the bad state,"""
    p_bad: float = 0.0
    """how much of the time that is,"""
    dwell_s: float = 5.0
    """and how long until the state is drawn again, on average."""
    queue_s: float = 0.0
    """Median delay in the queue that a second flow fills in the bad state."""
    p_outage: float = 0.0
    """Part of the trials into which a silence of 0.5 to 2.5 s falls,"""
    p_stall: float = 0.0
    """and of those that pass at a tenth of the rate."""


LINKS: Final = (
    Link(name="fixed"),
    Link(name="lossy 3-5 %", sd=0.3, loss=(0.03, 0.05), p_outage=0.01),
    Link(
        name="moving LTE",
        sd=0.6,
        jitter=0.4,
        rtt_sd=0.25,
        loss=(0.0, 0.005),
        bad=0.2,
        p_bad=0.25,
        dwell_s=6.0,
        p_outage=0.03,
    ),
    Link(name="bufferbloat", sd=0.3, bad=0.5, p_bad=0.35, dwell_s=4.0, queue_s=0.35),
    Link(
        name="awful",
        rtt_s=0.08,
        sd=0.9,
        jitter=0.5,
        rtt_sd=0.3,
        loss=(0.0, 0.02),
        bad=0.15,
        p_bad=0.3,
        dwell_s=4.5,
        p_stall=0.1,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where each run's line stands now."""

    level: Floats
    is_bad: Flags
    loss: Floats

    def of(self, rows: Rows) -> "State":
        """Return the state of these runs."""
        return State(level=self.level[rows], is_bad=self.is_bad[rows], loss=self.loss[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What one trial of each run meets."""

    rate_bps: Floats
    rtt_s: Floats
    loss: Floats
    jitter: float
    silent_from: Floats
    """Seconds since the request; beyond the trial where there is no silence."""
    silent_until: Floats


def begin(link: Link, rng: np.random.Generator, n: int) -> State:
    """Return n lines of that kind, at any moment."""
    return State(
        level=rng.standard_normal(n),
        is_bad=rng.random(n) < link.p_bad,
        loss=rng.uniform(*link.loss, n),
    )


def later(link: Link, rng: np.random.Generator, state: State, seconds: Floats | float) -> State:
    """Return the lines so many seconds later."""
    n = len(state.level)
    kept = np.exp(-np.asarray(seconds) / MEMORY_S)
    drawn = rng.random(n) < -np.expm1(-np.asarray(seconds) / link.dwell_s)
    return replace(
        state,
        level=kept * state.level + np.sqrt(1 - kept**2) * rng.standard_normal(n),
        is_bad=np.where(drawn, rng.random(n) < link.p_bad, state.is_bad),
    )


def put(state: State, rows: Rows, part: State) -> State:
    """Return the state with these runs' replaced."""
    level, is_bad = state.level.copy(), state.is_bad.copy()
    level[rows], is_bad[rows] = part.level, part.is_bad
    return replace(state, level=level, is_bad=is_bad)


def meet(link: Link, rng: np.random.Generator, state: State) -> Conditions:
    """Draw what a trial meets on lines in that state."""
    n = len(state.level)
    half = link.sd / np.sqrt(2)
    log_rate = half * (state.level + rng.standard_normal(n)) + np.where(state.is_bad, np.log(link.bad), 0.0)
    log_rate += np.where(rng.random(n) < link.p_stall, np.log(0.1), 0.0)
    rtt = link.rtt_s * np.exp(link.rtt_sd * rng.standard_normal(n))
    if link.queue_s:
        queue = np.minimum(1.5, link.queue_s * np.exp(0.5 * rng.standard_normal(n)))
        rtt = rtt + np.where(state.is_bad, queue, 0.0)
    silent_from = np.where(rng.random(n) < link.p_outage, rng.uniform(-0.5, 1.8, n), np.inf)
    return Conditions(
        rate_bps=np.maximum(RATE_BPS * np.exp(log_rate), SLOWEST_BPS),
        rtt_s=rtt,
        loss=state.loss,
        jitter=link.jitter,
        silent_from=silent_from,
        silent_until=silent_from + rng.uniform(0.5, 2.5, n),
    )


def named(names: Sequence[str]) -> tuple[Link, ...]:
    """Return the links whose name begins so; all where none is named."""
    return tuple(link for link in LINKS if not names or link.name.startswith(tuple(names)))
