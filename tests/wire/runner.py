"""All scenarios a test session needs, side by side: the first worker that asks runs them, the others wait.

The runs mostly wait themselves, so many share two cores. Results lie as JSON files in a folder that all
workers of the session see.
"""

from __future__ import annotations

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wire.harness import Outcome, safely
from wire.tables import BLOCKING, SCENARIOS, SPEED

if TYPE_CHECKING:
    from collections.abc import Sequence

AT_ONCE: Final = 12
SPEEDS_AT_ONCE: Final = 5
"""Rates are compared there: more runs at once would compare their turns on two cores."""
PATIENCE_S: Final = 1500.0


class Runner:
    """Starts the scenarios if no other worker has, and hands out their outcomes."""

    def __init__(self, shared: Path, names: Sequence[str]) -> None:
        self.shared = shared
        self._work: threading.Thread | None = None
        owner = shared / "wire-owner"
        try:
            with owner.open("x") as file:
                file.write(str(os.getpid()))
        except FileExistsError:
            return
        self._work = threading.Thread(target=self._run_all, args=(names,), name="scenarios")
        self._work.start()

    def _run_all(self, names: Sequence[str]) -> None:
        """Run those that wait, then those that compare speeds, fewer at once."""
        for wanted, at_once in ((BLOCKING, AT_ONCE), (SPEED, SPEEDS_AT_ONCE)):
            with ThreadPoolExecutor(at_once, thread_name_prefix="scenario") as pool:
                for name in names:
                    if name in wanted:
                        pool.submit(self._run, name)

    def _run(self, name: str) -> None:
        outcome = safely(SCENARIOS[name], self.shared / "wire" / name)
        part = self.shared / f"wire-{name}.part"
        part.write_text(json.dumps(asdict(outcome)))
        part.rename(self.shared / f"wire-{name}.json")

    def outcome(self, name: str) -> Outcome:
        """Wait for a scenario's outcome."""
        path = self.shared / f"wire-{name}.json"
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if path.exists():
                return Outcome(**json.loads(path.read_text()))
            if not self._owner_lives():
                return Outcome(trouble="the worker that ran the scenarios died")
            time.sleep(0.2)
        return Outcome(trouble=f"no outcome within {PATIENCE_S:g} s")

    def _owner_lives(self) -> bool:
        with suppress(OSError, ValueError):
            pid = int((self.shared / "wire-owner").read_text() or os.getpid())
            return Path(f"/proc/{pid}").exists()
        return True

    def close(self) -> None:
        """Wait for what still runs, so that nothing is left behind; other workers may need it."""
        if self._work:
            self._work.join()
