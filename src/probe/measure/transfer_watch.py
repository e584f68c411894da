"""What is seen of a connection beside its bytes: the kernel's samples, its silence, and what others moved."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Self

import anyio

from probe.measure import kernel
from probe.measure.stream import merged

if TYPE_CHECKING:
    from probe.measure.stream import Stream
    from probe.measure.trace import Context
    from probe.model.transfer import TCPSample

EVERY_S: Final = 0.05
"""Between two samples, at least."""
TICK_S: Final = EVERY_S + 0.001
"""A timer that fires a hair early must not cost a sample."""
MAX_SAMPLES: Final = 64
ACKED_EVERY_S: Final = 0.01
"""How often an upload's acknowledged bytes are read: they are its series."""
MAX_POINTS: Final = 512

LEAST_SILENCE_S: Final = 1.2
SILENCE_RTTS: Final = 10.0
"""METHOD 7: a freeze is silent for max(1.2 s, 10 RTT)."""

QUIET_EVERY_S: Final = 0.05
QUIET_BYTES: Final = 1500
"""Less than a full packet in QUIET_EVERY_S: nothing of ours is under way any more."""
QUIET_WITHIN_S: Final = 2.0
"""After which whatever still moves is taken for somebody else's."""
OWN_SLACK: Final = 1.05
OWN_SLACK_BYTES: Final = 3000
"""Allowance for what the kernel does not tell of our own traffic: SYNs, FINs, odd segments, ARP."""


class Watch:
    """Looks at a connection at intervals while it is entered, and ends `scope` when the peer falls silent.

    `acked` is the series of an upload: bytes that the peer's kernel acknowledged, over time; None where
    the system does not tell, and for a download.
    """

    def __init__(self, stream: Stream, scope: anyio.CancelScope, *, upload: bool, connect_s: float) -> None:
        """Begin with nothing; `scope` holds the hard deadline when the watch is entered."""
        self.samples: list[TCPSample] = []
        self.ends_at_silence = False
        """Once set, `scope` ends when nothing came for max(1.2 s, 10 RTT)."""
        self._stream = stream
        self._scope = scope
        self._upload = upload
        self._connect_s = connect_s
        self._every_s = EVERY_S
        self._base = kernel.bytes_acked(stream.sock) if upload else None
        self.acked: list[tuple[float, int]] | None = None if self._base is None else []
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        """Take the first sample."""
        self._tick()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the last one."""
        if self._timer is not None:
            self._timer.cancel()
        self._look()

    def _tick(self) -> None:
        self._look()
        if self.ends_at_silence and self._is_silent():
            self._scope.cancel()
        self._timer = self._loop.call_later(ACKED_EVERY_S if self._upload else TICK_S, self._tick)

    def _is_silent(self) -> bool:
        """Say so by the round trip as it is now: whoever judges the silence later has no earlier one."""
        info = self._stream.tcp_info()
        rtt_s = self._connect_s if info is None else info.rtt_us / 1e6
        silent_s = self._stream.ctx.now() - self._stream.last_received
        return silent_s > max(LEAST_SILENCE_S, SILENCE_RTTS * rtt_s)

    def _look(self) -> None:
        now = self._stream.ctx.now()
        if self._base is not None and self.acked is not None:
            acked = kernel.bytes_acked(self._stream.sock)
            if acked is not None and acked > self._base:
                self.acked.append((now, acked - self._base))
                self._base = acked
                if len(self.acked) > MAX_POINTS:
                    self.acked = merged(self.acked)
        if self.samples and now - self.samples[-1].t < self._every_s:
            return
        sample = kernel.tcp_sample(self._stream.sock, round(now, 6))
        if sample is None:
            return
        if len(self.samples) == MAX_SAMPLES:
            self.samples = self.samples[::2]
            self._every_s *= 2
        self.samples.append(sample)


async def quiet(ctx: Context) -> None:
    """Wait until what the trial before this one left on its way has arrived, or 2 s have passed.

    A sender whose peer hangs up has up to a window of data on the way, and a shaper a queue of it: it must
    not be counted as somebody else's. Where the system does not tell, one interval is waited. The wait is
    excused.
    """
    begun = ctx.now()
    before = ctx.network.interface_bytes()
    while True:
        await anyio.sleep(QUIET_EVERY_S)
        after = ctx.network.interface_bytes()
        if before is None or after is None or after - before < QUIET_BYTES:
            break
        if ctx.now() - begun >= QUIET_WITHIN_S:
            break
        before = after
    ctx.excuse(ctx.now() - begun)


def foreign_bytes(before: int | None, after: int | None, own: int | None) -> int | None:
    """Return what others moved between two readings of the interfaces; None where it cannot be told.

    `own` is what our connection moved, headers included (`kernel.wire_bytes`). Five percent of it and 3000
    bytes are allowed for what the kernel does not count as this connection's.
    """
    if before is None or after is None or own is None:
        return None
    return max(0, after - before - int(OWN_SLACK * own) - OWN_SLACK_BYTES)
