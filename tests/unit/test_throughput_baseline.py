"""What a baseline keeps of transfers, and what it calibrates later."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from cases.debts import measurements_of
from cases.script import ZERO, a_target
from cases.transfers import NEUTRAL
from cases.world import facts_of
from probe.judge import judge_target
from probe.judge.baseline import baseline_of, calibration_of

OTHER = {"server_name": "other.example"}
ROW = {
    "target": {"large_object": "/large.bin", "paired": "own"},
    "rounds": [
        "dns system 104.16.1.1",
        "tcp 104.16.1.1 ok",
        "tls 104.16.1.1 ok",
        "http 104.16.1.1 200",
    ],
}


@pytest.mark.parametrize(
    ("transfers", "rate_bps", "calibration", "name"),
    [
        ([], None, None, ""),
        ([{"times": 2, "kbps": 8000, "control": 8000}], 8_000_000, 1.0, NEUTRAL),
        ([{"times": 2, "kbps": 8000, "ctrl": OTHER}], 8_000_000, 1.0, "other.example"),
        ([{"kbps": 8000}, {"kbps": 8000, "number": 1, "ctrl": OTHER}], 8_000_000, 1.0, ""),
        ([{"times": 1, "kbps": 8000, "control": 8000}], 8_000_000, None, NEUTRAL),
        ([{"times": 6, "kbps": 140}], None, None, ""),
        ([{"times": 2, "arms": "X/C2", "kbps": 8000}], None, None, ""),
        ([{"times": 2, "kbps": 8000, "ctrl": {"status_code": 421}}], None, None, ""),
    ],
)
def test_a_baseline_keeps_the_rate_of_an_object_and_how_even_its_pairs_were(
    transfers: list[dict[str, object]], rate_bps: float | None, calibration: float | None, name: str
) -> None:
    row = {**ROW, "transfers": transfers}
    target = a_target(row)
    found = measurements_of(row, target)
    verdict = judge_target(facts_of(row, target), target, found).verdict
    kept = baseline_of(target, found, verdict)
    assert kept is not None
    assert kept.pair_calibration == calibration
    assert kept.pair_name == name
    assert kept.rate_bps == (pytest.approx(rate_bps, rel=0.4) if rate_bps else None)


def test_the_next_pair_is_owed_beside_the_name_that_the_baseline_knows() -> None:
    row = {**ROW, "transfers": [{"times": 1}]}
    target = a_target(row)
    found = measurements_of(row, target)
    for baseline, name in (({"pair_name": "known.example"}, "known.example"), ({"hours": 31 * 24}, "")):
        (debt,) = judge_target(facts_of({"facts": {"baseline": baseline}}, target), target, found).debts
        assert (debt.arms, debt.neutral_name) == ("T/C1", name)
    (debt,) = judge_target(facts_of(row, target), target, found).debts
    assert debt.neutral_name == ""


def test_a_confirmation_is_due_so_long_after_the_last_pair_of_the_first_test() -> None:
    row = {**ROW, "transfers": [{"times": 6}, {"times": 6, "arms": "X/C2"}]}
    target = a_target(row)
    found = measurements_of(row, target)
    (debt,) = judge_target(facts_of(row, target), target, found).debts
    last = [m for m in found if m.experiment == "throughput"][5]
    ended = last.started_s + max(t.t for t in last.transfers)
    assert (debt.arms, debt.test) == ("T/C1", 1)
    assert debt.not_before_s == pytest.approx(ended + 60.0)


@pytest.mark.parametrize(
    ("baseline", "known"),
    [
        ({}, True),
        ({"hours": 29 * 24}, True),
        ({"hours": 31 * 24}, False),
        ({"network": "network.degraded"}, False),
        ({"n_ok": 0}, False),
    ],
)
def test_a_row_calibrates_for_thirty_days_where_its_network_was_fine(
    baseline: dict[str, object], known: bool
) -> None:
    target = a_target(ROW)
    facts = facts_of({"facts": {"baseline": baseline}}, target)
    assert (calibration_of(facts, target, ZERO) is not None) is known
    assert (calibration_of(facts, target, ZERO, within_s=86_400) is not None) is (known and not baseline)


def test_nothing_calibrates_where_no_clock_could_be_checked_or_nothing_is_known() -> None:
    target = a_target(ROW)
    facts = facts_of({"facts": {"baseline": {}, "clock": "unknown"}}, target)
    assert calibration_of(facts, target, ZERO) is None
    assert calibration_of(facts_of({}, target), target, ZERO) is None
    other = replace(target, target_id="case/other", input="https://other.example/")
    assert calibration_of(facts_of({"facts": {"baseline": {}}}, target), other, ZERO) is None
    later = facts_of({"facts": {"baseline": {}}}, target)
    assert calibration_of(later, target, ZERO + timedelta(days=20)) is not None
