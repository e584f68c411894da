"""The rule over pairs, fed with what volunteers measured in 2024."""

import csv
from pathlib import Path

import pytest

from probe.judge.decide import Answer, decide
from probe.model.transfer import TRIAL_BYTES, TRIAL_SECONDS

FIGURES = Path(__file__).parent / "youtube_2024.csv"
KBPS = 8_000
"""A kilobyte a second, in bit/s."""


def _figures() -> list[tuple[str, float, float]]:
    """Return vantage point, transport and server, and both speeds in bit/s."""
    lines = FIGURES.read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return [
        (
            " ".join((row["date"], row["post"], row["vp"], row["transport"], row["server"])),
            KBPS * float(row["control_sni_KBps"]),
            KBPS * float(row["googlevideo_sni_KBps"]),
        )
        for row in rows
    ]


ROWS = _figures()


def _said(control: float, slowed: float) -> Answer:
    """Return what a test of six pairs says whose median ratio is that of the published pair."""
    spread = (0.85, 0.9, 1.0, 1.0, 1.1, 1.15)
    return decide([(slowed * one, control) for one in spread]).answer


def test_every_published_pair_is_there() -> None:
    assert len(ROWS) == 190
    assert (
        TRIAL_BYTES * 8 / min(control for _, control, _ in ROWS) < TRIAL_SECONDS
    )  # no control too slow for a trial


@pytest.mark.parametrize(("label", "control", "slowed"), ROWS, ids=[row[0] for row in ROWS])
def test_a_published_pair_is_called_throttled_from_3_4_fold_on_and_never_up_to_1_9_fold(
    label: str, control: float, slowed: float
) -> None:
    answer = _said(control, slowed)
    if slowed * 3.4 <= control:
        assert answer == "throttled", label
    if slowed * 1.9 >= control:
        assert answer != "throttled", label


def test_most_of_them_were_slowed_and_some_were_not() -> None:
    answers = [_said(control, slowed) for _, control, slowed in ROWS]
    assert {one: answers.count(one) for one in ("throttled", "clear", "undecided")} == {
        "throttled": 149,
        "clear": 19,
        "undecided": 22,
    }
