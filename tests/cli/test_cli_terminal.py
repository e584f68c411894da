"""Somebody at a terminal is asked before the first packet, in words, and may say no in every way there is."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.terminal import Terminal


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path, "run", "telegram")
    terminal.until("Type 1, 2 or 3 [3]: ")
    yield terminal
    terminal.close()


def test_a_no_sends_nothing_and_remembers_nothing(asked: Terminal, tmp_path: Path) -> None:
    asked.type("3\n")
    asked.until("Start? [y/N] ")
    asked.type("n\n")
    assert asked.end() == 3
    assert asked.text.rstrip().endswith("Nothing was sent.")
    assert list(tmp_path.iterdir()) == []


def test_the_end_of_input_is_a_no(asked: Terminal, tmp_path: Path) -> None:
    asked.type("\x04")
    assert asked.end() == 3
    assert "Nothing was sent." in asked.text
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_at_the_question_ends_with_130_and_sends_nothing(asked: Terminal, tmp_path: Path) -> None:
    asked.process.send_signal(signal.SIGINT)
    assert asked.end() == 130
    assert "Traceback" not in asked.text
    assert asked.text.rstrip().endswith("Nothing was sent.")
    assert list(tmp_path.iterdir()) == []


def test_the_screen_names_the_control_that_was_just_chosen(asked: Terminal) -> None:
    asked.type("2\n")
    asked.until("helper (OONI's public test helpers)")
    asked.until("Start? [y/N] ")


def test_a_control_named_on_the_command_line_is_not_asked_about(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "run", "telegram", "--control", "none")
    try:
        terminal.until("Start? [y/N] ")
        assert "Type 1, 2 or 3" not in terminal.text
    finally:
        terminal.close()


def test_forget_asks_and_takes_no_for_an_answer(tmp_path: Path) -> None:
    run = tmp_path / "results" / "20261121T101500Z-AS1-0000"
    run.mkdir(parents=True)
    terminal = Terminal(tmp_path, "forget")
    try:
        terminal.until("Remove 1 run and what else is named above? [y/N] ")
        terminal.type("n\n")
        assert terminal.end() == 0
        assert "Nothing was removed." in terminal.text
        assert run.exists()
    finally:
        terminal.close()
