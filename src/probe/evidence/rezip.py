"""The zip beside a bag, made again when a signature or a time stamp has come; what was sealed stays."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from probe.evidence.outside import OUTSIDE, SIGNED, content_of
from probe.evidence.unzip import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterator


def renewed(bag: Path) -> Path | None:
    """Put what stands outside the manifests into `<bag>.zip` too, and return it; None where there is none.

    A zip of another bag, or one that cannot be read, is left alone. Raises OSError for a full disk.
    """
    zipped = bag.parent / f"{bag.name}.zip"
    if not zipped.is_file() or zipped.is_symlink():
        return None
    handle, name = tempfile.mkstemp(prefix=f".{zipped.name}-", dir=bag.parent)
    os.close(handle)
    draft = Path(name)
    try:
        if not _written(bag, zipped, draft):
            return None
        draft.replace(zipped)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
    return zipped


def _written(bag: Path, old: Path, new: Path) -> bool:
    """Copy the old zip without what is renewed, then add that; False where the old one is not this bag's."""
    outside = {f"{bag.name}/{name}" for name in OUTSIDE}
    try:
        with ZipFile(old) as source, ZipFile(new, "w", ZIP_STORED) as target:
            members = source.infolist()
            if not members or not _is_of(source, bag):
                return False
            for member in members:
                if member.filename not in outside:
                    with source.open(member) as content, target.open(_like(member, member), "w") as copy:
                        shutil.copyfileobj(content, copy)
            for name, content_ in _outside(bag):
                target.writestr(_like(ZipInfo(f"{bag.name}/{name}"), members[0]), content_)
    except (KeyError, *UNREADABLE):
        return False
    return True


def _is_of(source: ZipFile, bag: Path) -> bool:
    with source.open(f"{bag.name}/{SIGNED}") as there:
        content = content_of(bag, SIGNED) or b""
        return there.read(len(content) + 1) == content


def _outside(bag: Path) -> Iterator[tuple[str, bytes]]:
    for name in sorted(OUTSIDE):
        content = content_of(bag, name)
        if content is not None:
            yield name, content


def _like(member: ZipInfo, model: ZipInfo) -> ZipInfo:
    """Return the entry of a file with the date and the rights of another."""
    info = ZipInfo(member.filename, model.date_time)
    info.create_system = model.create_system
    info.external_attr = model.external_attr
    info.file_size = member.file_size
    return info
