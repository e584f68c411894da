"""The one error of this package: which file, which line, what is wrong, and what to type next."""

from pathlib import Path


class StoreError(Exception):
    """A run folder, a line or a baseline that cannot be used; `line` is 0 where none is to blame."""

    def __init__(self, path: Path | str, line: int, problem: str, hint: str) -> None:
        """Keep the four parts; `str()` joins them as `path:line: problem. hint`."""
        self.path = str(path)
        self.line = line
        self.problem = problem
        self.hint = hint
        super().__init__(f"{path}:{line}: {problem}. {hint}" if line else f"{path}: {problem}. {hint}")
