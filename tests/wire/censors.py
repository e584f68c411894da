"""All censors by the kind that a JSON table names; a new one is a function and a line here.

A censor is a function of the wire, a packet and its direction; it answers with a Fate, or with the packet
that goes on in its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wire.by_address import by_address, redirect
from wire.by_name import READERS, by_name
from wire.by_question import by_question
from wire.by_quic import by_quic
from wire.by_tunnel import by_tunnel
from wire.packets import TCP, UDP, Fate, Packet

if TYPE_CHECKING:
    from collections.abc import Callable

    from wire.censor import Censor, Count, Seat, Table

MAKERS: Final[dict[str, Callable[[Table, object, Count], Censor]]] = {
    **dict.fromkeys(READERS, by_name),
    "address": by_address,
    "redirect": redirect,
    "dns": by_question,
    "quic": by_quic,
    "tunnel": by_tunnel,
}


def make_censors(tables: list[Table], seed: object, counts: Count) -> list[Censor]:
    """Make each table's censor; `kind` says which, and counts are kept under `label` or else the kind.

    One that has `from_s` or `until_s` acts only so many seconds after the client's first packet.
    """
    made = [MAKERS[table["kind"]](table, seed, counts) for table in tables]
    return [
        _timed(censor, table) if {"from_s", "until_s"} & table.keys() else censor
        for censor, table in zip(made, tables, strict=True)
    ]


def _timed(censor: Censor, table: Table) -> Censor:
    begin, end = table.get("from_s", 0.0), table.get("until_s", float("inf"))
    first = float("inf")

    def timed(wire: Seat, packet: Packet, to_server: bool) -> Fate | Packet:
        nonlocal first
        if to_server and packet.proto in {TCP, UDP}:
            first = min(first, wire.now)
        return censor(wire, packet, to_server) if begin <= wire.now - first < end else Fate.NEXT

    return timed
