"""What a killed command left on this disk: it removes such things itself when it can end."""

import os
import re
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from probe.cli import ephemeral

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
