"""Accepts connections on loopback or on real ports, says where each was meant to go, and never leaks one."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from probe.lab.wires import PlainWire
from probe.system.ports import take_alone

if TYPE_CHECKING:
    from probe.lab.records import Place

Handler = Callable[[PlainWire], Awaitable[None]]
Locate = Callable[[socket.socket], "Place | None"]
"""Where an accepted connection was meant to go; None when nobody knows, and then it is reset."""

BACKLOG = 512
LIFETIME_S = 120.0
"""No connection of a client lives longer here."""


def listen(host: str, port: int) -> socket.socket:
    """Return a non-blocking listening socket. Raises OSError."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        take_alone(sock)
        if ":" in host:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


async def serve_tcp(listener: socket.socket, locate: Locate, handle: Handler) -> None:
    """Serve until cancelled; then close the listener and every connection."""
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(listener.close)
        tasks: set[asyncio.Task[None]] = set()
        stack.push_async_callback(_end, tasks)
        while True:
            try:
                sock, _peer = await loop.sock_accept(listener)
            except OSError:  # the client left before we came, or descriptors ran out for a moment
                await asyncio.sleep(0.01)
                continue
            task = asyncio.create_task(_one(sock, locate, handle))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            # Not a `finally` within the task: one that is cancelled before its first step never enters it.
            task.add_done_callback(partial(_close, sock))


def _close(sock: socket.socket, _task: asyncio.Task[None]) -> None:
    sock.close()


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _one(sock: socket.socket, locate: Locate, handle: Handler) -> None:
    sock.setblocking(False)
    place = locate(sock)
    if place is None:
        return
    # A client that leaves, lies about TLS or never speaks ends its own connection and nothing else.
    with contextlib.suppress(OSError, EOFError, TimeoutError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        async with asyncio.timeout(LIFETIME_S):
            await handle(PlainWire(sock, place))
