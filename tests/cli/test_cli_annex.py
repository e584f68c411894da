"""`probe report` as a person types it: the annex's facts as JSON, the letter's options, what is refused."""

import json
from pathlib import Path

import pytest

from cli.command import probe
from probe.cli.exporting import WRITERS
from unit.a_bag import a_run, sealed


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_run(tmp_path_factory.mktemp("annex"))


def test_the_facts_are_json_with_what_the_compiler_stated(run: Path, tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text('date,event,source\r\n2026-11-21,"A vote, early",a paper\r\n')
    done = probe(
        *(
            "report",
            str(run),
            "--format",
            "json",
            "--letter",
            "Keep it \udcff on",
            "--to",
            "operator:AS12389",
        ),
        *(
            "--to",
            "government",
            "--requests",
            "--measured-by",
            "volunteer 7",
            "--contact",
            "desk@example.org",
        ),
        *("--n-volunteers", "1", "--at", "2026-11-30T08:00:00Z", "--events", "events.csv"),
        home=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["generated_utc"] == "2026-11-30T08:00:00Z"
    assert told["letter"]["addressees"] == [
        {"kind": "operator", "name": "AS12389"},
        {"kind": "government", "name": ""},
    ]
    assert told["letter"]["title"] == "Keep it \ufffd on"
    assert told["letter"]["events"] == [{"date": "2026-11-21", "what": "A vote, early", "source": "a paper"}]
    assert [one["status"] for one in told["requests"]] == ["SIMULATED", "SIMULATED"]
    assert told["letter"]["disclosure"] == "public"
    assert told["simulated"] is True


def test_the_facts_are_the_same_in_every_language_and_twice(run: Path, tmp_path: Path) -> None:
    said = {
        probe("report", str(run), "--format", "json", "--lang", lang, home=tmp_path).stdout
        for lang in ("en", "fr")
    }
    assert len(said) == 1


@pytest.mark.parametrize("form", ["json", "csv", "categories", "facts", "ooni"])
def test_a_file_is_written_for_its_owner_alone(form: str, run: Path, tmp_path: Path) -> None:
    done = probe("report", str(run), "--format", form, "-o", "a.file", home=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "Written: a.file\n")
    assert (tmp_path / "a.file").stat().st_mode & 0o777 == 0o600


def test_documents_are_public_and_tables_exact_where_nobody_said() -> None:
    exact = {"csv", "categories", "facts", "svg", "xlsx"}
    assert {form for form, how in WRITERS.items() if how.disclosure == "full"} == exact
    assert {how.disclosure for form, how in WRITERS.items() if form not in exact} == {"public"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--to", "everybody"), "'everybody' is none of operator:AS12389, operator:NAME"),
        (("--requests",), "Name with --to whom the letter asks."),
        (("--at", "tomorrow"), "Write it as 2026-11-22T12:00:00Z."),
        (("--disclosure", "secret"), "'secret' is none of public, full."),
        (("--n-volunteers", "0"), "--n-volunteers"),
        (("--n-volunteers", "2"), "--n-volunteers is more than the number of runs, 1."),
        (("--contact", "x" * 301), "At most 300 characters."),
        (("--events", "bad.csv"), "bad.csv:1: the header is not date,event,source"),
        (("--events", "undated.csv"), "undated.csv:3: the date is none"),
        (("--events", "unsourced.csv"), "unsourced.csv:2: an event has no text or no source"),
        (("--events", "absent.csv"), "absent.csv"),
        (("--operators", "bad.csv"), "bad.csv:1: no date"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_stated_ends_with_2_and_says_why(
    options: tuple[str, ...], said: str, run: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.csv").write_text("day,what\n")
    (tmp_path / "undated.csv").write_text("date,event,source\n2026-11-21,a,b\nsoon,a,b\n")
    (tmp_path / "unsourced.csv").write_text("date,event,source\n2026-11-21,a,\n")
    done = probe("report", str(run), "--format", "json", *options, home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_what_is_no_run_ends_with_2(tmp_path: Path) -> None:
    done = probe("report", "absent", "--format", "json", home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("form", ["csv", "categories"])
def test_tables_too_are_coarsened_where_they_are_made_public(form: str, run: Path, tmp_path: Path) -> None:
    full = probe("report", str(run), "--format", form, home=tmp_path).stdout
    public = probe("report", str(run), "--format", form, "--disclosure", "public", home=tmp_path).stdout
    assert run.name in full
    assert run.name not in public
    assert "unsealed-1" in public
    assert len(public.splitlines()) == len(full.splitlines())


def test_a_bag_and_its_zip_give_the_tables_of_their_run(run: Path, tmp_path: Path) -> None:
    done = sealed(run, tmp_path / "out")
    tables = [
        probe("report", str(path), "--format", "csv", home=tmp_path).stdout
        for path in (run, done.bag, done.zip)
    ]
    assert tables[0] == tables[1] == tables[2] != ""
    drawn = probe("report", str(done.zip), "--format", "svg", "-o", str(tmp_path / "svg"), home=tmp_path)
    assert drawn.returncode == 0
