"""Slows a connection down as a policer, a shaper or a freeze on the path does, byte by byte, by the clock."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.lab.records import Speed

PIECE = 4096
"""Bytes let through at a time; fewer where the rate is low."""
TICK_S = 0.05
"""What a shaper lets through at once takes no longer than this on the wire."""
SMALLEST_PIECE = 512
GAP_S = 0.4
"""How long a flow is silent after a policer dropped its packets: a retransmission time-out or two."""
CATCH_UP = 65_536
"""A shaper that comes late, because the event loop was busy, may send so much at once to make up for it."""


class _Bucket:
    """A token bucket: what one speed still lets through."""

    def __init__(self, speed: Speed) -> None:
        self.speed = speed
        self.bytes_per_s = speed.rate_bps / 8
        self.tokens = float(speed.n_bytes)
        self.full = float(max(speed.n_bytes, CATCH_UP if speed.how == "shape" else 0))
        self.filled = asyncio.get_running_loop().time()

    def _refill(self) -> None:
        now = asyncio.get_running_loop().time()
        self.tokens = min(max(self.full, self.tokens), self.tokens + (now - self.filled) * self.bytes_per_s)
        self.filled = now

    @property
    def piece(self) -> int:
        """How many bytes to ask for at a time."""
        return PIECE if self.speed.how == "freeze" else max(SMALLEST_PIECE, int(self.bytes_per_s * TICK_S))

    async def take(self, wanted: int) -> int:
        """Wait until bytes may pass; return how many, at most those wanted; 0 for never again."""
        if self.speed.how == "freeze":
            passing = min(wanted, int(self.tokens))
            self.tokens -= passing
            return passing
        self._refill()
        if self.tokens < wanted:
            wait_s = (wanted - self.tokens) / self.bytes_per_s
            if self.speed.how == "police":
                wait_s = max(wait_s, GAP_S)
                self.full = max(self.full, self.bytes_per_s * wait_s)
            await asyncio.sleep(wait_s)
            self._refill()
        self.tokens -= wanted
        return wanted


class Pacer:
    """All that slows one connection down: the slowest of its speeds is what it gets."""

    def __init__(self, speeds: Sequence[Speed]) -> None:
        """`speeds` are those of the link, the server and the censor."""
        self._buckets = [_Bucket(speed) for speed in speeds]
        self._piece = min((PIECE, *(bucket.piece for bucket in self._buckets)))

    async def take(self, wanted: int) -> int:
        """Wait until bytes may pass; return how many, at most those wanted. Never returns once frozen."""
        passing = min(wanted, self._piece)
        for bucket in self._buckets:
            passing = await bucket.take(passing)
            if not passing:
                await asyncio.Event().wait()
        return passing
