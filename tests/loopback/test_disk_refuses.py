"""A disk that takes no more ends a run in good order: what lies there is judged, and goes on later."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from loopback.hasty import BLOCKED, Nobody, in_haste, run_in_lab, states_of
from probe.pipeline import RunResult
from probe.store import RunFolder, StoreError
from unit.a_disk import a_disk

TABLES = {"run.json", "verdicts.jsonl", "verdicts.csv", "services.csv", "datapackage.json"}


class Heard(Nobody):
    """An observer who counts what he is told to be kept."""

    def __init__(self) -> None:
        self.uids: list[str] = []

    def measured(self, measurement: Any) -> None:
        self.uids.append(measurement.measurement_uid)


def ended_by_a_full_disk(
    monkeypatch: pytest.MonkeyPatch, results: Path, *, room: int
) -> tuple[RunResult, Heard]:
    heard = Heard()
    with a_disk(monkeypatch, 50, room):
        return in_haste(run_in_lab(results, observer=heard)), heard


def test_a_run_on_a_disk_that_fills_is_judged_and_goes_on_when_there_is_room(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result, heard = ended_by_a_full_disk(monkeypatch, tmp_path, room=1000)
    assert isinstance(result.refused, StoreError)
    assert result.refused.problem == "cannot be written: No space left on device"
    assert result.refused.hint == "Free some disk space; what was written before is kept."
    kept = [m.measurement_uid for m in RunFolder.open(result.folder).measurements()]
    assert len(kept) >= 51
    assert set(heard.uids) == set(kept)
    assert result.record.stopped == "interrupted"
    assert result.record.n_measurements == len(kept)
    assert result.record.errors == ()
    assert {path.name for path in result.folder.iterdir() if path.is_file()} == TABLES | {
        "measurements.jsonl"
    }
    (verdict,) = result.verdicts
    assert verdict.state in {"inconclusive", "blocked"}
    assert verdict.mechanism in {"", "tls.reset.sni"}
    again = in_haste(run_in_lab(tmp_path, resume=result.folder))
    assert again.refused is None
    assert states_of(again) == BLOCKED
    uids = [m.measurement_uid for m in RunFolder.open(result.folder).measurements()]
    assert uids[: len(kept)] == kept


def test_a_disk_without_any_room_loses_nothing_that_was_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result, heard = ended_by_a_full_disk(monkeypatch, tmp_path, room=0)
    assert isinstance(result.refused, StoreError)
    kept = [m.measurement_uid for m in RunFolder.open(result.folder).measurements()]
    assert len(kept) == 50 == result.record.n_measurements
    assert set(heard.uids) <= set(kept)


def test_tables_that_cannot_be_written_cost_no_verdict(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refusing(path: Path, content: bytes, **_more: Any) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    class Filling(Nobody):
        def progress(self, *, done: int, total: int, **_more: Any) -> None:
            if done == total:  # all was measured
                monkeypatch.setattr("probe.store.run_folder.write_whole", refusing)

    result = in_haste(run_in_lab(tmp_path, observer=Filling()))
    assert states_of(result) == BLOCKED
    assert isinstance(result.refused, OSError)
    assert result.refused.errno == errno.EROFS
    assert not (result.folder / "verdicts.csv").exists()
    assert RunFolder.open(result.folder).read_run().ended_utc == ""


@pytest.mark.parametrize("name", ["run.json", "services.csv"])
def test_a_pipe_in_the_place_of_a_table_is_not_waited_for_and_costs_no_verdict(
    tmp_path: Path, name: str
) -> None:
    class Replacing(Nobody):
        def progress(self, *, done: int, total: int, **_more: Any) -> None:
            if done == total:  # all was measured
                (folder,) = tmp_path.iterdir()
                (folder / name).unlink(missing_ok=True)
                os.mkfifo(folder / name)

    result = in_haste(run_in_lab(tmp_path, observer=Replacing()))
    assert states_of(result) == BLOCKED
    assert str(result.refused) == (
        f"{result.folder / name}: no plain file. The run is not as it was written: use an untouched copy."
    )
