"""The link between both namespaces: copies packets with delay, loss and a rate; shows each to the censors.

Runs as its own process: `python -m wire.copier CLIENT_TUN SERVER_TUN` with the configuration as one line of
JSON on stdin; says `ready` on stdout, ends when stdin does, and then prints its counters as JSON.
Times are of CLOCK_MONOTONIC, which is `perf_counter` of every process on Linux.
"""

from __future__ import annotations

import heapq
import itertools
import json
import os
import select
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from wire.censors import make_censors
from wire.direction import Direction
from wire.packets import TCP, UDP, Fate, Packet, parse

if TYPE_CHECKING:
    from wire.direction import Log

BATCH: Final = 64
"""Packets read from one side before the other has its turn."""


def make_log(path: str) -> Log:
    """Return a writer of one JSON line a TCP or UDP packet, or None without a path.

    Fields: time read, time now (written or lost), what, protocol, ports, flags, length, seq, ack.
    """
    if not path:
        return None
    file = Path(path).open("w", encoding="ascii", buffering=1 << 20)  # noqa: SIM115  # lives as long as the process

    def log(raw: bytes, read: float, what: str) -> None:
        p = parse(raw)
        if p.proto in {TCP, UDP}:
            times = round(read, 7), round(perf_counter(), 7)
            file.write(
                json.dumps([*times, what, p.proto, p.sport, p.dport, p.flags, len(raw), p.seq, p.ack]) + "\n"
            )

    return log


class Wire:
    """Both directions and the censors between them."""

    def __init__(self, client: int, server: int, config: dict[str, Any]) -> None:
        seed = config.get("seed", 1)
        self.client, self.server = client, server
        self.log = make_log(config.get("log", ""))
        self.up = Direction(server, config.get("up", {}), f"{seed}/up", self.log)
        self.down = Direction(client, config.get("down", {}), f"{seed}/down", self.log)
        there_and_back = 2000 * min(0.004, self.up.delay / 4)
        self.near = Direction(client, {"delay_ms": there_and_back}, f"{seed}/near", self.log)
        """From a middlebox in the first quarter of the way, at most 4 ms away."""
        self.counts: Counter[str] = Counter()
        self.censors = make_censors(config.get("censors", []), seed, self.counts)
        self.fates: dict[bytes, bool] = {}
        """Flows settled for good: True passes, False is swallowed."""
        self.held: list[tuple[float, int, bytes, bool]] = []
        """A heap of what censors hold back: when it goes on, in which order, the packet, whether up."""
        self.order = itertools.count()
        self.now = 0.0
        self.spin = config.get("spin_ms", 0.0) / 1000
        """How long before a packet is due to stop sleeping and watch the clock: exact, for a core's price."""

    def inject(self, raw: bytes, *, to_server: bool) -> None:
        """Send a packet of the censor's own."""
        direction = self.up if to_server else self.near
        direction.send(raw, self.now, "injected up" if to_server else "injected down")

    def hold(self, packet: Packet, seconds: float, *, to_server: bool) -> None:
        """Let a packet go on only after so long, past the censors that come after this one."""
        heapq.heappush(self.held, (self.now + seconds, next(self.order), packet.raw, to_server))

    def release(self, now: float) -> float | None:
        """Let go what was held long enough; return when the next one goes, or None."""
        while self.held and self.held[0][0] <= now:
            _, _, raw, to_server = heapq.heappop(self.held)
            (self.up if to_server else self.down).send(raw, now, "up" if to_server else "down")
        return self.held[0][0] if self.held else None

    def settle(self, packet: Packet, *, passes: bool) -> None:
        """Decide over all further packets of a flow, both ways."""
        self.fates[packet.flow] = self.fates[packet.way_back] = passes

    def pump(self, source: int, *, to_server: bool) -> None:
        """Copy up to a batch of packets from one side."""
        direction, what = (self.up, "up") if to_server else (self.down, "down")
        for _ in range(BATCH):
            try:
                raw = os.read(source, 65536)
            except BlockingIOError:
                return
            self.now = perf_counter()
            if self.censors:
                fate = self.fates.get(raw[12:24] if raw[0] == 0x45 else raw[8:44])
                allowed = raw if fate else None if fate is False else self._shown(raw, to_server)
                if not allowed:
                    if self.log and allowed is None:
                        self.log(raw, self.now, f"swallowed {what}")
                    continue
                raw = allowed
            direction.send(raw, self.now, what)

    def _shown(self, raw: bytes, to_server: bool) -> bytes | None:
        """Show a packet to every censor; return it, rewritten perhaps; None: swallowed; empty: held back."""
        packet = parse(raw)
        settled = packet.proto == TCP
        for censor in self.censors:
            answer = censor(self, packet, to_server)
            if answer is Fate.SWALLOW:
                return None
            if answer is Fate.HELD:
                return b""
            if isinstance(answer, Packet):
                packet, settled = answer, False
            elif answer is not Fate.DONE:
                settled = False
        if settled:
            self.settle(packet, passes=True)
        return packet.raw

    def run(self) -> None:
        """Copy until stdin ends."""
        sources = [self.client, self.server, sys.stdin.fileno()]
        while True:
            now = perf_counter()
            dues = [self.release(now), *(way.flush(now) for way in (self.near, self.up, self.down))]
            next_due = min((due for due in dues if due is not None), default=now + 1.0)
            readable, _, _ = select.select(sources, (), (), max(0.0, next_due - self.spin - perf_counter()))
            if self.client in readable:
                self.pump(self.client, to_server=True)
            if self.server in readable:
                self.pump(self.server, to_server=False)
            if sys.stdin.fileno() in readable and not os.read(sys.stdin.fileno(), 4096):
                return

    def finish(self) -> dict[str, int]:
        """Return what was counted."""
        for name, direction in (("up", self.up), ("down", self.down), ("near", self.near)):
            self.counts.update({f"{name}: lost by {why}": n for why, n in direction.lost.items()})
        return dict(self.counts)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Read the configuration and copy, before other work of this machine where that is allowed."""
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    # Read unbuffered: what a buffer held, select would not see.
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as source:
        config = json.loads(source.readline())
    wire = Wire(int(sys.argv[1]), int(sys.argv[2]), config)
    _say("ready")
    try:
        wire.run()
    finally:
        _say(json.dumps(wire.finish()))


if __name__ == "__main__":
    main()
