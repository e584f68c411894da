"""What a censor, a link or a server does to a flow that it lets live: rate, delay, loss, freezes.

A limit answers for each packet of a flow, both ways, how many seconds it is held back; None swallows it.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from wire.censor import Table
    from wire.packets import Packet

    Limit = Callable[[Packet, bool, float], float | None]
    """The packet, whether it goes to the server, the time: the seconds it waits, None if it never arrives."""

PASSES: Final = 0.0
SILENT_QUEUE_S: Final = 5.0
"""How much a shaper's queue holds where its table does not say."""


def _policer(table: Table, _number: int) -> Limit:
    """Drop what exceeds `rate_bps` after a burst of `burst_bytes`, both ways together; nothing is queued."""
    rate, burst = table["rate_bps"] / 8, float(table.get("burst_bytes", 15_000))
    tokens, then = burst, 0.0

    def limit(packet: Packet, _to_server: bool, now: float) -> float | None:
        nonlocal tokens, then
        tokens = min(burst, tokens + (now - then) * rate) if then else burst
        then = now
        if tokens < len(packet.raw):
            return None
        tokens -= len(packet.raw)
        return PASSES

    return limit


def _shaper(table: Table, _number: int) -> Limit:
    """Let what comes from the server wait in a queue that leaves at `rate_bps` and holds `queue_bytes`."""
    rate = table["rate_bps"] / 8
    room = float(table.get("queue_bytes", rate * SILENT_QUEUE_S))
    free_at = 0.0

    def limit(packet: Packet, to_server: bool, now: float) -> float | None:
        nonlocal free_at
        if to_server:
            return PASSES
        start = max(now, free_at)
        if (start - now) * rate > room:
            return None
        free_at = start + len(packet.raw) / rate
        return float(free_at - now)

    return limit


def _freezer(table: Table, _number: int) -> Limit:
    """Swallow everything, both ways, once the server has sent `after_bytes`, or `after_packets` of them."""
    bytes_left = table.get("after_bytes", float("inf"))
    packets_left = table.get("after_packets", float("inf"))

    def limit(packet: Packet, to_server: bool, _now: float) -> float | None:
        nonlocal bytes_left, packets_left
        if not to_server and packet.payload:
            bytes_left -= len(packet.payload)
            packets_left -= 1
        return PASSES if bytes_left > 0 and packets_left > 0 else None

    return limit


def _spoiler(table: Table, number: int) -> Limit:
    """Hold each packet for `delay_ms`, each way, and lose the share `loss` of them (`loss_down`: down).

    Draws are the flow's own. Bare ACKs are lost as well: a middlebox that drops at random does not look.
    """
    delay, loss = table.get("delay_ms", 0.0) / 1000, table.get("loss", 0.0)
    loss_down = table.get("loss_down", loss)
    chance = random.Random(f"{table['seed']}/{number}")

    def limit(_packet: Packet, to_server: bool, _now: float) -> float | None:
        share = loss if to_server else loss_down
        return None if share and chance.random() < share else delay

    return limit


def _narrow(table: Table, _number: int) -> Limit:
    """Swallow the server's packets of more than `mtu` bytes and tell nobody: a PMTU black hole."""

    def limit(packet: Packet, to_server: bool, _now: float) -> float | None:
        return None if not to_server and len(packet.raw) > table["mtu"] else PASSES

    return limit


LIMITS: Final[dict[str, Callable[[Table, int], Limit]]] = {
    "police": _policer,
    "shape": _shaper,
    "freeze": _freezer,
    "spoil": _spoiler,
    "narrow": _narrow,
}


class Limited:
    """The flows that a table limits, each by a limit of its own."""

    def __init__(self, table: Table, seed: object) -> None:
        self._table = {"seed": seed, **table}
        self._flows: dict[bytes, Limit] = {}
        self._n = 0

    def begin(self, packet: Packet) -> None:
        """Limit the packet's flow from now on."""
        self._n += 1
        self._flows[packet.flow] = self._flows[packet.way_back] = LIMITS[self._table["action"]](
            self._table, self._n
        )

    def end(self, packet: Packet) -> None:
        """Forget the packet's flow: its ports begin anew."""
        self._flows.pop(packet.flow, None)
        self._flows.pop(packet.way_back, None)

    def __contains__(self, packet: Packet) -> bool:
        """Say whether the packet belongs to a limited flow."""
        return packet.flow in self._flows

    def wait(self, packet: Packet, to_server: bool, now: float) -> float | None:
        """Return how long a limited flow's packet waits; None swallows it."""
        return self._flows[packet.flow](packet, to_server, now)
