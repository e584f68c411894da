"""Answers QUIC on the lab's UDP ports: HTTP/3 and DNS at every address, as site and censor have it.

Needs the extra `quic`; without it the lab has no QUIC at all.
"""

from __future__ import annotations

import asyncio
import importlib.util
import struct
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

from probe.lab import truth
from probe.lab.hostile import doors
from probe.lab.quic_hello import Hello
from probe.lab.records import Place, Request
from probe.lab.resolver import replies

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.lab.resolver import Replies
    from probe.lab.world import World

PORTS: Final = (443, 853)
SUPPORTED: Final = {"": (0x00000001, 0x6B3343CF), "other-version": (0xFF00001D,)}
"""Versions 1 and 2, or a draft that clients have left behind, by `Site.quic`."""
SMALLEST: Final = 1200
"""RFC 9000, 14.1: shorter datagrams begin no connection."""
FLOWS_KEPT: Final = 4096


def has_quic() -> bool:
    """Say whether the library is installed."""
    return importlib.util.find_spec("aioquic") is not None


class _Flow(Struct, eq=False):
    hello: Hello = field(default_factory=Hello)
    held: list[bytes] = field(default_factory=list)
    server: Any = None
    is_settled: bool = False


class QuicWorld:
    """All QUIC servers of a world; who owns the sockets hands datagrams over and sends what comes back."""

    def __init__(self, world: World) -> None:
        """Begin without a connection."""
        self._world = world
        self._flows: dict[tuple[Any, Place], _Flow] = {}
        self._servers: dict[tuple[Place, str], Any] = {}

    def receive(
        self, data: bytes, peer: tuple[Any, ...], place: Place, send: Callable[[bytes, Any], object]
    ) -> None:
        """Take one datagram that was sent to a place."""
        world = self._world
        place = Place(address=world.translate(place.address), port=place.port)
        if (row := world.peers.get(place.address)) is not None and row.door == "quic":
            doors.quic(row, data, partial(_back, send, peer))
            return
        home = world.home(place.address, None)
        if not world.names.names_at(place.address) or world.site(home).quic == "none":
            return
        if world.true_syn(place.address) or world.on_quic(place, home, whole=True):
            return
        if len(data) > 5 and data[0] & 0x80 and int.from_bytes(data[1:5], "big") not in SUPPORTED[""]:
            self._server(place, home, send).datagram_received(data, peer)
            return
        flow = self._flows.get((peer[:2], place))
        if flow is None:
            if len(data) < SMALLEST:
                return
            if len(self._flows) >= FLOWS_KEPT:
                del self._flows[next(iter(self._flows))]
            flow = self._flows[peer[:2], place] = _Flow()
        self._settle(flow, data, place, send)
        if flow.server is not None:
            held, flow.held = flow.held, []
            for datagram in held:
                asyncio.get_running_loop().call_later(
                    world.rtt_s, flow.server.datagram_received, datagram, peer
                )

    def _settle(self, flow: _Flow, data: bytes, place: Place, send: Callable[[bytes, Any], object]) -> None:
        """Keep the datagram; once the name is known, decide who answers the flow, if anybody."""
        if flow.is_settled:
            flow.held = [data] if flow.server is not None else []
            return
        flow.held.append(data)
        flow.hello.hear(data)
        if not flow.hello.is_whole:
            return
        flow.is_settled = True
        if self._world.on_quic(place, flow.hello.name or self._world.home(place.address, None)):
            return
        home = self._world.home(place.address, flow.hello.name)
        if self._world.site(home).quic != "none":
            flow.server = self._server(place, home, send)

    def _server(self, place: Place, home: str, send: Callable[[bytes, Any], object]) -> Any:
        made = self._servers.get((place, home))
        if made is None:
            made = self._servers[place, home] = self._make(place, home)
        made.connection_made(_Transport(send))
        return made

    def _make(self, place: Place, home: str) -> Any:
        from aioquic.asyncio.server import QuicServer
        from aioquic.quic.configuration import QuicConfiguration

        site = self._world.site(home)
        leaf, *rest = self._world.ca.chain(home, site.certificate)
        configuration = QuicConfiguration(
            is_client=False,
            alpn_protocols=["doq"] if place.port == 853 else ["h3"],
            supported_versions=list(SUPPORTED[site.quic]),
            certificate=leaf,
            certificate_chain=rest,
            private_key=self._world.ca.key,
        )
        row = self._world.peers.get(place.address)
        answering = _dns_protocol if place.port == 853 else _web_protocol
        makes = doors.peer(row) if row and row.door == "h3" else partial(answering, self._world, place)
        return QuicServer(configuration=configuration, create_protocol=makes)


def _back(send: Callable[[bytes, Any], object], peer: tuple[Any, ...], data: bytes) -> None:
    send(data, peer)


class _Transport(asyncio.DatagramTransport):
    """What the library takes for a socket: replies leave from the address that was asked."""

    def __init__(self, send: Callable[[bytes, Any], object]) -> None:
        super().__init__()
        self._send = send

    def sendto(self, data: Any, addr: Any = None) -> None:
        self._send(bytes(data), addr)

    def close(self) -> None:
        """Nothing to close: the socket is somebody else's."""


def _web_protocol(world: World, place: Place, connection: Any, stream_handler: Any = None) -> Any:
    """Make what answers HTTP/3 requests with the name's own page."""
    from aioquic.asyncio.protocol import QuicConnectionProtocol
    from aioquic.h3.connection import H3Connection
    from aioquic.h3.events import HeadersReceived
    from aioquic.quic.events import ProtocolNegotiated

    class Web(QuicConnectionProtocol):
        h3: H3Connection | None = None

        def quic_event_received(self, event: Any) -> None:
            if isinstance(event, ProtocolNegotiated):
                self.h3 = H3Connection(self._quic)
            for part in self.h3.handle_event(event) if self.h3 is not None else ():
                if isinstance(part, HeadersReceived):
                    self.answer(part)

        def answer(self, asked: Any) -> None:
            told = {k.decode("ascii", "replace"): v.decode("ascii", "replace") for k, v in asked.headers}
            request = Request(
                method=told.get(":method", "GET"), path=told.get(":path", "/"),
                host=told.get(":authority", ""), headers={}, body=b"", place=place, is_tls=True,
            )  # fmt: skip
            got = truth.answer(world, request)
            head = [(":status", str(got.status)), *((k.lower(), v) for k, v in got.headers)]
            barred = {"connection", "transfer-encoding", "keep-alive"}
            sent = [(k.encode(), v.encode()) for k, v in head if k not in barred]
            if self.h3 is not None:
                self.h3.send_headers(asked.stream_id, sent)
                self.h3.send_data(asked.stream_id, got.body, end_stream=True)
            self.transmit()

    return Web(connection, stream_handler=stream_handler)


def _dns_protocol(world: World, place: Place, connection: Any, stream_handler: Any = None) -> Any:
    """Make what answers DNS over QUIC: one question a stream, its length in front (RFC 9250)."""
    from aioquic.asyncio.protocol import QuicConnectionProtocol
    from aioquic.quic.events import StreamDataReceived

    def _truth(query: bytes) -> Replies:
        return replies(world, query, place.address, "doq")

    class Resolver(QuicConnectionProtocol):
        def quic_event_received(self, event: Any) -> None:
            if not isinstance(event, StreamDataReceived) or len(event.data) < 2:
                return
            row = world.peers.get(place.address)
            made = doors.peer(row) if row and row.door == "doq" else _truth
            for delay, reply in made(event.data[2:]):
                framed = struct.pack("!H", len(reply)) + reply
                asyncio.get_running_loop().call_later(delay, self.reply, event.stream_id, framed)

        def reply(self, stream_id: int, framed: bytes) -> None:
            self._quic.send_stream_data(stream_id, framed, end_stream=True)
            self.transmit()

    return Resolver(connection, stream_handler=stream_handler)
