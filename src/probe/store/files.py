"""Files that only their owner reads: written whole or not at all, on disk when the function returns."""

import os
from pathlib import Path
from typing import Final

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600
_TEMPORARY: Final = ".tmp-"


def make_folder(path: Path) -> None:
    """Make one folder for its owner alone, whatever the umask. Raises FileExistsError."""
    path.mkdir(mode=FOLDER_MODE)
    path.chmod(FOLDER_MODE)
    sync_folder(path.parent)


def write_whole(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Write a file under another name, sync it, and rename it: a reader sees the old or the new one.

    With `sync=False` it is in the system's hands only, until `sync_file` and `sync_folder`.
    """
    temporary = path.with_name(f".{path.name}{_TEMPORARY}{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, FILE_MODE)
        with os.fdopen(descriptor, "wb") as handle:
            os.fchmod(descriptor, FILE_MODE)
            handle.write(content)
            handle.flush()
            if sync:
                os.fsync(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if sync:
        sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """Make the content of a file last through a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Remove what an interrupted `write_whole` left; complete files never bear such a name."""
    for leftover in folder.glob(f".*{_TEMPORARY}*"):
        leftover.unlink(missing_ok=True)
