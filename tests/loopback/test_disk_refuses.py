"""A disk that takes no more ends a run in good order: what lies there is judged, and goes on later."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from loopback.hasty import BLOCKED, Nobody, in_haste, run_in_lab, states_of
from probe.pipeline import RunResult
from probe.store import RunFolder, StoreError, journal
from probe.system import disk
from unit.a_run import a_measurement

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
TABLES = {"run.json", "verdicts.jsonl", "verdicts.csv", "services.csv", "datapackage.json"}


class Disk:
    """A disk that refuses a journal's lines once it has taken `n`; `room` fit into what was held back."""

    def __init__(self, n: int, room: int, error: OSError = FULL) -> None:
        self.n, self.room, self.error, self.n_refused = n, room, error, 0

    def write(self, descriptor: int, content: bytes) -> int:
        if not content.startswith(b'{"prev_sha256"'):
            return os.write(descriptor, content)
        if self.n > 0:
            self.n -= 1
            return os.write(descriptor, content)
        self.n_refused += 1
        if self.n_refused > 1 and self.room > 0:
            self.room -= 1
            return os.write(descriptor, content)
        raise self.error


@contextmanager
def a_disk(monkeypatch: pytest.MonkeyPatch, n: int, room: int, error: OSError = FULL) -> Iterator[Disk]:
    """Have journals written on such a disk."""
    found = Disk(n, room, error)

    class System:
        write = staticmethod(found.write)

        def __getattr__(self, name: str) -> Any:
            return getattr(os, name)

    with monkeypatch.context() as patch:
        patch.setattr(journal, "os", System())
        yield found


class Failing:
    """A system whose disk takes 50 bytes of a line and does not give them back."""

    def write(self, descriptor: int, content: bytes) -> int:
        return os.write(descriptor, content[:50])

    def ftruncate(self, _descriptor: int, _size: int) -> None:
        raise FULL


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


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.ENOSPC, "Free some disk space; what was written before is kept."),
        (errno.EROFS, "Choose a place that you may write to."),
        (errno.EMFILE, "Too many files are open: try a smaller --concurrency."),
    ],
)
def test_each_refusal_says_what_to_do(
    number: int, hint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (
        RunFolder.create(tmp_path, "r") as run,
        a_disk(monkeypatch, 1, 0, OSError(number, os.strerror(number))),
    ):
        run.append(a_measurement(measurement_uid="r-0"))
        with pytest.raises(StoreError) as told:
            run.append(a_measurement(measurement_uid="r-1"))
    assert (told.value.problem, told.value.hint) == (f"cannot be written: {os.strerror(number)}", hint)
    assert [m.measurement_uid for m in run.measurements()] == ["r-0"]


def test_room_that_is_held_back_has_no_name_and_is_given_back(tmp_path: Path) -> None:
    held = disk.hold_back(tmp_path, 1_000_000)
    assert held is not None
    assert list(tmp_path.iterdir()) == []
    assert os.fstat(held.fileno()).st_blocks * 512 >= 1_000_000
    held.close()
    assert disk.hold_back(tmp_path / "nowhere", 1) is None
    assert disk.hold_back(tmp_path, 1 << 62) is None
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_cannot_even_be_shortened_is_not_written_to_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with RunFolder.create(tmp_path, "r") as run:
        run.append(a_measurement(measurement_uid="r-0"))
        with monkeypatch.context() as patch:
            patch.setattr(journal, "os", Failing())
            with pytest.raises(StoreError, match="took only a part"):
                run.append(a_measurement(measurement_uid="r-1"))
        with pytest.raises(StoreError, match="took only a part"):
            run.append(a_measurement(measurement_uid="r-2"))
    with RunFolder.open(run.path, append=True) as again:
        again.append(a_measurement(measurement_uid="r-3"))
    assert [m.measurement_uid for m in again.measurements()] == ["r-0", "r-3"]
