"""The wall clock of one run: right or wrong, it may leap ahead, and it never goes back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from probe.model.network import Clock

SLACK: Final = timedelta(seconds=2)
"""How far it may fall behind the counter before that is a step: a clock that is steered runs unevenly."""


class Calendar(Struct, kw_only=True):
    """Tells the wall time of `clock`; where that is set back, goes on by the counter from what it told last.

    A run whose later measurements bear earlier times than its beginning could not be told from a forged one.
    """

    clock: Clock
    last_utc: datetime
    """Aware, UTC: what was told at `last_counter`."""
    last_counter: float

    def utc(self) -> datetime:
        """Return the time, aware."""
        counter = self.clock.counter()
        expected = self.last_utc + timedelta(seconds=counter - self.last_counter)
        told = self.clock.utc()
        if told < expected - SLACK:
            told = expected
        self.last_utc, self.last_counter = told, counter
        return told
