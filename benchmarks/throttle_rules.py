"""Rules of the simulation: the project's own decision over pairs, and others beside it.

The Wehe-like rule follows the settings that its app ships: two replays differ if the two-sample test of
Kolmogorov and Smirnov over 100 throughput samples of each has p below 1 %, and the area between both
distributions is at least half of the larger mean. Here it reads the same short transfers as the others do;
Wehe itself replays for up to 45 s.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from benchmarks.throttle_links import Flags, Floats, Rows
from benchmarks.throttle_transfers import Moved

from probe.judge.constants import (
    FREEZE_SUSPECT_S,
    LEAST_CONTROL_BPS,
    NOISY_MEDIAN,
    NOISY_RSD,
    PAIRS,
    SLOW_MEDIAN,
    SLOW_PAIRS,
    SLOW_RATIO,
    WINDOW_AFTER_S,
    WINDOW_LEAST_S,
)
from probe.judge.decide import decide
from probe.judge.trial import INSTANT_S

WEHE_SAMPLES: Final = 100
WEHE_AREA: Final = 0.5
WEHE_D: Final = 1.628 * (2 / WEHE_SAMPLES) ** 0.5
"""The distance of two samples of 100 that chance exceeds in 1 % (Smirnov 1948)."""


class Rates(NamedTuple):
    """Of both arms of a pair, in bit/s."""

    suspect: Floats
    control: Floats


def rates(suspect: Moved, control: Moved) -> Rates:
    """Return both rates over one window: late where both go on for long enough, else the whole body.

    As `probe.judge.trial.rates_of` does it, for many runs at once.
    """
    late = np.ones(len(suspect.n_bytes), dtype=bool)
    for arm in (suspect, control):
        late &= arm.seconds - arm.first_byte - WINDOW_AFTER_S >= WINDOW_LEAST_S
    return Rates(_rate(suspect, late), _rate(control, late))


def _rate(arm: Moved, late: Flags) -> Floats:
    body_s = arm.seconds - arm.first_byte
    is_silent = ~arm.is_whole & (arm.seconds - arm.last_byte >= FREEZE_SUSPECT_S)
    is_cut = ~arm.is_whole & (body_s < WINDOW_LEAST_S)
    whole_s = np.maximum(np.where(is_silent | is_cut, arm.seconds, body_s), INSTANT_S)
    left = np.maximum(body_s - WINDOW_AFTER_S, INSTANT_S)
    return np.where(late, arm.late_bytes * 8 / left, arm.n_bytes * 8 / whole_s)


def single_pair(pair: Rates) -> Flags:
    """Say where one pair alone shows less than half the control's rate."""
    slow: Flags = pair.suspect < pair.control / 2
    return slow


def wehe_like(suspect: Moved, control: Moved) -> Flags:
    """Say where one pair alone differs in distribution, by at least half."""
    means = [arm.n_bytes * 8 / arm.seconds for arm in (suspect, control)]
    area = (means[1] - means[0]) / np.maximum(np.maximum(*means), 1.0)
    samples = [_samples(arm) for arm in (suspect, control)]
    both = np.concatenate(samples, axis=1)
    order = np.argsort(both, axis=1, kind="stable")
    steps = np.where(order < WEHE_SAMPLES, 1.0, -1.0) / WEHE_SAMPLES
    ranked = np.take_along_axis(both, order, axis=1)
    ends_tie = np.diff(ranked, axis=1, append=np.inf) > 0
    distance = np.max(np.abs(np.cumsum(steps, axis=1)) * ends_tie, axis=1)
    differs: Flags = (distance > WEHE_D) & (area >= WEHE_AREA)
    return differs


def _samples(arm: Moved) -> Floats:
    """Return the throughput in each hundredth of the time, in bit/s: what came is spread over its round."""
    n = len(arm.n_bytes)
    edges = arm.seconds[:, None] * np.linspace(0, 1, WEHE_SAMPLES + 1)[None, :]
    reached = np.zeros((n, WEHE_SAMPLES + 1))
    for begins, ends, came in arm.curve:
        rows = np.flatnonzero(came > 0)
        length = np.maximum(ends[rows] - begins[rows], 1e-6)[:, None]
        part = np.clip((edges[rows] - begins[rows][:, None]) / length, 0.0, 1.0)
        reached[rows] += part * came[rows][:, None]
    return np.round(np.diff(reached, axis=1) * 8 / (arm.seconds[:, None] / WEHE_SAMPLES), 3)


def as_first_written(pairs: Sequence[Rates], n_pairs: Rows) -> Flags:
    """Say where the rule before this one would say throttled: on a noisy link it asked for six of six."""
    said = np.zeros(len(n_pairs), dtype=bool)
    rows = np.flatnonzero(n_pairs == PAIRS)
    if not len(rows):
        return said
    suspect, control = (
        np.maximum(1.0, np.stack([getattr(p, arm)[rows] for p in pairs[:PAIRS]], axis=1))
        for arm in ("suspect", "control")
    )
    ratio = suspect / control
    low, high = np.quantile(np.log(control), [0.25, 0.75], axis=1)
    is_noisy = (high - low) / 1.349 > NOISY_RSD
    slow, middle = (ratio < SLOW_RATIO).sum(axis=1), np.median(ratio, axis=1)
    steady_says = ~is_noisy & (slow >= SLOW_PAIRS) & (middle < SLOW_MEDIAN)
    noisy_says = is_noisy & (slow == PAIRS) & (middle < NOISY_MEDIAN)
    said[rows] = (steady_says | noisy_says) & (np.median(control, axis=1) >= LEAST_CONTROL_BPS)
    return said


def answers(pairs: Sequence[Rates], n_pairs: Sequence[int]) -> list[str]:
    """Return what `decide` says of each run, over so many of its pairs."""
    suspect = np.stack([p.suspect for p in pairs], axis=1).tolist()
    control = np.stack([p.control for p in pairs], axis=1).tolist()
    rows = zip(suspect, control, n_pairs, strict=True)
    return [decide(list(zip(t[:n], c[:n], strict=True))).answer for t, c, n in rows]
