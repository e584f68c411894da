"""Work that is done in a child and killed at a chosen moment, and what is found of it afterwards."""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

LEFTOVER = ".tmp-"
LONGEST = 400
"""Characters that are told of what is broken."""
LONG_AGO_S = 100_000.0
"""A file that nobody has touched for so long is nobody's any more."""

Work = Callable[[int], None]
"""Does its work; may tell of it, a line each, through a descriptor."""


class Broken(Exception):  # noqa: N818  # no error of this program: what it looks for
    """A promise was not kept."""


def holds(kept: bool, what: str) -> None:
    """Raise Broken with `what` unless a promise was kept."""
    if not kept:
        raise Broken(what[:LONGEST])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a child ended, and what it had told by then."""

    killed: bool
    """Or it was done before."""
    told: tuple[str, ...]
    seconds: float


def until(work: Work, seconds: float | None, log: Path) -> Ended:
    """Do work in a child of this process and kill it after so many seconds; None: let it end.

    What it says goes to `log`. Raises RuntimeError, with that, for one that fails by itself.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _work_and_end(work, writing, log)
    os.close(writing)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().decode().splitlines()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, -signal.SIGKILL):
        raise RuntimeError(f"a child ended with {code}: {log.read_text()[-3000:]}")
    return Ended(killed=code != 0, told=tuple(told), seconds=time.perf_counter() - began)


def _work_and_end(work: Work, writing: int, log: Path) -> None:
    """Be the child; never return."""
    code = 1
    try:
        said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(said, 1)
        os.dup2(said, 2)
        work(writing)
        code = 0
    except BaseException:  # noqa: BLE001  # whatever it is, the parent is told
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def leftovers(folder: Path) -> list[Path]:
    """Return the files and folders below a folder that are nobody's finished work."""
    return sorted(path for path in folder.rglob("*") if LEFTOVER in path.name) if folder.is_dir() else []


def age(folder: Path) -> None:
    """Make everything in a folder old: as if the kill had been long ago."""
    then = time.time() - LONG_AGO_S
    for path in folder.rglob("*"):
        os.utime(path, (then, then), follow_symlinks=False)


def tree(folder: Path) -> dict[str, bytes]:
    """Return what lies in a folder, by name."""
    return dict(_files(folder))


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()
