"""Hostile TLS: what may follow a ClientHello, record by record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.lab import injected
from probe.lab.hostile.acts import sends
from probe.lab.hostile.records import Misbehaviour

if TYPE_CHECKING:
    from collections.abc import Mapping

    from probe.lab.records import Act

HELLO_STRIKES: Mapping[str, Act] = {
    **injected.STRIKES,
    "garbage": sends(bytes(range(1, 201)), then=injected.swallow),
    "alert": sends(b"\x15\x03\x03\x00\x02\x02\x28"),  # fatal, handshake_failure (40)
    "unrecognized": sends(b"\x15\x03\x03\x00\x02\x02\x70"),  # fatal, unrecognized_name (112)
    "plain": sends(b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n<html>blocked</html>"),
    "long-record": sends(b"\x16\x03\x03\x40\x00" + bytes(300), then=injected.swallow),
}
"""What may become of a ClientHello, by a site's or a rule's word."""


ROWS = (
    Misbehaviour(
        name="tls.alert",
        does="Refuses the handshake with a fatal alert, handshake_failure.",
        door="hello",
        peer=sends(b"\x15\x03\x03\x00\x02\x02\x28"),
        failure="ssl_failed_handshake",
        facts={"alert": 40, "server_spoke": True},
    ),
)
