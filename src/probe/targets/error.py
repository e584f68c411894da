"""The one error of this package: which file, which line, what is wrong, and what to type next."""


class CatalogueError(Exception):
    """A catalogue file, a list or a URL that cannot be used.

    `file` and `line` are empty and 0 where the fault stands in no file (a URL typed by hand).
    """

    def __init__(self, file: str, line: int, problem: str, hint: str) -> None:
        """Keep the four parts; `str()` joins them as `file:line: problem. hint`."""
        self.file = file
        self.line = line
        self.problem = problem
        self.hint = hint
        place = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(f"{place}{problem}. {hint}")
