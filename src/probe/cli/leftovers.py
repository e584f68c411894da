"""What a killed command left on this disk: it removes such things itself when it can end."""

import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from probe.cli import ephemeral
from probe.system.holding import hold_folder, let_go

DRAFT: Final = re.compile(r"\.(?P<run>\d{8}T\d{6}Z-AS\d+-[0-9a-f]{4})(?:\.zip)?-[a-z0-9_]{8}")
"""What a bag and a renewed zip are called until they are whole: tempfile's letters after the run's name."""
UNPACKED: Final = ("probe-bag-", "probe-judged-", "probe-helper-")
"""How the folders begin that bags are unpacked and judged in, and that a helper's passing key is made in."""
IN_USE_S: Final = 3600.0
"""Seconds for which such a folder may still be another command's."""


def drafts_in(sealed: Path) -> Iterator[Path]:
    """Find half-made bags and zips."""
    for path in sorted(sealed.iterdir()) if sealed.is_dir() and not sealed.is_symlink() else ():
        if run_of(path) and not path.is_symlink():
            yield path


def run_of(draft: Path) -> str:
    """Return the name of the run that a half-made bag is of; nothing for what is none."""
    found = DRAFT.fullmatch(draft.name)
    return found["run"] if found else ""


def of_killed_runs() -> Iterator[Path]:
    """Find this user's folders of runs that were to leave nothing, and were killed."""
    for where in dict.fromkeys(ephemeral.places()):
        yield from _mine(where, ephemeral.PREFIX)


def is_held(folder: Path) -> bool:
    """Whether a process holds the folder of its run."""
    try:
        descriptor = hold_folder(folder)
    except BlockingIOError:
        return True
    if descriptor is not None:
        let_go(descriptor)
    return False


def remove_dead() -> Iterator[Path]:
    """Remove this user's folders of runs that were to leave nothing and whose process is gone; yield them.

    Only of those that are called held is it known: their process held them for as long as it lived.
    """
    # Unlike in `ephemeral.places` tempfile is not asked: to find its folder Python writes a file there.
    temporary = (os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    places = (os.environ.get("XDG_RUNTIME_DIR"), "/dev/shm", *temporary, "/tmp")  # noqa: S108  # only looked into
    for where in dict.fromkeys(Path(place) for place in places if place):
        for path in _mine(where, ephemeral.HELD):
            try:
                descriptor = hold_folder(path)
            except BlockingIOError:  # somebody is at work in it
                continue
            if descriptor is not None:
                shutil.rmtree(path, ignore_errors=True)
                let_go(descriptor)
                if not os.path.lexists(path):
                    yield path


def unpacked() -> Iterator[Path]:
    """Find this user's folders that something was unpacked into."""
    for prefix in UNPACKED:
        yield from _mine(Path(tempfile.gettempdir()), prefix)


def is_young(path: Path) -> bool:
    """Whether a command may still be at work in such a folder."""
    return time.time() - path.lstat().st_mtime < IN_USE_S


def _mine(where: Path, prefix: str) -> Iterator[Path]:
    """Find folders by how they begin: this user's, and no links, as anybody may put something there."""
    mine = os.getuid() if hasattr(os, "getuid") else None
    for path in sorted(where.glob(f"{prefix}*")) if where.is_dir() else ():
        with suppress(OSError):
            status = path.lstat()
            if stat.S_ISDIR(status.st_mode) and mine in {None, status.st_uid}:
                yield path
