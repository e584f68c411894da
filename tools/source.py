"""The source of a commit, away from the working tree, and what hatchling builds of it."""

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]


class ToolError(Exception):
    """What cannot be made, in a sentence that says what to do about it."""


def git(*words: str) -> bytes:
    """Return what git says about this repository. Raises ToolError where it is none."""
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=False)
    if done.returncode:
        raise ToolError(f"git {words[0]} failed here: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def commit_of(name: str) -> tuple[str, int]:
    """Return a commit's full hash and its time in seconds since 1970. Raises ToolError."""
    said = git("show", "--no-patch", "--format=%H %ct", f"{name}^{{commit}}").decode().split()
    return said[0], int(said[1])


def not_committed() -> tuple[str, ...]:
    """Return the paths that differ from the last commit, new ones included."""
    return tuple(line[3:] for line in git("status", "--porcelain").decode().splitlines())


def lay_out(commit: str, folder: Path) -> Path:
    """Write the files of a commit into a new folder, and nothing that git does not hold; return it."""
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(git("archive", "--format=tar", commit))) as files:
        files.extractall(folder, filter="data")
    return folder


def build(source: Path, into: Path, epoch: int, kinds: tuple[str, ...], **environment: str) -> None:
    """Build `wheel` or `sdist` of a source folder into another; every time stamp inside is `epoch`.

    Raises ToolError with what hatchling said.
    """
    wanted = [word for kind in kinds for word in ("-t", kind)]
    said = run_in(source, epoch, ["hatchling", "build", "-d", str(into), *wanted], environment)
    if said:
        raise ToolError(f"hatchling cannot build {source}: {said}")


def run_in(source: Path, epoch: int, module: Sequence[str], environment: Mapping[str, str]) -> str:
    """Run a module of Python in a source folder; return what it said where it failed, else nothing."""
    done = subprocess.run(
        [sys.executable, "-m", *module],
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stderr.strip() or f"exit code {done.returncode}") if done.returncode else ""
