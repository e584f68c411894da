"""What a disk refuses is said with what to do about it; what lies there stays as it was."""

from __future__ import annotations

import errno
import hashlib
import os
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Never

import pytest

from probe.store import RunFolder, StoreError, journal
from probe.store.codec import LONGEST_LINE
from probe.system import disk
from probe.system.descriptors import Spare
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
            patch.setattr("probe.store.blobs.write_whole", refusing)
            with pytest.raises(StoreError, match="cannot be written: No space left on device"):
                run.append(a_full_measurement(), {SHA_OF_DER: DER})
        assert [m.measurement_uid for m in run.measurements()] == ["r-0"]


@contextmanager
def no_descriptor_left() -> Iterator[list[int]]:
    """Take all that this process may have; whoever takes one from the list gives it back."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = [os.open(os.devnull, os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (taken[0] + 2, hard))
    try:
        with suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        yield taken
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in taken:
            os.close(descriptor)


@pytest.mark.parametrize("sync", [True, False])
def test_a_page_is_kept_where_connections_took_all_descriptors_and_the_run_goes_on(
    tmp_path: Path, *, sync: bool
) -> None:
    first = b"the first page"
    with RunFolder.create(tmp_path, "r") as run:
        run.append(a_measurement(), {hashlib.sha256(first).hexdigest(): first})
        with no_descriptor_left():
            for _ in range(2):  # the spare one is held again each time
                run.append(a_full_measurement(), {SHA_OF_DER: DER}, sync=sync)
                run.sync()
                (run.path / "blobs" / SHA_OF_DER).unlink()
            run.append(a_full_measurement(), {SHA_OF_DER: DER}, sync=sync)
        assert run.refused is None
    assert run.blob(SHA_OF_DER) == DER
    assert len(list(run.measurements())) == 4


def test_the_first_page_is_kept_too_where_all_descriptors_are_taken(tmp_path: Path) -> None:
    with RunFolder.create(tmp_path, "r") as run:
        run.append(a_measurement())
    with RunFolder.open(run.path, append=True) as again:
        with no_descriptor_left():
            again.append(a_full_measurement(), {SHA_OF_DER: DER}, sync=False)
            waiting = threading.Thread(target=again.sync)
            waiting.start()
            waiting.join()
        assert again.refused is None
    assert len(list(again.measurements())) == 2


def test_where_not_even_the_spare_descriptor_helps_it_is_said_and_what_was_kept_stays(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with RunFolder.create(tmp_path, "r") as run:
        run.append(a_measurement())
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))  # whatever is given back is beyond it
        try:
            with pytest.raises(StoreError) as told:
                run.append(a_full_measurement(), {SHA_OF_DER: DER})
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        run.append(a_full_measurement(), {SHA_OF_DER: DER})
    assert told.value.hint == "Too many files are open: try a smaller --concurrency."
    assert len(list(run.measurements())) == 2


def test_a_descriptor_is_held_back_once_and_given_back_once() -> None:
    spare = Spare()
    spare.hold()
    before = len(list(Path("/proc/self/fd").iterdir()))
    spare.hold()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    spare.give_back()
    with Path(os.devnull).open("rb") as other:  # which has its number now
        spare.give_back()
        assert other.read() == b""


@pytest.mark.parametrize("is_told", [True, False])
def test_a_page_that_the_disk_will_never_sync_lets_go_of_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, is_told: bool
) -> None:
    run = RunFolder.create(tmp_path, "r")
    run.append(a_full_measurement(), {SHA_OF_DER: DER}, sync=False)
    monkeypatch.setattr("probe.store.blobs.sync_file", refusing)
    if is_told:
        with pytest.raises(StoreError, match="No space left on device"):
            run.sync()
        run.close()
    else:
        with pytest.raises(OSError, match="No space left on device"):
            run.close()
    with RunFolder.open(run.path, append=True) as again:
        assert len(list(again.measurements())) == 1


def test_two_threads_that_wait_for_the_disk_sync_each_page_once_and_return_when_it_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pages = {hashlib.sha256(page).hexdigest(): page for page in (b"one", b"two", b"three")}
    begun: list[str] = []
    done: list[str] = []
    seen: list[int] = []

    def slowly(path: Path) -> None:
        begun.append(path.name)
        time.sleep(0.05)
        done.append(path.name)

    monkeypatch.setattr("probe.store.blobs.sync_file", slowly)

    def wait() -> None:
        run.sync()
        seen.append(len(done))

    with RunFolder.create(tmp_path, "r") as run:
        run.append(a_measurement(), pages, sync=False)
        threads = [threading.Thread(target=wait) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert begun == done == list(pages)
    assert seen == [3, 3, 3]


def test_a_page_that_could_not_be_synced_is_synced_the_next_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    synced: list[Path] = []
    with RunFolder.create(tmp_path, "r") as run:
        run.append(a_full_measurement(), {SHA_OF_DER: DER}, sync=False)
        for name in ("sync_file", "sync_folder"):
            with monkeypatch.context() as patch:
                patch.setattr(f"probe.store.blobs.{name}", refusing)
                with pytest.raises(StoreError, match="No space left on device"):
                    run.sync()
        for name in ("sync_file", "sync_folder"):
            monkeypatch.setattr(f"probe.store.blobs.{name}", synced.append)
        run.sync()
        assert synced == [run.path / "blobs"]  # the page itself was synced before its folder was refused


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
