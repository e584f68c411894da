"""Hostile TCP: connections that are not made, or come to nothing before a byte was exchanged."""

from __future__ import annotations

from probe.lab import injected
from probe.lab.hostile.acts import drips, floods, sends
from probe.lab.hostile.records import Misbehaviour

ROWS = (
    Misbehaviour(
        name="tcp.refused",
        does="Refuses every connection.",
        door="syn",
        peer="reset",
        failure="connection_refused",
    ),
    Misbehaviour(
        name="tcp.silent",
        does="Drops every SYN.",
        door="syn",
        peer="drop",
        failure="generic_timeout_error",
    ),
    Misbehaviour(
        name="tcp.unreachable",
        does="Has the way to it reported as closed.",
        door="syn",
        peer="unreachable",
        failure="host_unreachable",
    ),
    Misbehaviour(
        name="tcp.reset_at_once",
        does="Accepts the connection and resets it before it has heard anything.",
        door="accept",
        peer=injected.reset,
        failure="connection_reset",
    ),
    Misbehaviour(
        name="tcp.hung_up_at_once",
        does="Accepts the connection and hangs up before it has heard anything.",
        door="accept",
        peer=injected.fin,
        failure="eof_error",
    ),
    Misbehaviour(
        name="tcp.tar_pit",
        does="Accepts the connection and never says a word.",
        door="accept",
        peer=injected.swallow,
        failure="generic_timeout_error",
    ),
    Misbehaviour(
        name="tcp.banner",
        does="Speaks first, as a mail server does, and hangs up.",
        door="accept",
        peer=sends(b"220 mail.example ESMTP\r\n"),
        failure="x_http_no_status_line",
    ),
    Misbehaviour(
        name="tcp.zeros",
        does="Sends zeros without end before it was asked.",
        door="accept",
        peer=floods(b"", bytes(65536)),
        failure="x_http_no_status_line",
    ),
    Misbehaviour(
        name="tcp.drip",
        does="Sends spaces, five a second, for ever.",
        door="accept",
        peer=drips(b"", b" "),
        failure="x_http_no_status_line",
    ),
)
