"""A stranger's bag on this disk: what lies in it is counted and bounded before anything is opened."""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.evidence.error import EvidenceError
from probe.evidence.manifest import INFO, MANIFEST, NAME, TAGMANIFEST
from probe.evidence.unzip import MOST_BYTES, MOST_FILES, unpacked
from probe.evidence.zip import blocks
from probe.locale import _
from probe.system.disk import open_to_read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from probe.evidence.fault import Faults

DEEPEST: Final = 6
LARGEST_TEXT: Final = 64 * 1024 * 1024
"""Bytes of a manifest: 200,000 files have 30 MB."""
SMALL: Final = 64 * 1024
"""Bytes of any other text beside data/."""
_BLOCK: Final = 1 << 18


class Found(Struct, frozen=True, kw_only=True):
    """What lies in a bag's folder."""

    sizes: Mapping[str, int]
    """Bytes by name, plain files only, in the order of the names."""
    bounded: bool
    """Whether all was counted: there were not too many, nor too much."""
    trusted: bool
    """Whether nothing but plain files under good names was found: only then may other code open them."""


@contextmanager
def opened(path: Path, faults: Faults) -> Iterator[Path | None]:
    """Yield the folder of a bag; of a zip, the folder it was unpacked into, which goes at the end.

    None where the zip is not one to be unpacked: the faults say why. Raises EvidenceError for what is no bag.
    """
    if path.is_dir():
        if not any((path / name).is_file() for name in ("bagit.txt", INFO, MANIFEST, TAGMANIFEST)):
            raise EvidenceError(path, _("This is no bag"), _("Name a folder or a zip that was sealed."))
        yield path
    elif path.is_file():
        with TemporaryDirectory(prefix="probe-bag-") as place:
            yield unpacked(path, Path(place), faults)
    else:
        raise EvidenceError(path, _("There is no such bag"), _("Name a folder or a zip that was sealed."))


def survey(bag: Path, faults: Faults) -> Found:
    """Walk through a bag's folder without following a link, and count."""
    sizes: dict[str, int] = {}
    folders: list[str] = []
    n_before, n_bytes, bounded = faults.n, 0, True
    for name, entry in _walk(bag, "", faults):
        if not NAME.fullmatch(name):
            faults.add("name", name)
        if entry.is_dir(follow_symlinks=False):
            folders.append(name)
        elif (size := _size_of(name, entry, faults)) is not None:
            sizes[name] = size
            n_bytes += size
        if len(sizes) + len(folders) > MOST_FILES:
            faults.add("many", most=f"{MOST_FILES:,}")
            bounded = False
        if n_bytes > MOST_BYTES:
            faults.add("large", name, most=f"{MOST_BYTES:,}")
            bounded = False
        if not bounded:
            break
    sizes = dict(sorted(sizes.items()))
    _look_alikes(sizes, faults)
    held = {name[:at] for name in sizes for at, sign in enumerate(name) if sign == "/"}
    for folder in sorted(set(folders) - held):
        faults.add("added", folder)
    return Found(sizes=sizes, bounded=bounded, trusted=faults.n == n_before)


def _size_of(name: str, entry: os.DirEntry[str], faults: Faults) -> int | None:
    """Return the bytes of a plain file that may be opened, or None."""
    status = entry.stat(follow_symlinks=False)
    most = MOST_BYTES if "/" in name else LARGEST_TEXT if name == MANIFEST else SMALL
    if not stat.S_ISREG(status.st_mode):
        faults.add("link", name)
    elif status.st_size > most:
        faults.add("large", name, most=f"{most:,}")
    else:
        return status.st_size
    return None


def _walk(bag: Path, folder: str, faults: Faults, depth: int = 0) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield every entry, a folder before what it holds."""
    if depth > DEEPEST:
        faults.add("deep", folder)
        return
    with os.scandir(bag / folder) as entries:
        for entry in entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            yield name, entry
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(bag, name, faults, depth + 1)


def _look_alikes(names: Mapping[str, int], faults: Faults) -> None:
    """Tell of names that are one on a disk which takes capitals for small letters."""
    seen: set[str] = set()
    for name in names:
        if (folded := name.casefold()) in seen:
            faults.add("double", name)
        seen.add(folded)


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a plain file; a link is not followed. Raises OSError."""
    digest = hashlib.sha256()
    descriptor = open_to_read(path)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        for block in blocks(file, _BLOCK):
            digest.update(block)
    return digest.hexdigest()


def text_of(path: Path, most: int = LARGEST_TEXT) -> bytes:
    """Return the content of a plain file up to one byte more than `most`. Raises OSError."""
    descriptor = open_to_read(path)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(most + 1)
