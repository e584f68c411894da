"""A bag is written: every file is read once, copied, hashed and zipped; there whole, or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.evidence.error import EvidenceError
from probe.evidence.manifest import (
    BAGIT,
    BAGIT_TEXT,
    GUIDE,
    INFO,
    MANIFEST,
    PAYLOAD,
    TAGMANIFEST,
    BagInfo,
    Entry,
    manifest,
    root_of,
)
from probe.evidence.zip import BagZip, blocks
from probe.locale import _
from probe.system.disk import (
    is_forgotten,
    is_plain,
    open_new,
    open_to_read,
    place,
    replace,
    sync_file,
    sync_folder,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

_BLOCK: Final = 1 << 20
_FOLDER_MODE: Final = 0o700


class Contents(Struct, frozen=True, kw_only=True):
    """What a bag is made of."""

    run_id: str
    software: str
    generated: datetime
    """Aware, UTC."""
    files: Mapping[str, Path | bytes]
    """By name below data/: a file to copy, or the bytes themselves."""
    guide: bytes
    """VERIFY.txt."""


class Draft(Struct, frozen=True, kw_only=True):
    """A bag that lies beside the place where it will be."""

    bag: Path
    zip: Path
    root_sha256: str
    n_files: int
    """Below data/, as Payload-Oxum counts them."""
    n_bytes: int


@contextmanager
def drafted(contents: Contents, out: Path) -> Iterator[Draft]:
    """Write a bag and its zip into a folder of their own below `out`, which goes when this ends.

    Raises EvidenceError for a file that is none or that changes under the hands, OSError for a full disk.
    """
    out.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
    _remove_forgotten(out, contents.run_id)
    _refuse_existing(out, contents.run_id)
    place = Path(tempfile.mkdtemp(prefix=f".{contents.run_id}-", dir=out))
    try:
        yield _written(contents, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def put_in_place(draft: Draft, out: Path) -> tuple[Path, Path]:
    """Give bag and zip their names below `out`, and return them. Raises EvidenceError if one is taken."""
    bag, zipped = out / draft.bag.name, out / draft.zip.name
    _refuse_existing(out, draft.bag.name)
    try:
        place(draft.zip, zipped)
        try:
            replace(draft.bag, bag)
        except OSError:
            zipped.unlink()
            raise
    except FileExistsError:
        raise _exists(zipped) from None
    sync_folder(out)
    return bag, zipped


def _refuse_existing(out: Path, name: str) -> None:
    for path in (out / name, out / f"{name}.zip"):
        if path.exists() or path.is_symlink():
            raise _exists(path)


def _remove_forgotten(out: Path, run_id: str) -> None:
    """Remove the drafts of a run that killed seals left; who still writes has touched his lately.

    One that was killed between both names had given its zip the first of them: that name goes, too.
    """
    mine = re.compile(re.escape(f".{run_id}-") + "[a-z0-9_]{8}")
    bag, zipped = out / run_id, out / f"{run_id}.zip"
    for path in out.iterdir():
        if mine.fullmatch(path.name) and path.is_dir() and not path.is_symlink() and is_forgotten(path):
            with suppress(OSError):
                if not bag.exists() and zipped.samefile(path / zipped.name):
                    zipped.unlink()
            shutil.rmtree(path, ignore_errors=True)


def _exists(path: Path) -> EvidenceError:
    return EvidenceError(
        path,
        _("There is something of that name, and a bag is never overwritten"),
        _("Verify it (probe evidence verify), or name another folder with -o."),
    )


def _written(contents: Contents, place: Path) -> Draft:
    bag, zipped = place / contents.run_id, place / f"{contents.run_id}.zip"
    bag.mkdir(mode=_FOLDER_MODE)
    os.close(open_new(zipped))
    zipping = BagZip(zipped, contents.run_id, contents.generated)
    try:
        return _filled(contents, bag, zipped, zipping)
    except BaseException:
        zipping.give_up()
        raise


def _filled(contents: Contents, bag: Path, zipped: Path, zipping: BagZip) -> Draft:
    payload = [
        _copied(source, bag, f"{PAYLOAD}/{name}", zipping) for name, source in sorted(contents.files.items())
    ]
    told = BagInfo(
        run_id=contents.run_id,
        software=contents.software,
        generated_utc=contents.generated.strftime("%Y-%m-%dT%H:%M:%SZ"),
        n_bytes=sum(entry.n_bytes for entry in payload),
        n_files=len(payload),
    )
    texts = {
        GUIDE: contents.guide,
        INFO: told.encoded(),
        BAGIT: BAGIT_TEXT,
        MANIFEST: manifest(payload),
    }
    tags = [_copied(content, bag, name, zipping) for name, content in sorted(texts.items())]
    tagmanifest = manifest(tags)
    _copied(tagmanifest, bag, TAGMANIFEST, zipping)
    zipping.close()
    _make_last(bag, zipped)
    return Draft(
        bag=bag,
        zip=zipped,
        root_sha256=root_of(tagmanifest),
        n_files=told.n_files,
        n_bytes=told.n_bytes,
    )


def _copied(source: Path | bytes, bag: Path, name: str, zipping: BagZip) -> Entry:
    """Write one file into bag and zip."""
    target = bag / name
    for folder in reversed(target.relative_to(bag).parents[:-1]):
        (bag / folder).mkdir(mode=_FOLDER_MODE, exist_ok=True)
    digest = hashlib.sha256()
    n_bytes = 0
    with os.fdopen(open_new(target), "wb", buffering=0) as copy, _opened(source) as (read, size):
        with zipping.member(name, size) as member:
            for block in read:
                digest.update(block)
                copy.write(block)
                member.write(block)
                n_bytes += len(block)
        if n_bytes != size:
            raise EvidenceError(
                source if isinstance(source, Path) else target,
                _("The file changed while it was read"),
                _("Wait until no program writes to it, and seal again."),
            )
    return Entry(name=name, n_bytes=n_bytes, sha256=digest.hexdigest())


@contextmanager
def _opened(source: Path | bytes) -> Iterator[tuple[Iterator[memoryview], int]]:
    """Yield blocks and size of a plain file, or of bytes; a link is not followed."""
    if isinstance(source, bytes):
        yield iter((memoryview(source),)), len(source)
        return
    descriptor = open_to_read(source)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        if not is_plain(descriptor):
            raise EvidenceError(
                source, _("This is no plain file"), _("Move it out of the run's folder, and seal again.")
            )
        yield blocks(file, _BLOCK), os.fstat(descriptor).st_size


def _make_last(bag: Path, zipped: Path) -> None:
    """Wait until the disk has all of it: at the end, when it has most of it already."""
    sync_file(zipped)
    for folder, _folders, files in os.walk(bag):
        for name in files:
            sync_file(Path(folder, name))
        sync_folder(Path(folder))
