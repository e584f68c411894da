"""A run that is interrupted, killed, taken up again or judged again loses nothing and changes nothing."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from probe.lab import open_lab
from probe.model.options import RunOptions
from probe.pipeline import RunRequest, RunResult, UsageError, baseline_from_run, prepare, rejudge
from probe.pipeline.finish import finish
from probe.pipeline.folder import open_run
from probe.pipeline.run import measure, result_of
from probe.store import RunFolder, StoreError, read_baseline
from probe.targets import read_catalogue

SERVICES = ("whatsapp-registration", "signal")
JUDGED = ("run.json", "verdicts.jsonl", "verdicts.csv", "services.csv", "datapackage.json")


class Nobody:
    """An observer who does not watch."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_args, **_kwargs: None


async def _run(
    scenario: str, results: Path, *, resume: Path | None = None, observer: Any = None, **options: Any
) -> RunResult:
    """Run through a lab as on a real network: the run does not say that it was simulated."""
    catalogue = read_catalogue()
    async with open_lab(scenario, catalogue) as lab:
        request = RunRequest(
            services=SERVICES, results=results, resume=resume, options=replace(RunOptions(), **options)
        )
        opened = open_run(prepared := prepare(request, catalogue=catalogue), lab.network)
        with opened.folder:
            record = await measure(prepared, lab.network, observer or Nobody(), opened)
            finished = finish(opened.folder, record)
            return result_of(opened.folder.path, finished, interrupted=False)


def _run_in_lab(scenario: str, results: Path, **more: Any) -> RunResult:
    return asyncio.run(_run(scenario, results, **more))


def _start_demo(results: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "probe", "demo", "--scenario", "tls-drop-sni", "--results", str(results)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )


def _wait_for_lines(demo: subprocess.Popen[str], results: Path, n: int) -> Path:
    """Wait until a run has written this many measurements; return its folder."""
    give_up = time.monotonic() + 300  # a process that is busy with nothing else takes three seconds
    written = 0
    while time.monotonic() < give_up and demo.poll() is None:
        for path in results.glob("*/measurements.jsonl"):
            written = path.read_bytes().count(b"\n")
            if written >= n:
                return path.parent
        time.sleep(0.05)
    demo.kill()
    raise AssertionError(f"{written} lines, exit code {demo.returncode}: {demo.communicate()[1][-2000:]}")


@pytest.mark.slow
def test_judging_a_stored_run_again_gives_its_own_bytes(tmp_path: Path) -> None:
    result = _run_in_lab("tls-reset-sni", tmp_path)
    before = {name: (result.folder / name).read_bytes() for name in JUDGED}
    rejudge(result.folder, None, None)
    assert {name: (result.folder / name).read_bytes() for name in JUDGED} == before
    elsewhere = tmp_path / "again"
    rejudge(result.folder, None, elsewhere)
    assert (elsewhere / "verdicts.csv").read_bytes() == before["verdicts.csv"]
    assert (elsewhere / "verdicts.jsonl").read_bytes() == before["verdicts.jsonl"]
    assert (result.folder.stat().st_mode & 0o777, (result.folder / "run.json").stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )


@pytest.mark.slow
def test_ctrl_c_keeps_and_judges_what_there_is_and_ends_with_130(tmp_path: Path) -> None:
    demo = _start_demo(tmp_path)
    folder = _wait_for_lines(demo, tmp_path, 30)
    demo.send_signal(signal.SIGINT)
    _, said = demo.communicate(timeout=300)
    assert demo.returncode == 130, said
    assert json.loads((folder / "run.json").read_text())["stopped"] == "interrupted"
    assert {name for name in JUDGED if (folder / name).is_file()} == set(JUDGED)
    states = [json.loads(line) for line in (folder / "verdicts.jsonl").read_text().splitlines()]
    assert not [v for v in states if v["state"] == "blocked"]
    measurements = list(RunFolder.open(folder).measurements())
    assert len(measurements) == json.loads((folder / "run.json").read_text())["n_measurements"]


@pytest.mark.slow
@pytest.mark.parametrize("n_lines", [1, 12, 40])
def test_a_killed_run_loses_nothing_that_was_complete_and_can_be_judged(tmp_path: Path, n_lines: int) -> None:
    demo = _start_demo(tmp_path)
    folder = _wait_for_lines(demo, tmp_path, n_lines)
    demo.kill()
    demo.communicate(timeout=300)
    with (folder / "measurements.jsonl").open("ab") as file:
        file.write(b'{"prev_sha256":"torn')  # a crash in the middle of a line
    complete = (folder / "measurements.jsonl").read_bytes().count(b"\n")
    RunFolder.open(folder, append=True).close()
    result = rejudge(folder, None, None)
    assert len(list(RunFolder.open(folder).measurements())) == complete
    assert not [v for v in result.verdicts if v.state == "blocked"]


@pytest.mark.slow
def test_a_run_taken_up_again_goes_on_where_it_stopped(tmp_path: Path) -> None:
    first = _run_in_lab("clean", tmp_path, max_seconds=6.0)
    assert first.record.stopped == "time"
    done = first.record.n_measurements
    second = _run_in_lab("clean", tmp_path, resume=first.folder)
    assert second.folder == first.folder
    measurements = list(RunFolder.open(second.folder).measurements())
    uids = [m.measurement_uid for m in measurements]
    assert len(set(uids)) == len(uids) == second.record.n_measurements > done
    rounds = sorted(m.round for m in measurements if m.target_id == "whatsapp-registration/register")
    assert rounds == [0, 1, 2]
    assert second.record.stopped == ""
    assert {v.state for v in second.verdicts} == {"reachable"}
    assert second.record.resumed == 1


@pytest.mark.slow
def test_an_edited_or_shortened_run_is_not_judged(tmp_path: Path) -> None:
    result = _run_in_lab("clean", tmp_path)
    journal = result.folder / "measurements.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    verdicts = (result.folder / "verdicts.csv").read_bytes()
    for name, edited in {
        "one removed": lines[:4] + lines[5:],
        "one changed": [
            *lines[:4],
            lines[4].replace(b'"failure":null', b'"failure":"eof_error"', 1),
            *lines[5:],
        ],
        "two swapped": [*lines[:4], lines[5], lines[4], *lines[6:]],
        "the last removed": lines[:-1],
        "all removed": [],
    }.items():
        assert edited != lines, name
        journal.write_bytes(b"".join(edited))
        with pytest.raises(StoreError, match=r"prev_sha256 does not fit|run\.json counts"):
            rejudge(result.folder, None, None)
    assert (result.folder / "verdicts.csv").read_bytes() == verdicts


@pytest.mark.slow
def test_a_run_is_not_held_against_a_baseline_made_of_itself(tmp_path: Path) -> None:
    result = _run_in_lab("clean", tmp_path)
    baseline_from_run(result.folder, tmp_path / "own.json")
    with pytest.raises(UsageError, match="was made of this very run"):
        rejudge(result.folder, tmp_path / "own.json", tmp_path / "out")


@pytest.mark.slow
def test_no_baseline_is_made_of_a_network_that_was_not_fine(tmp_path: Path) -> None:
    result = _run_in_lab("cable-cut", tmp_path, timeout_s=1.0)
    with pytest.raises(UsageError, match="was not fine itself"):
        baseline_from_run(result.folder, tmp_path / "bad.json")


@pytest.mark.slow
def test_a_display_that_breaks_costs_the_picture_and_not_the_run(tmp_path: Path) -> None:
    class Broken:
        def __getattr__(self, _name: str) -> Any:
            def refuse(*_args: Any, **_kwargs: Any) -> None:
                raise BrokenPipeError

            return refuse

    result = _run_in_lab("clean", tmp_path, observer=Broken())
    assert {v.state for v in result.verdicts} == {"reachable"}
    assert result.record.errors == ()


@pytest.mark.slow
def test_a_baseline_is_made_of_a_run_and_read_back(tmp_path: Path) -> None:
    result = _run_in_lab("clean", tmp_path)
    baseline = baseline_from_run(result.folder, tmp_path / "elsewhere.json")
    assert read_baseline(tmp_path / "elsewhere.json") == baseline
    assert baseline.clock_offset_s == result.record.clock_offset_s is not None
    rows = {row.target_id: row for row in baseline.targets}
    register = rows["whatsapp-registration/register"]
    assert (register.n, register.n_ok, register.status_code) == (3, 3, 200)


@pytest.mark.slow
def test_a_demo_cannot_be_taken_up_as_if_it_were_a_run(tmp_path: Path) -> None:
    demo = _start_demo(tmp_path)
    folder = _wait_for_lines(demo, tmp_path, 1)
    demo.kill()
    demo.communicate(timeout=300)
    with pytest.raises(UsageError, match="was made in the lab"):
        _run_in_lab("clean", tmp_path, resume=folder)
