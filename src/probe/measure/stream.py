"""The measured byte streams: a socket that counts what passes, and TLS driven over it by memory."""

from __future__ import annotations

import asyncio
import functools
import ssl
from typing import TYPE_CHECKING, Final, TypeVar, cast

from probe.measure import kernel
from probe.measure.failure import classify
from probe.measure.sockets import can_watch
from probe.model import failure as f
from probe.model.observation import NetworkEvent

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from probe.measure.trace import Context
    from probe.model.observation import TCPInfo

T = TypeVar("T")

CHUNK: Final = 65536
HEAD: Final = 64
"""First bytes kept of what a peer answered to a ClientHello, for the handshake that failed."""
MAX_POINTS: Final = 512
YIELD_EVERY: Final = 4
"""Reads after which the loop gets its turn: a socket that always has data would starve it, and deadlines."""


class HandshakeTooLargeError(Exception):
    """The peer sent more handshake than a chain of certificates can need."""


class Stream:
    """A connected TCP socket. `ended_by` tells how the peer ended it: "", fin, rst, or close_notify for TLS.

    `read` returns b"" at the end of the stream and raises OSError; deadlines are the caller's.
    """

    is_tls = False
    alpn: str | None = None

    @property
    def raw(self) -> Stream:
        """Itself: what counts the bytes."""
        return self

    def __init__(self, ctx: Context, sock: socket.socket, ip: str, port: int) -> None:
        """Take over the socket; it is closed with the stream, or at the end of the measurement."""
        self.ctx = ctx
        self.sock = sock
        self.ip = ip
        self.port = port
        self.ended_by = ""
        self.received = 0
        self.series: list[tuple[float, int]] = []
        self.last_sent = 0.0
        self.last_received = 0.0
        self.final_info: TCPInfo | None = None
        self._write_error: OSError | None = None
        self._reads = 0
        self._loop = asyncio.get_running_loop()
        self._can_watch = can_watch(self._loop)
        self._wanted = 0
        self._waiter: asyncio.Future[bytes] | None = None
        self._watched = False
        ctx.streams.add(self)

    async def read(self, size: int = CHUNK) -> bytes:
        """Read what is there, at least one byte, or b"" after the peer's FIN."""
        self._reads += 1
        if self._reads % YIELD_EVERY == 0:
            await asyncio.sleep(0)
        try:
            data = await self._recv(size)
        except OSError as error:
            self.ended_by = "rst" if classify(error) in f.RESETS else self.ended_by
            raise
        if not data and self._write_error is not None:
            # The kernel tells of a reset once. A write was told: this is no FIN.
            raise self._write_error
        if not data:
            self.ended_by = self.ended_by or "fin"
            return data
        now = self.ctx.now()
        self.last_received = now
        self.received += len(data)
        self.ctx.bytes_received += len(data)
        self.series.append((now, len(data)))
        if len(self.series) > MAX_POINTS:
            self.series = merged(self.series)
        return data

    async def _recv(self, size: int) -> bytes:
        """Do what the loop's `sock_recv` does, but ask it once, not at every read, to watch the socket."""
        if not self._can_watch:
            return await self._loop.sock_recv(self.sock, size)
        try:
            return self.sock.recv(size)
        except (BlockingIOError, InterruptedError):
            pass
        self._wanted = size
        self._waiter = self._loop.create_future()
        if not self._watched:
            self._loop.add_reader(self.sock.fileno(), self._arrived)
            self._watched = True
        try:
            return await self._waiter
        finally:
            self._waiter = None

    def _arrived(self) -> None:
        """Read for whoever waits; what nobody waits for stays with the kernel, unwatched."""
        waiter = self._waiter
        if waiter is None or waiter.done():
            self._unwatch()
            return
        try:
            data = self.sock.recv(self._wanted)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            waiter.set_exception(error)
        else:
            waiter.set_result(data)

    def _unwatch(self) -> None:
        if self._watched:
            self._loop.remove_reader(self.sock.fileno())
            self._watched = False

    async def write(self, data: bytes) -> None:
        """Send all of it."""
        try:
            try:
                sent = self.sock.send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            if sent < len(data):
                await self._loop.sock_sendall(self.sock, memoryview(data)[sent:])
        except OSError as error:
            self.ended_by = "rst" if classify(error) in f.RESETS else self.ended_by
            self._write_error = error
            raise
        self.ctx.bytes_sent += len(data)
        self.last_sent = self.ctx.now()

    def tcp_info(self) -> TCPInfo | None:
        """Return the kernel's view, the last one if the socket is closed."""
        return kernel.tcp_info(self.sock) or self.final_info

    def event(self, *, hop: int = 0, attempt: int = 0) -> NetworkEvent:
        """Return the bytes over time, as the socket gave them."""
        series = tuple((round(t, 6), n) for t, n in self.series)
        return NetworkEvent(ip=self.ip, port=self.port, series=series, hop=hop, attempt=attempt)

    def close(self) -> None:
        """Close the socket; more than once does no harm."""
        if self.sock.fileno() >= 0:
            self.final_info = kernel.tcp_info(self.sock)
            self._unwatch()
            self.sock.close()
        self.ctx.streams.discard(self)


def merged(series: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """Join neighbours two by two, at the time of the later."""
    pairs = zip(series[::2], series[1::2], strict=False)
    joined = [(later[0], earlier[1] + later[1]) for earlier, later in pairs]
    return joined + (series[-1:] if len(series) % 2 else [])


class TLSStream:
    """TLS over a Stream. OpenSSL sees memory only, so FIN, reset, silence, junk and alert stay apart."""

    is_tls = True

    def __init__(self, raw: Stream, context: ssl.SSLContext, server_name: str | None) -> None:
        """Wrap an open stream; `server_name` None sends no name at all."""
        self.raw = raw
        self.alpn: str | None = None
        self.client_hello = b""
        self.ended_by = ""
        self.head = b""
        self.feed_size = CHUNK
        """Most bytes taken off the socket at once; whoever counts to a cap lowers it."""
        self._handshake_received = 0
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._limit = 0
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)

    @property
    def ip(self) -> str:
        """The address below."""
        return self.raw.ip

    @property
    def port(self) -> int:
        """The port below."""
        return self.raw.port

    async def _flush(self) -> None:
        if self._outgoing.pending:
            data = self._outgoing.read()
            self.client_hello = self.client_hello or data
            await self.raw.write(data)

    async def _feed(self) -> None:
        data = await self.raw.read(self.feed_size)
        if self._limit:
            self._handshake_received += len(data)
            self.head += data[: max(0, HEAD - len(self.head))]
            if self._handshake_received > self._limit:
                raise HandshakeTooLargeError
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    async def _drive(self, step: Callable[[], T]) -> T:
        """Run one OpenSSL call to its end, moving bytes as it asks for them."""
        while True:
            wants = False
            error: ssl.SSLError | None = None
            result: T | None = None
            # Awaited outside of the handlers: an OSError would else carry OpenSSL's as its context.
            try:
                result = step()
            except ssl.SSLWantReadError:
                wants = True
            except ssl.SSLError as raised:
                error = raised
            try:
                await self._flush()
            except OSError:
                if error is None:
                    raise
            if wants:
                await self._feed()
                continue
            if error is not None:
                raise error
            return cast("T", result)

    async def handshake(self, limit: int) -> None:
        """Shake hands; raises OSError, ssl.SSLError, HandshakeTooLargeError past `limit` bytes received."""
        self._limit = limit
        await self._drive(self.tls.do_handshake)
        self._limit = 0
        self.alpn = self.tls.selected_alpn_protocol()

    async def read(self, size: int = CHUNK) -> bytes:
        """Read plain text; b"" after close_notify, and after a FIN without one (`ended_by` tells)."""
        try:
            data = await self._drive(lambda: self.tls.read(size))
        except ssl.SSLZeroReturnError:
            data = b""
        except ssl.SSLEOFError:
            self.ended_by = self.raw.ended_by or "fin"
            return b""
        except OSError:
            self.ended_by = self.raw.ended_by
            raise
        if not data:
            self.ended_by = self.ended_by or "close_notify"
        return data

    async def write(self, data: bytes) -> None:
        """Send all of it."""
        view = memoryview(data)
        while view:
            view = view[await self._drive(functools.partial(self.tls.write, view)) :]

    def close(self) -> None:
        """Close the socket below, without close_notify: nothing is left to protect."""
        self.raw.close()


AnyStream = Stream | TLSStream
