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

from wire.again import said_less
from wire.harness import Outcome, difference, safely
from wire.tables import BLOCKING, SCENARIOS, SPEED

if TYPE_CHECKING:
    from collections.abc import Sequence

AT_ONCE: Final = 12
SPEEDS_AT_ONCE: Final = 5
"""Rates are compared there: more runs at once would compare their turns on two cores."""
PATIENCE_S: Final = 4 * 3600.0
"""Of a test that waits for its scenario. All take their time; whether their runner lives is looked at."""
MOST_AGAIN: Final = 4
"""Scenarios that are run once more, alone. Where more fall short, it is no chance."""


class Runner:
    """Starts the scenarios if no other worker has, and hands out their outcomes."""

    def __init__(self, shared: Path, names: Sequence[str]) -> None:
        self.shared = shared
        self._work: threading.Thread | None = None
        self._short: dict[str, Outcome] = {}
        """First outcomes of those that are run once more."""
        owner = shared / "wire-owner"
        try:
            with owner.open("x") as file:
                file.write(str(os.getpid()))
        except FileExistsError:
            return
        self._work = threading.Thread(target=self._run_all, args=(names,), name="scenarios")
        self._work.start()

    def _run_all(self, names: Sequence[str]) -> None:
        """Run those that wait, then those that compare speeds, fewer at once; then alone what fell short."""
        try:
            for wanted, at_once in ((BLOCKING, AT_ONCE), (SPEED, SPEEDS_AT_ONCE)):
                with ThreadPoolExecutor(at_once, thread_name_prefix="scenario") as pool:
                    for name in names:
                        if name in wanted:
                            pool.submit(self._run, name)
            for name, first in sorted(self._short.items()):
                self._keep(name, safely(SCENARIOS[name], self.shared / "wire" / f"{name}-again"), first)
        finally:
            (self.shared / "wire-ended").touch()

    def _run(self, name: str) -> None:
        outcome = safely(SCENARIOS[name], self.shared / "wire" / name)
        if said_less(SCENARIOS[name], outcome) and len(self._short) < MOST_AGAIN:
            self._short[name] = outcome
            return
        self._keep(name, outcome)

    def _keep(self, name: str, outcome: Outcome, first: Outcome | None = None) -> None:
        """Hand out an outcome; of one that was run again, its first is told too."""
        if first is not None:
            told = [difference(row, first) for row in SCENARIOS[name].rows]
            (self.shared / f"again-{name}.txt").write_text(first.trouble or "; ".join(filter(None, told)))
        part = self.shared / f"wire-{name}.part"
        part.write_text(json.dumps(asdict(outcome)))
        part.rename(self.shared / f"wire-{name}.json")

    def outcome(self, name: str) -> Outcome:
        """Wait for a scenario's outcome."""
        path = self.shared / f"wire-{name}.json"
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            ended = (self.shared / "wire-ended").exists()
            if path.exists():
                return Outcome(**json.loads(path.read_text()))
            if ended:
                return Outcome(trouble="the scenarios ended without this one's outcome")
            if not self._owner_lives():
                return Outcome(trouble="the worker that ran the scenarios died")
            time.sleep(0.2)
        return Outcome(trouble=f"no outcome within {PATIENCE_S:g} s")

    def _owner_lives(self) -> bool:
        with suppress(OSError, ValueError):
            pid = int((self.shared / "wire-owner").read_text() or os.getpid())
            return Path(f"/proc/{pid}").exists()
        return True

    def close(self) -> list[str]:
        """Wait for what still runs, so that nothing is left behind; other workers may need it.

        Returns a line for each scenario that was run twice, to the worker that ran them.
        """
        if not self._work:
            return []
        self._work.join()
        return [
            f"{path.stem.removeprefix('again-')} was run again, alone; at first: {path.read_text()}"
            for path in sorted(self.shared.glob("again-*.txt"))
        ]
