"""Censors of TCP flows by the name they bear: in the ClientHello, the Host header, a DNS question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wire import names
from wire.censor import drawer, limited_fate, matcher, refuse
from wire.limits import Limited
from wire.packets import ACK, FIN, PSH, RST, SYN, TCP, Fate, Packet, tcp

if TYPE_CHECKING:
    from collections.abc import Callable

    from wire.censor import Censor, Count, Seat, Table


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

    `action`, see ACTIONS and LIMITS; `ports`; `addresses`, only there; `share` of the flows of each name,
    drawn from `seed` in the order they come; `residual_s`: afterwards nothing from that client reaches that
    address and port (`residual_action` drop or rst) for so long.
    """
    read, port = READERS[table["kind"]]
    patterns, ports = tuple(table["names"]), table.get("ports", [port])
    there = matcher(table)
    act, label = ACTIONS.get(table["action"]), table.get("label", table["kind"])
    limited = Limited(table, seed)
    hit = drawer(table, seed)
    streams: dict[bytes, tuple[int, bytes]] = {}
    barred: dict[bytes, float] = {}

    def censor(  # noqa: PLR0911  # one way out for each thing a packet can be
        wire: Seat, packet: Packet, to_server: bool
    ) -> Fate | Packet:
        if packet.proto != TCP or (packet.dport if to_server else packet.sport) not in ports:
            return Fate.DONE
        if fate := limited_fate(wire, limited, packet, to_server):
            return fate
        if not to_server:
            return Fate.NEXT
        if not there(packet.dst):
            return Fate.DONE
        if packet.flags & SYN:
            if barred.get(_service(packet), 0.0) > wire.now:
                counts[f"{label}: residual"] += 1
                if table.get("residual_action", "drop") == "rst":
                    refuse(wire, packet)
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
        if act is None:
            limited.begin(packet)
            return Fate.NEXT
        act(wire, packet, table)
        wire.settle(packet, passes=False)
        return Fate.SWALLOW

    return censor


def _service(packet: Packet) -> bytes:
    """Key a residual block: who may not reach which address and port."""
    return packet.src + packet.dst + packet.dport.to_bytes(2)
