"""Censors by destination: refuse, swallow, return, or lead elsewhere whatever is sent there."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from wire.censor import limited_fate, matcher, refuse
from wire.limits import LIMITS, Limited
from wire.packets import SYN, TCP, UDP, Fate, Packet, parse, readdressed, unreachable

if TYPE_CHECKING:
    from wire.censor import Censor, Count, Seat, Table

ROUTER4, ROUTER6 = "188.128.91.1", "2a00:1fa0:8000::1"
"""Who sends the ICMP errors: a hop inside the subscriber's operator."""


def _return(wire: Seat, packet: Packet, table: Table) -> None:
    """Say unreachable: `icmp` is type and code for IPv4, `icmp6` for IPv6."""
    four = len(packet.dst) == 4
    kind, code = table.get("icmp", (3, 1)) if four else table.get("icmp6", (1, 3))
    router = ip_address(table.get("router", ROUTER4) if four else table.get("router6", ROUTER6)).packed
    wire.inject(unreachable(router, packet, kind, code), to_server=False)


def by_address(table: Table, seed: object, counts: Count) -> Censor:
    """Act on everything sent to `addresses` except `but`, at `ports` and `protos` when given.

    `action`: drop; rst (to a SYN; the rest is dropped); icmp; data (the handshake passes, data does not); or
    one of LIMITS, flow by flow.
    """
    there, label, action = matcher(table), table.get("label", "address"), table["action"]
    ports, protos = table.get("ports"), table.get("protos")
    limited = Limited(table, seed)

    def censor(wire: Seat, packet: Packet, to_server: bool) -> Fate | Packet:
        remote, port = (packet.dst, packet.dport) if to_server else (packet.src, packet.sport)
        if not there(remote) or (ports and port not in ports) or (protos and packet.proto not in protos):
            return Fate.DONE
        if fate := limited_fate(wire, limited, packet, to_server):
            return fate
        if not to_server:
            return Fate.NEXT
        if action in LIMITS:
            counts[f"{label}: hit"] += 1
            limited.begin(packet)
            return Fate.NEXT
        if action == "data" and packet.proto == TCP and not packet.payload:
            return Fate.NEXT
        counts[f"{label}: hit"] += 1
        if action == "data" and packet.proto == TCP:
            wire.settle(packet, passes=False)
        elif action == "rst" and packet.proto == TCP and packet.flags & SYN:
            refuse(wire, packet)
        elif action == "icmp":
            _return(wire, packet, table)
        return Fate.SWALLOW

    return censor


def redirect(table: Table, seed: object, counts: Count) -> Censor:
    """Send what is meant for `addresses` (except `but`), at `ports` and `protos`, to `to` or `to6` instead.

    Answers come back from the address that was meant; the client sees no difference but the content.
    """
    there, label = matcher(table), table.get("label", "redirect")
    ports, protos = table.get("ports"), table.get("protos", (TCP, UDP))
    to = {4: ip_address(table["to"]).packed, 16: ip_address(table["to6"]).packed if table.get("to6") else b""}
    meant: dict[bytes, bytes] = {}

    def censor(wire: Seat, packet: Packet, to_server: bool) -> Fate | Packet:
        if not to_server:
            true = meant.get(packet.flow)
            return parse(readdressed(packet.raw, src=true)) if true else Fate.NEXT
        target = to[len(packet.dst)]
        if not there(packet.dst) or packet.proto not in protos or (ports and packet.dport not in ports):
            return Fate.DONE
        if not target or target == packet.dst:
            return Fate.DONE
        changed = parse(readdressed(packet.raw, dst=target))
        if changed.way_back not in meant:
            counts[f"{label}: hit"] += 1
        meant[changed.way_back] = packet.dst
        return changed

    return censor
