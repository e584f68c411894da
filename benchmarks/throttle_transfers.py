"""TCP of the simulation: one transfer of every run, round trip by round trip, through a censor.

Ten segments first, doubled each round trip until something is lost. A loss takes 30 % off the window (CUBIC);
where too few segments follow it for three duplicate acknowledgements, it costs a time-out and the window. A
policer is a bucket of tokens: what finds none is dropped. No queue overflows, and what arrives out of order
counts at once: both favour the slowed arm, so that a censor is rather missed here than found.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from benchmarks.throttle_links import Conditions, Flags, Floats, Rows

from probe.judge.constants import WINDOW_AFTER_S
from probe.judge.screen import FIRST_WINDOW, SEGMENT_BYTES
from probe.model.transfer import TRIAL_BYTES, TRIAL_SECONDS

THINKS_S: Final = 0.01
"""Mean of a server's thinking time."""
LEAST_RTO_S: Final = 0.2
LONGEST_RTO_S: Final = 3.0
AFTER_LOSS: Final = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Censor:
    """What is done to the suspected arm. Rates in bit/s."""

    name: str
    police_bps: float = 0.0
    bucket_bytes: float = 0.0
    shape_bps: float = 0.0
    share: float = 1.0
    """Of the link's rate at each moment."""
    drop: float = 0.0
    """Part of the packets, at random."""
    freeze_bytes: float = 0.0


CENSORS: Final = (
    Censor(name="none"),
    Censor(name="policer 140k, 16 kB", police_bps=140e3, bucket_bytes=16_384),
    Censor(name="policer 140k, 64 kB", police_bps=140e3, bucket_bytes=65_536),
    Censor(name="policer 669k, 16 kB", police_bps=669e3, bucket_bytes=16_384),
    Censor(name="shaper 140k", shape_bps=140e3),
    Censor(name="1/10", share=1 / 10),
    Censor(name="1/5", share=1 / 5),
    Censor(name="1/3", share=1 / 3),
    Censor(name="random drop 10 %", drop=0.1),
    Censor(name="freeze at 16 kB", freeze_bytes=16_384),
    Censor(name="freeze at 25 packets", freeze_bytes=20 * SEGMENT_BYTES),
)
"""Of 25 packets about five carry the handshake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What one transfer of each run moved; seconds since the request."""

    n_bytes: Floats
    seconds: Floats
    """To the last byte, or to the cap where it is not whole by then."""
    first_byte: Floats
    late_bytes: Floats
    """Those that came later than half a second after the first."""
    last_byte: Floats
    """When the last of them came; 0 where none did."""
    is_whole: Flags
    rtt_s: Floats
    curve: tuple[tuple[Floats, Floats, Floats], ...] = ()
    """Begin, end and bytes of each round, where they were asked for."""


@dataclass(slots=True, kw_only=True)
class _Flow:
    """Where every connection stands; its arrays change in place."""

    t: Floats
    moved: Floats
    late: Floats
    first: Floats
    last: Floats
    heard: Floats
    """When bytes came last."""
    window: Floats
    threshold: Floats
    backoff: Floats
    tokens: Floats
    filled: Floats
    """When the policer's tokens were last counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """What the connections in `rows` send in one round trip."""

    rows: Rows
    now: Floats
    sent: Floats
    segments: Floats
    passing: Floats
    """Seconds that it takes on the link."""


def transfer(
    rng: np.random.Generator,
    at: Conditions,
    censor: Censor,
    is_censored: Flags,
    *,
    max_bytes: Floats | float = TRIAL_BYTES,
    max_seconds: float = TRIAL_SECONDS,
    with_curve: bool = False,
) -> Moved:
    """Run one transfer of each run; `is_censored` says which bear the target's name."""
    n = len(at.rate_bps)
    size = np.broadcast_to(np.asarray(max_bytes, dtype=float), (n,))
    loss = 1 - (1 - at.loss) * (1 - np.where(is_censored, censor.drop, 0.0))
    rate = at.rate_bps * np.where(is_censored, censor.share, 1.0)
    if censor.shape_bps:
        rate = np.where(is_censored, np.minimum(rate, censor.shape_bps), rate)
    flow = _connected(rng, at, loss, censor, max_seconds)
    curve = []
    rows = np.flatnonzero(flow.t < max_seconds)
    while len(rows):
        r = _next_round(rng, at, flow, rows, rate=rate, size=size)
        lost = rng.binomial(r.segments.astype(np.int64), loss[rows]) * (r.sent / r.segments)
        lost = _censored(censor, flow, r, lost, is_censored[rows])
        in_time = np.clip((max_seconds - r.now) / r.passing, 0.0, 1.0)
        came = (r.sent - lost) * in_time
        ends = np.minimum(r.now + r.passing, max_seconds)
        _count(flow, r, came, in_time, max_seconds)
        flow.heard[rows] = np.where(came > 0, ends, flow.heard[rows])
        if with_curve:
            curve.append((_spread(r.now, rows, n), _spread(ends, rows, n), _spread(came, rows, n)))
        wait = _react(flow, r, lost, came, at.rtt_s[rows])
        flow.t[rows] = r.now + np.maximum(r.passing, at.rtt_s[rows]) + wait
        is_whole = flow.moved[rows] >= size[rows] - 0.5
        flow.last[rows] = np.where(is_whole, ends, max_seconds)
        rows = rows[~is_whole & (flow.t[rows] < max_seconds)]
    return Moved(
        n_bytes=flow.moved,
        seconds=flow.last,
        first_byte=flow.first,
        late_bytes=flow.late,
        last_byte=flow.heard,
        is_whole=flow.moved >= size - 0.5,
        rtt_s=at.rtt_s,
        curve=tuple(curve),
    )


def _connected(
    rng: np.random.Generator, at: Conditions, loss: Floats, censor: Censor, max_seconds: float
) -> _Flow:
    """Return connections over which a request was sent at 0, as its answer begins to come."""
    n = len(at.rate_bps)
    t = at.rtt_s + rng.exponential(THINKS_S, n)
    t += np.where(rng.random(n) < loss, at.rtt_s + LEAST_RTO_S, 0.0)  # the request itself was lost
    return _Flow(
        t=t,
        moved=np.zeros(n),
        late=np.zeros(n),
        first=np.full(n, max_seconds),
        last=np.full(n, max_seconds),
        heard=np.zeros(n),
        window=np.full(n, FIRST_WINDOW / SEGMENT_BYTES),
        threshold=np.full(n, np.inf),
        backoff=np.ones(n),
        tokens=np.full(n, censor.bucket_bytes),
        filled=t.copy(),
    )


def _next_round(
    rng: np.random.Generator, at: Conditions, flow: _Flow, rows: Rows, *, rate: Floats, size: Floats
) -> _Round:
    now = flow.t[rows]
    silent = (at.silent_from[rows] <= now) & (now < at.silent_until[rows])
    now = np.where(silent, at.silent_until[rows] + rng.uniform(0, 0.4, len(rows)), now)
    flow.window[rows] = np.where(silent, np.maximum(2.0, flow.window[rows] / 2), flow.window[rows])
    sent = np.minimum(flow.window[rows] * SEGMENT_BYTES, size[rows] - flow.moved[rows])
    pace = rate[rows] * np.exp(at.jitter * rng.standard_normal(len(rows)))
    segments = np.ceil(sent / SEGMENT_BYTES)
    return _Round(rows=rows, now=now, sent=sent, segments=segments, passing=sent * 8 / pace)


def _censored(censor: Censor, flow: _Flow, r: _Round, lost: Floats, is_censored: Flags) -> Floats:
    """Return what is lost of a round once the policer and the freeze have taken theirs, in bytes."""
    if censor.police_bps:
        idle = np.maximum(0.0, r.now - flow.filled[r.rows]) * censor.police_bps / 8
        have = np.minimum(flow.tokens[r.rows] + idle, censor.bucket_bytes) + r.passing * censor.police_bps / 8
        dropped = np.where(is_censored, np.maximum(0.0, r.sent - lost - have), 0.0)
        flow.tokens[r.rows] = np.minimum(have - (r.sent - lost - dropped), censor.bucket_bytes)
        flow.filled[r.rows] = r.now + r.passing
        lost = lost + dropped
    if censor.freeze_bytes:
        room = np.maximum(0.0, censor.freeze_bytes - flow.moved[r.rows])
        lost = np.where(is_censored, np.maximum(lost, r.sent - room), lost)
    return lost


def _count(flow: _Flow, r: _Round, came: Floats, in_time: Floats, max_seconds: float) -> None:
    first = flow.first[r.rows]
    first = np.where((came > 0) & (first >= max_seconds), r.now, first)
    early = np.clip((first + WINDOW_AFTER_S - r.now) / r.passing, 0.0, 1.0)
    flow.first[r.rows] = first
    flow.late[r.rows] += came * np.maximum(0.0, 1 - early / np.maximum(in_time, 1e-9))
    flow.moved[r.rows] += came


def _react(flow: _Flow, r: _Round, lost: Floats, came: Floats, rtt: Floats) -> Floats:
    """Set the windows of the next round; return what is waited for besides, in seconds."""
    rows, window = r.rows, flow.window[r.rows]
    is_lossy = lost > 0
    is_stuck = is_lossy & (r.segments - np.ceil(lost / SEGMENT_BYTES) < 3)
    wait = np.where(is_stuck, np.minimum((rtt + LEAST_RTO_S) * flow.backoff[rows], LONGEST_RTO_S), 0.0)
    flow.backoff[rows] = np.where(is_stuck & (came <= 0), np.minimum(flow.backoff[rows] * 2, 64), 1.0)
    threshold = np.where(is_lossy, np.maximum(2.0, window * AFTER_LOSS), flow.threshold[rows])
    grown = np.where(window < threshold, np.minimum(window * 2, threshold), window + 1)
    flow.threshold[rows] = threshold
    flow.window[rows] = np.where(is_stuck, 1.0, np.where(is_lossy, threshold, grown))
    return wait


def _spread(values: Floats, rows: Rows, n: int) -> Floats:
    out = np.zeros(n)
    out[rows] = values
    return out
