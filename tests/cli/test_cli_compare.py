"""`probe judge FILE.jsonl` and `probe compare`: records of others become runs, held side by side."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from cli.command import probe
from unit import ooni_samples as o


@pytest.fixture
def runs(tmp_path: Path) -> tuple[str, str]:
    """Return two runs of one page in one network: it answers, and later is reset."""
    good = o.a_record(test_keys=o.a_page())
    bad = o.a_record(test_keys=o.a_page(tls="connection_reset"), measurement_start_time="2026-04-04 10:20:30")
    done = probe("judge", str(o.written(tmp_path / "ooni.jsonl", bad, good)), "-o", "results", home=tmp_path)
    assert done.returncode == 0, done.stderr
    first, second = sorted((tmp_path / "results").iterdir())
    return str(first), str(second)


def test_records_of_another_program_become_runs_and_that_is_said(tmp_path: Path) -> None:
    path = o.written(tmp_path / "ooni.jsonl", o.a_record(test_keys=o.a_page()), o.a_record("ndt"))
    done = probe("judge", str(path), home=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("Measured by another program (ooniprobe-android 3.8.8); only judged here.")
    assert "Such records hold no neutral sites" in done.stdout
    assert "Run again" not in done.stdout
    assert done.stderr.splitlines() == [
        "1 OONI measurement was read; another program made it, this one only judged it.",
        "1 run was written below results.",
        "1 measurement of the test ndt was left out.",
    ]
    (run,) = (tmp_path / "results").iterdir()
    assert (run / "verdicts.csv").is_file()


def test_the_verdicts_on_records_come_as_json_too(tmp_path: Path) -> None:
    path = o.written(tmp_path / "ooni.jsonl", o.a_record(test_keys=o.a_page()))
    rows = [
        json.loads(line) for line in probe("judge", str(path), "--json", home=tmp_path).stdout.splitlines()
    ]
    assert [(row["service"], row["state"]) for row in rows] == [
        ("network", "inconclusive"),
        ("url", "reachable"),
    ]


def test_a_line_that_is_no_measurement_ends_with_2_its_place_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "ooni.jsonl"
    path.write_text("{}\n")
    done = probe("judge", str(path), home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{path}:1: no OONI measurement" in done.stderr
    assert "Give OONI measurements as JSON Lines" in done.stderr


def test_a_baseline_does_not_go_with_a_file(tmp_path: Path) -> None:
    path = o.written(tmp_path / "ooni.jsonl", o.a_record(test_keys=o.a_page()))
    done = probe("judge", str(path), "--baseline", "b.json", home=tmp_path)
    assert done.returncode == 2
    assert "--baseline goes with a run." in done.stderr


def test_what_changed_is_told_on_the_terminal(runs: tuple[str, str], tmp_path: Path) -> None:
    done = probe("compare", *runs, home=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["https://site.example.org/", "changed", "reachable", "inconclusive;", "seen,", "not"] in lines
    assert "\x1b" not in done.stdout


def test_a_run_compared_with_itself_says_that_nothing_changed(runs: tuple[str, str], tmp_path: Path) -> None:
    done = probe("compare", runs[0], runs[0], home=tmp_path)
    assert "Nothing changed." in done.stdout
    assert json.loads(probe("compare", runs[0], runs[0], "--json", home=tmp_path).stdout)["changed"] is False


def test_the_order_is_the_one_typed(runs: tuple[str, str], tmp_path: Path) -> None:
    found = json.loads(probe("compare", runs[1], runs[0], "--json", home=tmp_path).stdout)
    (target,) = found["targets"]
    assert (target["before"]["state"], target["after"]["state"]) == ("inconclusive", "reachable")


@pytest.mark.parametrize(
    ("form", "begin"),
    [("csv", b"change,"), ("xlsx", b"PK"), ("docx", b"PK"), ("pdf", b"%PDF"), ("html", b"<!")],
)
def test_every_form_is_written_to_the_same_bytes_twice(
    runs: tuple[str, str], tmp_path: Path, form: str, begin: bytes
) -> None:
    files = [tmp_path / f"{n}.{form}" for n in (1, 2)]
    for file in files:
        done = probe("compare", *runs, "--format", form, "-o", str(file), home=tmp_path)
        assert (done.returncode, done.stderr) == (0, f"Written: {file}\n")
    once, again = (file.read_bytes() for file in files)
    assert once == again
    assert once.lower().startswith(begin.lower())


def test_the_workbook_of_changes_explains_its_own_columns(runs: tuple[str, str], tmp_path: Path) -> None:
    import openpyxl

    file = tmp_path / "c.xlsx"
    probe("compare", *runs, "--format", "xlsx", "-o", str(file), home=tmp_path)
    assert zipfile.is_zipfile(file)
    book = openpyxl.load_workbook(file)
    assert book.sheetnames == ["changes", "runs", "legend"]
    assert [cell.value for cell in book["changes"][1]][:2] == ["change", "changed_fields"]
    assert "changed_fields" in [row[1].value for row in book["legend"].iter_rows()]


def test_a_run_goes_out_as_ooni_measurements_and_back(runs: tuple[str, str], tmp_path: Path) -> None:
    done = probe(
        "report", runs[1], "--format", "ooni", "--disclosure", "full", "-o", "x.jsonl", home=tmp_path
    )
    assert done.returncode == 0, done.stderr
    (line,) = (tmp_path / "x.jsonl").read_bytes().splitlines()
    record = json.loads(line)
    assert record["measurement_start_time"] == "2026-04-04 10:20:30"
    assert record["test_keys"]["tls_handshakes"][0]["failure"] == "connection_reset"
    public = json.loads(probe("report", runs[1], "--format", "ooni", home=tmp_path).stdout)
    assert public["measurement_start_time"] == "2026-04-04 10:00:00"
    assert probe("judge", "x.jsonl", "-o", "again", home=tmp_path).returncode == 0


def test_an_unknown_form_or_disclosure_is_wrong_use(runs: tuple[str, str], tmp_path: Path) -> None:
    for typed in (("--format", "odt"), ("--disclosure", "some")):
        done = probe("compare", *runs, *typed, home=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")


def test_a_sealed_run_and_its_zip_are_the_run(runs: tuple[str, str], tmp_path: Path) -> None:
    assert probe("evidence", "seal", runs[0], "-o", "bags", home=tmp_path).returncode == 0
    (bag,) = (tmp_path / "bags").glob("*.zip")
    for sealed in (bag, bag.with_suffix("")):
        done = probe("compare", runs[0], str(sealed), "--json", home=tmp_path)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["changed"] is False
    assert probe("evidence", "verify", str(bag), home=tmp_path).returncode == 0


def test_other_runs_than_two_are_wrong_use(tmp_path: Path) -> None:
    for typed in ((), ("a",), ("a", "b", "c")):
        assert probe("compare", *typed, home=tmp_path).returncode == 2
