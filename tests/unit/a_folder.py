"""What the tests of the run folder and of its journal look at."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from probe.store import RunFolder, StoreError

RUN_ID = "20261121T120000Z-AS64500-abcd"


@contextmanager
def raises(problem: str, line: int = 0) -> Iterator[None]:
    """Expect a StoreError with this problem, at this line, and with a hint."""
    with pytest.raises(StoreError) as caught:
        yield
    assert problem in caught.value.problem
    assert caught.value.line == line
    assert caught.value.hint


def lines_of(run: RunFolder) -> list[bytes]:
    """Return the lines of the journal."""
    return (run.path / "measurements.jsonl").read_bytes().splitlines()


def mode(path: Path) -> int:
    """Return who may do what with it."""
    return stat.S_IMODE(path.stat().st_mode)
