"""The transfer arms of the lab's helpers: the real server behind the lab's seam, and how it may misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from typing import TYPE_CHECKING

from msgspec.structs import replace

from probe.helper.identity import ephemeral_identity
from probe.helper.receipts import Receipts
from probe.helper.request import RefusedError
from probe.helper.transfer import open_transfer_server
from probe.helper.visit import nonces_of
from probe.lab import injected, pages
from probe.lab.records import Answer
from probe.lab.speed import Pacer
from probe.lab.wires import TLSWire

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from probe.helper.receipts import Seen
    from probe.helper.transfer import TransferServer
    from probe.lab.records import Place, Request
    from probe.lab.wires import PlainWire
    from probe.lab.world import World

PORT = 8443
"""Where the lab's helpers serve transfers."""
CUT_AFTER = 20_000
READ = 65536


class _Lying(Receipts):
    """Signs for a tenth of the bytes."""

    def _signed(self, seen: Seen) -> dict[str, str]:
        return super()._signed(replace(seen, n_bytes=seen.n_bytes // 10))


@contextlib.asynccontextmanager
async def open_transfers(world: World) -> AsyncIterator[None]:
    """Serve the transfers of the world's helpers until the block ends. Raises OSError."""
    identity = ephemeral_identity()
    async with open_transfer_server(identity=identity) as server:
        if world.scenario.transfers == "lies":
            server.receipts = _Lying(identity, server.limits)
        world.transfers = server
        yield


def announcement(world: World, _request: Request) -> Answer:
    """Return what a helper says of its transfers."""
    server, whim = world.transfers, world.scenario.transfers
    if server is None or whim == "none":
        return pages.NOT_FOUND
    if whim == "silent":
        return Answer(act=injected.swallow)
    told = server.announcement(PORT)
    if whim == "certificate":
        told["certificate_sha256"] = "00" * 32
    return _json(b"\xff{[" if whim == "junk" else json.dumps(told).encode())


def receipts(world: World, request: Request) -> Answer:
    """Return what a helper signed of the transfers that are asked for by their nonces."""
    if world.transfers is None or world.scenario.transfers == "none":
        return pages.NOT_FOUND
    try:
        nonces = nonces_of(request.body)
    except RefusedError as refused:
        return Answer(status=refused.status)
    return _json(json.dumps({"receipts": world.transfers.receipts.of(nonces)}).encode())


def _json(body: bytes) -> Answer:
    return Answer(headers=(("Content-Type", "application/json"), *pages.headers()[:2]), body=body)


ROUTES = {"/transfer": announcement, "/receipts": receipts}
"""What the helpers' endpoint answers beside its questions."""


def is_here(world: World, place: Place) -> bool:
    """Say whether a connection was meant for the transfers of a helper."""
    return place.port == PORT and any(
        n in world.names.helper_names for n in world.names.names_at(place.address)
    )


async def serve_transfer(world: World, plain: PlainWire) -> None:
    """Hand a connection over to the server; where the world slows flows down, stand between and do so."""
    server = world.transfers
    if server is None or world.scenario.transfers == "down":
        plain.reset()
    elif world.is_plain_sailing():
        await server.serve(plain.sock)
    else:
        await _relayed(world, plain, server)


async def _relayed(world: World, plain: PlainWire, server: TransferServer) -> None:
    def choose(_name: str | None) -> ssl.SSLContext:
        return world.ca.context(world.home(plain.place.address, None))  # of no use: nothing of it is sent

    tls = TLSWire(plain, choose)
    if not await tls.hear():
        await plain.close()
        return
    plain.push_back(bytes(tls.hello))
    speeds = world.speeds(plain.place, tls.server_name)
    plain.pacer = Pacer(speeds) if speeds else None
    loop = asyncio.get_running_loop()
    with socket.socket() as there:
        there.setblocking(False)
        await loop.sock_connect(there, ("127.0.0.1", server.port))
        directions = [
            asyncio.create_task(_up(world, plain, there)),
            asyncio.create_task(_down(world, plain, there)),
        ]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in directions:
                task.cancel()
            await asyncio.gather(*directions, return_exceptions=True)
    await plain.close()


async def _up(world: World, plain: PlainWire, there: socket.socket) -> None:
    """Carry what the client says, a round trip late."""
    loop = asyncio.get_running_loop()
    while data := await plain.read(READ):
        await asyncio.sleep(world.rtt_s)
        await loop.sock_sendall(there, data)


async def _down(world: World, plain: PlainWire, there: socket.socket) -> None:
    """Carry what the server says, as fast as the world lets it pass, or only the beginning of it."""
    loop = asyncio.get_running_loop()
    n_bytes, whim = 0, world.scenario.transfers
    while data := await loop.sock_recv(there, READ):
        await plain.write(data[: CUT_AFTER - n_bytes] if whim in ("cut", "stall") else data)
        n_bytes += len(data)
        if n_bytes >= CUT_AFTER and whim == "cut":
            return
        if n_bytes >= CUT_AFTER and whim == "stall":
            await asyncio.Event().wait()
