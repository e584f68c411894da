"""Tests of the simulation: pairs of transfers in random order, one after the other, until it is decided."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from benchmarks.throttle_links import Conditions, Flags, Floats, Link, Rows, State, begin, later, meet, put
from benchmarks.throttle_rules import Rates, answers, as_first_written, rates, single_pair, wehe_like
from benchmarks.throttle_transfers import Censor, Moved, transfer

from probe.judge.constants import PAIRS
from probe.judge.decide import is_over
from probe.judge.screen import PageRate, is_owed
from probe.model.transfer import TRIAL_SECONDS

Array = npt.NDArray[Any]
HANDSHAKE_RTTS = 3
PAUSE_S = 0.1
CONFIRM_AFTER_S = 60.0
CHUNK = 20_000
PAGE_BYTES = 100_000
PAGE_SECONDS = 10.0
NEUTRAL_PAGES = 4


@dataclass(slots=True, kw_only=True)
class Tests:
    """The pairs of one test of each run; where a run's test has ended, what stands beyond is not read."""

    state: State
    pairs: list[Rates] = field(default_factory=list)
    n_pairs: Rows
    n_bytes: Floats
    seconds: Floats
    spent: list[tuple[Floats, Floats]] = field(default_factory=list)
    """Bytes and seconds of each pair."""
    single: Flags
    wehe: Flags


@dataclass(slots=True, kw_only=True)
class Cell:
    """Counts of one link under one censor."""

    n: int = 0
    said: dict[str, int] = field(default_factory=dict)
    confirmed: int = 0
    first_rule: int = 0
    """Throttled, had a noisy link needed six of six."""
    owed: int = 0
    single: int = 0
    wehe: int = 0
    n_bytes: float = 0.0
    seconds: float = 0.0


def run_tests(
    rng: np.random.Generator,
    link: Link,
    censor: Censor,
    state: State,
    *,
    most_pairs: int = PAIRS,
    stops: bool = True,
    trial_seconds: float = TRIAL_SECONDS,
    with_wehe: bool = False,
) -> Tests:
    """Run one test of every line in `state`; each stops by itself once it `is_over`, unless told not to."""
    n = len(state.level)
    out = Tests(
        state=state,
        n_pairs=np.zeros(n, dtype=np.int64),
        n_bytes=np.zeros(n),
        seconds=np.zeros(n),
        single=np.zeros(n, dtype=bool),
        wehe=np.zeros(n, dtype=bool),
    )
    rows = np.arange(n)
    for number in range(most_pairs):
        if not len(rows):
            break
        part = out.state.of(rows)
        swapped = rng.random(len(rows)) < 0.5
        arms: list[Moved] = []
        spent = np.zeros(len(rows))
        for is_suspect in (~swapped, swapped):
            curve = with_wehe and number == 0
            at = meet(link, rng, part)
            moved = transfer(rng, at, censor, is_suspect, max_seconds=trial_seconds, with_curve=curve)
            took = np.maximum(moved.seconds + HANDSHAKE_RTTS * moved.rtt_s + PAUSE_S, 0.5)
            part = later(link, rng, part, took)
            spent += took
            arms.append(moved)
        suspect, control = _sorted(arms[0], arms[1], swapped)
        pair = rates(suspect, control)
        out.state = put(out.state, rows, part)
        out.pairs.append(Rates(_spread(pair.suspect, rows, n), _spread(pair.control, rows, n)))
        moved_bytes = suspect.n_bytes + control.n_bytes
        out.spent.append((_spread(moved_bytes, rows, n), _spread(spent, rows, n)))
        out.n_bytes[rows] += moved_bytes
        out.seconds[rows] += spent
        out.n_pairs[rows] = number + 1
        if number == 0:
            out.single[rows] = single_pair(pair)
            if with_wehe:
                out.wehe[rows] = wehe_like(suspect, control)
        if stops:
            rows = rows[~_decided(out.pairs, rows)]
    return out


def _sorted(first: Moved, second: Moved, swapped: Flags) -> tuple[Moved, Moved]:
    """Return the suspected arm and its control; `swapped` says where the control came first."""

    def choose(a: Moved, b: Moved) -> Moved:
        def pick(x: Array, y: Array) -> Array:
            return np.where(swapped, y, x)

        rounds = max(len(a.curve), len(b.curve))
        n = len(swapped)
        nothing = (np.full(n, np.inf), np.full(n, np.inf), np.zeros(n))
        curves = [m.curve + (nothing,) * (rounds - len(m.curve)) for m in (a, b)]
        both = zip(*curves, strict=True)
        return Moved(
            n_bytes=pick(a.n_bytes, b.n_bytes),
            seconds=pick(a.seconds, b.seconds),
            first_byte=pick(a.first_byte, b.first_byte),
            late_bytes=pick(a.late_bytes, b.late_bytes),
            last_byte=pick(a.last_byte, b.last_byte),
            is_whole=pick(a.is_whole, b.is_whole),
            rtt_s=pick(a.rtt_s, b.rtt_s),
            curve=tuple((pick(x[0], y[0]), pick(x[1], y[1]), pick(x[2], y[2])) for x, y in both),
        )

    return choose(first, second), choose(second, first)


def _spread(values: Floats, rows: Rows, n: int) -> Floats:
    out = np.ones(n)
    out[rows] = values
    return out


def _decided(pairs: Sequence[Rates], rows: Rows) -> Flags:
    suspect = np.stack([p.suspect[rows] for p in pairs], axis=1).tolist()
    control = np.stack([p.control[rows] for p in pairs], axis=1).tolist()
    both = zip(suspect, control, strict=True)
    return np.array([is_over(list(zip(t, c, strict=True))) for t, c in both], dtype=bool)


def pages(
    rng: np.random.Generator, at: Conditions, censor: Censor, sizes: Floats | float, *, is_target: bool
) -> list[PageRate]:
    """Return a page of each line under these conditions."""
    is_censored = np.full(len(at.rate_bps), is_target)
    moved = transfer(rng, at, censor, is_censored, max_bytes=sizes, max_seconds=PAGE_SECONDS)
    columns = (moved.n_bytes, moved.seconds, moved.rtt_s, moved.first_byte)
    rows = zip(*(c.tolist() for c in columns), strict=True)
    return [PageRate(n_bytes=int(b), seconds=s, rtt_s=r, first_byte_s=f) for b, s, r, f in rows]


def screen(
    rng: np.random.Generator, link: Link, censor: Censor, n: int, page_bytes: float = PAGE_BYTES
) -> list[tuple[bool | None, float]]:
    """Return for so many runs whether the target's page leads to transfers, and how many times slower it was.

    Slower than the same page over the same line at the same moment, had nobody slowed it. The neutrals' pages
    were fetched at other moments.
    """
    at = meet(link, rng, begin(link, rng, n))
    page, twin = (pages(rng, at, censor, page_bytes, is_target=slowed) for slowed in (True, False))
    neutrals = []
    for _ in range(NEUTRAL_PAGES):
        then = meet(link, rng, begin(link, rng, n))
        sizes = rng.uniform(30_000, 200_000, n)
        neutrals.append(pages(rng, then, censor, sizes, is_target=False))
    both = zip(page, twin, *neutrals, strict=True)
    return [(is_owed(p, rest), p.body_s / max(t.body_s, 1e-3)) for p, t, *rest in both]


def run_cell(
    rng: np.random.Generator,
    link: Link,
    censor: Censor,
    n_runs: int,
    trial_seconds: float = TRIAL_SECONDS,
) -> Cell:
    """Run so many runs: a page before, one test, and where that says throttled another a minute later."""
    cell = Cell()
    for done in range(0, n_runs, CHUNK):
        n = min(CHUNK, n_runs - done)
        cell.owed += sum(o is True for o, _ in screen(rng, link, censor, n))
        start = begin(link, rng, n)
        first = run_tests(rng, link, censor, start, with_wehe=True, trial_seconds=trial_seconds)
        said = answers(first.pairs, first.n_pairs.tolist())
        rows = np.flatnonzero(np.array([a == "throttled" for a in said]))
        if len(rows):
            again = later(link, rng, first.state.of(rows), CONFIRM_AFTER_S)
            second = run_tests(rng, link, censor, again, trial_seconds=trial_seconds)
            cell.confirmed += answers(second.pairs, second.n_pairs.tolist()).count("throttled")
        for answer in said:
            cell.said[answer] = cell.said.get(answer, 0) + 1
        cell.n += n
        cell.first_rule += int(as_first_written(first.pairs, first.n_pairs).sum())
        cell.single += int(first.single.sum())
        cell.wehe += int(first.wehe.sum())
        cell.n_bytes += float(first.n_bytes.sum())
        cell.seconds += float(first.seconds.sum())
    return cell
