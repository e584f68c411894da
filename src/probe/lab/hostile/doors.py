"""Lets a client in to a hostile peer: up to the point in the conversation where the peer takes over."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, Any

from probe.lab import injected, pages
from probe.lab.http1 import serve_http1
from probe.lab.records import Answer
from probe.lab.wires import TLSWire

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Mapping

    from probe.lab.hostile.records import Misbehaviour
    from probe.lab.records import Request, Wire
    from probe.lab.wires import PlainWire
    from probe.lab.world import World

ALPN = {"h2": ["h2"], "dot": ["dot"]}
"""What is agreed on within TLS, by door; HTTP/1.1 elsewhere."""


async def serve(world: World, wire: PlainWire, row: Misbehaviour) -> None:
    """Serve one TCP connection to the address of a row, and close it."""
    await _DOORS[row.door](world, wire, row)
    wire.sock.close()


async def _accept(_world: World, wire: PlainWire, row: Misbehaviour) -> None:
    await peer(row)(wire)


async def _hello(world: World, wire: PlainWire, row: Misbehaviour) -> None:
    tls = _tls(world, wire, row)
    if await tls.hear():
        wire.push_back(bytes(tls.hello))
        await peer(row)(wire)


async def _within(world: World, wire: PlainWire, row: Misbehaviour) -> None:
    if (tls := await _secured(world, wire, row)) is not None:
        await peer(row)(tls)


async def _page(world: World, wire: PlainWire, row: Misbehaviour) -> None:
    if (tls := await _secured(world, wire, row)) is not None:
        await serve_http1(tls, _says(lambda _request: pages.own_page(row.host)), is_tls=True)


async def _http(_world: World, wire: PlainWire, row: Misbehaviour) -> None:
    await serve_http1(wire, _says(peer(row)), is_tls=False)


async def _https(world: World, wire: PlainWire, row: Misbehaviour) -> None:
    if (tls := await _secured(world, wire, row)) is not None:
        await serve_http1(tls, _says(peer(row)), is_tls=True)


async def _dns_tcp(_world: World, wire: PlainWire, row: Misbehaviour) -> None:
    if (query := await _query(wire)) is not None:
        await peer(row)(wire, query)


async def _dot(world: World, wire: PlainWire, row: Misbehaviour) -> None:
    tls = await _secured(world, wire, row)
    if tls is not None and (query := await _query(tls)) is not None:
        await peer(row)(tls, query)


async def _nothing(_world: World, wire: PlainWire, _row: Misbehaviour) -> None:
    await injected.swallow(wire)


_DOORS: Mapping[str, Callable[[World, PlainWire, Misbehaviour], Awaitable[None]]] = {
    "accept": _accept,
    "hello": _hello,
    "certificate": _page,
    "tls": _within,
    "h2": _within,
    "http": _http,
    "https": _https,
    "helper": _https,
    "doh": _https,
    "dns-tcp": _dns_tcp,
    "dot": _dot,
    "dns": _nothing,
    "doq": _nothing,
    "quic": _page,
    "h3": _page,
    "syn": _nothing,
}


def peer(row: Misbehaviour) -> Callable[..., Any]:
    """Return what takes over. Raises TypeError where a word stands in its place."""
    if isinstance(row.peer, str):
        raise TypeError(f"{row.name} has a word where its door {row.door} wants a function")
    return row.peer


def _says(answer: Callable[[Request], Answer]) -> Callable[[Request], Awaitable[Answer]]:
    async def respond(request: Request) -> Answer:
        return answer(request)

    return respond


def _tls(world: World, wire: PlainWire, row: Misbehaviour) -> TLSWire:
    def choose(_name: str | None) -> ssl.SSLContext:
        if row.door == "certificate":
            made: ssl.SSLContext = peer(row)(world.ca, row.host)
        else:
            made = world.ca.context(row.host)
            made.set_alpn_protocols(ALPN.get(row.door, ["http/1.1"]))
        return made

    return TLSWire(wire, choose)


async def _secured(world: World, wire: PlainWire, row: Misbehaviour) -> TLSWire | None:
    """Shake hands; None where the client did not come so far."""
    tls = _tls(world, wire, row)
    if not await tls.hear():
        return None
    await tls.handshake()
    return tls


async def _query(wire: Wire) -> bytes | None:
    """Read one DNS message with its length in front; None where the client left before its end."""
    held = b""
    while len(held) < 2 or len(held) < 2 + struct.unpack_from("!H", held)[0]:
        data = await wire.read(65536)
        if not data:
            return None
        held += data
    return held[2:]


def datagrams(row: Misbehaviour, query: bytes, send: Callable[[bytes], object]) -> None:
    """Send what a hostile resolver answers to one query over UDP, each message when it is due."""
    loop = asyncio.get_running_loop()
    for delay, reply in peer(row)(query):
        loop.call_later(delay, send, reply)


def quic(row: Misbehaviour, datagram: bytes, send: Callable[[bytes], object]) -> None:
    """Hand one datagram to a hostile QUIC peer."""
    peer(row)(datagram, send)


def told(row: Misbehaviour, request: Request) -> Answer:
    """Return what a row's peer answers to a request from elsewhere; acts are not played for them."""
    if row.door in ("http", "https"):
        answer: Answer = peer(row)(request)
        return answer
    return pages.own_page(row.host) if row.door in ("quic", "h3") else Answer(act=injected.fin)
