"""How a command ends: the exit codes, and errors told with file, line and what to type next."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from errno import (
    EACCES,
    EBADF,
    EDQUOT,
    EEXIST,
    EFBIG,
    EIO,
    EISDIR,
    EMFILE,
    ENOENT,
    ENOSPC,
    ENOTDIR,
    EPERM,
    EROFS,
)
from typing import Final, NoReturn

OK: Final = 0
FAIL_ON: Final = 1
"""`--fail-on` met, or a verification failed; nothing else ever ends with 1."""
WRONG_USE: Final = 2
"""Also a file or a disk that cannot be used."""
NOTHING: Final = 3
"""Nothing was measured or judged: a no, or no network; all files there are are written."""
FAULT: Final = 70
"""A fault of this program (sysexits' EX_SOFTWARE)."""
INTERRUPTED: Final = 130
CLOSED: Final = 141
"""Whoever read the results went away: what a shell calls 128 + SIGPIPE."""

_OF_THE_DISK: Final = (ENOSPC, EDQUOT, EFBIG, EIO, EBADF, EMFILE)
"""Errors without a file name that are the machine's: those of a stream, mostly."""


def stop(problem: str, hint: str = "", code: int = WRONG_USE) -> NoReturn:
    """Tell a problem and what to type next on stderr, and end."""
    tell(problem, hint)
    raise SystemExit(code)


def tell(problem: str, hint: str = "") -> None:
    """Tell a problem and what to type next on stderr."""
    from probe.report.show import visible

    sys.stderr.write(f"probe: {visible(problem, 1000)}\n")
    if hint:
        sys.stderr.write(f"       {visible(hint, 1000)}\n")


def later(what: str) -> NoReturn:
    """Say that a command of the contract is not built yet."""
    from probe.locale import _

    stop(_("{what} comes later; this version cannot do it yet.").format(what=what))


@contextmanager
def told() -> Iterator[None]:
    """Turn every exception into an exit code and at most two lines on stderr; tracebacks are for PROBE_DEBUG.

    A stage's errors (CatalogueError, StoreError, UsageError) are known by their `problem` and `hint`:
    importing the classes would load every stage for the sake of one message.
    """
    try:
        yield
    except (Exception, KeyboardInterrupt, BaseExceptionGroup) as error:
        if type(error).__module__.partition(".")[0] == "typer":
            raise  # it bears its own exit code and text
        if os.environ.get("PROBE_DEBUG"):
            _show_traceback(error)
        _tell(_single(error))


def _single(error: BaseException) -> BaseException:
    """Return what lies inside a group: an interruption, else the one known error, else the first."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    inside = [_single(one) for one in error.exceptions]
    known = [one for one in inside if isinstance(one, KeyboardInterrupt) or _is_known(one)]
    return min(known or inside, key=lambda one: not isinstance(one, KeyboardInterrupt))


def _is_known(error: BaseException) -> bool:
    return (hasattr(error, "problem") and hasattr(error, "hint")) or isinstance(error, OSError)


def _tell(error: BaseException) -> NoReturn:
    """Say one error, and end."""
    from probe.locale import _

    if isinstance(error, KeyboardInterrupt):
        raise SystemExit(INTERRUPTED) from None
    if isinstance(error, BrokenPipeError) and error.filename is None:
        raise SystemExit(CLOSED) from None
    problem, hint = getattr(error, "problem", None), getattr(error, "hint", None)
    if problem is not None and hint is not None:
        from probe.cli.file_faults import said

        stop(_place(error) + said(str(problem)), said(str(hint)))
    if isinstance(error, OSError) and (error.filename is not None or error.errno in _OF_THE_DISK):
        _tell_system(error)
    stop(
        _("A fault of this program: {kind} at {place}.").format(
            kind=type(error).__name__, place=_where(error)
        ),
        _("Please report this line. PROBE_DEBUG=1 shows more: read it before you send it."),
        FAULT,
    )


def _tell_system(error: OSError) -> NoReturn:
    """Say what the operating system would not do, to which file, and what to type next."""
    from probe.locale import _

    hints = {
        ENOENT: _("Check the path: the folder must be there already."),
        ENOTDIR: _("Check the path: a part of it is a file, not a folder."),
        EEXIST: _("Something else has that name already: choose another one."),
        EISDIR: _("There is a folder of that name: choose another one, or move it away."),
        EACCES: _("Choose a place that you may write to."),
        EPERM: _("Choose a place that you may write to."),
        EROFS: _("Choose a place that you may write to."),
        ENOSPC: _("Free some disk space, then type the same again."),
        EDQUOT: _("Free some disk space, then type the same again."),
        EMFILE: _("Too many files are open: try a smaller --concurrency."),
    }
    file = error.filename2 if error.filename2 is not None else error.filename
    where = os.fsdecode(file) if isinstance(file, str | bytes) else _("the output")
    what = error.strerror or type(error).__name__
    stop(f"{where}: {what}", hints.get(error.errno or 0, _("Check the path, or choose another one.")))


def _place(error: BaseException) -> str:
    """Return `file:line: `, as far as the error knows them."""
    file = getattr(error, "file", None) or getattr(error, "path", None)
    line = getattr(error, "line", 0)
    if not file:
        return ""
    return f"{file}:{line}: " if line else f"{file}: "


def _where(error: BaseException) -> str:
    """Return `probe/x/y.py:line` of our innermost frame: no values, no name of a home folder."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"{os.sep}probe{os.sep}" in frame.filename]
    if not (ours or frames):
        return "?"
    frame = (ours or frames)[-1]
    file = frame.filename.rpartition(f"{os.sep}probe{os.sep}" if ours else os.sep)[2]
    return f"{'probe/' if ours else ''}{file}:{frame.lineno}"


def _show_traceback(error: BaseException) -> None:
    import traceback

    from probe.report.show import visible

    for line in "".join(traceback.format_exception(error)).splitlines():
        sys.stderr.write(f"{visible(line, 2000)}\n")
