"""A stranger's zip is unpacked: counted before it is opened, each name and size looked at before a byte."""

from __future__ import annotations

import os
import re
import shutil
import stat
import struct
from typing import TYPE_CHECKING, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812  # the library names its exception in small letters

from probe.evidence.manifest import NAME
from probe.evidence.zip_layout import LayoutError, SurplusError, content_of, ends, placed
from probe.locale import N_

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import IO
    from zipfile import ZipInfo

    from probe.evidence.fault import Faults
    from probe.evidence.zip_layout import Placed

MOST_FILES: Final = 200_000
MOST_BYTES: Final = 8 * 1024**3
_TIGHTEST: Final = 100
"""Times that a zip of text may grow; beyond it is a bomb, if it is larger than this:"""
_HARMLESS: Final = 64 * 1024**2
_LARGEST_DIRECTORY: Final = 64 * 1024**2
_ENCRYPTED: Final = 0x1

_END: Final = struct.Struct("<4s4H2LH")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR: Final = struct.Struct("<4sLQL")
_HEADER: Final = struct.Struct("<4s24x3H12x")
"""Of the directory: its mark, and the lengths of name, extra field and comment."""

UNREADABLE: Final = (
    BadZipFile,
    ZlibError,
    EOFError,
    NotImplementedError,  # zipfile's word for a packing that it does not know
    ValueError,
    struct.error,
    RuntimeError,
)
"""What the library raises for a zip that is none."""
NO_ZIP: Final = N_("it does not end as a zip ends")
DAMAGED: Final = N_("it is damaged")
SECRET: Final = N_("it is encrypted")
METHOD: Final = N_("it is packed in a way that is not known here")
HIDDEN: Final = N_("it holds more than its list of files says, or other than it says")
SURPLUS: Final = N_("it holds a comment or a field that no zip of a bag has")
_FOLDER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


def unpacked(path: Path, place: Path, faults: Faults) -> Path | None:
    """Unpack the one folder of a zip below `place`, whatever it is called, and return where it lies.

    None where something in it is wrong: then nothing was written but below `place`.
    """
    before = faults.n
    with path.open("rb") as file:
        if _is_bounded(file, faults):
            try:
                with ZipFile(file) as opened:
                    _unpack(opened, file, place / "bag", faults)
            except SurplusError as error:
                faults.add("zip", *error.args, problem=SURPLUS)
            except LayoutError:
                faults.add("zip", problem=HIDDEN)
            except UNREADABLE:
                faults.add("zip", problem=DAMAGED)
    return place / "bag" if faults.n == before else None


def _is_bounded(file: IO[bytes], faults: Faults) -> bool:
    """Count what the directory lists before a library makes a record of each."""
    size = file.seek(0, os.SEEK_END)
    found = _directory(file, size)
    if found is None:
        faults.add("zip", problem=NO_ZIP)
        return False
    directory, _begin = found
    if len(directory) > _LARGEST_DIRECTORY:
        faults.add("many", most=f"{MOST_FILES:,}")
        return False
    at = n = 0
    while at + _HEADER.size <= len(directory) and n <= MOST_FILES:
        mark, *lengths = _HEADER.unpack_from(directory, at)
        if mark != b"PK\x01\x02":
            break
        at += 46 + sum(lengths)
        n += 1
    if n > MOST_FILES:
        faults.add("many", most=f"{MOST_FILES:,}")
    return n <= MOST_FILES


def _directory(file: IO[bytes], size: int) -> tuple[bytes, int] | None:
    """Return the list of files at the end of a zip without comment, up to a byte too many, and its place."""
    if size < _END.size:
        return None
    file.seek(size - _END.size)
    mark, *_numbers, n_bytes, _offset, n_comment = _END.unpack(file.read(_END.size))
    if mark != b"PK\x05\x06" or n_comment:
        return None
    end = size - _END.size
    if end >= _LOCATOR.size + _END64.size:
        file.seek(end - _LOCATOR.size - _END64.size)
        record = _END64.unpack(file.read(_END64.size))
        if _LOCATOR.unpack(file.read(_LOCATOR.size))[0] == b"PK\x06\x07":
            if record[:2] != (b"PK\x06\x06", _END64.size - 12) or record[6] != record[7]:
                return None
            n_bytes = record[8]
            end -= _LOCATOR.size + _END64.size
    n_bytes = min(n_bytes, _LARGEST_DIRECTORY + 1)
    if n_bytes > end:
        return None
    file.seek(end - n_bytes)
    return file.read(n_bytes), end - n_bytes


def _laid_out(file: IO[bytes], size: int) -> list[Placed]:
    """Return where each file lies. Raises LayoutError where a byte of the zip belongs to none."""
    directory, begin = _directory(file, size) or (b"", 0)
    found = placed(file, directory, begin)
    file.seek(size - _END.size)
    if not ends(file.read(_END.size), len(found), len(directory), begin):
        raise LayoutError
    return found


def _unpack(opened: ZipFile, file: IO[bytes], bag: Path, faults: Faults) -> None:
    n_packed = file.seek(0, os.SEEK_END)
    files = _files(opened.infolist(), faults)
    declared = sum(info.file_size for info in files.values())
    if declared > MOST_BYTES:
        faults.add("large", most=f"{MOST_BYTES:,}")
    elif declared > max(_HARMLESS, _TIGHTEST * n_packed):
        faults.add("bomb")
    elif declared > shutil.disk_usage(bag.parent).free:
        faults.add("large", most=f"{shutil.disk_usage(bag.parent).free:,}")
    if faults.n:
        return
    laid_out = _laid_out(file, n_packed)
    if [one.name for one in laid_out] != [info.filename for info in opened.infolist()]:
        raise LayoutError
    bag.mkdir(mode=0o700)
    for one in laid_out:
        if one.name.endswith("/"):
            continue
        target = bag / one.name.partition("/")[2]
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with target.open("xb") as copy:
            for block in content_of(file, one):
                copy.write(block)


def _files(listed: Sequence[ZipInfo], faults: Faults) -> dict[str, ZipInfo]:
    """Return what to write, by the name below the one folder of the zip."""
    files: dict[str, ZipInfo] = {}
    folders: set[str] = set()
    seen: set[str] = set()
    for info in listed:
        folder, _slash, name = info.filename.partition("/")
        folders.add(folder)
        if fault := _problem(info, folder, name):
            faults.add(fault, info.filename)
        elif info.flag_bits & _ENCRYPTED:
            faults.add("zip", info.filename, problem=SECRET)
        elif info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            faults.add("zip", info.filename, problem=METHOD)
        elif _is_folder(info):
            continue
        elif info.filename in seen:
            faults.add("twice", info.filename)
        else:
            files[name] = info
            seen.add(info.filename)
    if len(folders) != 1:
        faults.add("folders")
    _tell_empty(listed, faults)
    folded: set[str] = set()
    for name in files:
        parents = {name[:at] for at, sign in enumerate(name) if sign == "/"}
        if name.casefold() in folded or any(parent in files for parent in parents):
            faults.add("double", name)
        folded.add(name.casefold())
    return files


def _tell_empty(listed: Sequence[ZipInfo], faults: Faults) -> None:
    """Tell of folders without a file: no manifest can name them."""
    names = [info.filename for info in listed if not _is_folder(info)]
    parents = {name[: at + 1] for name in names for at, sign in enumerate(name) if sign == "/"}
    for info in listed:
        if _is_folder(info) and info.filename not in parents:
            faults.add("unexpected", info.filename)


def _problem(info: ZipInfo, folder: str, name: str) -> str:
    """Return the code of what is wrong with a name or a kind; empty where nothing is."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    is_folder = _is_folder(info)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR} or (kind == stat.S_IFDIR) > is_folder:
        return "link"
    if folder in ("", ".", "..") or name.startswith("/") or ".." in name.split("/") or "\\" in info.filename:
        return "outside"
    if not _FOLDER.fullmatch(folder):
        return "name"
    plain = name.removesuffix("/") if is_folder else name
    if (plain or not is_folder) and not NAME.fullmatch(plain):
        return "name"
    return "link" if is_folder and info.file_size else ""


def _is_folder(info: ZipInfo) -> bool:
    """Say whether a name is a folder's. The library's own question fails for a name of no letters (3.11)."""
    return info.filename.endswith("/")
