"""Files and folders that one process holds for itself, as each system has it; Windows has no flock."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

_NO_LINK: Final[int] = getattr(os, "O_NOFOLLOW", 0)
_HELD_BYTE: Final = (1 << 31) - 2
"""Windows keeps everybody from reading the byte that is locked: one where no file of ours has any."""


def hold(descriptor: int, *, shared: bool = False) -> None:
    """Keep other processes from holding an open file; on Windows `shared` is as good as alone.

    Raises BlockingIOError where another holds it, OSError where the file system knows no locks. What is held
    is let go of by `let_go`, and with the process.
    """
    if sys.platform == "win32":
        try:
            _lock_byte(descriptor, held=True)
        except PermissionError as error:
            raise BlockingIOError(error.errno, error.strerror) from None
    else:
        import fcntl

        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def hold_folder(folder: Path) -> int | None:
    """Hold a folder as `hold` does a file; None where that cannot be done, as on Windows.

    Raises BlockingIOError where another holds it.
    """
    if sys.platform == "win32":
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK)
    except OSError:
        return None
    try:
        hold(descriptor)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:  # a file system without locks
        os.close(descriptor)
        return None
    return descriptor


def let_go(descriptor: int) -> None:
    """Close what may be held. Raises OSError."""
    if sys.platform == "win32":
        # Closing unlocks too, but "the time it takes depends upon available system resources".
        with suppress(OSError):  # it was not held
            _lock_byte(descriptor, held=False)
    os.close(descriptor)


def _lock_byte(descriptor: int, *, held: bool) -> None:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, _HELD_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK if held else msvcrt.LK_UNLCK, 1)
