"""Files are as safe where a system lacks what Linux has: Windows and macOS are acted here."""

import errno
import fcntl
import os
import stat
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from probe.store.error import StoreError
from probe.store.journal import Journal
from probe.system import disk


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, int]]:
    """Take from this process what Windows lacks; return the byte ranges that were locked and unlocked."""
    asked: list[tuple[int, int, int]] = []

    def locking(descriptor: int, mode: int, n_bytes: int) -> None:
        asked.append((mode, os.lseek(descriptor, 0, os.SEEK_CUR), n_bytes))
        kind = fcntl.LOCK_UN if mode == 0 else fcntl.LOCK_EX | fcntl.LOCK_NB
        try:
            fcntl.flock(descriptor, kind)
        except BlockingIOError:
            raise PermissionError(errno.EACCES, "Permission denied") from None

    msvcrt: Any = types.ModuleType("msvcrt")
    msvcrt.LK_UNLCK, msvcrt.LK_NBLCK, msvcrt.locking = 0, 2, locking
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt)
    monkeypatch.setattr(sys, "platform", "win32")
    for name in ("_NO_LINK", "_NO_WAIT"):
        monkeypatch.setattr(disk, name, 0)
    for name in ("fchmod", "fdatasync", "pread", "O_DIRECTORY", "O_NOFOLLOW"):
        monkeypatch.delattr(os, name)
    return asked


def _failing(real: Callable[..., Any], n_times: int, error: OSError) -> Callable[..., Any]:
    """Return a function that raises `n_times` before it does what it is for."""
    left = [n_times]

    def acted(*arguments: Any, **named: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise error
        return real(*arguments, **named)

    return acted


@pytest.mark.usefixtures("windows")
def test_on_windows_a_file_is_written_whole_without_mode_bits_and_without_syncing_its_folder(
    tmp_path: Path,
) -> None:
    disk.write_whole(tmp_path / "verdicts.csv", b"a\r\nb\n")
    assert [path.name for path in tmp_path.iterdir()] == ["verdicts.csv"]
    assert (tmp_path / "verdicts.csv").read_bytes() == b"a\r\nb\n"


@pytest.mark.usefixtures("windows")
def test_on_windows_what_is_synced_is_opened_for_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "blob"
    path.write_bytes(b"x")
    access: list[int] = []
    real = os.fsync

    def noted(descriptor: int) -> None:
        access.append(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    disk.sync_file(path)
    assert access == [os.O_RDWR]


@pytest.mark.usefixtures("windows")
def test_on_windows_a_link_is_not_followed_either(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"secret")
    (tmp_path / "link").symlink_to("elsewhere")
    with pytest.raises(OSError, match=os.strerror(errno.ELOOP)) as refused:
        disk.open_to_read(tmp_path / "link")
    assert refused.value.errno == errno.ELOOP


def test_on_windows_a_journal_is_held_by_a_byte_that_no_reader_needs(
    tmp_path: Path, windows: list[tuple[int, int, int]]
) -> None:
    journal = Journal(tmp_path / "measurements.jsonl")
    with pytest.raises(StoreError, match="another probe is writing to this run"):
        Journal(tmp_path / "measurements.jsonl")
    journal.close()
    Journal(tmp_path / "measurements.jsonl").close()
    assert {where for _, where, _ in windows} == {2**31 - 2}
    assert [mode for mode, _, _ in windows] == [2, 2, 0, 0, 2, 0]


@pytest.mark.usefixtures("windows")
def test_on_windows_a_file_that_a_scanner_has_open_is_replaced_when_it_lets_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old").write_bytes(b"new")
    (tmp_path / "new").write_bytes(b"old")
    in_use = PermissionError(errno.EACCES, "The process cannot access the file")
    monkeypatch.setattr(Path, "replace", _failing(Path.replace, 3, in_use))
    disk.replace(tmp_path / "old", tmp_path / "new")
    assert (tmp_path / "new").read_bytes() == b"new"


@pytest.mark.usefixtures("windows")
def test_on_windows_a_file_that_stays_open_is_told_and_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run.json").write_bytes(b"old")
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    in_use = PermissionError(errno.EACCES, "The process cannot access the file")
    monkeypatch.setattr(Path, "replace", _failing(Path.replace, 99, in_use))
    with pytest.raises(PermissionError):
        disk.write_whole(tmp_path / "run.json", b"new")
    assert waits == [0.01, 0.03, 0.1, 0.3, 0.6]
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    assert (tmp_path / "run.json").read_bytes() == b"old"


@pytest.mark.parametrize("knows", [True, False])
def test_on_macos_bytes_go_through_the_drives_cache_where_the_file_system_knows_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, knows: bool
) -> None:
    asked: list[str] = []

    def control(_descriptor: int, command: int) -> None:
        asked.append(f"fcntl {command}")
        if not knows:
            raise OSError(errno.ENOTSUP, "no")

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delattr(os, "fdatasync")
    monkeypatch.setattr(fcntl, "fcntl", control)
    monkeypatch.setattr(os, "fsync", lambda _descriptor: asked.append("fsync"))
    Journal(tmp_path / "measurements.jsonl").close()
    a_folder = ["fsync"]
    assert asked == [*a_folder, "fcntl 51", *([] if knows else ["fsync"])]


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP, errno.EINVAL])
def test_a_memory_stick_without_second_names_takes_a_bag_and_loses_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def link(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", link)
    (tmp_path / "draft").write_bytes(b"zip")
    disk.place(tmp_path / "draft", tmp_path / "bag.zip")
    assert (tmp_path / "bag.zip").read_bytes() == b"zip"
    (tmp_path / "other").write_bytes(b"another")
    with pytest.raises(FileExistsError):
        disk.place(tmp_path / "other", tmp_path / "bag.zip")
    assert (tmp_path / "bag.zip").read_bytes() == b"zip"


def test_a_memory_stick_without_owners_takes_an_export_and_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_owners(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "fchmod", no_owners)
    disk.write_whole(tmp_path / "verdicts.csv", b"table")
    assert (tmp_path / "verdicts.csv").read_bytes() == b"table"
    with pytest.raises(PermissionError):
        disk.open_to_append(tmp_path / "measurements.jsonl")


def test_where_no_name_can_be_given_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", _failing(os.link, 1, PermissionError(errno.EPERM, "no")))
    monkeypatch.setattr(Path, "replace", _failing(Path.replace, 1, OSError(errno.EIO, "broken")))
    (tmp_path / "draft").write_bytes(b"zip")
    with pytest.raises(OSError, match="broken"):
        disk.place(tmp_path / "draft", tmp_path / "bag.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["draft"]


def test_an_error_of_the_disk_is_no_lack_of_the_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", _failing(os.fsync, 1, OSError(errno.EINVAL, "not here")))
    disk.sync_folder(tmp_path)
    monkeypatch.setattr(os, "fsync", _failing(os.fsync, 1, OSError(errno.EIO, "broken")))
    with pytest.raises(OSError, match="broken"):
        disk.sync_folder(tmp_path)


def test_what_is_made_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        os.close(disk.open_new(tmp_path / "new"))
        os.close(disk.open_to_append(tmp_path / "journal"))
        disk.write_whole(tmp_path / "whole", b"")
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
