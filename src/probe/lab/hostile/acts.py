"""What hostile peers do over and over: send pieces, send without end, send a byte at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from probe.lab import injected
from probe.lab.records import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.lab.records import Act, Request, Wire

PAUSE_S = 0.02
"""So that what follows is another segment."""
DRIP_S = 0.2


def sends(*pieces: bytes, then: Act = injected.fin) -> Act:
    """Send the pieces, each in a segment of its own, and end as `then` says."""

    async def act(wire: Wire) -> None:
        for piece in pieces:
            await wire.write(piece)
            await asyncio.sleep(PAUSE_S)
        await then(wire)

    return act


def floods(begin: bytes, block: bytes | Callable[[int], bytes]) -> Act:
    """Send the beginning and then, for ever, block after block."""

    async def act(wire: Wire) -> None:
        await wire.write(begin)
        number = 0
        while True:
            await wire.write(block if isinstance(block, bytes) else block(number))
            number += 1

    return act


def drips(begin: bytes, byte: bytes = b"y", pause_s: float = DRIP_S) -> Act:
    """Send the beginning and then, for ever, a byte at a time."""

    async def act(wire: Wire) -> None:
        await wire.write(begin)
        while True:
            await wire.write(byte)
            await asyncio.sleep(pause_s)

    return act


def answers(act: Act) -> Callable[[Request], Answer]:
    """Make of an act an answer to any request."""
    return lambda _request: Answer(act=act)
