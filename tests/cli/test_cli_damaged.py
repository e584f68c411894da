"""Commands on a run that somebody damaged: one sentence, what to type next, exit code 2, and no waiting."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cli.command import own, probe
from unit.a_bag import a_run, change

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes and limits")

UNTOUCHED = "       The run is not as it was written: use an untouched copy."
AGAIN = "       The run is incomplete or was changed: use an untouched copy."
READ = {
    "run.json": ("judge", "report --format html -o page.html", "report --format json -o a.json", "compare"),
    "inputs/services.jsonl": ("judge", "report --format html -o page.html"),
    "inputs/controls.json": ("judge", "report --format html -o page.html"),
    "verdicts.jsonl": ("report --format html -o page.html", "compare"),
}
WRITTEN = ("run.json", "verdicts.jsonl", "verdicts.csv", "services.csv", "datapackage.json")


def pipe_in_place_of(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(("name", "command"), [(n, c) for n, commands in READ.items() for c in commands])
def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path: Path, name: str, command: str) -> None:
    run = a_run(tmp_path)
    pipe_in_place_of(run / name)
    verb, *rest = command.split()
    runs = [str(run)] * (2 if verb == "compare" else 1)
    done = probe(
        verb, *runs, *(str(tmp_path / each) if "." in each else each for each in rest), home=tmp_path
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[0] == f"probe: {run / name}: cannot be read: no plain file"


@pytest.mark.parametrize("name", WRITTEN[1:])
def test_a_pipe_in_place_of_what_judging_writes_is_not_waited_for(tmp_path: Path, name: str) -> None:
    run = a_run(tmp_path)
    pipe_in_place_of(run / name)
    done = probe("judge", str(run), home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [f"probe: {run / name}: no plain file", UNTOUCHED]


def test_a_damaged_run_json_is_not_said_to_be_a_run_that_never_began(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    (run / "run.json").write_bytes(b"{")
    done = probe("judge", str(run), home=tmp_path)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, UNTOUCHED)


@pytest.mark.parametrize("how", ["json", "html"])
def test_a_run_that_ends_in_the_last_hour_that_there_is_can_be_reported(tmp_path: Path, how: str) -> None:
    run = a_run(tmp_path)
    change(run / "run.json", ended_utc="9999-12-31T23:59:59Z")
    done = probe("report", str(run), "--format", how, "-o", str(tmp_path / "out"), home=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_self_test_nested_deeper_than_any_says_nothing(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    (run / "self-test.json").write_bytes(b'{"a":' * 100_000)
    done = probe("report", str(run), "--format", "html", "-o", str(tmp_path / "out"), home=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_table_larger_than_any_run_writes_is_refused_unread(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    os.truncate(run / "verdicts.csv", 1 << 40)
    done = probe("report", str(run), "--format", "csv", "--disclosure", "full", home=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        f"probe: {run / 'verdicts.csv'} is no table of verdicts: larger than 268435456 bytes."
    )


def test_a_bag_can_be_dated_in_a_year_that_zip_does_not_know(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    done = probe(
        *("evidence", "seal", str(run), "-o", str(tmp_path / "bags"), "--at", "2150-01-01T00:00:00Z"),
        home=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    (bag,) = (path for path in (tmp_path / "bags").iterdir() if path.suffix == ".zip")
    assert probe("evidence", "verify", str(bag), home=tmp_path).returncode == 0


def test_a_terminal_of_no_columns_is_shown_the_results_too(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    usual, none = (
        probe("judge", str(run), home=tmp_path, env={"COLUMNS": columns}).stdout for columns in ("80", "0")
    )
    assert "Network" in usual
    assert none == usual


def test_a_disk_that_takes_no_more_is_told_with_the_file(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    out = tmp_path / "page.html"

    def no_more() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, -1))

    done = subprocess.run(
        [sys.executable, "-m", "probe", "report", str(run), "--format", "html", "-o", str(out)],
        env={
            **own(tmp_path),
            "PATH": "",
            "PYTHONPATH": ":".join(sys.path),
            "PYTHONDONTWRITEBYTECODE": "1",  # it would keep the first bytes of what it may not write whole
            "LC_ALL": "C.UTF-8",
        },
        preexec_fn=no_more,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, f"probe: {out}: File too large")
    assert not out.exists()
