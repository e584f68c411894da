"""Ctrl-C: the first asks to end and keep everything, the second ends at once; while judging too."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, cast

from probe.model.observer import Observer

STOPPING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)
"""SIGHUP too: a terminal that is closed, or a lost ssh, must not cost the run. On Windows: SIGBREAK."""


class Stop:
    """Why a run ended before its end; None while nothing stopped it."""

    def __init__(self) -> None:
        """Nothing stopped it yet."""
        self.reason: str | None = None

    def now(self, work: "asyncio.Future[Any]") -> None:
        """End the work as if somebody had asked for it."""
        if self.reason is None:
            self.reason = "interrupted"
            work.get_loop().call_soon(work.cancel)

    @contextmanager
    def catching(self, work: "asyncio.Future[Any]", observer: Observer) -> Iterator[None]:
        """Turn the stopping signals into a cancellation of `work` while the block runs.

        Plain `signal.signal` works on Windows too, unlike the loop's own handlers.
        """
        loop = asyncio.get_running_loop()

        def handle(_number: int, _frame: FrameType | None) -> None:
            if self.reason == "interrupted":
                raise KeyboardInterrupt
            self.reason = "interrupted"
            loop.call_soon_threadsafe(work.cancel)
            loop.call_soon_threadsafe(
                observer.warning, "Stopping: what is in flight is being written. Once more ends at once."
            )

        old = _handled_by(handle)
        try:
            yield
        finally:
            _handled_as(old)


class Judging:
    """Whether somebody wanted to stop while verdicts were made."""

    def __init__(self) -> None:
        """Nobody did yet."""
        self.interrupted = False

    @contextmanager
    def catching(self, folder: Path, observer: Observer) -> Iterator[Observer]:
        """Let the block end in spite of a first stopping signal; a second ends it at once.

        Judging sends nothing and ends by itself, after seconds even of a large run. Whoever cannot wait
        loses tables and no measurement, and is told what makes them. Yields the observer for the block: the
        first signal is told at its next turn, as a handler must not draw into a line that is being drawn.
        Raises KeyboardInterrupt on the second.
        """

        def handle(_number: int, _frame: FrameType | None) -> None:
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupted = True

        old = _handled_by(handle)
        try:
            yield cast("Observer", _Telling(self, observer))
        except KeyboardInterrupt:
            observer.warning(
                f"Stopped before the verdicts were written. What makes them: probe judge {folder}"
            )
            raise
        finally:
            _handled_as(old)


class _Telling:
    """Passes everything on, and says once that a stop was asked for."""

    def __init__(self, judging: Judging, observer: Observer) -> None:
        self._judging = judging
        self._observer = observer
        self._told = False

    def __getattr__(self, name: str) -> Callable[..., None]:
        if self._judging.interrupted and not self._told:
            self._told = True
            self._observer.warning("Stopping: the verdicts are being written. Once more ends at once.")
        return cast("Callable[..., None]", getattr(self._observer, name))


def _handled_by(handle: Callable[[int, FrameType | None], None]) -> Mapping[int, Any]:
    """Have the stopping signals handled; return by what they were before."""
    try:
        return {number: signal.signal(number, handle) for number in STOPPING}
    except ValueError:  # not the main thread: whoever called us owns the signals
        return {}


def _handled_as(old: Mapping[int, Any]) -> None:
    for number, previous in old.items():
        signal.signal(number, previous)
