"""Runs the command as a person would, in a home of its own."""

import os
import subprocess
import sys
from pathlib import Path


def own(home: Path) -> dict[str, str]:
    """Return the settings under which nothing of the person who runs the tests is read or removed."""
    config, state = str(home / "config"), str(home / "state")
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": config,
        "XDG_STATE_HOME": state,
        "XDG_RUNTIME_DIR": str(home),
        "STATE_DIRECTORY": "",
        "TMPDIR": str(home),
    }


def as_probe(without: str = "") -> tuple[str, ...]:
    """Return what makes the interpreter this program; `without` is a module that cannot be imported there."""
    hiding = f"import sys; sys.modules[{without!r}] = None; from probe.__main__ import main; main()"
    return ("-c", hiding) if without else ("-m", "probe")


def probe(
    *arguments: str,
    home: Path | None = None,
    env: dict[str, str] | None = None,
    stdin: str | None = None,
    without: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run the command in a home of its own, in English, without a terminal.

    `without` is a module that cannot be imported there.
    """
    environ = {
        **os.environ,
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "100",
        **(own(home) if home else {}),
        **(env or {}),
    }
    return subprocess.run(
        [sys.executable, *as_probe(without), *arguments],
        env=environ,
        cwd=home,
        input=stdin,
        stdin=None if stdin is not None else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
