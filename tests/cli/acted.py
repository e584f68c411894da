"""Runs the command as another system would: `python acted.py windows|macos ARGUMENT...`.

Libraries are loaded first, as those of this system; then what Windows or macOS lacks is taken away, and what
Windows has instead is put there, done by means of this system.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import importlib
import os
import select
import shutil
import signal
import socket
import sys
import sysconfig
import types
from typing import Any

LIBRARIES = (
    *("anyio._backends._asyncio", "certifi", "cryptography.x509", "dns.asyncresolver", "dns.resolver"),
    *("encodings.idna", "httpx", "jinja2", "msgspec", "multiprocessing.connection", "OpenSSL.SSL"),
    *("platformdirs.unix", "rich.console", "rich.live", "rich.progress", "rich.table"),
    *("subprocess", "tempfile", "typer", "unittest.mock", "urllib.request", "uuid", "webbrowser", "zipfile"),
)
POSIX_MODULES = ("fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "readline", "syslog", "posix")
OF_POSIX = {
    os: (
        *("fchmod", "fchown", "chown", "fdatasync", "pread", "pwrite", "fork", "getuid", "geteuid", "getgid"),
        *("getegid", "setsid", "mkfifo", "uname", "nice", "getloadavg", "openpty", "killpg"),
        *("O_NOFOLLOW", "O_NONBLOCK", "O_DIRECTORY", "O_CLOEXEC", "posix_fallocate", "sched_getaffinity"),
    ),
    signal: ("SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGKILL", "SIGCHLD", "pthread_sigmask"),
    socket: ("AF_NETLINK", "TCP_MAXSEG", "IPV6_RECVHOPLIMIT", "SO_REUSEPORT", "CMSG_LEN"),
    select: ("epoll", "poll"),
}
OF_LINUX = {
    os: ("fdatasync", "posix_fallocate", "sched_getaffinity"),
    socket: ("AF_NETLINK",),
    select: ("epoll",),
}


def _take_away(names: dict[types.ModuleType, tuple[str, ...]]) -> None:
    for module, missing in names.items():
        for name in missing:
            if hasattr(module, name):
                delattr(module, name)


def _locking(descriptor: int, mode: int, n_bytes: int) -> None:
    """Lock bytes as msvcrt.locking does, from the current position on."""
    kind = fcntl.LOCK_UN if mode == 0 else fcntl.LOCK_EX | fcntl.LOCK_NB
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        fcntl.flock(descriptor, kind)  # lockf refuses what is open for reading only; Windows does not
        return
    fcntl.lockf(descriptor, kind, n_bytes, 0, os.SEEK_CUR)


def _fsync(fd: Any, real: Any = os.fsync) -> None:
    """Sync as Windows does: nothing that is open for reading only."""
    if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise PermissionError(13, "Permission denied")
    real(fd)


def _unless_open(real: Any, n_paths: int) -> Any:
    """Return a call that refuses, as Windows does, paths of which this process has a file open."""

    def acted(*arguments: Any, **named: Any) -> Any:
        for path in arguments[:n_paths]:
            there = os.path.realpath(path)
            for number in os.listdir("/proc/self/fd"):  # noqa: PTH208  # pathlib would call what is acted here
                try:
                    held = os.readlink(f"/proc/self/fd/{number}")  # noqa: PTH115  # as above
                except OSError:
                    continue
                if held == there or held.startswith(f"{there}/"):
                    raise PermissionError(13, "It is being used by another process", path)
        return real(*arguments, **named)

    return acted


def _open(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None, real: Any = os.open) -> int:
    """Open as Windows does: no folder."""
    if os.path.isdir(path):  # noqa: PTH112  # as it is called within pathlib, too
        raise PermissionError(13, "Permission denied", path)
    return int(real(path, flags, mode))


def _windows() -> None:
    from loopback.systems import Policy

    msvcrt: Any = types.ModuleType("msvcrt")
    msvcrt.LK_UNLCK, msvcrt.LK_NBLCK, msvcrt.locking = 0, 2, _locking
    msvcrt.get_osfhandle = int
    kernel32 = types.SimpleNamespace(
        GetConsoleMode=lambda *_: 1, SetConsoleMode=lambda *_: 1, GetUserDefaultUILanguage=lambda: 0x0419
    )
    _take_away(OF_POSIX)
    for name in POSIX_MODULES:
        sys.modules[name] = None  # type: ignore[assignment]  # what import takes for "there is none"
    sys.modules["msvcrt"] = msvcrt
    ctypes.windll = types.SimpleNamespace(kernel32=kernel32)  # type: ignore[attr-defined]  # not on this system
    os.fsync, os.open = _fsync, _open
    os.unlink, os.remove, os.rmdir = (_unless_open(call, 1) for call in (os.unlink, os.remove, os.rmdir))
    os.rename, os.replace = (_unless_open(call, 2) for call in (os.rename, os.replace))
    shutil._use_fd_functions = False  # type: ignore[attr-defined]  # decided when it was loaded
    for name in ("recvmsg", "sendmsg", "recvmsg_into", "sendmsg_afalg"):
        setattr(socket.socket, name, property(_missing))
    socket.SO_EXCLUSIVEADDRUSE = socket.SO_KEEPALIVE  # type: ignore[attr-defined]  # an option that does no harm
    sys.platform = "win32"
    asyncio.set_event_loop_policy(Policy())


def _missing(_sock: object) -> None:
    raise AttributeError


def _macos() -> None:
    _take_away(OF_LINUX)
    sys.platform = "darwin"


def main() -> None:
    """Act, then run the command."""
    system, sys.argv = sys.argv[1], ["probe", *sys.argv[2:]]
    for name in LIBRARIES:
        importlib.import_module(name)
    sysconfig.get_config_vars()  # which reads a file that is named after the system
    {"windows": _windows, "macos": _macos}[system]()
    from probe.__main__ import main as probe

    probe()


if __name__ == "__main__":
    main()
