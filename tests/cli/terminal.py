"""The command on a terminal of its own, and somebody who reads and types there."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from cli.command import as_probe, own

AS_AT_A_TERMINAL = ("env", "--default-signal=INT")
"""A shell's background job, such as a test run may be, hands down that Ctrl-C is ignored."""
PATIENCE_S = 300.0
"""For a command that shows nothing more; on a busy machine one may take long to begin."""


class Terminal:
    """Read until something shows, type, wait for the end."""

    def __init__(
        self,
        home: Path,
        *arguments: str,
        columns: int = 80,
        without: str = "",
        within: tuple[str, ...] = (),
        env: dict[str, str] | None = None,
    ) -> None:
        self.master, slave = pty.openpty()
        environ = {
            **os.environ,
            **own(home),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": str(columns),
            "TERM": "xterm",
            **(env or {}),
        }
        self.process = subprocess.Popen(
            [*within, *AS_AT_A_TERMINAL, sys.executable, *as_probe(without), *arguments],
            env=environ,
            cwd=home,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.text = ""

    def until(self, shown: str, seconds: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + seconds
        while shown not in self.text:
            assert time.monotonic() < deadline, f"{shown!r} did not show in: {self.text}"
            self._read()

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def end(self, seconds: float = PATIENCE_S) -> int:
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read()
        self._read()
        return self.process.wait(60)

    def _read(self) -> None:
        if select.select([self.master], [], [], 0.1)[0]:
            try:
                self.text += os.read(self.master, 65536).decode(errors="replace").replace("\r", "")
            except OSError:  # the other end is gone
                time.sleep(0.05)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(60)
        os.close(self.master)
