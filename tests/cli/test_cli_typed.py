"""What was typed is understood, or refused before anything is asked, measured or overwritten."""

import json
from pathlib import Path

import pytest

from cli.command import probe

RUN = "20261121T101500Z-AS12389-4f2a"


@pytest.mark.parametrize(
    ("beside", "named"),
    [
        (("telegram",), "SERVICE"),
        (("--list", "my.csv"), "--list"),
        (("--url", "https://example.org/"), "--url"),
        (("--rounds", "3"), "--rounds"),
        (("--asn", "AS1"), "--asn"),
        (("--region", "RU"), "--region"),
        (("--control", "none"), "--control"),
        (("--control-proxy", "socks5://127.0.0.1:1"), "--control-proxy"),
        (("--dns", "127.0.0.1"), "--dns"),
        (("--baseline", "x.json"), "--baseline"),
        (("--no-throughput",), "--throughput"),
        (("--rounds", "2", "--asn", "AS1"), "--rounds, --asn"),
    ],
)
def test_beside_resume_only_budgets_and_showing_may_be_typed(
    beside: tuple[str, ...], named: str, tmp_path: Path
) -> None:
    done = probe("run", "--resume", RUN, *beside, home=tmp_path)
    assert done.returncode == 2
    assert f"it does not go together with {named}: that run settles them." in " ".join(done.stderr.split())


def test_budgets_and_showing_may_stand_beside_resume(tmp_path: Path) -> None:
    done = probe(
        *("run", "--resume", RUN, "--max-mb", "3", "--max-minutes", "3", "--json", "--lang", "en", "--yes"),
        *("--results", "results", "--fail-on", "blocked", "--dry-run"),
        home=tmp_path,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"probe: {RUN}")


def test_a_baseline_for_a_run_takes_its_targets_from_there(tmp_path: Path) -> None:
    done = probe("baseline", "record", "telegram", "--for", RUN, "-o", "x.json", home=tmp_path)
    assert done.returncode == 2
    assert "--for" in done.stderr
    assert "SERVICE" in done.stderr


@pytest.mark.parametrize("command", [("baseline", "from", RUN), ("baseline", "record", "telegram")])
def test_a_baseline_does_not_overwrite_what_is_no_baseline(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    done = probe(*command, "-o", "diary.txt", home=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "probe: diary.txt is there and is no baseline: it stays as it is.",
        "       Name another file with -o.",
    ]
    assert (tmp_path / "diary.txt").read_text() == "mine"


@pytest.mark.parametrize("command", [("baseline", "from", RUN), ("baseline", "record", "telegram")])
def test_a_missing_folder_of_a_baseline_is_said_and_not_made(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    done = probe(*command, "-o", "no/x.json", home=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("probe: The folder no is not there.\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("out", ["/", "/dev/null"])
def test_a_folder_or_a_device_is_no_baseline(out: str, tmp_path: Path) -> None:
    done = probe("baseline", "from", RUN, "-o", out, home=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"probe: {out} is there and is no baseline")


def test_a_service_almost_right_is_suggested(tmp_path: Path) -> None:
    done = probe("run", "telegarm", "--dry-run", home=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[1].startswith("       Did you mean telegram? probe targets list")


def test_a_dry_run_as_json_is_hosts_on_stdout_and_sums_on_stderr(tmp_path: Path) -> None:
    done = probe("run", "telegram", "--dry-run", "--json", "--control", "ooni", home=tmp_path)
    assert done.returncode == 0
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {tuple(row) for row in rows} == {("host", "purpose", "service", "seen_by")}
    assert [row["purpose"] for row in rows if row["host"] == "149.154.167.51"] == ["target"] * 2
    assert any(row["purpose"] == "control" and "helper" in row["seen_by"] for row in rows)
    assert done.stderr.splitlines()[-1] == "Nothing was sent."


@pytest.mark.parametrize("results", ["file", "file/below", "/dev/null"])
def test_a_dry_run_says_that_no_run_could_be_kept_there(results: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = probe("run", "telegram", "--dry-run", "--results", results, home=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[1] == "       Name another folder with --results."
    assert done.stdout == ""


def test_a_budget_of_seconds_is_told_as_one(tmp_path: Path) -> None:
    done = probe("run", "telegram", "--dry-run", "--max-minutes", "0.1", home=tmp_path)
    assert "About 0.1 min and " in done.stdout
    assert "; never more than 0.1 min and 15.0 MB." in done.stdout
