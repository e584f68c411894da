"""A run of which nothing stays: its folder lies in memory where this machine can, and goes at the end."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final

from probe.cli import exits
from probe.locale import _
from probe.report.show import visible
from probe.system.holding import hold_folder, let_go

PREFIX: Final = "interference-probe-"
"""What such folders are called, followed by chance."""
HELD: Final = f"{PREFIX}held-"
"""What those are called that a living process holds: from before they have this name until they are gone."""
ROOM: Final = 60_000_000
"""Bytes that have to be free in a place in memory: several runs of the default set."""
IN_MEMORY: Final = frozenset(("tmpfs", "ramfs"))
MOUNTS: Final = Path("/proc/self/mounts")
TRIES: Final = 3
"""Of removing: something may still have been writing."""
ENDING: Final = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK") if hasattr(signal, name)
)
"""What ends a program without asking it, unless it asked to be told; Ctrl-C is an exception already."""


def places() -> Iterator[Path]:
    """Yield where such a folder could lie, the best first."""
    if runtime := os.environ.get("XDG_RUNTIME_DIR", ""):
        yield Path(runtime)
    yield Path("/dev/shm")  # noqa: S108  # what lies there is made by mkdtemp
    yield Path(tempfile.gettempdir())  # to find it Python writes a file there: not before it is needed


def place() -> Path:
    """Return the folder that the next one is made in: one in memory, else the one for temporary files."""
    for folder in places():
        with suppress(OSError):
            roomy = os.access(folder, os.W_OK | os.X_OK) and shutil.disk_usage(folder).free >= ROOM
            if roomy and in_memory(folder):
                return folder
    return Path(tempfile.gettempdir())


def in_memory(folder: Path) -> bool:
    """Whether a folder lies in a file system of memory; False where the system does not tell."""
    try:
        mounts = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return False
    there = folder.resolve()
    deepest, kind = -1, ""
    for line in mounts.splitlines():
        point, found = (Path(_plain(word)) for word in line.split(" ")[1:3])
        if there.is_relative_to(point) and len(point.parts) >= deepest:  # a later mount hides the earlier
            deepest, kind = len(point.parts), str(found)
    return kind in IN_MEMORY


def _plain(word: str) -> str:
    r"""Return a word of the table of mounts without its escapes: `\040` is a blank."""
    return word.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")


@contextmanager
def vanishing(where: Path) -> Iterator[Path]:
    """Yield a new folder for the owner alone, which goes with all that lies in it however the block ends.

    Only a signal that no program is told of (SIGKILL) or a power cut leaves it: `probe forget` finds it, and
    the next run removes it where it was held.
    Raises SystemExit where it could not be removed.
    """
    _no_core_dump()
    before = tempfile.tempdir
    with _told_of_the_end():
        folder = made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=where))
        held = None
        try:
            held = hold_folder(made)
            if held is not None:  # whoever sees the other name finds it held
                folder = made.with_name(made.name.replace(PREFIX, HELD))
                made.rename(folder)
            tempfile.tempdir = str(folder)  # whatever a library writes for a while
            yield folder
        finally:
            tempfile.tempdir = before
            stuck = [path for path in {made, folder} if not _removed(path)]
            if held is not None:
                let_go(held)
            if stuck:
                exits.stop(_("Could not be removed: {path}").format(path=visible(str(stuck[0]), 1000)))


@contextmanager
def _told_of_the_end() -> Iterator[None]:
    """Make the signals that would end this program at once raise KeyboardInterrupt, as Ctrl-C does."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    ours = [number for number in ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _removed(folder: Path) -> bool:
    """Remove a folder, whatever somebody presses meanwhile."""
    held = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, *ENDING)}
    try:
        for _try in range(TRIES):
            shutil.rmtree(folder, ignore_errors=True)
            if not os.path.lexists(folder):
                return True
    finally:
        for number, before in held.items():
            signal.signal(number, signal.SIG_DFL if before is None else before)
    return False


def _no_core_dump() -> None:
    """Have the system write no image of this process, should it crash."""
    if sys.platform == "win32":  # it writes none by itself
        return
    import resource

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def tell_where(where: Path) -> None:
    """Say on stderr that what lies there is on a disk, where that is so."""
    if not in_memory(where):
        said = _("{path} is not known to lie in memory: what is removed from a disk can often be restored.")
        sys.stderr.write(said.format(path=visible(str(where), 1000)) + "\n")


def tell_of_killed() -> None:
    """Remove what killed runs left that were to leave nothing, and say on stderr what went."""
    from probe.cli.leftovers import remove_dead

    for path in remove_dead():
        said = _("What a killed run had left was removed: {path}")
        sys.stderr.write(said.format(path=visible(str(path), 1000)) + "\n")


def tell_end() -> None:
    """Say on stderr that nothing is kept, and what this program could not keep from being written."""
    from probe.cli.forgetting import BEYOND_A_RUN

    head = _("Nothing of this run is kept.") + " " + _("What cannot be removed from here")
    sys.stderr.write("\n".join((head, *(f"  - {_(what)}" for what in BEYOND_A_RUN))) + "\n")
