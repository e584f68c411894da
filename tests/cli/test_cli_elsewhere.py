"""The command where modules, calls and flags of Linux are missing: Windows and macOS, acted."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from cli.command import own
from cli.terminal import AS_AT_A_TERMINAL

ACTED = Path(__file__).with_name("acted.py")
TESTS = ACTED.parent.parent
SYSTEMS = ("windows", "macos")


def _environ(home: Path, **more: str) -> dict[str, str]:
    paths = os.pathsep.join((str(TESTS), os.environ["PYTHONPATH"]))
    return {**os.environ, **own(home), "COLUMNS": "100", "LC_ALL": "C.UTF-8", "PYTHONPATH": paths, **more}


def probe(system: str, *arguments: str | Path, home: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command as another system would, warnings being errors; what it wrote, in bytes."""
    return subprocess.run(
        [sys.executable, "-W", "error", ACTED, system, *map(str, arguments)],
        env=_environ(home, **env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
        check=False,
        cwd=home,
    )


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_needs_no_measuring_is_the_same(system: str, tmp_path: Path) -> None:
    arguments = ("targets", "list")
    there = probe(system, *arguments, home=tmp_path)
    here = subprocess.run(
        [sys.executable, "-m", "probe", *arguments],
        env={**os.environ, **own(tmp_path), "COLUMNS": "100", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=True,
        cwd=tmp_path,
    )
    assert (there.returncode, there.stdout, there.stderr) == (0, here.stdout, here.stderr)


def test_windows_says_the_language_that_no_variable_says(tmp_path: Path) -> None:
    unset = {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "", "PYTHONIOENCODING": "cp866"}
    done = probe("windows", "demo", "--scenario", "nonesuch", home=tmp_path, **unset)
    assert (done.returncode, done.stderr.decode("cp866").splitlines()[0]) == (
        2,
        "probe: Сценария nonesuch нет.",
    )


def a_run(system: str, results: Path) -> tuple[Path, set[tuple[str, str, str]]]:
    """Measure in the lab as another system would; the run's folder and its verdicts."""
    made = probe(system, "demo", "--scenario", "clean", "--json", "--results", results, home=results.parent)
    assert made.returncode == 0, made.stderr
    (run,) = results.iterdir()
    return run, {_found(json.loads(line)) for line in made.stdout.splitlines()}


def _found(row: Mapping[str, str]) -> tuple[str, str, str]:
    return row["service"], row["state"], row["rule_id"]


FINE = {
    ("whatsapp-registration", "reachable", "http.answered"),
    ("network", "reachable", "network.fine"),
}


@pytest.mark.slow
def test_on_windows_a_run_is_made_judged_exported_sealed_verified_and_forgotten(tmp_path: Path) -> None:
    run, found = a_run("windows", tmp_path / "results")
    assert found == FINE
    assert probe("windows", "judge", run, home=tmp_path).returncode == 0
    table = probe("windows", "report", run, "--format", "csv", home=tmp_path)
    assert {_found(row) for row in csv.DictReader(io.StringIO(table.stdout.decode()))} == found
    assert b"\r\r\n" not in table.stdout

    sealed = probe("windows", "evidence", "seal", run, home=tmp_path)
    assert sealed.returncode == 0, sealed.stderr
    bag = run.parent / "sealed" / run.name
    verified = probe("windows", "evidence", "verify", bag.with_name(f"{bag.name}.zip"), home=tmp_path)
    assert verified.returncode == 0, verified.stderr
    (bag / "data" / "verdicts.csv").write_bytes(b"another")
    assert probe("windows", "evidence", "verify", bag, home=tmp_path).returncode == 1

    gone = probe("windows", "forget", "--yes", "--results", run.parent, home=tmp_path)
    assert gone.returncode == 0, gone.stderr
    assert [path.name for path in run.parent.rglob("*") if path.is_file()] == []


@pytest.mark.slow
def test_on_macos_a_run_is_made_and_sealed(tmp_path: Path) -> None:
    run, found = a_run("macos", tmp_path / "results")
    assert found == FINE
    sealed = probe("macos", "evidence", "seal", run, home=tmp_path)
    assert sealed.returncode == 0, sealed.stderr


@pytest.mark.slow
def test_on_windows_ctrl_c_ends_a_run_and_keeps_and_judges_what_there_is(tmp_path: Path) -> None:
    with subprocess.Popen(
        [
            *AS_AT_A_TERMINAL,
            sys.executable,
            ACTED,
            "windows",
            "demo",
            "--scenario",
            "clean",
            "--results",
            "r",
        ],
        env=_environ(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "Network: nothing wrong" in line:
                process.send_signal(signal.SIGINT)
                break
        said = process.stderr.read()
    assert (process.returncode, "Stopping" in said) == (130, True)
    (run,) = (tmp_path / "r").iterdir()
    with (run / "verdicts.csv").open(newline="") as table:
        states = {row["service"]: row["state"] for row in csv.DictReader(table)}
    assert states.pop("whatsapp-registration") in {"inconclusive", "reachable"}  # as far as it came
    assert states == {"network": "reachable"}
