"""Folders that only their owner reads, and what an interrupted write leaves in them."""

from pathlib import Path
from typing import Final

from probe.system.disk import TEMPORARY, sync_folder

FOLDER_MODE: Final = 0o700


def make_folder(path: Path) -> None:
    """Make one folder for its owner alone, whatever the umask. Raises FileExistsError."""
    path.mkdir(mode=FOLDER_MODE)
    path.chmod(FOLDER_MODE)
    sync_folder(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Remove what an interrupted `write_whole` left; complete files never bear such a name."""
    for leftover in folder.glob(f".*{TEMPORARY}*"):
        leftover.unlink(missing_ok=True)
