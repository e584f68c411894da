"""The error of whoever asks for something that cannot be done to a bag, a key or an authority."""

from pathlib import Path


class EvidenceError(Exception):
    """Which file or address, what is wrong, and what to type next."""

    def __init__(self, path: Path | str, problem: str, hint: str) -> None:
        """Keep the three parts; `str()` joins them."""
        self.path = str(path)
        self.problem = problem
        self.hint = hint
        super().__init__(f"{path}: {problem}. {hint}")
