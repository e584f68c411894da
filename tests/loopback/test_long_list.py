"""A list in Citizen Lab's format with a thousand rows: measured in seconds, and told by category."""

from __future__ import annotations

import asyncio
import csv
from collections import Counter
from pathlib import Path

import pytest

from cli.command import probe
from loopback.test_scenarios import Nobody
from probe.lab import lab, open_lab
from probe.lab.records import Rule, Scenario
from probe.model.options import RunOptions
from probe.model.words import State
from probe.pipeline.folder import open_run
from probe.pipeline.request import RunRequest, prepare
from probe.pipeline.run import RunResult, concluded, measure
from probe.targets import read_catalogue

N = 1000
KINDS = {"news": "NEWS", "rights": "HUMR", "anon": "ANON", "other": "", "odd": "ZZZZ"}
"""Part of the host name to category; an empty one counts as MISC."""


def a_list(folder: Path) -> Path:
    """Write a thousand rows, two hundred of each kind, the plain and the quoted mixed."""
    file = folder / "ru.csv"
    kinds = list(KINDS)
    with file.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(("url", "category_code", "category_description", "date_added", "source", "notes"))
        for number in range(N):
            kind = kinds[number % len(kinds)]
            url = f"http://site{number}.{kind}.example/"
            rows.writerow((url, KINDS[kind], "a description, with a comma", "2026-11-01", "lab", ""))
    return file


@pytest.mark.slow
def test_a_thousand_rows_are_measured_and_counted_by_category(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = a_list(tmp_path)
    urls = tuple(f"http://site{n}.{list(KINDS)[n % len(KINDS)]}.example/" for n in range(N))
    world = Scenario(
        name="list",
        title="A notice for one kind of site",
        urls=urls,
        rules=(Rule(stage="request", what="page", names=("anon.example",), detail="notice"),),
        link=None,
    )
    monkeypatch.setattr(lab, "scenario_named", lambda _name: world)

    async def main() -> RunResult:
        catalogue = read_catalogue()
        async with open_lab("list", catalogue, rtt_s=0.0) as opened_lab:
            options = RunOptions(rounds=1, throughput=False, concurrency=64, max_bytes=10**9)
            request = RunRequest(lists=(listed,), results=tmp_path / "results", options=options)
            prepared = prepare(request, catalogue=catalogue)
            opened = open_run(prepared, opened_lab.network, simulated=True)
            with opened.folder:
                record = await measure(prepared, opened_lab.network, Nobody(), opened)
                return concluded(opened.folder, record, Nobody())

    result = asyncio.run(main())
    assert (len(result.verdicts), result.record.errors, result.record.stopped) == (N, (), "")
    with (result.folder / "verdicts.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["service"] == "list"]
    found = Counter((row["category_code"], row["state"]) for row in rows)
    assert found[("ANON", State.BLOCKED)] == N // len(KINDS)
    assert {code for code, _ in found} == {"NEWS", "HUMR", "ANON", "MISC", "ZZZZ"}
    assert {state for code, state in found if code != "ANON"} <= {State.REACHABLE, State.INCONCLUSIVE}

    told = probe("report", str(result.folder), "--format", "categories", home=tmp_path)
    assert told.returncode == 0
    table = {row["category_code"]: row for row in csv.DictReader(told.stdout.splitlines())}
    assert list(table) == ["ANON", "HUMR", "MISC", "NEWS", "ZZZZ"]
    assert {row["n_targets"] for row in table.values()} == {str(N // len(KINDS))}
    assert (table["ANON"]["n_blocked"], table["ANON"]["category_description"]) == (
        "200",
        "Anonymisation and circumvention",
    )
    assert [table[code]["n_blocked"] for code in ("HUMR", "MISC", "NEWS", "ZZZZ")] == ["0"] * 4
    shown = probe("judge", str(result.folder), "-o", str(tmp_path / "again"), home=tmp_path).stdout
    assert "ANON Anonymisation and circumvention" in shown
    assert (tmp_path / "again" / "verdicts.csv").read_bytes() == (result.folder / "verdicts.csv").read_bytes()


@pytest.mark.parametrize(
    ("row", "line", "problem"),
    [
        ("http://site7.other.example/,NEWS,,,,", N + 2, "duplicate URL 'http://site7.other.example/'"),
        ("not a url,NEWS,,,,", N + 2, "'not a url'"),
        ("http://a.example/,news media,,,,", N + 2, "'news media' is no category code"),
        ("http://a.example/,NEWS,a, comma,,,", N + 2, "fields"),
    ],
)
def test_a_row_that_is_wrong_is_refused_with_its_line_before_anything_is_sent(
    tmp_path: Path, row: str, line: int, problem: str
) -> None:
    file = a_list(tmp_path)
    kind = list(KINDS)[7 % len(KINDS)]
    with file.open("a", newline="", encoding="utf-8") as out:
        out.write(row.replace("site7.other", f"site7.{kind}") + "\r\n")
    done = probe("run", "--list", str(file), "--yes", home=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"{file}:{line}: " in done.stderr
    assert problem.replace("site7.other", f"site7.{kind}") in done.stderr
    assert not (tmp_path / "results").exists()
