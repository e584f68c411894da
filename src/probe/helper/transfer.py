"""The TLS port that takes any name, sends or takes a bounded number of bytes, and signs what it saw of it.

It runs on asyncio's own TLS: an ASGI server shows neither the name in the ClientHello nor the socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import traceback
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from probe.helper.door import abort
from probe.helper.identity import Identity, ephemeral_identity
from probe.helper.limits import Client, Clients, Limits
from probe.helper.receipts import VERSION, Receipts
from probe.helper.visit import BUFFER, POLL_S, Visit, answer
from probe.system.ports import take_alone

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable

BACKLOG: Final = 1024
HANDSHAKE_S: Final = 5.0
SHUTDOWN_S: Final = 1.0
"""For the client's close_notify, which most never send."""
MAX_NAME: Final = 255
_NAMES: Final[WeakKeyDictionary[Any, str]] = WeakKeyDictionary()
"""What was asked for in a handshake, as long as its connection lives."""


class ListenError(OSError):
    """The operating system lets nobody listen there; `problem` and `hint` say it to a person."""

    def __init__(self, bind: str, port: int, error: OSError) -> None:
        """Take the place and what the system said."""
        super().__init__(error.errno, error.strerror)
        self.problem = f"{bind} port {port}: {error.strerror}"
        self.hint = "Choose another port, or see docs/helper.md: ports below 1024 need a right of their own."


class TransferServer:
    """A transfer port that is open: what it is known by, what it has done, and its end."""

    def __init__(
        self,
        listener: socket.socket,
        identity: Identity,
        *,
        limits: Limits,
        clients: Clients,
        asn_of: Callable[[str], str],
    ) -> None:
        """Take a listening socket over; nothing is accepted before `accept` runs."""
        self.port: int = listener.getsockname()[1]
        self.certificate_sha256 = identity.certificate_sha256
        self.public_key = identity.public_key
        self.limits = limits
        self.counts: Counter[str] = Counter()
        """Ends of connections: a status, timeout, broken, no_handshake, too_many, gone, fault."""
        self.receipts = Receipts(identity, limits)
        self._listener = listener
        self._context = identity.context
        self._context.sni_callback = _note_name
        self._clients = clients
        self._asn_of = asn_of
        self._block = memoryview(os.urandom(limits.max_bytes))
        self._tasks: set[asyncio.Task[None]] = set()

    def announcement(self, port: int = 0) -> dict[str, str | int | float]:
        """Return what `GET /transfer` of the helper's endpoint tells; `port` where another one leads here."""
        return {
            "v": VERSION,
            "port": port or self.port,
            "certificate_sha256": self.certificate_sha256,
            "key": self.public_key,
            "max_bytes": self.limits.max_bytes,
            "max_seconds": self.limits.max_seconds,
        }

    async def accept(self) -> None:
        """Accept connections until cancelled; then end those that are open."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    sock, _peer = await loop.sock_accept(self._listener)
                except OSError:  # the client left before we came, or descriptors ran out for a moment
                    self.counts["accept_failed"] += 1
                    await asyncio.sleep(POLL_S)
                    continue
                task = loop.create_task(self.serve(sock))
                self._tasks.add(task)
                task.add_done_callback(self._done)
        finally:
            self._listener.close()
            tasks = tuple(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            self.counts["fault"] += 1
            task.get_loop().call_exception_handler({"message": "transfer server", "exception": fault})

    async def serve(self, sock: socket.socket) -> None:
        """Serve one accepted, non-blocking connection, one request, and close it.

        Whatever the client does or leaves undone ends quietly, within the time, as a count.
        """
        try:
            address = str(sock.getpeername()[0])
            twin = sock.dup()
        except OSError:
            sock.close()
            self.counts["gone"] += 1
            return
        client = self._clients.of(address)
        with twin:
            if not self._clients.enter(client):
                abort(sock)
                sock.close()
                self.counts["too_many"] += 1
                return
            try:
                outcome = await self._bounded(sock, twin, client, address)
            finally:
                self._clients.leave(client)
            self.counts[outcome] += 1

    async def _bounded(self, sock: socket.socket, twin: socket.socket, client: Client, address: str) -> str:
        """Serve within the time; return the outcome in one word."""
        try:
            async with asyncio.timeout(self.limits.max_seconds):
                return await self._visited(sock, twin, client, address)
        except TimeoutError:
            abort(twin)
            return "timeout"
        except (OSError, EOFError):
            return "broken"

    async def _visited(self, sock: socket.socket, twin: socket.socket, client: Client, address: str) -> str:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=BUFFER, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol,
                sock,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_S,
                ssl_shutdown_timeout=SHUTDOWN_S,
            )
        except OSError as error:
            _release(error)
            return "no_handshake"
        transport.set_write_buffer_limits(high=BUFFER)
        visit = Visit(
            reader=reader,
            writer=asyncio.StreamWriter(transport, protocol, reader, loop),
            twin=twin,
            client=client,
            client_asn=self._asn_of(address),
            server_name=_NAMES.get(transport.get_extra_info("ssl_object"), ""),
            receipts=self.receipts,
            block=self._block,
        )
        try:
            status = await answer(visit)
            visit.writer.close()
            with contextlib.suppress(OSError):
                await visit.writer.wait_closed()
        finally:
            transport.abort()
        return str(status.value)


def _note_name(tls: Any, name: str | None, _context: ssl.SSLContext) -> None:
    """Remember the name in the ClientHello; every name is welcome, and none."""
    _NAMES[tls] = (name or "")[:MAX_NAME]


def _release(error: BaseException | None) -> None:
    """Let go of what an exception's frames hold: a failed handshake's 256 kB would wait for the collector."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error.__traceback__, error = None, error.__context__


def listen(bind: str, port: int) -> socket.socket:
    """Return a non-blocking listening socket; `::` takes both families. Raises ListenError."""
    sock = socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET, socket.SOCK_STREAM)
    try:
        take_alone(sock)
        if ":" in bind:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(bind != "::"))
        sock.bind((bind, port))
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise ListenError(bind, port, error) from error
    return sock


def _unknown(_address: str) -> str:
    return ""


@asynccontextmanager
async def open_transfer_server(
    bind: str = "127.0.0.1",
    port: int = 0,
    *,
    identity: Identity | None = None,
    limits: Limits | None = None,
    clients: Clients | None = None,
    asn_of: Callable[[str], str] = _unknown,
) -> AsyncIterator[TransferServer]:
    """Serve transfers while the context is open; without an identity, under one that ends with it.

    `asn_of` tells the AS of an address as `AS12389`, or "". Raises ListenError.
    """
    limits = limits or Limits()
    server = TransferServer(
        listen(bind, port),
        identity or ephemeral_identity(),
        limits=limits,
        clients=clients or Clients(limits),
        asn_of=asn_of,
    )
    accepting = asyncio.create_task(server.accept())
    try:
        yield server
    finally:
        accepting.cancel()
        await asyncio.gather(accepting, return_exceptions=True)
