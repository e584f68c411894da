"""Files as each system has them: opened for what they are, private, lasting, and in place at once.

Windows has no O_NOFOLLOW, no mode bits, and syncs neither folders nor what was opened for reading; it refuses
to replace a file that somebody has open. macOS's fsync(2) leaves the bytes in the drive's cache.
"""

import errno
import glob
import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

FILE_MODE: Final = 0o600
TEMPORARY: Final = ".tmp-"
FORGOTTEN_S: Final = 3600.0
_BINARY: Final[int] = getattr(os, "O_BINARY", 0)
"""Without it Windows puts a carriage return before each line feed that is written."""
_NO_LINK: Final[int] = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT: Final[int] = getattr(os, "O_NONBLOCK", 0)
_F_FULLFSYNC: Final = 51
"""macOS's sys/fcntl.h: through the drive's cache too."""
_ZEROS: Final = bytes(65536)
_PATIENCE_S: Final = (0.01, 0.03, 0.1, 0.3, 0.6)
"""How long a scanner or an indexer has a new file open on Windows."""
_NO_SUCH_THING: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
"""What file systems say to what they cannot do."""


def open_to_read(path: Path) -> int:
    """Open the file itself, never what a link leads to, and wait for no pipe. Raises OSError."""
    return _opened(path, os.O_RDONLY | _NO_WAIT)


def open_plain(path: Path) -> IO[bytes]:
    """Open a file to read, waiting for no pipe. Raises OSError, also for what is no plain file."""
    descriptor = os.open(path, os.O_RDONLY | _NO_WAIT | _BINARY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no plain file", os.fspath(path))
    return os.fdopen(descriptor, "rb")


def open_new(path: Path) -> int:
    """Make a file that only its owner reads. Raises FileExistsError, OSError."""
    return _opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)


def open_to_append(path: Path) -> int:
    """Open or make a file that only its owner reads; every write goes to its end. Raises OSError."""
    descriptor = _opened(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    try:
        _keep_private(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _opened(path: Path, flags: int) -> int:
    # On Windows somebody could put a link there after this look; making one needs an administrator.
    if not _NO_LINK and path.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return os.open(path, flags | _NO_LINK | _BINARY, FILE_MODE)


def _keep_private(descriptor: int) -> None:
    """Take a file from all but its owner, whatever the umask; on Windows its folder's access list decides."""
    if sys.platform != "win32":
        os.fchmod(descriptor, FILE_MODE)


def make_last(descriptor: int) -> None:
    """Make a file last through a power cut. Raises OSError."""
    if sys.platform == "darwin":
        import fcntl

        try:
            fcntl.fcntl(descriptor, _F_FULLFSYNC)
        except OSError:  # a network's file system; what it can is below
            pass
        else:
            return
    os.fsync(descriptor)


def sync_content(descriptor: int) -> None:
    """Make the content last, its times perhaps not. Raises OSError."""
    if sys.platform == "linux":
        os.fdatasync(descriptor)
    else:
        make_last(descriptor)


def sync_file(path: Path) -> None:
    """Make the content of a file last through a power cut. Raises OSError."""
    descriptor = _opened(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        make_last(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last through a power cut, where the system can. Raises OSError."""
    if sys.platform == "win32":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:  # one that may be written to and not listed
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SUCH_THING:
            raise
    finally:
        os.close(descriptor)


def write_whole(path: Path, content: bytes | Iterable[bytes], *, sync: bool = True) -> None:
    """Write a private file under another name, sync it, and rename it: a reader sees the old or the new one.

    Pieces are taken one by one: a file of ten thousand rows need not be in memory whole.
    With `sync=False` it is in the system's hands only, until `sync_file` and `sync_folder`. A pipe or device
    gets the bytes and stays what it is. Raises OSError.
    """
    pieces = (content,) if isinstance(content, bytes) else content
    if _is_no_place_for_a_file(path):
        with path.open("wb") as handle:
            handle.writelines(pieces)
        return
    if sync:
        _remove_forgotten(path)
    temporary = path.with_name(f".{path.name}{TEMPORARY}{os.getpid()}")
    try:
        descriptor = _opened(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        with os.fdopen(descriptor, "wb") as handle:
            with suppress(PermissionError):  # it is ours: a memory stick, which knows no owners
                _keep_private(descriptor)
            handle.writelines(pieces)
            handle.flush()
            if sync:
                make_last(descriptor)
        replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        error.filename, error.filename2 = os.fspath(path), None  # the other name is nobody's business
        raise
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if sync:
        sync_folder(path.parent)


def is_pipe(path: Path) -> bool:
    """Say whether what has that name is no file, folder or link: opened, it might be waited for."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))


def _is_no_place_for_a_file(path: Path) -> bool:
    """Say whether a name is a pipe's or a device's, or a link's among the devices, as /dev/stdout is."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    among_devices = os.fspath(path.parent) == "/dev"
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or (stat.S_ISLNK(mode) and among_devices)


def _remove_forgotten(path: Path) -> None:
    """Remove what writers left of this file that were killed; who still writes has touched it lately."""
    for left in path.parent.glob(f".{glob.escape(path.name)}{TEMPORARY}*"):
        with suppress(OSError):
            if is_forgotten(left):
                left.unlink()


def is_forgotten(path: Path) -> bool:
    """Say whether nobody has touched a file or folder for so long that its writer is gone. Raises OSError."""
    return time.time() - path.lstat().st_mtime > FORGOTTEN_S


def replace(old: Path, new: Path) -> None:
    """Give a file or a folder another name, at once; a file of that name goes. Raises OSError."""
    for patience_s in _PATIENCE_S if sys.platform == "win32" else ():
        try:
            old.replace(new)
        except PermissionError:
            time.sleep(patience_s)
        else:
            return
    old.replace(new)


def place(old: Path, new: Path) -> None:
    """Give a finished file its name; what has that name is never replaced. `old` may remain, too.

    Raises FileExistsError, OSError.
    """
    try:
        os.link(old, new)
    except PermissionError:
        pass  # what Linux says of memory sticks: they know no second name
    except OSError as error:
        if error.errno not in _NO_SUCH_THING:
            raise
    else:
        return
    os.close(open_new(new))
    try:
        replace(old, new)
    except BaseException:
        new.unlink()
        raise


def hold_back(folder: Path, n_bytes: int) -> IO[bytes] | None:
    """Take up room on the disk with a file that has no name; closing it gives the room back.

    So does the end of the process, however it ends. None where there is not so much room.
    """
    try:
        held = tempfile.TemporaryFile(dir=folder, prefix=f".room{TEMPORARY}", buffering=0)  # noqa: SIM115  # held open
    except OSError:
        return None
    try:
        if sys.platform == "linux":
            os.posix_fallocate(held.fileno(), 0, n_bytes)
        else:
            for _ in range(0, n_bytes, len(_ZEROS)):
                held.write(_ZEROS)
    except OSError:
        held.close()
        return None
    return held


def is_plain(descriptor: int) -> bool:
    """Say whether an open file is no folder, pipe or device. Raises OSError."""
    return stat.S_ISREG(os.fstat(descriptor).st_mode)
