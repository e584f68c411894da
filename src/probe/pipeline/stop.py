"""Ctrl-C: the first asks the run to end and keep everything, the second ends it at once."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from probe.model.observer import Observer

STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""SIGHUP too: a terminal that is closed, or a lost ssh, must not cost the run."""


class Stop:
    """Why a run ended before its end; None while nothing stopped it."""

    def __init__(self) -> None:
        """Nothing stopped it yet."""
        self.reason: str | None = None

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

        try:
            old = {number: signal.signal(number, handle) for number in STOPPING}
        except ValueError:  # not the main thread: whoever called us owns the signals
            old = {}
        try:
            yield
        finally:
            for number, previous in old.items():
                signal.signal(number, previous)
