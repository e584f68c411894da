"""The command `probe` as it is, with somebody beside its observer who notes when it is told what.

    PROBE_NOTES=notes.json python -m benchmarks.watched run …

The notes: `at`, moments on CLOCK_MONOTONIC (`planned`, `network`, `first_measured` of a target,
`first_verdict` that says anything, `first_suspicion`, `last_measured`, `end`); `words`, both verdicts and the
network's; `cpu`, seconds of this process at some of these moments; `done`, after each thousandth target: how
many, memory in kB, seconds of CPU; `peak_kb`, the most memory there ever was.
"""

import json
import os
import time
from pathlib import Path
from typing import Any, Self

from probe.__main__ import main
from probe.cli import watching
from probe.model.words import State

STEP = 1000
SUSPICIOUS = (State.BLOCKED, State.THROTTLED, State.GEOBLOCKED, State.DOWN)


def memory_kb(field: str) -> int:
    """Return a field of /proc/self/status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


class NoteTaker:
    """Hears what the real observer hears, notes it, and hands it on."""

    def __init__(self, observer: Any) -> None:
        """Stand before this observer."""
        self._observer = observer
        self.at: dict[str, float] = {}
        self.cpu: dict[str, float] = {}
        self.words: dict[str, str] = {}
        self.done: list[tuple[int, int, float]] = []

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._observer.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop watching."""
        self._observer.__exit__(*error)

    def __getattr__(self, name: str) -> Any:
        """Hear, note, hand on."""
        method, note = getattr(self._observer, name), getattr(type(self), f"_{name}", None)

        def heard(*args: Any, **kwargs: Any) -> None:
            if note:
                note(self, *args, **kwargs)
            method(*args, **kwargs)

        return heard

    def _first(self, what: str) -> None:
        if what not in self.at:
            self.at[what] = time.perf_counter()
            self.cpu[what] = time.process_time()

    def _planned(self, _services: Any) -> None:
        self._first("planned")

    def _network_found(self, verdict: Any) -> None:
        self._first("network")
        self.words["network"] = f"{verdict.state} {verdict.mechanism} {verdict.reason_code or ''}"

    def _measured(self, measurement: Any) -> None:
        if not measurement.is_control:
            self._first("first_measured")
            self.at["last_measured"] = time.perf_counter()
        self.at["last_kept"] = time.perf_counter()
        self.cpu["last_kept"] = time.process_time()

    def _provisional(self, verdict: Any) -> None:
        for what, states in (
            ("first_suspicion", SUSPICIOUS),
            ("first_verdict", (*SUSPICIOUS, State.REACHABLE)),
        ):
            if verdict.state in states and what not in self.at:
                self._first(what)
                self.words[what] = f"{verdict.state} {verdict.mechanism or ''} {verdict.input}"

    def _progress(self, *, done: int, total: int, **_more: Any) -> None:
        if done % STEP == 0 or done == total:
            self.done.append((done, memory_kb("VmRSS"), time.process_time()))

    def write(self, path: Path) -> None:
        """Write the notes."""
        self._first("end")
        notes = {
            "at": self.at,
            "cpu": self.cpu,
            "words": self.words,
            "done": self.done,
            "peak_kb": memory_kb("VmHWM"),
        }
        path.write_text(json.dumps(notes))


def watched_main() -> None:
    """Run the command; write the notes whatever became of it."""
    real, takers = watching.observer, list[NoteTaker]()

    def observer() -> Any:
        takers.append(NoteTaker(real()))
        return takers[-1]

    watching.observer = observer
    try:
        main()
    finally:
        if takers:
            takers[-1].write(Path(os.environ["PROBE_NOTES"]))


if __name__ == "__main__":
    watched_main()
