"""measurements.jsonl: a line a measurement, appended in one write, bearing the hash of the one before."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from probe.model.measurement import Measurement
from probe.store import codec
from probe.store.error import StoreError, not_written
from probe.system.disk import (
    make_last,
    open_plain,
    open_to_append,
    sync_content,
    sync_folder,
    write_whole,
)
from probe.system.holding import hold, let_go

FIRST: Final = "0" * 64
"""What the first line bears instead of a hash."""
_PREFIX: Final = b'{"prev_sha256":"'
_BLOCK: Final = 1 << 18
"""Bytes read at once."""


class Journal:
    """The open end of a journal: one process at a time may hold it."""

    def __init__(self, path: Path) -> None:
        """Open or make the file, lock it, move a torn last line away. Raises StoreError when it is in use."""
        self._path = path
        self._size = 0
        self._previous = FIRST
        self._is_torn = False
        self._descriptor = open_to_append(path)
        try:
            self._lock()
            self._heal()
        except BaseException:
            let_go(self._descriptor)
            raise
        sync_folder(path.parent)

    def append(self, measurement: Measurement, *, sync: bool = True) -> int:
        """Write one line and, unless told otherwise, wait for the disk. Returns the line's offset.

        Raises StoreError when the disk is full; the file is then as before. Raises ValueError for a
        measurement that could not be read again: a fault of ours.
        """
        if self._is_torn:
            raise not_written(self._path, OSError(), "the disk took only a part of the line")
        line = chained(codec.encode(measurement), self._previous)
        offset = self._size
        try:
            whole = os.write(self._descriptor, line) == len(line)
            if sync and whole:
                sync_content(self._descriptor)
        except OSError as error:
            self._take_back(offset)
            raise not_written(self._path, error) from error
        if not whole:
            self._take_back(offset)
            raise not_written(self._path, OSError(), "the disk took only a part of the line")
        self._size += len(line)
        self._previous = hashlib.sha256(line[:-1]).hexdigest()
        return offset

    def _take_back(self, offset: int) -> None:
        """Cut the file back to where it was; what the disk will not even shorten is not written to again."""
        try:
            os.ftruncate(self._descriptor, offset)
        except OSError:
            self._is_torn = True

    def sync(self) -> None:
        """Wait until everything appended is on the disk."""
        sync_content(self._descriptor)

    def close(self) -> None:
        """Sync and let go of the file and its lock; twice does no harm."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            try:
                sync_content(descriptor)
            finally:
                let_go(descriptor)

    def _lock(self) -> None:
        try:
            hold(self._descriptor)
        except BlockingIOError:
            hint = "Wait until it ends, or end it with Ctrl-C."
            raise StoreError(self._path, 0, "another probe is writing to this run", hint) from None

    def _heal(self) -> None:
        """Keep complete lines; what a crash left of the last one goes to measurements.torn-N.jsonl."""
        size = os.fstat(self._descriptor).st_size
        start = max(0, size - 2 * codec.LONGEST_LINE)
        os.lseek(self._descriptor, start, os.SEEK_SET)
        tail = os.read(self._descriptor, size - start)
        end = tail.rfind(b"\n") + 1
        begin = tail.rfind(b"\n", 0, max(0, end - 1)) + 1
        if end and not _readable(tail[begin : end - 1]):
            # After a power cut a file system may show zeros or old bytes where the last line should be.
            end = begin
            begin = tail.rfind(b"\n", 0, max(0, end - 1)) + 1
        if end < len(tail):
            write_whole(_free_name(self._path), tail[end:])
            os.ftruncate(self._descriptor, start + end)
            make_last(self._descriptor)
        self._size = start + end
        self._previous = hashlib.sha256(tail[begin : end - 1]).hexdigest() if end else FIRST


def chained(record: bytes, previous: str) -> bytes:
    """Return the line of a record: `prev_sha256` is its first key."""
    return b"".join((_begin(previous), record[1:], b"\n"))


def _begin(previous: str) -> bytes:
    """Return how the line after one of that hash begins."""
    return b"".join((_PREFIX, previous.encode(), b'",'))


def read(path: Path) -> Iterator[Measurement]:
    """Yield every measurement in order, checking the chain. Raises StoreError with the line.

    A last line without line feed is not yet, or never was, a measurement: it is left out.
    """
    for number, (_, line) in enumerate(unbroken(path), 1):
        yield _measurement(path, number, line)


def read_with_lines(path: Path) -> Iterator[tuple[Measurement, bytes]]:
    """Yield the same, each beside the bytes of its line."""
    for number, (_, line) in enumerate(unbroken(path), 1):
        yield _measurement(path, number, line), line


def unbroken(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield offset and bytes of each complete line, each held against the hash that the next one bears."""
    begin = _begin(FIRST)
    for number, (offset, line) in enumerate(_lines(path), 1):
        if not line.startswith(begin):
            what = (
                "the chain begins elsewhere" if number == 1 else f"line {number - 1} was changed or removed"
            )
            hint = "The file is not as it was written: use an untouched copy of the run."
            raise StoreError(path, number, f"prev_sha256 does not fit: {what}", hint)
        yield offset, line
        begin = _begin(hashlib.sha256(line).hexdigest())


def of_experiment(path: Path, experiment: str) -> Iterator[Measurement]:
    """Yield the measurements of one experiment without a look at the others or at the chain.

    For estimates over many runs, where a run that was tampered with shifts a figure and accuses nobody.
    Raises StoreError with the line.
    """
    # Within a text the quotes would be escaped: the mark stands for the field alone.
    mark = b'"experiment":' + msgspec.json.encode(experiment)
    for number, (_, line) in enumerate(_lines(path), 1):
        if mark in line:
            yield _measurement(path, number, line)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield offset and bytes of each complete line, without its line feed."""
    try:
        handle = open_plain(path)
    except OSError as error:
        hint = "Name a folder below results/ that `probe run` wrote."
        raise StoreError(path, 0, f"cannot be read: {error.strerror}", hint) from None
    with handle:
        offset = number = 0
        rest = b""
        while block := handle.read(_BLOCK):
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                number += 1
                if len(line) > codec.LONGEST_LINE:
                    raise _too_long(path, number)
                yield offset, line
                offset += len(line) + 1
            if len(rest) > codec.LONGEST_LINE:
                raise _too_long(path, number + 1)


def _too_long(path: Path, number: int) -> StoreError:
    return unreadable(path, number, ValueError(f"longer than {codec.LONGEST_LINE} bytes"))


def _measurement(path: Path, number: int, line: bytes) -> Measurement:
    try:
        return codec.decode(line)
    except ValueError as error:
        raise unreadable(path, number, error) from None


def unreadable(path: Path, number: int, error: Exception) -> StoreError:
    """Return what is said of a line that is no measurement."""
    hint = "The file is not as it was written: use an untouched copy of the run."
    return StoreError(path, number, f"not a measurement: {error}", hint)


def _readable(line: bytes) -> bool:
    try:
        codec.decode(line)
    except ValueError:
        return False
    return True


def _free_name(path: Path) -> Path:
    number = 1
    while (free := path.with_name(f"{path.stem}.torn-{number}{path.suffix}")).exists():
        number += 1
    return free
