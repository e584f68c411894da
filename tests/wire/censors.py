"""What stands between the namespaces: censors by name, by address and by DNS question, each made from a JSON table.

A censor is a function of the wire, a packet and its direction; it answers with a Fate, or with the packet
that goes on in its place. `make_censors` is all the copier needs to know.
"""

from __future__ import annotations

import random
import struct
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any, Final, Protocol

from wire import names
from wire.packets import ACK, FIN, PSH, RST, SYN, TCP, UDP, Fate, Packet, parse, readdressed, tcp, udp, unreachable

ALL: Final = ("0.0.0.0/0", "::/0")
ROUTER4, ROUTER6 = "188.128.91.1", "2a00:1fa0:8000::1"
"""Who sends the ICMP errors: a hop inside the subscriber's operator."""


class Seat(Protocol):
    """What the wire lets a censor do."""

    now: float

    def inject(self, raw: bytes, *, to_server: bool) -> None:
        """Send a packet of the censor's own."""

    def settle(self, packet: Packet, *, passes: bool) -> None:
        """Decide over all further packets of a flow, both ways."""


Table = dict[str, Any]
Censor = Callable[[Seat, Packet, bool], Fate | Packet]
Count = Counter[str]


def make_censors(tables: list[Table], seed: object, counts: Count) -> list[Censor]:
    """Make each table's censor; `kind` says which, and counts are kept under `label` or else the kind."""
    return [MAKERS[table["kind"]](table, seed, counts) for table in tables]


# -- what is done to a flow ----------------------------------------------------------------------------------


def _answer(wire: Seat, packet: Packet, flags: int, data: bytes = b"", *, sent: int = 0) -> None:
    """Speak to the client in the server's name."""
    ports = (packet.dport, packet.sport)
    end = packet.seq + len(packet.payload)
    wire.inject(tcp(packet.dst, packet.src, ports, packet.ack + sent, end, flags, data), to_server=False)


def _hang_up_on_server(wire: Seat, packet: Packet) -> None:
    ports = (packet.sport, packet.dport)
    wire.inject(tcp(packet.src, packet.dst, ports, packet.seq, packet.ack, RST | ACK), to_server=True)


def _reset(wire: Seat, packet: Packet, table: Table) -> None:
    _answer(wire, packet, RST | ACK)
    _hang_up_on_server(wire, packet)


def _drop(wire: Seat, packet: Packet, table: Table) -> None:
    """Leave both ends waiting."""


def _fin(wire: Seat, packet: Packet, table: Table) -> None:
    _answer(wire, packet, FIN | ACK)
    _hang_up_on_server(wire, packet)


def _page(wire: Seat, packet: Packet, table: Table) -> None:
    """Answer the request with `page`, the bytes of a whole HTTP answer or of none, and close."""
    page = table["page"].encode()
    for at in range(0, len(page), 1400):
        _answer(wire, packet, PSH | ACK, page[at : at + 1400], sent=at)
    _answer(wire, packet, FIN | ACK, sent=len(page))
    _hang_up_on_server(wire, packet)


ACTIONS: Final = {"rst": _reset, "drop": _drop, "fin": _fin, "page": _page}


# -- by name ---------------------------------------------------------------------------------------------------


def _question_over_tcp(stream: bytes) -> str | None:
    if len(stream) < 2 or len(stream) < 2 + int.from_bytes(stream[:2]):
        return names.UNFINISHED
    found = names.question(stream[2:])
    return found[0] if found else None


READERS: Final[dict[str, tuple[Callable[[bytes], str | None], int]]] = {
    "tls_name": (names.server_name, 443),
    "http_host": (names.host, 80),
    "dns_tcp": (_question_over_tcp, 53),
}


def by_name(table: Table, seed: object, counts: Count) -> Censor:
    """Act on TCP flows whose first bytes bear one of `names`, also when split over segments.

    `action`, see ACTIONS; `ports`; `addresses`, only there; `share` of the flows of each name, drawn from
    `seed` in the order they come; `residual_s`: afterwards nothing from that client reaches that address
    and port (`residual_action` drop or rst) for so long.
    """
    read, port = READERS[table["kind"]]
    patterns, ports = tuple(table["names"]), table.get("ports", [port])
    there = _matcher(table)
    act, label = ACTIONS[table["action"]], table.get("label", table["kind"])
    hit = _drawer(table, seed)
    streams: dict[bytes, tuple[int, bytes]] = {}
    barred: dict[bytes, float] = {}

    def censor(wire: Seat, packet: Packet, to_server: bool) -> Fate | Packet:
        if packet.proto != TCP or (packet.dport if to_server else packet.sport) not in ports:
            return Fate.DONE
        if not to_server:
            return Fate.NEXT
        if not there(packet.dst):
            return Fate.DONE
        if packet.flags & SYN:
            if barred.get(_service(packet), 0.0) > wire.now:
                counts[f"{label}: residual"] += 1
                if table.get("residual_action", "drop") == "rst":
                    _refuse(wire, packet)
                return Fate.SWALLOW
            streams[packet.flow] = (packet.seq + 1) % 2**32, b""
            return Fate.NEXT
        if packet.flow not in streams:
            return Fate.DONE
        if not packet.payload:
            return Fate.NEXT
        first, stream = streams[packet.flow]
        stream = stream[: (packet.seq - first) % 2**32] + packet.payload
        streams[packet.flow] = first, stream
        name = read(stream)
        if name == names.UNFINISHED:
            return Fate.NEXT
        del streams[packet.flow]
        if name is None or not names.matches(name, patterns):
            return Fate.DONE
        if not hit(name):
            counts[f"{label}: spared"] += 1
            return Fate.DONE
        counts[f"{label}: hit"] += 1
        if table.get("residual_s"):
            barred[_service(packet)] = wire.now + table["residual_s"]
        act(wire, packet, table)
        wire.settle(packet, passes=False)
        return Fate.SWALLOW

    return censor


def _service(packet: Packet) -> bytes:
    """Key a residual block: who may not reach which address and port."""
    return packet.src + packet.dst + packet.dport.to_bytes(2)


def _drawer(table: Table, seed: object) -> Callable[[str], bool]:
    """Return a draw whose outcome for the nth flow of a name depends on seed, name and n alone."""
    share, own_seed = table.get("share", 1.0), table.get("seed", seed)
    drawn: Counter[str] = Counter()

    def draw(name: str) -> bool:
        drawn[name] += 1
        return share >= 1 or random.Random(f"{own_seed}/{name}/{drawn[name]}").random() < share

    return draw


# -- by address --------------------------------------------------------------------------------------------------


def _matcher(table: Table) -> Callable[[bytes], bool]:
    """Return whether an address lies in `addresses` (all, when absent) and not in `but`."""
    into = [ip_network(text) for text in table.get("addresses", ALL)]
    out_of = [ip_network(text) for text in table.get("but", ())]
    known: dict[bytes, bool] = {}

    def matches(raw: bytes) -> bool:
        if raw not in known:
            address = ip_address(raw)
            known[raw] = any(address in net for net in into) and not any(address in net for net in out_of)
        return known[raw]

    return matches


def _refuse(wire: Seat, packet: Packet) -> None:
    """Answer a SYN with a RST."""
    ports = (packet.dport, packet.sport)
    wire.inject(tcp(packet.dst, packet.src, ports, 0, packet.seq + 1, RST | ACK), to_server=False)


def _return(wire: Seat, packet: Packet, table: Table) -> None:
    """Say unreachable: `icmp` is type and code for IPv4, `icmp6` for IPv6."""
    four = len(packet.dst) == 4
    kind, code = table.get("icmp", (3, 1)) if four else table.get("icmp6", (1, 3))
    router = ip_address(table.get("router", ROUTER4) if four else table.get("router6", ROUTER6)).packed
    wire.inject(unreachable(router, packet, kind, code), to_server=False)


def by_address(table: Table, seed: object, counts: Count) -> Censor:
    """Act on everything sent to `addresses` except `but`, at `ports` and `protos` when given.

    `action`: drop; rst (to a SYN; the rest is dropped); icmp; data (the handshake passes, data does not).
    """
    there, label, action = _matcher(table), table.get("label", "address"), table["action"]
    ports, protos = table.get("ports"), table.get("protos")

    def censor(wire: Seat, packet: Packet, to_server: bool) -> Fate | Packet:
        remote, port = (packet.dst, packet.dport) if to_server else (packet.src, packet.sport)
        if not there(remote) or (ports and port not in ports) or (protos and packet.proto not in protos):
            return Fate.DONE
        if not to_server:
            return Fate.NEXT
        if action == "data" and packet.proto == TCP and not packet.payload:
            return Fate.NEXT
        counts[f"{label}: hit"] += 1
        if action == "data" and packet.proto == TCP:
            wire.settle(packet, passes=False)
        elif action == "rst" and packet.proto == TCP and packet.flags & SYN:
            _refuse(wire, packet)
        elif action == "icmp":
            _return(wire, packet, table)
        return Fate.SWALLOW

    return censor


def redirect(table: Table, seed: object, counts: Count) -> Censor:
    """Send what is meant for `addresses` (except `but`), at `ports` and `protos`, to `to` or `to6` instead.

    Answers come back from the address that was meant; the client sees no difference but the content.
    """
    there, label = _matcher(table), table.get("label", "redirect")
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


# -- by question ---------------------------------------------------------------------------------------------------

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
    patterns, there = tuple(table["names"]), _matcher(table)
    action, label = table["action"], table.get("label", "dns")
    hit = _drawer(table, seed)

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


MAKERS: Final[dict[str, Callable[[Table, object, Count], Censor]]] = {
    **dict.fromkeys(READERS, by_name),
    "address": by_address,
    "redirect": redirect,
    "dns": by_question,
}
