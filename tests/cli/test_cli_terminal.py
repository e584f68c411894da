"""Somebody at a terminal is asked before the first packet, in words, and may say no in every way there is."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


class Terminal:
    """The command on a terminal of its own: read until something shows, type, wait for the end."""

    def __init__(self, home: Path, *arguments: str, columns: int = 80) -> None:
        self.master, slave = pty.openpty()
        env = {
            **os.environ,
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": str(columns),
            "TERM": "xterm",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "probe", *arguments],
            env=env,
            cwd=home,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.text = ""

    def until(self, shown: str, seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while shown not in self.text:
            assert time.monotonic() < deadline, f"{shown!r} did not show in: {self.text}"
            self._read()

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def end(self, seconds: float = 20.0) -> int:
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read()
        self._read()
        return self.process.wait(1)

    def _read(self) -> None:
        if select.select([self.master], [], [], 0.1)[0]:
            try:
                self.text += os.read(self.master, 65536).decode(errors="replace").replace("\r", "")
            except OSError:  # the other end is gone
                time.sleep(0.05)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(5)
        os.close(self.master)


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
