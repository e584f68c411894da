"""A bag as one file: stored, in the order of the names, with one date; the same bag gives the same bytes."""

from __future__ import annotations

import stat
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

_UNIX: Final = 3
_OWNER: Final = (stat.S_IFREG | 0o600) << 16
"""Who unpacks it may read it, and nobody else on that machine."""
_ZIP64: Final = 2**31
_EARLIEST: Final = datetime(1980, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2107, 12, 31, 23, 59, 58, tzinfo=UTC)
"""Zip knows no time before, and none after."""


class BagZip:
    """A zip that is being written, file by file in the order of their names.

    Stored and not compressed: what a compressor makes of the same bytes depends on its version.
    """

    def __init__(self, path: Path, bag: str, generated: datetime) -> None:
        """Begin it; `bag` is the folder that all files lie in, `generated` the date of each of them."""
        self._zip = ZipFile(path, "w", ZIP_STORED)
        self._bag = bag
        self._date = min(max(generated, _EARLIEST), _LATEST).timetuple()[:6]

    def member(self, name: str, n_bytes: int) -> IO[bytes]:
        """Open the next file for writing; `n_bytes` is about its size."""
        info = ZipInfo(f"{self._bag}/{name}", self._date)
        info.create_system = _UNIX
        info.external_attr = _OWNER
        return self._zip.open(info, "w", force_zip64=n_bytes >= _ZIP64)

    def give_up(self) -> None:
        """Let go of a file that could not be written to its end; the library would try to at its own end."""
        file, self._zip.fp = self._zip.fp, None
        if file is not None:
            with suppress(OSError, ValueError):
                file.close()

    def close(self) -> None:
        """Write the directory at its end."""
        self._zip.close()


def blocks(file: IO[bytes], size: int) -> Iterator[memoryview]:
    """Yield a file's content through one buffer of `size` bytes, which the next block overwrites."""
    buffer = memoryview(bytearray(size))
    while n := file.readinto(buffer):  # type: ignore[attr-defined]  # typeshed: IO has none, files opened "rb" do
        yield buffer[:n]
