"""What every censor is and shares: its seat at the wire, which addresses it means, which flows it takes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any, Final, Protocol

from wire.limits import Limited
from wire.packets import ACK, RST, SYN, Fate, Packet, tcp

ALL: Final = ("0.0.0.0/0", "::/0")


class Seat(Protocol):
    """What the wire lets a censor do."""

    now: float

    def inject(self, raw: bytes, *, to_server: bool) -> None:
        """Send a packet of the censor's own."""

    def hold(self, packet: Packet, seconds: float, *, to_server: bool) -> None:
        """Let a packet go on only after so long, past the censors that come after this one."""

    def settle(self, packet: Packet, *, passes: bool) -> None:
        """Decide over all further packets of a flow, both ways."""


Table = dict[str, Any]
Censor = Callable[[Seat, Packet, bool], Fate | Packet]
Count = Counter[str]


def drawer(table: Table, seed: object) -> Callable[[str], bool]:
    """Return a draw whose outcome for the nth flow of a name depends on seed, name and n alone."""
    share, own_seed = float(table.get("share", 1.0)), table.get("seed", seed)
    drawn: Counter[str] = Counter()

    def draw(name: str) -> bool:
        drawn[name] += 1
        return share >= 1 or random.Random(f"{own_seed}/{name}/{drawn[name]}").random() < share

    return draw


def matcher(table: Table) -> Callable[[bytes], bool]:
    """Return whether an address lies in `addresses` (all, when absent) and not in `but`."""
    into = [ip_network(text) for text in table.get("addresses", ALL)]
    out_of = [ip_network(text) for text in table.get("but", ())]
    known: dict[bytes, bool] = {}

    def matches(raw: bytes) -> bool:
        if raw not in known:
            address = ip_address(raw)
            known[raw] = any(address in n for n in into) and not any(address in n for n in out_of)
        return bool(known[raw])

    return matches


def refuse(wire: Seat, packet: Packet) -> None:
    """Answer a SYN with a RST."""
    ports = (packet.dport, packet.sport)
    wire.inject(tcp(packet.dst, packet.src, ports, 0, packet.seq + 1, RST | ACK), to_server=False)


def limited_fate(wire: Seat, limited: Limited, packet: Packet, to_server: bool) -> Fate | None:
    """Treat a packet as its flow's limit says; None where its flow is not limited."""
    if packet not in limited:
        return None
    if to_server and packet.flags & SYN:
        limited.end(packet)
        return None
    seconds = limited.wait(packet, to_server, wire.now)
    if seconds is None:
        return Fate.SWALLOW
    if not seconds:
        return Fate.NEXT
    wire.hold(packet, seconds, to_server=to_server)
    return Fate.HELD
