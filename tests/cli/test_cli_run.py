"""The commands on a real run, made once in the lab: what they print, where, and with which exit code."""

import csv
import io
import json
import os
import re
import shutil
import stat
import time
from pathlib import Path

import pytest

from cli.command import probe

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return a home in which `probe demo --scenario tcp-reset` was run, by one worker for all."""
    base = tmp_path_factory.getbasetemp()
    home = (base if worker_id == "master" else base.parent) / "one-run"
    try:
        home.mkdir()
    except FileExistsError:
        deadline = time.monotonic() + 400
        while not (home / "done").exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        return home
    done = probe("demo", "--scenario", "tcp-reset", home=home)
    (home / "stdout").write_text(done.stdout)
    (home / "stderr").write_text(done.stderr)
    (home / "done").write_text(str(done.returncode))
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """Return a copy of that home that a test may change."""
    shutil.copytree(made / "results", tmp_path / "results")
    return tmp_path


@pytest.fixture
def run(home: Path) -> Path:
    (folder,) = (home / "results").iterdir()
    return folder


def test_a_finished_run_ends_with_0_whatever_it_found(made: Path) -> None:
    assert (made / "done").read_text() == "0"


def test_the_table_goes_to_stdout_and_progress_to_stderr(made: Path) -> None:
    out, err = (made / "stdout").read_text(), (made / "stderr").read_text()
    assert out.startswith("Made in the built-in lab: not evidence of anything.\n")
    assert "tcp.refused" in out
    assert "these data do not show by whose equipment or order." in " ".join(out.split())
    assert re.match(r"0:\d\d measuring 1 target of 1 service\n", err)
    assert "blocked so far: https://v.whatsapp.net" in err
    assert "\x1b" not in out + err


def test_the_run_is_readable_by_its_owner_only(run: Path) -> None:
    for path in (run, *run.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_json_has_the_keys_of_the_table_and_the_network_first(home: Path, run: Path) -> None:
    done = probe("judge", str(run), "--json", home=home)
    assert done.returncode == 0
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    with (run / "verdicts.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [list(row) for row in rows] == [list(table[0])] * 2
    assert [row["target_id"] for row in rows] == ["network", table[1]["target_id"]]
    assert rows[1]["state"] == "blocked"
    assert rows[1]["confirmed"] is False
    assert isinstance(rows[1]["n_observations"], int)


def test_judging_again_gives_the_runs_own_bytes(home: Path, run: Path) -> None:
    names = ("verdicts.csv", "verdicts.jsonl", "services.csv", "measurements.jsonl")
    before = {name: (run / name).read_bytes() for name in names}
    assert probe("judge", str(run), home=home).returncode == 0
    assert {name: (run / name).read_bytes() for name in names} == before


def test_judging_beside_leaves_the_run_alone(home: Path, run: Path) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    done = probe("judge", str(run), "-o", "again", home=home)
    assert done.returncode == 0
    told = "".join(done.stdout.split())
    assert f"whatitstandsonliesin{run}." in told
    assert "probereportagain" not in told  # there is no run there
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    assert (home / "again" / "verdicts.csv").read_bytes() == (run / "verdicts.csv").read_bytes()


def test_a_report_of_two_runs_has_one_header(home: Path, run: Path) -> None:
    one = probe("report", str(run), "--format", "csv", home=home).stdout
    two = probe("report", str(run), str(run), "--format", "csv", home=home).stdout
    rows = list(csv.reader(io.StringIO(two)))
    assert len(rows) == 2 * len(list(csv.reader(io.StringIO(one)))) - 1
    assert [row[0] for row in rows].count("schema_version") == 1


def test_a_report_to_a_file_holds_the_tables_bytes(home: Path, run: Path) -> None:
    done = probe("report", str(run), "--format", "csv", "-o", "out.csv", home=home)
    assert (done.returncode, done.stdout) == (0, "")
    assert (home / "out.csv").read_bytes() == (run / "verdicts.csv").read_bytes()


def test_a_baseline_comes_from_a_run_and_can_be_shown(home: Path, run: Path) -> None:
    done = probe("baseline", "from", str(run), "-o", "elsewhere.json", home=home)
    assert done.returncode == 0
    assert "probe run --baseline elsewhere.json" in done.stdout
    shown = probe("baseline", "show", "elsewhere.json", home=home)
    assert shown.returncode == 0
    assert f"run {run.name}." in shown.stdout


def test_a_torn_measurement_line_is_told_or_healed_and_never_a_traceback(home: Path, run: Path) -> None:
    with (run / "measurements.jsonl").open("ab") as file:
        file.write(b'{"torn')
    done = probe("judge", str(run), home=home)
    assert done.returncode in {0, 2}
    assert "Traceback" not in done.stderr


def test_russian_shows_the_verdict_in_russian_and_files_stay_english(home: Path, run: Path) -> None:
    done = probe("judge", str(run), "--lang", "ru", home=home)
    text = " ".join(done.stdout.split())
    assert "заблокировано" in text
    assert "эти данные не показывают, чьим оборудованием и по чьему распоряжению" in text
    assert (run / "verdicts.csv").read_bytes().decode().isascii()


def test_resuming_tells_the_targets_of_the_run_and_not_the_default_set(home: Path, run: Path) -> None:
    done = probe("run", "--resume", str(run), "--dry-run", home=home)
    assert done.returncode == 0
    first = done.stdout.splitlines()[:2]
    assert first[0] == "to be measured; seen by: operator, resolver, the host"
    assert first[1].split() == ["whatsapp-registration", "v.whatsapp.net"]


def test_a_run_made_in_the_lab_is_not_resumed_on_a_real_network(home: Path, run: Path) -> None:
    done = probe("run", "--resume", str(run), "--yes", home=home)
    assert done.returncode == 2
    assert "was made in the lab." in done.stderr


def test_forget_removes_the_run(home: Path, run: Path) -> None:
    assert probe("forget", "--yes", home=home).returncode == 0
    assert not run.exists()
    assert os.listdir(home / "results") == []  # noqa: PTH208 -- a list to compare with
