"""The decision over pairs: what is throttled, what is clear, and what nobody can tell."""

from __future__ import annotations

import pytest

from probe.judge.decide import Answer, Decision, decide, holm, is_decided, is_over, sign_test

STEADY = (4e6, 4.2e6, 3.9e6, 4.1e6, 4e6, 3.8e6)
NOISY = (8e6, 6e5, 7e6, 5e5, 6e6, 8e5)
"""Rates of a control whose logarithms have a spread of about 1.7."""


def pairs_of(ratios: tuple[float, ...], controls: tuple[float, ...] = STEADY) -> list[tuple[float, float]]:
    return [(c * r, c) for r, c in zip(ratios, controls, strict=False)]


@pytest.mark.parametrize(
    ("ratios", "answer"),
    [
        ((0.05,) * 6, "throttled"),
        ((0.05,) * 5, "throttled"),
        ((0.05,) * 5 + (0.9,), "throttled"),
        ((0.05,) * 4 + (0.9,), "undecided"),  # of five pairs all are needed
        ((0.05,) * 4 + (0.9, 0.9), "undecided"),
        ((0.33,) * 6, "throttled"),
        ((0.34,) * 6, "undecided"),
        ((0.1, 0.1, 0.1, 0.49, 0.49, 0.5), "throttled"),
        ((0.1, 0.1, 0.49, 0.49, 0.49, 0.49), "undecided"),  # five and more are slow, the middle one is not
        ((1.0,) * 6, "clear"),
        ((0.68,) * 6, "clear"),
        ((0.67,) * 6, "undecided"),
        ((1.0,) * 5 + (0.05,), "clear"),
        ((1.0,) * 4 + (0.05, 0.05), "undecided"),
        ((3.0,) * 6, "clear"),
    ],
)
def test_on_a_steady_link_five_slow_pairs_and_a_median_under_a_third_say_throttled(
    ratios: tuple[float, ...], answer: Answer
) -> None:
    found = decide(pairs_of(ratios))
    assert (found.answer, found.is_noisy) == (answer, False)


@pytest.mark.parametrize(
    ("ratios", "answer"),
    [
        ((0.05,) * 6, "throttled"),
        ((0.05,) * 5 + (2.0,), "throttled"),
        ((0.05,) * 4 + (2.0, 2.0), "undecided"),
        ((0.24,) * 6, "throttled"),
        ((0.25,) * 6, "undecided"),
        ((0.3,) * 6, "undecided"),  # would do on a steady link
    ],
)
def test_on_a_noisy_link_the_median_must_lie_under_a_quarter(
    ratios: tuple[float, ...], answer: Answer
) -> None:
    found = decide(pairs_of(ratios, NOISY))
    assert (found.answer, found.is_noisy) == (answer, True)


@pytest.mark.parametrize(
    ("ratios", "answer"),
    [
        ((), "few"),
        ((0.05,), "few"),
        ((1.0,), "few"),
        ((0.05,) * 4, "few"),
        ((0.05, 0.05, 1.0, 0.05), "few"),
        ((1.0, 1.0), "clear"),
        ((0.05, 1.0, 1.0), "undecided"),  # it is over, but one of three was slow
        ((0.6, 0.6), "undecided"),
        ((0.5, 0.9), "undecided"),  # a half is neither slow nor passing
        ((0.68, 0.67), "clear"),
    ],
)
def test_fewer_than_five_pairs_decide_only_once_none_to_come_could_change_it(
    ratios: tuple[float, ...], answer: Answer
) -> None:
    assert decide(pairs_of(ratios)).answer == answer


@pytest.mark.parametrize(("control", "answer"), [(299_999.0, "slow_link"), (300_000.0, "throttled")])
def test_a_control_under_300_kbps_accuses_nobody(control: float, answer: Answer) -> None:
    assert decide([(control / 20, control)] * 6).answer == answer


@pytest.mark.parametrize(
    ("ratios", "decided"),
    [
        ((), False),
        ((1.0,), False),
        ((1.0, 1.0), True),
        ((0.5, 0.5), True),
        ((0.05, 1.0), False),
        ((0.05, 1.0, 0.05, 1.0), True),
        ((0.05,) * 5, False),
        ((0.05,) * 6, True),
    ],
)
def test_a_test_ends_with_two_pairs_that_are_not_slow(ratios: tuple[float, ...], decided: bool) -> None:
    assert is_decided(pairs_of(ratios)) is decided


@pytest.mark.parametrize(
    ("ratios", "over"),
    [
        ((1.0,), False),
        ((1.0, 1.0), True),
        ((0.6, 0.6), False),  # neither throttled nor clear so far
        ((0.05, 1.0, 1.0), False),  # one bad moment
        ((0.05, 1.0, 1.0, 1.0, 1.0), False),
        ((0.05, 1.0, 1.0, 1.0, 1.0, 1.0), True),
        ((0.05, 0.05, 1.0, 1.0), True),  # two: neither can come of it
        ((0.05,) * 6, True),
    ],
)
def test_a_bad_moment_is_given_six_pairs(ratios: tuple[float, ...], over: bool) -> None:
    assert is_over(pairs_of(ratios)) is over


def test_the_figures_are_medians_over_the_pairs() -> None:
    pairs = [(1e5, 1e6), (2e5, 1e6), (3e5, 1e6), (4e5, 2e6), (5e5, 2e6), (9e5, 2e6)]
    found = decide(pairs)
    assert (found.answer, found.n, found.n_slow, found.is_noisy) == ("throttled", 6, 6, False)
    assert (found.rate_bps, found.control_bps) == (3.5e5, 1.5e6)
    assert found.ratio == pytest.approx(0.225)
    assert found.rsd == pytest.approx(0.51382, rel=1e-4)  # ln 2 / 1.349
    assert decide(pairs[::-1]) == found


def test_nothing_at_all_decides_nothing() -> None:
    assert decide([]) == Decision(
        answer="few", n=0, n_slow=0, ratio=1.0, rate_bps=0.0, control_bps=0.0, rsd=0.0, is_noisy=False
    )


def test_trials_that_moved_nothing_are_the_slowest() -> None:
    assert decide([(0.0, 4e6)] * 6).answer == "throttled"
    assert decide([(4e6, 0.0)] * 6).answer == "slow_link"
    assert decide([(0.0, 0.0)] * 2).answer == "slow_link"


@pytest.mark.parametrize(
    ("n_slower", "n", "p"),
    [(12, 12, 1 / 4096), (11, 12, 13 / 4096), (6, 6, 1 / 64), (0, 6, 1.0), (0, 0, 1.0)],
)
def test_the_sign_test_is_exact(n_slower: int, n: int, p: float) -> None:
    pairs = [(1.0, 2.0)] * n_slower + [(2.0, 1.0)] * (n - n_slower)
    assert sign_test(pairs) == p


def test_a_tie_is_not_slower() -> None:
    assert sign_test([(1.0, 1.0), (1.0, 2.0)]) == 0.75


def test_holm_steps_down_and_never_below_the_one_before() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
    assert holm([0.9, 0.5]) == (1.0, 1.0)
    assert holm([]) == ()
