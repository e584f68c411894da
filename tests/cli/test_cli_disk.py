"""The command on a disk that takes no more: the table on stdout, one sentence on stderr, exit code 2."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.command import own

PROGRAM = """
import asyncio, resource, sys
from loopback.hasty import in_haste
asyncio.run = in_haste
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), -1))
from probe.__main__ import main
main()
"""
"""No file may grow beyond a limit: what the system then says to a journal is what a full disk would."""
LIMIT = 100_000


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_run_that_the_disk_ends_shows_what_it_found_says_why_and_ends_with_2(tmp_path: Path) -> None:
    arguments = ["demo", "--scenario", "tls-reset-sni", "--results", str(tmp_path / "results")]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(LIMIT), *arguments],
        env={**own(tmp_path), "PATH": "", "PYTHONPATH": ":".join(sys.path), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    (folder,) = (tmp_path / "results").iterdir()
    journal = folder / "measurements.jsonl"
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-2:] == [
        f"probe: {journal}: cannot be written: the disk took only a part of the line",
        "       Free some disk space; what was written before is kept.",
    ]
    assert "whatsapp-registration" in done.stdout
    assert journal.stat().st_size < LIMIT
    assert journal.read_bytes().endswith(b"\n")
    record = json.loads((folder / "run.json").read_bytes())
    assert record["stopped"] == "interrupted"
    assert record["n_measurements"] == journal.read_bytes().count(b"\n") > 10
    assert record["errors"] == []
