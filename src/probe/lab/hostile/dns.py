"""Hostile resolvers: over UDP, TCP, TLS, HTTPS and QUIC."""

from __future__ import annotations

from probe.lab.hostile.records import Misbehaviour

ROWS = (
    Misbehaviour(
        name="dns.silence",
        does="Never answers.",
        door="dns",
        peer=lambda _query: [],
        failure="generic_timeout_error",
    ),
)
