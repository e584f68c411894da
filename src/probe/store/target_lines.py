"""Where each target's measurements begin in a journal, and reading them there."""

from array import array
from collections.abc import Iterable, Iterator, MutableSequence, Sequence
from io import RawIOBase
from pathlib import Path
from typing import Final

import msgspec

from probe.model.measurement import Measurement
from probe.store import codec
from probe.store.error import StoreError
from probe.store.journal import unbroken, unreadable

_USUAL_LINE: Final = 1 << 14
"""Bytes that hold most lines: a page is written shortened."""

Index = dict[str, MutableSequence[int]]
"""Offsets by target; arrays: of a long list the numbers alone would be megabytes."""


class _Head(msgspec.Struct, frozen=True, gc=False):
    target_id: str


_head = msgspec.json.Decoder(_Head)


def read_at(path: Path, offsets: Iterable[int]) -> Iterator[Measurement]:
    """Yield the measurements that begin at these offsets of an index. Raises StoreError with the line."""
    for _, measurement in _read_at(path, offsets):
        yield measurement


def together(path: Path, offsets: Sequence[int]) -> tuple[Measurement, ...]:
    """Return the measurements at these offsets, all at once. Raises StoreError with the line.

    Raises it too where they are more than `LARGEST_TARGET` bytes: no run measures one target so much.
    """
    found: list[Measurement] = []
    n_bytes = 0
    for size, measurement in _read_at(path, offsets):
        n_bytes += size
        found.append(measurement)
        if n_bytes > codec.LARGEST_TARGET:
            problem = f"more than {codec.LARGEST_TARGET} bytes of {measurement.target_id[:100]!r}"
            hint = "The file is not as it was written: use an untouched copy of the run."
            raise StoreError(path, line_at(path, offsets[0]), problem, hint)
    return tuple(found)


def line_at(path: Path, offset: int) -> int:
    """Return the number of the line that holds an offset, from 1."""
    number = 1
    with path.open("rb") as handle:
        while offset > 0 and (content := handle.read(min(offset, 1 << 20))):
            number += content.count(b"\n")
            offset -= len(content)
    return number


def _read_at(path: Path, offsets: Iterable[int]) -> Iterator[tuple[int, Measurement]]:
    """Yield the bytes of each line and what it holds."""
    with path.open("rb", buffering=0) as handle:
        for offset in offsets:
            line = _line_at(handle, offset)
            try:
                yield len(line), codec.decode(line)
            except ValueError as error:
                raise unreadable(path, line_at(path, offset), error) from None


def _line_at(handle: RawIOBase, offset: int) -> bytes:
    """Return the line that begins there, without its line feed; most fit into one read."""
    handle.seek(offset)
    found = b""
    while len(found) <= codec.LONGEST_LINE and (block := handle.read(max(_USUAL_LINE, len(found)))):
        end = block.find(b"\n")
        if end >= 0:
            return found + block[:end]
        found += block
    return found


def index(path: Path) -> Index:
    """Return the offsets of each target's lines in one quick pass that checks the chain and decodes little.

    Raises StoreError with the line.
    """
    found: Index = {}
    for number, (offset, line) in enumerate(unbroken(path), 1):
        try:
            noted(found, _head.decode(line).target_id, offset)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise unreadable(path, number, error) from None
    return found


def noted(index: Index, target_id: str, offset: int) -> None:
    """Put the offset of a line into an index."""
    offsets = index.get(target_id)
    if offsets is None:
        index[target_id] = array("Q", (offset,))
    else:
        offsets.append(offset)
