"""One way through the wire: a queue before a slow link that may stall, and the distance after it."""

from __future__ import annotations

import os
import random
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wire.packets import TCP, UDP

if TYPE_CHECKING:
    from collections.abc import Callable

    Log = Callable[[bytes, float, str], None] | None


CLOCK_GRAIN_S: Final = 1e-6
"""What rounding may take from a moment at the edge of a stall."""


@dataclass(frozen=True, slots=True)
class Stalls:
    """A link that stands still for the last `length` seconds of every `period`, as a radio does.

    Both ways of a wire stand still together: the phase is that of the clock alone.
    """

    period: float
    length: float

    def worked(self, now: float) -> float:
        """Return how long the link has worked until now; it does not grow during a stall."""
        if not self.length:
            return now
        rounds, rest = divmod(now, self.period)
        return rounds * (self.period - self.length) + min(rest, self.period - self.length)

    def clock(self, worked: float) -> float:
        """Return the time by which the link has worked so long: within a stall, the end of it."""
        if not self.length:
            return worked
        rounds, rest = divmod(worked + CLOCK_GRAIN_S, self.period - self.length)
        return rounds * self.period + rest


class Direction:
    """One way through the wire: the queue before the slow link, and the distance after it."""

    def __init__(self, out: int, shape: dict[str, float], seed: str, log: Log) -> None:
        self.out = out
        self.delay = shape.get("delay_ms", 0.0) / 1000
        self.jitter = shape.get("jitter_ms", 0.0) / 1000
        self.loss = shape.get("loss", 0.0)
        self.rate = shape.get("rate_bps", 0.0) / 8
        self.buffer = shape.get("buffer_bytes", 64_000)
        self.stalls = Stalls(shape.get("stall_every_s", 0.0), shape.get("stall_s", 0.0))
        self.plain = not (self.delay or self.jitter or self.loss or self.rate or self.stalls.length)
        self.chance = random.Random(seed)
        self.log = log
        self.free_at = 0.0
        """In seconds worked, as `Stalls` counts them."""
        self.last_due = 0.0
        self.waiting: deque[tuple[float, float, bytes, str]] = deque()
        """When it is due, when it was read, the packet, what the log calls it."""
        self.lost: Counter[str] = Counter()

    def send(self, raw: bytes, now: float, what: str) -> None:
        """Queue, write or lose a packet."""
        if self.plain:
            self._write(raw, now, what)
            return
        # The kernel's own chatter (neighbours, multicast) must not move the seeded draws.
        if self.loss and raw[9 if raw[0] >> 4 == 4 else 6] in {TCP, UDP} and self.chance.random() < self.loss:
            self._lose(raw, now, "loss")
            return
        due = ready = self.stalls.worked(now)
        if self.rate:
            start = max(ready, self.free_at)
            if (start - ready) * self.rate > self.buffer:
                self._lose(raw, now, "buffer")
                return
            due = self.free_at = start + len(raw) / self.rate
        due = self.stalls.clock(due)
        due += self.delay + (self.jitter * self.chance.random() if self.jitter else 0.0)
        # Jitter never reorders: a queue made it, not another path.
        self.last_due = due = max(due, self.last_due)
        self.waiting.append((due, now, raw, what))

    def flush(self, now: float) -> float | None:
        """Write what is due; return when the next packet is, or None."""
        waiting = self.waiting
        while waiting and waiting[0][0] <= now:
            _, read, raw, what = waiting.popleft()
            self._write(raw, read, what)
        return waiting[0][0] if waiting else None

    def _write(self, raw: bytes, read: float, what: str) -> None:
        try:
            os.write(self.out, raw)
        except OSError:  # a full or absent device loses packets, as a wire does
            self._lose(raw, read, "device")
        else:
            if self.log:
                self.log(raw, read, what)

    def _lose(self, raw: bytes, read: float, why: str) -> None:
        self.lost[why] += 1
        if self.log:
            self.log(raw, read, f"lost: {why}")
