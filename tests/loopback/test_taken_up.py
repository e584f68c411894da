"""A run that was killed is taken up where it stopped: debts are paid, and no name is given twice."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from loopback.hasty import BLOCKED, in_haste, run_in_lab, states_of
from probe.pipeline import rejudge
from probe.store import RunFolder, StoreError

TABLES = ("verdicts.jsonl", "verdicts.csv", "services.csv", "datapackage.json")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run that nobody disturbed."""
    result = in_haste(run_in_lab(tmp_path_factory.mktemp("results")))
    assert states_of(result) == BLOCKED
    return result.folder


def killed_after(n: int, whole: Path, place: Path) -> Path:
    """Return what a kill would have left of a run when it had written so many measurements."""
    folder = place / whole.name
    shutil.copytree(whole, folder)
    for name in TABLES:
        (folder / name).unlink()
    lines = (folder / "measurements.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "measurements.jsonl").write_bytes(b"".join(lines[:n]))
    with RunFolder.open(folder) as run:
        run.write_run(replace(run.read_run(), ended_utc="", n_measurements=0, bytes_sent=0, bytes_received=0))
    return folder


def of_a_target(line: str) -> bool:
    return json.loads(line)["service"] != "network" and not json.loads(line)["is_control"]


def test_what_all_rounds_of_a_target_still_owed_is_paid(whole: Path, tmp_path: Path) -> None:
    lines = (whole / "measurements.jsonl").read_text().splitlines()
    cross = next(i for i, line in enumerate(lines) if json.loads(line)["experiment"] == "cross")
    assert sum(map(of_a_target, lines[:cross])) == 3
    folder = killed_after(cross, whole, tmp_path)
    result = in_haste(run_in_lab(tmp_path, resume=folder))
    assert states_of(result) == BLOCKED
    assert result.record.resumed == 1


def test_no_measurement_gets_a_name_that_one_of_before_has(whole: Path, tmp_path: Path) -> None:
    uids = [m.measurement_uid for m in RunFolder.open(whole).measurements()]
    numbers = [int(uid.rpartition("-")[2]) for uid in uids]
    n = next(i for i in range(1, len(numbers)) if max(numbers[:i]) > i)
    folder = killed_after(n, whole, tmp_path)
    result = in_haste(run_in_lab(tmp_path, resume=folder))
    kept = [m.measurement_uid for m in RunFolder.open(folder).measurements()]
    assert len(set(kept)) == len(kept) == result.record.n_measurements
    assert kept[:n] == uids[:n]


def test_a_run_that_is_killed_while_it_is_taken_up_again_has_not_ended(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / whole.name
    shutil.copytree(whole, folder)
    before = RunFolder.open(folder).read_run()
    seen = []

    class Looking:
        def planned(self, _services: object) -> None:
            seen.append(RunFolder.open(folder).read_run())

        def __getattr__(self, _name: str) -> object:
            return lambda *_args, **_kwargs: None

    in_haste(run_in_lab(tmp_path, resume=folder, observer=Looking()))
    assert [(r.ended_utc, r.stopped, r.resumed) for r in seen] == [("", "", 1)]
    assert before.ended_utc


def test_judging_what_a_kill_left_accuses_nobody_of_what_a_control_was_not_asked_about(
    whole: Path, tmp_path: Path
) -> None:
    lines = (whole / "measurements.jsonl").read_text().splitlines()
    cross = next(i for i, line in enumerate(lines) if json.loads(line)["experiment"] == "cross")
    result = rejudge(killed_after(cross, whole, tmp_path), None, None)
    (verdict,) = result.verdicts
    assert (verdict.state, verdict.rule_id) == ("inconclusive", "target.interrupted")
    assert result.record.stopped == ""


def test_whoever_takes_up_a_run_that_never_began_is_told_to_begin_one(whole: Path, tmp_path: Path) -> None:
    folder = killed_after(0, whole, tmp_path)
    (folder / "run.json").unlink()
    with pytest.raises(StoreError) as told:
        in_haste(run_in_lab(tmp_path, resume=folder))
    assert told.value.hint == "It was cut off before anything was measured: begin a new run."
