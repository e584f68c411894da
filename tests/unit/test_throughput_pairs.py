"""Pairs of transfers: their window, their rates, what makes one unfit, and when a test is over."""

from typing import Any

import pytest
from msgspec.structs import replace

from cases.script import a_target
from cases.transfers import a_pair, a_receipt, a_transfer_measurement, a_trial
from probe.judge.pairs import PairTest, pair_tests
from probe.judge.trial import begin, broke_off, end, is_complete, rates_of, silence
from probe.model.transfer import Transfer

TARGET = a_target({})


def the_test(*pairs: tuple[Transfer, ...], arms: str = "T/C1") -> PairTest:
    measurements = [
        a_transfer_measurement(f"t{n}", TARGET, 100.0 + 6 * n, [replace(t, number=n) for t in pair])
        for n, pair in enumerate(pairs)
    ]
    return pair_tests(measurements)[arms, 0]


def why(arms: str = "T/C1", **said: Any) -> str:
    return the_test(a_pair(arms, 8000, 8000, said), arms=arms).pairs[0].unfit


def test_both_arms_are_looked_at_late_where_both_last_long_enough() -> None:
    slow, other = a_trial("T", 200), a_trial("C1", 400)
    assert rates_of(slow, other) == pytest.approx((200_000.0, 400_000.0), rel=0.05)


def test_a_burst_at_the_beginning_is_left_out_of_a_late_window() -> None:
    burst = ((0.18, 64_000), *((0.18 + 0.1 * n, 1_750) for n in range(1, 27)))
    first = a_trial("T", 140, series=burst, n_bytes=109_500, n_socket_bytes=109_500)
    late, _ = rates_of(first, a_trial("C1", 400))
    assert late == pytest.approx(21 * 1_750 * 8 / 2.24)


def test_the_whole_trial_counts_where_one_arm_is_quickly_done() -> None:
    burst = ((0.18, 64_000), *((0.18 + 0.1 * n, 1_750) for n in range(1, 27)))
    first = a_trial("T", 140, series=burst, n_bytes=109_500, n_socket_bytes=109_500)
    whole, control = rates_of(first, a_trial("C1", 8000))
    assert whole == pytest.approx(109_500 * 8 / 2.74)
    assert control == pytest.approx(131_072 * 8 / 0.1)


def test_how_long_a_server_thinks_is_no_throughput() -> None:
    thinks = tuple((1.18 + 0.02 * n, 16_384) for n in range(8))
    late = a_trial("T", 8000, series=thinks, first_byte=1.18, t=1.32)
    rate, control = rates_of(late, a_trial("C1", 8000))
    assert rate == pytest.approx(131_072 * 8 / 0.14)
    assert control == pytest.approx(131_072 * 8 / 0.1)


def test_a_body_that_began_just_before_the_cap_counts_over_the_whole_trial() -> None:
    more: dict[str, Any] = {"n_bytes": 14_480, "n_socket_bytes": 14_480, "t": 2.92}
    burst = a_trial("T", 8000, series=((2.82, 14_480),), first_byte=2.82, **more)
    rate, _ = rates_of(burst, a_trial("C1", 8000))
    assert rate == pytest.approx(14_480 * 8 / 2.8)
    sooner = replace(burst, series=((2.42, 14_480),), first_byte=2.42)
    assert rates_of(sooner, a_trial("C1", 8000))[0] == pytest.approx(14_480 * 8 / 0.5)


def test_a_rate_is_never_taken_over_less_than_a_machine_may_be_late() -> None:
    at_once = a_trial("T", 8000, series=((0.18, 131_072),), t=0.18)
    assert rates_of(at_once, at_once)[0] == pytest.approx(131_072 * 8 / 0.01)


def test_a_stalled_trial_counts_as_bytes_over_elapsed() -> None:
    stalled = a_trial("T", 8000, stall_at=16_000)
    rate, _ = rates_of(stalled, a_trial("C1", 8000))
    assert rate == pytest.approx(16_000 * 8 / 2.8)
    assert silence(stalled) == pytest.approx(2.74)


def test_a_trial_without_a_byte_has_no_rate_and_no_end_but_its_cap() -> None:
    nothing = a_trial("T", 0, status_code=None)
    assert rates_of(nothing, a_trial("C1", 8000))[0] == 0.0
    assert end(nothing) - begin(nothing) == pytest.approx(2.8)


def test_a_trial_without_a_request_begins_with_its_connect() -> None:
    assert begin(a_trial("T", 0, requested=None, t0=3.0)) == 3.0


@pytest.mark.parametrize(
    ("said", "complete", "broken"),
    [
        ({}, True, False),
        ({"size": 50_000, "ended_by": ""}, True, False),
        ({"size": 50_000, "declared_length": None, "ended_by": "fin"}, True, False),
        ({"size": 50_000, "declared_length": None, "ended_by": ""}, True, False),
        ({"size": 50_000, "declared_length": None, "ended_by": "we"}, False, False),
        ({"stall_at": 50_000, "failure": "timeout"}, False, False),
        ({"stall_at": 50_000, "failure": "reset", "ended_by": "rst"}, False, True),
        ({"stall_at": 50_000, "ended_by": "fin"}, False, True),
    ],
)
def test_a_trial_is_complete_cut_by_time_or_broken_off(
    said: dict[str, Any], complete: bool, broken: bool
) -> None:
    trial = a_trial("T", 8000, **said)
    assert (is_complete(trial), broke_off(trial)) == (complete, broken)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({}, ""),
        ({"ctrl": {"requested": None, "failure": "alert", "stage": "tls"}}, "mismatch"),
        ({"suspect": {"requested": None, "failure": "reset", "stage": "connect"}}, "suspect"),
        ({"suspect": {"failure": "reset", "stall_at": 9000}}, "suspect"),
        ({"ctrl": {"failure": "reset", "stall_at": 9000}}, "control"),
        ({"ctrl": {"status_code": 404}}, "mismatch"),
        ({"ctrl": {"status_code": 206}}, "mismatch"),
        ({"ctrl": {"declared_length": 5}}, "mismatch"),
        ({"ctrl": {"chain_length": 2}}, "mismatch"),
        ({"ctrl": {"chain_length": None}}, ""),
        ({"suspect": {"size": 20_000}, "ctrl": {"size": 20_000}}, "mismatch"),
        (
            {
                "suspect": {"size": 50_000, "declared_length": None, "ended_by": "fin"},
                "ctrl": {"declared_length": None},
            },
            "mismatch",
        ),
        ({"suspect": {"stall_at": 1, "status_code": None}}, "silent"),
        ({"ctrl": {"foreign_bytes": 26_300}}, "background"),
        ({"ctrl": {"foreign_bytes": 26_200}}, ""),
        ({"suspect": {"foreign_bytes": 40_000}}, "background"),
    ],
)
def test_a_pair_at_one_address_is_fit_or_says_why_not(said: dict[str, Any], reason: str) -> None:
    assert why(**said) == reason


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({}, ""),
        ({"ctrl": {"status_code": 206}}, ""),
        ({"ctrl": {"chain_length": 2, "declared_length": 7_000_000}}, ""),
        ({"suspect": {"status_code": 403}}, "mismatch"),
        ({"ctrl": {"status_code": 503}}, "control"),
        ({"ctrl": {"requested": None, "failure": "timeout", "stage": "connect"}}, "control"),
        ({"ctrl": {"size": 9_000}}, "control"),
    ],
)
def test_a_pair_at_a_neutral_server_asks_for_less(said: dict[str, Any], reason: str) -> None:
    assert why("X/C2", **said) == reason


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({}, ""),
        ({"n_bytes": 131_071}, "lie"),
        ({"n_bytes": 1_000_001}, "lie"),
        ({"n_bytes": 1_000_000}, ""),
        ({"is_valid": False}, "lie"),
    ],
)
def test_a_receipt_that_cannot_be_true_is_a_lie(told: dict[str, Any], reason: str) -> None:
    assert why("X/C2", helper="https://h.example/", ctrl={"receipt": told}) == reason


def test_a_receipt_says_nothing_where_no_helper_was_asked() -> None:
    receipt = a_receipt("x", n_bytes=0, is_valid=False)
    suspect, control = a_pair("X/C2", 8000, 8000, {})
    assert the_test((suspect, replace(control, receipt=receipt)), arms="X/C2").pairs[0].unfit == ""


def test_one_arm_alone_is_no_pair_and_is_counted() -> None:
    suspect, control = a_pair("T/C1", 140, 8000, {})
    assert the_test((suspect,)).pairs[0].unfit == "unfinished"
    assert the_test((control,)).pairs[0].unfit == "unfinished"


def test_an_arm_that_never_answers_counts_only_where_its_name_did() -> None:
    silent = a_pair("T/C1", 0, 8000, {"suspect": {"status_code": None}})
    slow = a_pair("T/C1", 140, 8000, {})
    assert the_test(silent, silent, silent).fit == ()
    assert len(the_test(silent, slow, silent).fit) == 3


def test_the_first_pair_of_a_number_counts_whatever_the_order() -> None:
    one = a_transfer_measurement("a", TARGET, 100.0, a_pair("T/C1", 140, 8000, {}))
    other = a_transfer_measurement("b", TARGET, 200.0, a_pair("T/C1", 8000, 8000, {}))
    assert pair_tests([one, other]) == pair_tests([other, one])
    assert [p.uid for p in pair_tests([other, one])["T/C1", 0].pairs] == ["a"]


def test_both_kinds_of_pair_may_lie_in_one_measurement() -> None:
    both = (*a_pair("T/C1", 140, 8000, {}), *a_pair("X/C2", 140, 8000, {}))
    assert set(pair_tests([a_transfer_measurement("a", TARGET, 100.0, both)])) == {("T/C1", 0), ("X/C2", 0)}


def test_single_trials_and_other_experiments_are_no_pairs() -> None:
    alone = a_transfer_measurement("a", TARGET, 100.0, [a_trial("T", 8000, purpose="freeze")])
    other = replace(a_transfer_measurement("b", TARGET, 100.0, a_pair("T/C1", 1, 1, {})), experiment="web")
    assert pair_tests([alone, other]) == {}


def test_a_test_ends_after_seven_pairs() -> None:
    broken = a_pair("T/C1", 140, 8000, {"suspect": {"failure": "reset", "stall_at": 9000}})
    assert the_test(*[broken] * 6).goes_on
    assert not the_test(*[broken] * 7).goes_on


def test_no_control_is_to_be_had_after_two_that_did_not_fit_and_none_that_did() -> None:
    other = a_pair("T/C1", 8000, 8000, {"ctrl": {"status_code": 421}})
    even = a_pair("T/C1", 8000, 8000, {})
    assert not the_test(other).has_no_control
    assert the_test(other, other).has_no_control
    assert not the_test(other, other, even, even).has_no_control


def test_a_test_that_was_not_made_may_begin() -> None:
    assert PairTest().goes_on
    assert PairTest().next_number == 0
    assert not PairTest().is_clear
    assert not PairTest().is_silent
