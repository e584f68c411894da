"""A timed test that failed while this process stood still is run once more; no other is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stillness import STILL_S

TESTS = Path(__file__).parent.parent
FILE = """
import ctypes
import pytest
import stillness

runs = 0
stillness.STILL_S = {enough_s}

@pytest.fixture
def fresh():
    return []

def stand_still():
    # Nothing else of this process has a turn meanwhile.
    ctypes.PyDLL(None).usleep(400_000)

@pytest.mark.{mark}
def test_it(fresh, tmp_path):
    global runs
    runs += 1
    fresh.append(runs)
    assert fresh == [runs]
    assert not list(tmp_path.iterdir())
    (tmp_path / "x").touch()
    stand_still()
    assert runs == {passes_at}
"""


def outcome(
    folder: Path, *, passes_at: int, mark: str = "timed", enough_s: float = STILL_S
) -> tuple[int, str]:
    """Run a test that stands still and fails but the `passes_at`th time; return exit code and output."""
    file = folder / "test_of_time.py"
    file.write_text(FILE.format(mark=mark, enough_s=enough_s, passes_at=passes_at))
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  timed: as here\n  other: another\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "stillness", "-p", "no:cacheprovider", str(file)],
        env={**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


def test_what_failed_while_the_process_stood_still_is_run_again_and_its_first_failure_told(
    tmp_path: Path,
) -> None:
    code, told = outcome(tmp_path, passes_at=2)
    assert code == 0, told
    assert "1 passed" in told
    assert re.search(r"test_of_time\.py::test_it: \d\.\d\d s; at first: .*: AssertionError", told), told


@pytest.mark.parametrize(
    "how", [{"passes_at": 3}, {"passes_at": 2, "enough_s": 600.0}, {"passes_at": 2, "mark": "other"}]
)
def test_what_fails_twice_or_at_leisure_or_bears_no_mark_fails(tmp_path: Path, how: dict[str, Any]) -> None:
    code, told = outcome(tmp_path, **how)
    assert code == 1, told
    assert "1 failed" in told
    assert ("run again" in told) == (how == {"passes_at": 3})


def test_what_passes_is_run_once_however_still_the_process_stood(tmp_path: Path) -> None:
    code, told = outcome(tmp_path, passes_at=1)
    assert (code, "run again" in told) == (0, False), told
