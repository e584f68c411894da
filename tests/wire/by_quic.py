"""Censors of QUIC: by the name in its ClientHello, or whatever begins with an Initial of version 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wire import names
from wire.censor import matcher
from wire.packets import UDP, Fate
from wire.quic_names import QuicHello, is_initial

if TYPE_CHECKING:
    from wire.censor import Censor, Count, Seat, Table
    from wire.packets import Packet

PORTS = [443]


def by_quic(table: Table, _seed: object, counts: Count) -> Censor:
    """Let nothing more of a flow pass once it has borne one of `names`; without `names`, any Initial.

    `addresses`, `but`, `ports`; `residual_s`: how long the same four addresses and ports stay silent.
    """
    patterns = tuple(table.get("names", ()))
    there, ports = matcher(table), table.get("ports", PORTS)
    label = table.get("label", table["kind"])
    hellos: dict[bytes, QuicHello] = {}
    barred: dict[bytes, float] = {}

    def censor(wire: Seat, packet: Packet, to_server: bool) -> Fate:
        remote, port = (packet.dst, packet.dport) if to_server else (packet.src, packet.sport)
        if packet.proto != UDP or port not in ports or not there(remote):
            return Fate.DONE
        flow = packet.flow if to_server else packet.way_back
        if barred.get(flow, 0.0) > wire.now:
            return Fate.SWALLOW
        if not to_server or not is_initial(packet.payload):
            return Fate.NEXT
        if patterns:
            name = hellos.setdefault(flow, QuicHello()).hear(packet.payload)
            if name is None or name == names.UNFINISHED or not names.matches(name, patterns):
                return Fate.NEXT
        counts[f"{label}: hit"] += 1
        barred[flow] = wire.now + table.get("residual_s", 420.0)
        return Fate.SWALLOW

    return censor
