"""The display of a run that goes on: suspicious services first, as many as fit; plain lines in a log."""

import io

import pytest
from rich.console import Console

from probe.model.target import Service, Step
from probe.model.transfer import TransferPlan
from probe.model.words import Risk, State
from probe.report import words
from probe.report.board import Board
from probe.report.console_live import LiveDisplay, frame
from probe.report.console_plain import PlainLines
from unit.factories import a_target
from unit.outcomes import a_blocked_verdict, a_verdict


def a_plan(*names: str, n: int = 2) -> tuple[Service, ...]:
    return tuple(
        Service(
            service=name,
            title=name,
            rule="any",
            risk=Risk.LOW,
            targets=tuple(a_target(f"{name}/{i}", service=name) for i in range(n)),
        )
        for name in names
    )


def drawn(board: Board, width: int = 80, height: int = 24) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, height=height, markup=False, highlight=False, color_system=None)
    console.print(frame(board, 67.0, width, height))
    return [line.rstrip() for line in out.getvalue().splitlines()]


@pytest.fixture(autouse=True)
def _at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of its own: where tests run there may be none, or one that draws nothing."""
    monkeypatch.setenv("TERM", "xterm")


@pytest.fixture
def board() -> Board:
    board = Board()
    board.planned(a_plan("youtube", "telegram", "twitter", "signal"))
    board.judged(a_verdict("youtube/0"), final=False)
    board.started(a_target("telegram/0", service="telegram"))
    board.judged(a_blocked_verdict("twitter/1"), final=False)
    return board


def test_a_suspicious_service_stands_first_and_a_waiting_one_is_only_counted(board: Board) -> None:
    lines = drawn(board)
    assert [line.split()[0] for line in lines[3:6]] == ["blocked", "measuring", "reachable"]
    assert lines[6] == "1 waiting"


def test_a_verdict_that_may_change_says_so_and_a_final_one_does_not(board: Board) -> None:
    assert drawn(board)[3].split()[:4] == ["blocked", "so", "far", "twitter"]
    board.judged(a_blocked_verdict("twitter/0"), final=True)
    board.judged(a_blocked_verdict("twitter/1"), final=True)
    assert drawn(board)[3].split()[:2] == ["blocked", "twitter"]


def test_the_numbers_of_the_run_are_told(board: Board) -> None:
    board.done, board.n_bytes, board.remaining_s = 3, 4_210_000, 130.0
    assert drawn(board)[1] == "1:07  about 2:10 left  3 of 8 targets done  4.2 MB"


def test_time_left_is_told_by_the_pace_and_not_before_a_quarter_is_done(board: Board) -> None:
    board.done = 1
    assert "left" not in drawn(board)[1]
    board.done = 4
    assert "about 1:07 left" in drawn(board)[1]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("height", [10, 24])
def test_the_picture_fits_the_terminal(width: int, height: int) -> None:
    board = Board()
    board.planned(a_plan(*(f"service-{i}" for i in range(40))))
    for i in range(35):
        board.judged(a_blocked_verdict(f"service-{i}/0"), final=False)
    lines = drawn(board, width, height)
    assert len(lines) < height
    assert max(map(len, lines)) <= width - 3, "an echoed ^C must not wrap"
    assert "more under way" in lines[-1]


def test_ten_thousand_targets_keep_the_board_small() -> None:
    board = Board()
    board.planned(a_plan("list", n=10_000))
    for i in range(10_000):
        board.judged(a_verdict(f"list/{i}", because="x" * 1000), final=True)
    assert board.services["list"].suspects == {}
    assert board.services["list"].n_told == 10_000


def test_the_worst_mechanism_so_far_is_the_one_told(board: Board) -> None:
    board.judged(a_verdict("twitter/0", state=State.DOWN, mechanism="zone.bogus"), final=False)
    assert "the encrypted connection is reset while it opens" in drawn(board, 120)[3]
    board.judged(a_verdict("twitter/1"), final=False)
    assert "the zone's signatures do not hold" in drawn(board, 120)[3]


def test_a_hostile_service_name_is_escaped() -> None:
    board = Board()
    board.planned(a_plan("\x1b[2Jx"))
    board.judged(a_verdict("\x1b[2Jx/0"), final=False)
    assert r"\x1b[2Jx" in "\n".join(drawn(board))


def test_the_live_display_leaves_the_terminal_empty_and_warnings_above_it() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True, color_system=None, highlight=False)
    with LiveDisplay(console) as display:
        display.planned(a_plan("twitter"))
        display.warning("Something \x1b[2J odd")
        display.final(a_verdict("twitter/0"))
    text = out.getvalue()
    assert r"Warning: Something \x1b[2J odd" in text
    assert "\x1b[?25h" in text.rpartition("reachable")[2], "the cursor is shown again"


def test_plain_lines_tell_a_suspicion_once_and_hold_no_escape() -> None:
    out = io.StringIO()
    with PlainLines(out) as plain:
        plain.planned(a_plan("twitter"))
        plain.network_found(a_verdict("network", mechanism="network.none", rule_id="network.fine"))
        plain.network_found(a_verdict("network", mechanism="network.none", rule_id="network.fine"))
        for _again in range(3):
            plain.provisional(a_blocked_verdict("twitter/0"))
        plain.provisional(a_verdict("twitter/1"))
        plain.warning("odd\x1b[2J")
        plain.progress(done=2, total=2, bytes_used=1_500_000, elapsed_s=30.0, remaining_s=None)
    assert [line.partition(" ")[2] for line in out.getvalue().splitlines()] == [
        "measuring 2 targets of 1 service",
        "Network: nothing wrong with this network",
        f"blocked so far: https://twitter.0.example/ ({words.mechanism('tls.reset.sni')})",
        r"Warning: odd\x1b[2J",
        "2 of 2 targets done, 1.5 MB",
    ]


def a_comparison(number: int, test: int = 0) -> Step:
    plan = TransferPlan(purpose="pair", test=test, number=number, arms=())
    return Step(target=a_target("twitter/static"), experiment="throughput", transfer=plan)


def test_plain_lines_say_once_what_a_comparison_of_speeds_waits_for_and_until_when(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("probe.report.console_plain.monotonic", lambda: 500.0)
    out = io.StringIO()
    with PlainLines(out) as plain:
        plain.progress(done=1, total=2, bytes_used=0, elapsed_s=60.0, remaining_s=None)
        first, third, again = a_comparison(0), a_comparison(2), a_comparison(0, test=1)
        plain.transferring(first, wait_s=0.0, is_paced=False)
        plain.transferring(a_comparison(1), wait_s=0.5, is_paced=True)
        for left in (47.0, 46.0, 45.0, 0.0):
            plain.transferring(third, wait_s=left, is_paced=True)
        plain.transferring(again, wait_s=30.0, is_paced=False)
    assert out.getvalue().splitlines() == [
        "1:00 comparing speeds: twitter/static",
        "1:00 comparing speeds: twitter/static, in 47 s (at 1:47): no name is said too often in a row",
        "1:00 comparing speeds again: twitter/static, in 30 s (at 1:30)",
    ]


def test_the_live_display_counts_the_wait_down(board: Board) -> None:
    step = a_comparison(3)
    told = []
    for left in (12.0, 11.0, 0.0):
        board.transferring(step, 67.0 - left, left, is_paced=True)
        told.append(drawn(board)[2])
    assert told == [
        "comparing speeds: twitter/static, in 12 s (at 1:07): no name is said too oft…",
        "comparing speeds: twitter/static, in 11 s (at 1:07): no name is said too oft…",
        "comparing speeds: twitter/static",
    ]


def test_the_live_display_is_redrawn_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probe.report.console_live.REDRAW_S", 0.0)
    out = io.StringIO()
    console = Console(file=out, width=120, force_terminal=True, color_system=None, highlight=False)
    with LiveDisplay(console) as display:
        display.planned(a_plan("twitter"))
        for left in (2.0, 1.0):
            display.transferring(a_comparison(1), wait_s=left, is_paced=True)
    assert [f"in {n} s (at" in out.getvalue() for n in (2, 1)] == [True, True]
