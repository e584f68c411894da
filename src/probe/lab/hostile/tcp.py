"""Hostile TCP: connections that are not made, or come to nothing."""

from __future__ import annotations

from probe.lab import injected
from probe.lab.hostile.records import Misbehaviour

ROWS = (
    Misbehaviour(
        name="tcp.reset_at_once",
        does="Accepts the connection and resets it before it has heard anything.",
        door="accept",
        peer=injected.reset,
        failure="connection_reset",
    ),
)
