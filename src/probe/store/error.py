"""The one error of this package: which file, which line, what is wrong, and what to type next."""

from collections.abc import Mapping
from errno import EACCES, EMFILE, EPERM, EROFS
from pathlib import Path
from typing import Final

ELSEWHERE: Final = "Choose a place that you may write to."
HINTS: Final[Mapping[int, str]] = {
    EACCES: ELSEWHERE,
    EPERM: ELSEWHERE,
    EROFS: ELSEWHERE,
    EMFILE: "Too many files are open: try a smaller --concurrency.",
}
"""What to do when a run cannot be written on; else there is no room, or no disk."""
FREE: Final = "Free some disk space; what was written before is kept."


class StoreError(Exception):
    """A run folder, a line or a baseline that cannot be used; `line` is 0 where none is to blame."""

    def __init__(self, path: Path | str, line: int, problem: str, hint: str) -> None:
        """Keep the four parts; `str()` joins them as `path:line: problem. hint`."""
        self.path = str(path)
        self.line = line
        self.problem = problem
        self.hint = hint
        super().__init__(f"{path}:{line}: {problem}. {hint}" if line else f"{path}: {problem}. {hint}")


def not_written(path: Path, error: OSError, problem: str = "") -> StoreError:
    """Return what is said of a file that the disk would not take, and what to do about it."""
    told = problem or error.strerror or type(error).__name__
    return StoreError(path, 0, f"cannot be written: {told}", HINTS.get(error.errno or 0, FREE))
