"""Whoever stops the program too early, or while it judges, gets verdicts, or is told what makes them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from loopback.hasty import Nobody, in_haste, run_in_lab
from probe.lab import open_lab
from probe.pipeline import RunRequest, prepare, rejudge
from probe.pipeline.folder import Opened, open_run
from probe.pipeline.run import EXIT_INTERRUPTED, concluded
from probe.targets import read_catalogue

JUDGED = {"run.json", "verdicts.jsonl", "verdicts.csv", "services.csv", "datapackage.json"}


class Stopping:
    """An observer during whose first turns this process gets signals."""

    def __init__(self, *signals: int) -> None:
        """Send one a turn."""
        self._signals = list(signals)
        self.n_final = 0
        self.warnings: list[str] = []

    def final(self, _verdict: Any) -> None:
        self.n_final += 1
        if self._signals:
            os.kill(os.getpid(), self._signals.pop(0))

    def warning(self, text: str) -> None:
        self.warnings.append(text)

    def __getattr__(self, _name: str) -> Any:
        return lambda *_args, **_kwargs: None


async def _open(results: Path) -> Opened:
    catalogue = read_catalogue()
    async with open_lab("clean", catalogue) as lab:
        request = RunRequest(services=("telegram", "signal"), results=results)
        return open_run(prepare(request, catalogue=catalogue), lab.network)


@contextmanager
def opened(results: Path) -> Iterator[Opened]:
    """Yield a run that was measured to its end, though nothing was."""
    run = asyncio.run(_open(results))
    with run.folder:
        yield replace(run, record=replace(run.record, ended_utc="2026-11-21T10:00:00Z", stopped="time"))


def test_ctrl_c_in_the_moment_before_a_run_listens_for_it_interrupts_the_run(tmp_path: Path) -> None:
    class Early(Nobody):
        """The loop cancels what it runs, as on Ctrl-C: the run is planned and listens to no signal yet."""

        def planned(self, *_: Any) -> None:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()

    result = in_haste(run_in_lab(tmp_path, observer=Early()))
    assert (result.exit_code, result.record.stopped) == (EXIT_INTERRUPTED, "interrupted")
    assert {v.reason_code for v in result.verdicts} == {"NOT_MEASURED"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_first_signal_while_judging_is_noted_and_every_table_is_written(
    number: int, tmp_path: Path
) -> None:
    observer: Any = Stopping(number)
    with opened(tmp_path) as run:
        result = concluded(run.folder, run.record, observer)
    assert result.exit_code == EXIT_INTERRUPTED
    assert observer.warnings == ["Stopping: the verdicts are being written. Once more ends at once."]
    assert observer.n_final == len(result.verdicts) > 3
    assert {path.name for path in result.folder.iterdir() if path.is_file()} == JUDGED | {
        "measurements.jsonl"
    }


def test_a_second_signal_while_judging_ends_at_once_and_names_the_command_that_makes_the_verdicts(
    tmp_path: Path,
) -> None:
    observer: Any = Stopping(signal.SIGINT, signal.SIGTERM)
    with opened(tmp_path) as run, pytest.raises(KeyboardInterrupt):
        concluded(run.folder, run.record, observer)
    folder = run.folder.path
    assert observer.n_final == 2
    assert observer.warnings == [
        "Stopping: the verdicts are being written. Once more ends at once.",
        f"Stopped before the verdicts were written. What makes them: probe judge {folder}",
    ]
    assert not (folder / "verdicts.csv").exists()
    result = rejudge(folder, None, None)
    assert result.record.stopped == "time"
    assert {path.name for path in folder.iterdir() if path.is_file()} == JUDGED | {"measurements.jsonl"}


def test_signals_mean_afterwards_what_they_meant_before(tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    observer: Any = Stopping(signal.SIGINT)
    with opened(tmp_path) as run:
        concluded(run.folder, run.record, observer)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
