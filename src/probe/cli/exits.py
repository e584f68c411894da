"""How a command ends: the exit codes, and errors told with file, line and what to type next."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

OK: Final = 0
FAIL_ON: Final = 1
"""`--fail-on` met, or a verification failed."""
WRONG_USE: Final = 2
NOTHING: Final = 3
"""Nothing could be measured or judged; all files are written."""
INTERRUPTED: Final = 130


def stop(problem: str, hint: str = "", code: int = WRONG_USE) -> NoReturn:
    """Tell a problem and what to type next on stderr, and end."""
    from probe.report.show import visible

    sys.stderr.write(f"probe: {visible(problem, 1000)}\n")
    if hint:
        sys.stderr.write(f"       {visible(hint, 1000)}\n")
    raise SystemExit(code)


def later(what: str) -> NoReturn:
    """Say that a command of the contract is not built yet."""
    from probe.locale import _

    stop(_("{what} comes later; this version cannot do it yet.").format(what=what))


@contextmanager
def told() -> Iterator[None]:
    """Turn what a stage says about bad input into exit 2; faults of our own keep their traceback.

    A stage's errors (CatalogueError, StoreError, UsageError) are known by their `problem` and `hint`:
    importing the classes would load every stage for the sake of one message.
    """
    try:
        yield
    except Exception as error:
        if not hasattr(error, "problem") or not hasattr(error, "hint"):
            raise  # a fault of ours
        stop(_place(error) + str(error.problem), str(error.hint))
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


def _place(error: Exception) -> str:
    """Return `file:line: `, as far as the error knows them."""
    file = getattr(error, "file", None) or getattr(error, "path", None)
    line = getattr(error, "line", 0)
    if not file:
        return ""
    return f"{file}:{line}: " if line else f"{file}: "
