"""Censors of tunnels: by the first bytes of WireGuard messages, and of OpenVPN packets, over UDP or TCP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wire.censor import matcher
from wire.packets import TCP, UDP, Fate

if TYPE_CHECKING:
    from wire.censor import Censor, Count, Seat, Table
    from wire.packets import Packet

WIREGUARD_SIZES = {1: 148, 2: 92, 3: 64}


def wireguard_type(payload: bytes) -> int:
    """Return the type of a WireGuard message; 0 for anything else."""
    kind = payload[0] if len(payload) >= 32 and not any(payload[1:4]) else 0
    return kind if kind == 4 or WIREGUARD_SIZES.get(kind) == len(payload) else 0


def openvpn_opcode(payload: bytes) -> int:
    """Return the opcode of an OpenVPN packet."""
    return payload[0] >> 3 if payload else 0


def tls_message(payload: bytes) -> int:
    """Return the type of a TLS handshake message, 1 for a ClientHello; two bytes before it are cut."""
    return payload[3] if len(payload) > 3 and payload[0] in {0, 1, 2, 3} else 0


READERS = {"wireguard": wireguard_type, "openvpn": openvpn_opcode, "tls": tls_message}


def by_tunnel(table: Table, _seed: object, counts: Count) -> Censor:
    """Swallow messages of `protocol` whose type is one of `types`; over TCP cut the rest of the flow too.

    `addresses`, `but`, `ports`.
    """
    read, types = READERS[table["protocol"]], table["types"]
    there, ports = matcher(table), table["ports"]
    label = table.get("label", table["kind"])
    cut: set[bytes] = set()

    def censor(_wire: Seat, packet: Packet, to_server: bool) -> Fate:
        remote, port = (packet.dst, packet.dport) if to_server else (packet.src, packet.sport)
        if packet.proto not in {TCP, UDP} or port not in ports or not there(remote):
            return Fate.DONE
        flow = packet.flow if to_server else packet.way_back
        payload = packet.payload[2 if packet.proto == TCP else 0 :]
        if flow in cut or read(payload) in types:
            counts[f"{label}: hit"] += 1
            if packet.proto == TCP:
                cut.add(flow)
            return Fate.SWALLOW
        return Fate.NEXT

    return censor
