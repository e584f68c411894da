"""What programs run on this machine, as far as this user may see; their names never leave this module."""

from __future__ import annotations

import contextlib
import csv
import os
import subprocess
import sys
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

MAX_PROCESSES: Final = 20_000
PATIENCE_S: Final = 5.0
WINDOWS: Final = os.environ.get("SYSTEMROOT", r"C:\Windows")
LISTING: Final[Mapping[str, Sequence[str]]] = {
    "darwin": ("/bin/ps", "-axco", "comm="),
    "win32": (rf"{WINDOWS}\System32\tasklist.exe", "/fo", "csv", "/nh"),
}
"""The system's own programs that list the others; CSV whose first column is the name."""


def is_running(names: frozenset[str], root: Path) -> bool:
    """Say whether one of these is running; names in lower case, those of Linux to their 15th letter."""
    if sys.platform in LISTING:
        return not names.isdisjoint(_listed(sys.platform))
    return any(name in names for name in _in_proc(root))


def _in_proc(root: Path) -> Iterator[str]:
    for folder in islice((root / "proc").glob("[0-9]*"), MAX_PROCESSES):
        with contextlib.suppress(OSError), (folder / "comm").open("rb") as file:
            yield file.read(64).decode("utf-8", "replace").strip().lower()


@cache
def _listed(system: str) -> frozenset[str]:
    """Ask once: it takes a moment, and what bends packets is seldom begun in mid-run."""
    try:
        listed = subprocess.run(  # noqa: S603  # the system's own program, by its full path
            LISTING[system], capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE_S, check=False
        ).stdout
        lines = listed.decode("ascii", "replace").splitlines()[:MAX_PROCESSES]
        return frozenset(row[0].strip().lower() for row in csv.reader(lines) if row)
    except (OSError, subprocess.SubprocessError, csv.Error):
        return frozenset()
