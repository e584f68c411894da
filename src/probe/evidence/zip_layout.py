"""Where each file of a zip lies: a byte that is neither theirs nor of the list at the end is found."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any, Final
from zipfile import ZIP_STORED

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

_CENTRAL: Final = struct.Struct("<4sBB5H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_END: Final = struct.Struct("<4s4H2LH")
_FIELD: Final = struct.Struct("<2H")
_ZIP64: Final = 1
"""The one extra field that a bag's zip may have: sizes beyond four bytes."""
_FULL: Final = 0xFFFFFFFF
_FULL_COUNT: Final = 0xFFFF
_ALLOWED_FLAGS: Final = 0x0806
"""How hard it was packed, and UTF-8: no sizes behind the content, which only a guess would find."""
_BLOCK: Final = 1 << 18


class Placed(Struct, frozen=True, kw_only=True):
    """One file of a zip."""

    name: str
    begin: int
    """Where its packed bytes begin."""
    n_packed: int
    n_bytes: int
    crc: int
    method: int


class LayoutError(ValueError):
    """The zip holds what its list of files does not say."""


class SurplusError(LayoutError):
    """A comment, or a field beside a file; its argument is the name of the file."""


def placed(file: IO[bytes], directory: bytes, begin: int) -> list[Placed]:
    """Return the files that a zip's list names, in its order, which is that of their places.

    `directory` is the list, `begin` where it lies. Raises LayoutError where anything lies before the first
    file, between two, or before the list, and where a file says other of itself than the list says.
    """
    found: list[Placed] = []
    at = offset = 0
    while at < len(directory):
        mark, _by, _os, _need, *rest = _unpacked(_CENTRAL, directory, at)
        flags, method, time, date, crc, n_packed, n_bytes, n_name, n_extra, n_comment, disk, *_attributes = (
            rest
        )
        told = rest[-1]
        name = directory[at + _CENTRAL.size : at + _CENTRAL.size + n_name].decode("ascii", "replace")
        extra = directory[at + _CENTRAL.size + n_name : at + _CENTRAL.size + n_name + n_extra]
        at += _CENTRAL.size + n_name + n_extra + n_comment
        if mark != b"PK\x01\x02" or disk or at > len(directory):
            raise LayoutError(name)
        if n_comment:
            raise SurplusError(name)
        n_bytes, n_packed, told = _large(extra, (n_bytes, n_packed, told), name)
        if told != offset or flags & ~_ALLOWED_FLAGS:
            raise LayoutError(name)
        same = (flags, method, time, date, crc, n_packed, n_bytes, name)
        content = _local(file, offset, same)
        found.append(
            Placed(name=name, begin=content, n_packed=n_packed, n_bytes=n_bytes, crc=crc, method=method)
        )
        offset = content + n_packed
    if offset != begin:
        raise LayoutError
    return found


def ends(end: bytes, n_files: int, n_bytes: int, begin: int) -> bool:
    """Say whether a zip's last bytes count its files and tell the size and place of its list."""
    _mark, disk, first, here, all_, told_bytes, told_begin, _n_comment = _END.unpack(end)
    counts = {here, all_} <= {n_files, _FULL_COUNT} if n_files >= _FULL_COUNT else here == all_ == n_files
    return (
        (disk, first) == (0, 0)
        and counts
        and told_bytes in (n_bytes, _FULL)
        and (told_begin == begin or (told_begin == _FULL and begin > _FULL >> 1))
    )


def _local(file: IO[bytes], offset: int, listed: tuple[int, int, int, int, int, int, int, str]) -> int:
    """Return where a file's content begins, once what stands before it says what the list says."""
    file.seek(offset)
    mark, _need, *rest, n_name, n_extra = _unpacked(_LOCAL, file.read(_LOCAL.size), 0)
    flags, method, time, date, crc, n_packed, n_bytes = rest
    raw = file.read(n_name)
    name = raw.decode("ascii", "replace")
    extra = file.read(n_extra)
    if mark != b"PK\x03\x04" or name != listed[-1]:
        raise LayoutError(name)
    n_bytes, n_packed = _large(extra, (n_bytes, n_packed), name)
    if (flags, method, time, date, crc, n_packed, n_bytes, name) != listed:
        raise LayoutError(name)
    return offset + _LOCAL.size + len(raw) + len(extra)


def _large(extra: bytes, numbers: tuple[int, ...], name: str) -> list[int]:
    """Return sizes and place, those that are too large for four bytes out of the extra field."""
    missing = sum(number == _FULL for number in numbers)
    if not extra and not missing:
        return list(numbers)
    if len(extra) != _FIELD.size + 8 * missing or _FIELD.unpack_from(extra) != (_ZIP64, 8 * missing):
        raise SurplusError(name)
    large = iter(struct.unpack_from(f"<{missing}Q", extra, _FIELD.size))
    return [next(large) if number == _FULL else number for number in numbers]


def _unpacked(what: struct.Struct, content: bytes, at: int) -> tuple[Any, ...]:
    if len(content) - at < what.size:
        raise LayoutError
    return what.unpack_from(content, at)


def content_of(file: IO[bytes], one: Placed) -> Iterator[bytes]:
    """Yield a file's content, as many bytes as were declared and no more. Raises LayoutError, zlib.error."""
    file.seek(one.begin)
    packed = _packed(file, one.n_packed)
    n_left, crc = one.n_bytes, 0
    for block in packed if one.method == ZIP_STORED else _inflated(packed, one.name):
        n_left -= len(block)
        if n_left < 0:
            break
        crc = zlib.crc32(block, crc)
        yield block
    if n_left or crc != one.crc:
        raise LayoutError(one.name)


def _packed(file: IO[bytes], n_left: int) -> Iterator[bytes]:
    while n_left and (block := file.read(min(_BLOCK, n_left))):
        n_left -= len(block)
        yield block


def _inflated(packed: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Yield what was packed, a bounded block at a time; it has to end where its bytes do."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    for block in packed:
        if stream.eof:
            raise LayoutError(name)
        waiting = block
        while waiting and not stream.eof:
            yield stream.decompress(waiting, _BLOCK)
            waiting = stream.unconsumed_tail
    while not stream.eof and (block := stream.decompress(b"", _BLOCK)):
        yield block
    if not stream.eof or stream.unused_data:
        raise LayoutError(name)
