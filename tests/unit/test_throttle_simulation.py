"""The simulation behind the error table: transfers obey TCP and the censor, rules are the program's."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are not installed

from benchmarks.throttle_error_rates import percent
from benchmarks.throttle_links import LINKS, Conditions, Link, begin, later, meet
from benchmarks.throttle_rules import Rates, answers, as_first_written, rates, wehe_like
from benchmarks.throttle_sequential import RULES
from benchmarks.throttle_tests import run_cell, run_tests, screen
from benchmarks.throttle_transfers import CENSORS, Censor, Moved, transfer

from cases.transfers import a_trial
from probe.judge.decide import decide, is_over
from probe.judge.trial import rates_of
from probe.model.transfer import Transfer

NOBODY = CENSORS[0]
BY_NAME = {censor.name: censor for censor in CENSORS}


def a_line(n: int = 200, *, rate: float = 8e6, rtt: float = 0.06, loss: float = 0.0) -> Conditions:
    return Conditions(
        rate_bps=np.full(n, rate),
        rtt_s=np.full(n, rtt),
        loss=np.full(n, loss),
        jitter=0.0,
        silent_from=np.full(n, np.inf),
        silent_until=np.full(n, np.inf),
    )


def moved_over(at: Conditions, censor: Censor = NOBODY, *, is_target: bool = True, **caps: float) -> Moved:
    flags = np.full(len(at.rate_bps), is_target)
    return transfer(np.random.default_rng(1), at, censor, flags, with_curve=True, **caps)


def test_a_clean_transfer_takes_what_slow_start_takes() -> None:
    moved = moved_over(a_line())
    assert np.allclose(moved.n_bytes, 131_072)
    # Windows of 10, 20 and 40 segments cost a round trip each; the rest fills the link.
    rest = (131_072 - 70 * 1448) * 8 / 8e6
    assert np.allclose(moved.seconds - moved.first_byte, 3 * 0.06 + rest)
    assert moved.first_byte.min() > 0.06


def test_what_is_not_the_target_is_not_touched() -> None:
    for censor in CENSORS:
        assert np.allclose(moved_over(a_line(), censor, is_target=False).n_bytes, 131_072)


@pytest.mark.parametrize("name", ["policer 140k, 16 kB", "policer 140k, 64 kB", "policer 669k, 16 kB"])
def test_a_policer_passes_its_bucket_and_its_rate_and_no_more(name: str) -> None:
    censor = BY_NAME[name]
    moved = moved_over(a_line(loss=0.02), censor, max_bytes=1e6)
    most = censor.bucket_bytes + censor.police_bps / 8 * moved.seconds
    assert np.all(moved.n_bytes <= most)
    assert np.median(moved.n_bytes / most) > 0.8
    assert np.all(moved.late_bytes <= censor.police_bps / 8 * 2.3 + censor.bucket_bytes)


def test_a_shaper_never_passes_more_than_its_rate() -> None:
    moved = moved_over(a_line(), BY_NAME["shaper 140k"])
    assert np.allclose(moved.n_bytes, 140e3 / 8 * (2.8 - moved.first_byte))
    assert np.allclose(moved.late_bytes, 140e3 / 8 * (2.3 - moved.first_byte))


@pytest.mark.parametrize(("name", "n_bytes"), [("freeze at 16 kB", 16_384), ("freeze at 25 packets", 28_960)])
def test_a_freeze_lets_its_bytes_pass_and_then_nothing(name: str, n_bytes: int) -> None:
    moved = moved_over(a_line(), BY_NAME[name])
    assert np.allclose(moved.n_bytes, n_bytes)
    assert np.all(moved.seconds == 2.8)
    assert np.all(moved.late_bytes == 0)


def test_the_curve_adds_up_to_the_bytes() -> None:
    moved = moved_over(a_line(loss=0.04), BY_NAME["random drop 10 %"])
    assert np.allclose(sum(came for _, _, came in moved.curve), moved.n_bytes)


def test_loss_costs_most_of_the_rate() -> None:
    clean, lossy = moved_over(a_line(2000)), moved_over(a_line(2000, loss=0.04))
    assert 0.35 < np.median(clean.seconds) / np.median(lossy.seconds) < 0.75


def test_a_silence_holds_the_bytes_back_until_it_ends() -> None:
    at = a_line()
    silent = Conditions(
        rate_bps=at.rate_bps,
        rtt_s=at.rtt_s,
        loss=at.loss,
        jitter=0.0,
        silent_from=np.zeros(200),
        silent_until=np.full(200, 1.0),
    )
    assert np.all(moved_over(silent).first_byte >= 1.0)


def a_moved(n_bytes: float, seconds: float, late: float, *, silent_s: float = 0.0) -> Moved:
    one = np.ones(1)
    return Moved(
        n_bytes=n_bytes * one,
        seconds=seconds * one,
        first_byte=0.1 * one,
        late_bytes=late * one,
        last_byte=(seconds - silent_s) * one,
        is_whole=np.full(1, n_bytes >= 131_072),
        rtt_s=0.1 * one,
        curve=((0.1 * one, seconds * one, n_bytes * one),),
    )


def test_both_arms_are_read_in_one_window() -> None:
    slow, quick = a_moved(60_000, 1.8, 30_000), a_moved(131_072, 0.8, 26_214)
    pair = rates(slow, quick)  # the quick one leaves 0.2 s after its first half second: whole bodies
    assert pair.suspect[0] == pytest.approx(60_000 * 8 / 1.7)
    assert pair.control[0] == pytest.approx(131_072 * 8 / 0.7)
    silent = a_moved(60_000, 1.8, 0, silent_s=1.0)
    assert rates(silent, quick).suspect[0] == pytest.approx(60_000 * 8 / 1.8)
    quick = a_moved(131_072, 1.0, 52_428)
    pair = rates(slow, quick)
    assert pair.suspect[0] == pytest.approx(30_000 * 8 / 1.2)
    assert pair.control[0] == pytest.approx(52_428 * 8 / 0.4)


@pytest.mark.parametrize("name", ["none", "policer 140k, 64 kB", "freeze at 16 kB", "1/5", "shaper 140k"])
def test_a_trial_is_read_as_the_program_reads_it(name: str) -> None:
    """Among others with a silence of up to 2.6 s before the first byte, and in lines that lose packets."""
    n = 60
    at = replace(a_line(n, loss=0.03), silent_from=np.zeros(n), silent_until=np.linspace(0, 2.6, n))
    suspect, control = (moved_over(at, BY_NAME[name], is_target=flag) for flag in (True, False))
    read = rates(suspect, control)
    for run in range(n):
        pair = rates_of(*(as_recorded(arm, run) for arm in (suspect, control)))
        if min(arm.seconds[run] - arm.first_byte[run] for arm in (suspect, control)) < 0.8:
            assert pair == pytest.approx((read.suspect[run], read.control[run]), rel=0.01)


def as_recorded(moved: Moved, run: int) -> Transfer:
    """Return one transfer of the simulation as the program would have written it down."""
    came = [(float(e[run]), float(b[run])) for _, e, b in moved.curve if b[run] > 0]
    total = round(float(moved.n_bytes[run]))
    counted = [round(sum(b for _, b in came[: k + 1])) for k in range(len(came))]
    return structs.replace(
        a_trial("T", 8000),
        requested=0.0,
        first_byte=float(moved.first_byte[run]) if came else None,
        series=tuple((t, b - a) for (t, _), a, b in zip(came, [0, *counted], counted, strict=False)),
        t=float(moved.seconds[run]),
        n_bytes=total,
        n_socket_bytes=total,
    )


def test_the_wehe_like_rule_needs_half_of_the_rate_and_another_distribution() -> None:
    control = a_moved(131_072, 1.0, 0)
    assert wehe_like(a_moved(30_000, 1.0, 0), control)[0]
    assert not wehe_like(a_moved(80_000, 1.0, 0), control)[0]
    assert not wehe_like(control, control)[0]
    assert not wehe_like(control, a_moved(30_000, 1.0, 0))[0]  # the control being slower accuses nobody


def test_the_rule_before_this_one_asked_a_noisy_link_for_six_of_six() -> None:
    controls = (8e6, 6e5, 7e6, 5e5, 6e6, 8e5)
    n_pairs = np.array([6, 6])
    pairs = [
        Rates(np.array([c * 0.05, c * r]), np.array([c, c]))
        for c, r in zip(controls, (0.05,) * 5 + (2,), strict=True)
    ]
    assert as_first_written(pairs, n_pairs).tolist() == [True, False]
    assert answers(pairs, n_pairs.tolist()) == ["throttled", "throttled"]


def test_the_state_of_a_line_fades_within_a_minute() -> None:
    link = next(link for link in LINKS if link.name == "moving LTE")
    rng = np.random.default_rng(4)
    now = begin(link, rng, 20_000)
    soon, long_after = later(link, rng, now, 1.0), later(link, rng, now, 60.0)
    assert np.corrcoef(now.level, soon.level)[0, 1] == pytest.approx(np.exp(-1 / 12), abs=0.01)
    assert abs(np.corrcoef(now.level, long_after.level)[0, 1]) < 0.03
    assert long_after.is_bad.mean() == pytest.approx(0.25, abs=0.01)


def test_a_tests_answer_and_its_end_are_the_programs() -> None:
    rng = np.random.default_rng(5)
    link = LINKS[-1]
    tests = run_tests(rng, link, BY_NAME["1/5"], begin(link, rng, 300))
    said = answers(tests.pairs, tests.n_pairs.tolist())
    for run, (n, answer) in enumerate(zip(tests.n_pairs.tolist(), said, strict=True)):
        pairs = [(float(p.suspect[run]), float(p.control[run])) for p in tests.pairs]
        assert [is_over(pairs[:k]) for k in range(1, n + 1)] == [False] * (n - 1) + [True]
        assert decide(pairs[:n]).answer == answer


@pytest.mark.parametrize("link", LINKS, ids=[link.name for link in LINKS])
def test_a_small_run_of_every_link_stays_within_the_promise(link: Link) -> None:
    rng = np.random.default_rng(6)
    none = run_cell(rng, link, NOBODY, 2000)
    policed = run_cell(rng, link, BY_NAME["policer 140k, 16 kB"], 1000)
    assert none.said.get("throttled", 0) <= (12 if link.name == "awful" else 2)
    assert none.confirmed == 0
    assert policed.said["throttled"] >= (800 if link.name == "awful" else 970)
    assert policed.owed >= 999


def test_screening_says_none_rather_than_no_of_a_short_page() -> None:
    seen = screen(np.random.default_rng(7), LINKS[0], NOBODY, 50, 20_000)
    assert {owed for owed, _ in seen} == {None}


def test_the_same_seed_gives_the_same_counts() -> None:
    one, two = (run_cell(np.random.default_rng(8), LINKS[2], BY_NAME["1/5"], 500) for _ in range(2))
    assert one == two
    assert one.n == sum(one.said.values()) == 500


def test_every_way_of_stopping_stops_within_seven_pairs() -> None:
    for ratio in (0.05, 1.0):
        for stops in RULES.values():
            assert any(stops([(ratio, 1.0)] * n) for n in range(1, 8))


def test_the_noise_of_a_link_is_drawn_around_eight_megabits() -> None:
    rng = np.random.default_rng(9)
    at = meet(LINKS[0], rng, begin(LINKS[0], rng, 20_000))
    assert np.median(at.rate_bps) == pytest.approx(8e6, rel=0.01)
    assert np.log(at.rate_bps).std() == pytest.approx(0.2, rel=0.02)


@pytest.mark.parametrize(
    ("k", "n", "text"), [(0, 100_000, "< 0.003"), (97, 100_000, "0.097"), (1, 2, "50.0"), (1, 300, "0.33")]
)
def test_no_event_at_all_is_printed_as_a_bound(k: int, n: int, text: str) -> None:
    assert percent(k, n) == text
