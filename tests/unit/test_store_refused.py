"""What a disk refuses is said with what to do about it; what lies there stays as it was."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import IO, Any, Never

import pytest

from probe.store import RunFolder, StoreError, journal
from probe.store.codec import LONGEST_LINE
from probe.system import disk
from unit.a_disk import FULL, a_disk
from unit.a_folder import raises
from unit.a_run import DER, SHA_OF_DER, a_full_measurement, a_measurement


class Failing:
    """A system whose disk takes 50 bytes of a line and does not give them back."""

    def write(self, descriptor: int, content: bytes) -> int:
        return os.write(descriptor, content[:50])

    def ftruncate(self, _descriptor: int, _size: int) -> None:
        raise FULL


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


def refusing(*_given: Any, **_more: Any) -> Never:
    raise FULL


def test_a_page_that_the_disk_will_not_take_is_told_and_its_measurement_is_not_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with RunFolder.create(tmp_path, "r") as run:
        run.append(a_measurement(measurement_uid="r-0"))
        with monkeypatch.context() as patch:
            patch.setattr("probe.store.run_folder.write_whole", refusing)
            with pytest.raises(StoreError, match="cannot be written: No space left on device"):
                run.append(a_full_measurement(), {SHA_OF_DER: DER})
        assert [m.measurement_uid for m in run.measurements()] == ["r-0"]


def test_what_waiting_for_the_disk_tells_first_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with RunFolder.create(tmp_path, "r") as run:
        run.append(a_measurement(), sync=False)
        assert run.refused is None
        with monkeypatch.context() as patch:
            patch.setattr(journal, "sync_content", refusing)
            for _ in range(2):
                with pytest.raises(StoreError, match="No space left on device"):
                    run.sync()
        first = run.refused
        assert isinstance(first, StoreError)
        assert first.path == str(run.path / "measurements.jsonl")
        run.sync()
        assert run.refused is first


def test_a_run_holds_room_back_and_gives_it_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    held: list[IO[bytes]] = []

    def noted(folder: Path, n_bytes: int) -> IO[bytes] | None:
        found = disk.hold_back(folder, n_bytes)
        held.extend([found] if found else [])
        return found

    monkeypatch.setattr("probe.store.run_folder.hold_back", noted)
    with RunFolder.create(tmp_path, "r") as run:
        run.hold_back(1_000_000)
        (room,) = held
        assert os.fstat(room.fileno()).st_blocks * 512 >= 1_000_000
        run.free_room()
        assert room.closed
        run.free_room()


def test_a_line_too_long_that_others_follow_is_refused_with_its_number(tmp_path: Path) -> None:
    with RunFolder.create(tmp_path, "r") as run:
        run.append(a_measurement())
    with (run.path / "measurements.jsonl").open("ab") as handle:
        handle.write(b"x" * (LONGEST_LINE + 1) + b"\n" + b"y\n")
    with raises("longer than", line=2):
        list(RunFolder.open(run.path).measurements())
