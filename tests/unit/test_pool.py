"""Neutral trials: which arms of which measurements feed the estimate of our own errors."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from cases.transfers import a_receipt
from probe.judge import neutral_trials
from probe.model import failure as f
from probe.model.transfer import Arm
from unit.some_trials import a_measurement, a_transfer

MEDIA = "down media.example/x.bin"
LINK = 0.8e6
"""Slow enough for trials that reach the window behind slow start."""


@pytest.mark.parametrize(("suspect", "control"), [("T", "C1"), ("X", "C2")])
def test_of_a_pair_only_the_control_is_a_neutral_trial(suspect: Arm, control: Arm) -> None:
    pair = a_measurement(0.0, a_transfer(suspect, 140e3), a_transfer(control, LINK, t0=2.0))
    (trial,) = neutral_trials(pair)
    assert trial.server == MEDIA
    assert trial.rate_bps == pytest.approx(LINK, rel=0.02)


def test_both_arms_of_a_self_test_are_neutral_trials_in_order_of_time() -> None:
    later = a_transfer("N", LINK, purpose="self_test", t0=2.0)
    first = a_transfer("N", LINK / 2, purpose="self_test")
    found = neutral_trials(a_measurement(0.0, later, first))
    assert [t.rate_bps for t in found] == [
        pytest.approx(LINK / 2, rel=0.02),
        pytest.approx(LINK, rel=0.02),
    ]


@pytest.mark.parametrize("purpose", ["freeze", "elsewhere", "small_segments"])
def test_trials_made_to_find_a_freeze_are_not_of_the_same_kind(purpose: Any) -> None:
    assert neutral_trials(a_measurement(0.0, a_transfer("N", LINK, purpose=purpose))) == ()


def test_a_control_that_stalls_counts_as_its_bytes_over_its_time() -> None:
    stalled = a_transfer("C1", 0, burst=16_384)
    stalled = replace(stalled, t=2.0, declared_length=1_000_000, failure=f.TIMEOUT)
    (trial,) = neutral_trials(a_measurement(0.0, stalled))
    assert 0 <= trial.rate_bps < 100_000


@pytest.mark.parametrize(
    "unfit",
    [
        {"stage": "helper", "failure": f.CONNECTION_REFUSED},
        {"requested": None},
        {"status_code": 404},
        {"status_code": None},
        {"failure": f.CONNECTION_RESET, "ended_by": "rst", "n_bytes": 4_000, "n_socket_bytes": 4_000},
        {"foreign_bytes": 10_000_000},
        {"receipt": replace(a_receipt("www.example.org", n_bytes=131_072), is_valid=False)},
    ],
    ids=lambda unfit: next(iter(unfit)),
)
def test_what_makes_a_control_unfit_makes_a_trial_unfit(unfit: dict[str, Any]) -> None:
    whole = a_transfer("C2", LINK)
    assert len(neutral_trials(a_measurement(0.0, whole))) == 1
    assert neutral_trials(a_measurement(0.0, replace(whole, **unfit))) == ()


def test_an_unfit_trial_takes_its_twin_with_it() -> None:
    whole = a_transfer("N", LINK, purpose="self_test")
    refused = replace(a_transfer("N", LINK, purpose="self_test", t0=2.0), status_code=503)
    assert neutral_trials(a_measurement(0.0, whole, refused)) == ()


def test_a_helpers_trials_are_a_pool_of_their_own() -> None:
    helped = replace(a_transfer("C2", LINK), helper="https://helper.example/")
    (trial,) = neutral_trials(a_measurement(0.0, helped))
    assert trial.server == "down https://helper.example/"


def test_a_page_has_no_neutral_trials() -> None:
    assert neutral_trials(a_measurement(0.0)) == ()
