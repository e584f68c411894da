"""Whoever judges an older run again, and seals it, seals what fits together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from probe.judge import RULES_VERSION
from probe.judge.fingerprints import FINGERPRINTS_VERSION
from probe.pipeline import UsageError
from probe.pipeline.rejudge import rejudge
from probe.pipeline.verifying import verify
from probe.store import encode_baseline
from unit.a_bag import a_run, change, sealed
from unit.test_judge_baseline import a_baseline

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = ("rules_version", "fingerprints_version")
NOW = {"run.json": (RULES_VERSION,), "inputs/controls.json": (RULES_VERSION, FINGERPRINTS_VERSION)}
BEFORE = {"run.json": (1,), "inputs/controls.json": (1, 0)}


def versions(run: Path) -> dict[str, tuple[int, ...]]:
    found = {name: msgspec.json.decode((run / name).read_bytes()) for name in NOW}
    return {name: tuple(told[key] for key in VERSIONS if key in told) for name, told in found.items()}


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """Return a run that other rules judged, as far as its files say."""
    run = a_run(tmp_path)
    change(run / "run.json", rules_version=1)
    change(run / "inputs" / "controls.json", rules_version=1, fingerprints_version=0)
    return run


def test_a_run_judged_again_where_it_lies_bears_the_version_of_the_rules_that_judged_it(older: Path) -> None:
    rejudge(older, None, None)
    assert versions(older) == NOW


def test_its_bag_is_whole_and_its_verdicts_come_out_the_same(older: Path, tmp_path: Path) -> None:
    rejudge(older, None, None)
    done = verify(sealed(older, tmp_path / "bags").bag, "")
    assert tuple(done.faults.kept) == ()
    assert done.judging is not None
    assert (done.judging.again, done.judging.rules_version) == (True, RULES_VERSION)


def test_judged_into_another_folder_the_run_stays_as_it_is(older: Path, tmp_path: Path) -> None:
    rejudge(older, None, tmp_path / "out")
    assert versions(older) == BEFORE


def test_with_another_baseline_the_verdicts_go_elsewhere_since_that_is_not_in_the_run(
    older: Path, tmp_path: Path
) -> None:
    path = tmp_path / "elsewhere.json"
    path.write_bytes(encode_baseline(a_baseline()))
    before = {each: each.read_bytes() for each in older.rglob("*") if each.is_file()}
    with pytest.raises(UsageError, match="would not follow from what lies in the run") as told:
        rejudge(older, path, None)
    assert told.value.hint == (f"Give another folder for them: probe judge {older} --baseline {path} -o DIR")
    assert {each: each.read_bytes() for each in older.rglob("*") if each.is_file()} == before
