"""Answers on every TCP port of the lab: DNS where a resolver listens, else TLS or plain by the first byte."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING

from probe.lab import helper, injected, pages, transfer, truth
from probe.lab.hostile import doors
from probe.lab.http1 import serve_http1
from probe.lab.http2 import serve_http2
from probe.lab.records import Place
from probe.lab.resolver import replies
from probe.lab.speed import Pacer
from probe.lab.tunnels import serve_relay
from probe.lab.wires import TLSWire

if TYPE_CHECKING:
    import ssl

    from probe.lab.http1 import Respond
    from probe.lab.records import Answer, Request, Rule, Wire
    from probe.lab.wires import PlainWire
    from probe.lab.world import World

TLS_RECORD = b"\x16"


async def serve(world: World, wire: PlainWire) -> None:
    """Serve one connection to its end, whichever port it was meant for."""
    wire.place = Place(address=world.translate(wire.place.address), port=wire.place.port)
    if (row := world.peers.get(wire.place.address)) is not None:
        await doors.serve(world, wire, row)
        return
    if wire.place.port == 53:
        await _serve_dns(world, wire, "tcp")
        return
    if transfer.is_here(world, wire.place):
        await transfer.serve_transfer(world, wire)
        return
    first = await wire.read(1)
    wire.push_back(first)
    if first == TLS_RECORD:
        await _serve_tls(world, wire)
    elif first:
        await serve_http1(wire, _responder(world, wire), is_tls=False)


async def _serve_tls(world: World, plain: PlainWire) -> None:
    struck: list[Rule] = []

    def choose(name: str | None) -> ssl.SSLContext:
        rule = world.on_hello(plain.place, name)
        struck.extend([rule] if rule else [])
        speeds = world.speeds(plain.place, name)
        plain.pacer = Pacer(speeds) if speeds else None
        home = world.home(plain.place.address, name)
        if rule and rule.what == "mitm":
            return world.ca.context(name or home, rule.detail or "middlebox")
        return world.ca.context(home, world.site(home).certificate)

    tls = TLSWire(plain, choose)
    if not await tls.hear():
        await plain.close()
        return
    await asyncio.sleep(world.rtt_s)
    what = world.site(world.home(plain.place.address, tls.server_name)).hello
    what = what or next((rule.what for rule in struck), "")
    if what in injected.STRIKES:
        await injected.STRIKES[what](plain)
        return
    await tls.handshake()
    if plain.place.port == 853:
        await _serve_dns(world, tls, "dot")
    elif plain.place.address in world.names.relays:
        await serve_relay(tls)
    elif tls.protocol == "h2":
        await serve_http2(tls, _responder(world, tls))
    else:
        await serve_http1(tls, _responder(world, tls), tls.server_name, is_tls=True)


async def _serve_dns(world: World, wire: Wire, transport: str) -> None:
    """Answer DNS messages with their two bytes of length (RFC 1035, 7858) until the client is done."""
    if not world.is_resolver(wire.place.address):
        await injected.swallow(wire)
        return
    buffer = bytearray()
    while data := await wire.read(65536):
        buffer += data
        while len(buffer) >= 2 and len(buffer) >= 2 + (length := struct.unpack("!H", buffer[:2])[0]):
            message = bytes(buffer[2 : 2 + length])
            del buffer[: 2 + length]
            for delay, reply in replies(world, message, wire.place.address, transport):
                await asyncio.sleep(delay + world.rtt_s)
                await wire.write(struct.pack("!H", len(reply)) + reply)
    await wire.close()


def _responder(world: World, wire: Wire) -> Respond:
    async def respond(request: Request) -> Answer | None:
        await asyncio.sleep(world.rtt_s)
        home = world.home(request.place.address, request.host or request.server_name)
        if home in world.names.helper_names:
            return helper.answer(world, request)
        rule = world.on_request(request.place, request.host, is_tls=request.is_tls)
        if rule is None:
            return truth.answer(world, request)
        if rule.what in injected.STRIKES:
            await injected.STRIKES[rule.what](wire)
            return None
        if rule.what == "redirect":
            return pages.redirect((rule.detail or pages.NOTICE_URL) + request.host)
        return injected.PAGES[rule.detail](request, truth.answer(world, request))

    return respond
