"""Censors of DNS questions over UDP: silence, a forged answer instead of the true one, or before it."""

from __future__ import annotations

import struct
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from wire import names
from wire.censor import drawer, matcher
from wire.packets import UDP, Fate, Packet, udp

if TYPE_CHECKING:
    from wire.censor import Censor, Count, Seat, Table

RCODES: Final = {"NOERROR": 0, "SERVFAIL": 2, "NXDOMAIN": 3, "REFUSED": 5}


def forged(query: bytes, end: int, qtype: int, table: Table) -> bytes:
    """Answer a DNS query: with `rcode`, or with `answers` of the type asked for."""
    addresses = [ip_address(text) for text in table.get("answers", ())]
    records = [a.packed for a in addresses if (a.version, qtype) in {(4, 1), (6, 28)}]
    flags = 0x8080 | (query[2] & 1) << 8 | RCODES[table.get("rcode", "NOERROR")]
    head = query[:2] + struct.pack("!HHHHH", flags, 1, len(records), 0, 0)
    body = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", qtype, 1, 60, len(r)) + r for r in records)
    return head + query[12:end] + body


def by_question(table: Table, seed: object, counts: Count) -> Censor:
    """Act on UDP/53 queries for `names`, sent to `addresses` (any, when absent).

    `action`: drop; forge (and swallow the query); race (forge first, the true answer follows).
    """
    patterns, there = tuple(table["names"]), matcher(table)
    action, label = table["action"], table.get("label", "dns")
    hit = drawer(table, seed)

    def censor(wire: Seat, packet: Packet, to_server: bool) -> Fate | Packet:
        if packet.proto != UDP or not to_server or packet.dport != 53 or not there(packet.dst):
            return Fate.DONE
        found = names.question(packet.payload)
        if not found or not names.matches(found[0], patterns) or not hit(found[0]):
            return Fate.DONE
        counts[f"{label}: hit"] += 1
        if action != "drop":
            reply = forged(packet.payload, found[2], found[1], table)
            wire.inject(udp(packet.dst, packet.src, (53, packet.sport), reply), to_server=False)
        return Fate.NEXT if action == "race" else Fate.SWALLOW

    return censor
