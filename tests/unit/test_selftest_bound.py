"""The self-test: what a pool of neutral trials says of the decision's errors, and what it does not."""

from __future__ import annotations

import pytest

from probe.judge.selftest import self_test, upper_bound

STEADY = [4e6, 4.4e6, 3.9e6, 4.1e6, 4.2e6, 3.8e6] * 20
SEESAW = [4e6, 4e5] * 60
"""Each pair holds one quick and one slow trial, in this order."""


@pytest.mark.parametrize(
    ("k", "n", "bound"),
    [
        (0, 1, 0.95),
        (0, 20, 1 - 0.05 ** (1 / 20)),
        (0, 100_000, 2.9957e-5),
        (1, 10, 0.394163),  # tables of Clopper and Pearson, one-sided 95 %
        (5, 10, 0.777559),
        (10, 10, 1.0),
        (0, 0, 1.0),
    ],
)
def test_the_bound_is_clopper_and_pearsons(k: int, n: int, bound: float) -> None:
    assert upper_bound(k, n) == pytest.approx(bound, rel=1e-4)


def test_a_steady_link_gives_no_error_and_a_bound_of_its_tests_number() -> None:
    found = self_test(STEADY)
    assert (found.n_trials, found.n_tests, found.n_independent) == (120, 10, 10)
    assert (found.n_permutations, found.n_false) == (55 * 64, 0)
    assert found.bound == pytest.approx(1 - 0.05 ** (1 / 10))
    assert found.floor_ratio == 1 / 4


def test_trials_that_share_tests_do_not_shrink_the_bound() -> None:
    found = self_test(STEADY[:12])
    assert found.n_permutations == 64
    assert found.bound == pytest.approx(0.95)


@pytest.mark.parametrize("n", [0, 1, 11])
def test_a_pool_too_small_for_one_test_bounds_nothing(n: int) -> None:
    found = self_test(STEADY[:n])
    assert (found.n_tests, found.n_permutations, found.bound, found.floor_ratio) == (0, 0, 1.0, None)


def test_each_order_of_a_pair_is_asked_about() -> None:
    found = self_test(SEESAW[:12])
    assert found.n_permutations == 64
    assert found.n_false == 7  # 1/10 in all six pairs, or in five of them and the sixth the other way round
    assert found.bound == 1.0  # 7 of 64 are, rounded up, one error in the one test that there is


def test_a_link_that_stays_bad_for_tests_on_end_counts_for_fewer_tests() -> None:
    drifting = [4e6] * 60 + [1e6] * 60
    found = self_test(drifting)
    assert (found.n_tests, found.n_independent) == (10, 1)
    assert found.bound == pytest.approx(0.95)


def test_pools_of_two_servers_are_never_paired_with_each_other() -> None:
    quick, slow = [8e6] * 24, [8e5] * 24
    found = self_test(quick, slow)
    assert (found.n_tests, found.n_false) == (4, 0)
    mixed = [rate for pair in zip(quick, slow, strict=True) for rate in pair]
    assert self_test(mixed).n_false > 0


def test_a_stalled_trial_of_nothing_is_a_rate_like_any_other() -> None:
    found = self_test([0.0, 4e6] * 6)
    assert found.n_false > 0


def test_the_same_pool_gives_the_same_figures() -> None:
    assert self_test(SEESAW) == self_test(SEESAW)
