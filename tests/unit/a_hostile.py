"""What hostile zips are made with, and the command within bounds."""

import os
import resource
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile, ZipInfo

MEMORY = 900 * 1024 * 1024
"""Bytes of address space that verifying gets: half of it is what the libraries map."""


def a_zip(path: Path, *members: tuple[str | ZipInfo, bytes]) -> Path:
    """Write a zip of these members, whatever they are called."""
    with ZipFile(path, "w") as zipped:
        for info, content in members:
            zipped.writestr(info, content)
    return path


def an_info(name: str, **fields: int) -> ZipInfo:
    info = ZipInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def bounded(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with so much memory and no more."""
    return subprocess.run(
        [sys.executable, "-m", "probe", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
