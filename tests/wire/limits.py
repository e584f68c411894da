"""What a censor does to a flow that it lets live: polices its rate, or freezes it after so many bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from wire.censor import Table
    from wire.packets import Packet

    Limit = Callable[[Packet, bool, float], bool]
    """Whether this packet, in this direction, at this time, may pass."""


def _policer(table: Table) -> Limit:
    """Drop what exceeds `rate_bps` after a burst of `burst_bytes`, both ways together; nothing is queued."""
    rate, burst = table["rate_bps"] / 8, float(table.get("burst_bytes", 15_000))
    tokens, then = burst, 0.0

    def allows(packet: Packet, _to_server: bool, now: float) -> bool:
        nonlocal tokens, then
        tokens = min(burst, tokens + (now - then) * rate) if then else burst
        then = now
        if tokens < len(packet.raw):
            return False
        tokens -= len(packet.raw)
        return True

    return allows


def _freezer(table: Table) -> Limit:
    """Swallow everything, both ways, once the server has sent `after_bytes`."""
    left = table["after_bytes"]

    def allows(packet: Packet, to_server: bool, _now: float) -> bool:
        nonlocal left
        if not to_server:
            left -= len(packet.payload)
        return bool(left > 0)

    return allows


LIMITS: Final[dict[str, Callable[[Table], Limit]]] = {"police": _policer, "freeze": _freezer}


def limiter(table: Table) -> tuple[Callable[[Packet], None], Callable[[Packet, bool, float], bool | None]]:
    """Return how to begin limiting a packet's flow, and how to ask about one: None if it is not limited."""
    limited: dict[bytes, Limit] = {}

    def begin(packet: Packet) -> None:
        limited[packet.flow] = limited[packet.way_back] = LIMITS[table["action"]](table)

    def asked(packet: Packet, to_server: bool, now: float) -> bool | None:
        limit = limited.get(packet.flow)
        return None if limit is None else limit(packet, to_server, now)

    return begin, asked
