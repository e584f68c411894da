"""Pairs on a terminal: drawn where there is room, written where there is none, in ASCII where it must be."""

import io

import pytest
from rich.console import Console

from probe.report.console_trials import speeds
from probe.report.strip import strip
from probe.report.trial_words import UNFIT
from unit.some_trials import a_measurement, a_policed_run, a_transfer, drawn


def shown(width: int, *, unicode: bool = True, **run: float) -> list[str]:
    measurements = a_policed_run(**run)  # type: ignore[arg-type]  # numbers all
    return [line.plain for line in strip(drawn(measurements), width, unicode=unicode)]


def test_a_pair_is_a_line_on_a_common_scale() -> None:
    assert shown(60, n=2)[:9] == [
        "At the target's own address: its name against a neutral one:",
        "    ● the target's name  □ control",
        "    100 kbit/s         1 Mbit/s           10 Mbit/s",
        "  1        ●──────────────────────────────□          0.04",
        "  2       ●──────────────────────────────────□       0.03",
        "    confirmation",
        "  3       ●─────────────────────────────────□        0.03",
        "  4       ●─────────────────────────────────□        0.03",
        "median 0.03 of the control's rate; slower in 4 of 4 pairs, p = 0.0625.",
    ]


def test_no_drawn_line_is_wider_than_the_terminal() -> None:
    for width in range(30, 121):
        drawing = [line for line in shown(width) if line.strip()[:1].isdigit()]
        assert max(map(len, drawing)) <= width


def test_a_terminal_without_unicode_gets_letters() -> None:
    lines = shown(60, unicode=False, n=1)
    assert lines[3] == "  1        x------------------------------o          0.04"
    assert all(line.isascii() for line in lines)


def test_too_narrow_for_a_picture_the_numbers_are_written() -> None:
    assert shown(28, n=1)[1] == "1: 192 kbit/s / 4.7 Mbit/s = 0.04"


def test_arms_of_one_speed_lie_on_each_other_and_the_targets_is_seen() -> None:
    line = shown(80, n=1)[-2]
    assert line.count("●") == 1
    assert "─" not in line
    assert line.endswith("0.96")


@pytest.mark.parametrize("width", [80, 20])
def test_a_pair_that_does_not_count_says_why(width: int) -> None:
    trials = drawn(a_policed_run(n=2), unfit={"m-105": "background", "m-195": "of tomorrow"})
    lines = [line.plain for line in strip(trials, width)]
    assert sum("not counted: other programs used the link" in line for line in lines) == 1
    assert sum("not counted: cut off" in line for line in lines) == 1
    assert any("slower in 2 of 2 pairs" in line for line in lines)


def test_pairs_none_of_which_counts_are_shown_all_the_same() -> None:
    measurement = a_measurement(1.0, a_transfer("T", 8e6), a_transfer("C1", 8e6))
    lines = [line.plain for line in strip(drawn([measurement], unfit={"m-1": "control"}), 80)]
    assert lines[-2:] == ["  1 not counted: the control failed", "no pair could be compared."]


def test_every_target_stands_under_its_name_and_input() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=False)
    speeds(console, [drawn(a_policed_run(n=1))], 80)
    lines = out.getvalue().splitlines()
    assert lines[1:4] == ["Speeds compared", "", "  sample/media  https://media.example/"]
    assert lines[4] == "    At the target's own address: its name against a neutral one:"
    assert max(map(len, lines)) <= 80


def test_without_pairs_nothing_is_printed() -> None:
    out = io.StringIO()
    frozen = drawn([a_measurement(1.0, a_transfer("T", 2e6, purpose="freeze"))])
    speeds(Console(file=out, width=80), [frozen], 80)
    speeds(Console(file=out, width=80), [], 80)
    assert out.getvalue() == ""


def test_every_reason_that_judging_leaves_a_pair_out_for_has_its_words() -> None:
    from probe.judge import pairs

    reasons = (pairs.LIE, pairs.CONTROL, pairs.SUSPECT, pairs.MISMATCH, pairs.BACKGROUND, pairs.SILENT)
    assert {*reasons, pairs.UNFINISHED} == set(UNFIT)
