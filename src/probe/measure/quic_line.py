"""One QUIC connection over our own socket: datagrams in and out, counted, and bounded in what they cost."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import anyio

from probe.measure.quic_version import offered_versions
from probe.model import failure as f

if TYPE_CHECKING:
    import socket

    from aioquic.quic.connection import QuicConnection

    from probe.measure.trace import Context

MAX_DATAGRAMS: Final = 2048
"""Of one connection: a page of 256 KiB needs a tenth of it."""
MAX_BYTES: Final = 1 << 20
MAX_DATAGRAM: Final = 4096
"""More than a path on the internet carries in one piece; a longer one could hold a thousand packets."""
MAX_PIECES: Final = 256
"""Runs of bytes that wait for those before them; the library looks through all of them at each new one."""
YIELD_EVERY: Final = 8
"""Datagrams after which the loop gets its turn: those in memory already would starve it, and deadlines."""
CRYPTO_ERROR: Final = 0x100
"""RFC 9001, 4.8: 0x100 and the alert's number."""


class QuicProtocolError(Exception):
    """What came was no QUIC that the library could go on with, or more of it than we take."""

    def __init__(self, failure: str = f.X_QUIC_PROTOCOL) -> None:
        """`failure` is the failure string."""
        super().__init__(failure)
        self.failure = failure


@dataclass(slots=True, eq=False)
class Line:
    """A QUIC connection over one socket; whoever opened it closes it."""

    ctx: Context
    sock: socket.socket
    connection: QuicConnection
    ip: str
    port: int
    datagrams: int = 0
    received: int = 0
    first: float | None = None
    versions: tuple[str, ...] = ()
    terminated: Any = None

    async def flush(self) -> None:
        """Send what the library has ready."""
        loop = asyncio.get_running_loop()
        for data in self._to_send():
            await loop.sock_sendall(self.sock, data)
            self.ctx.bytes_sent += len(data)

    def _to_send(self) -> list[bytes]:
        """Return what the library has ready. Raises QuicProtocolError: a Retry's token may leave no room."""
        try:
            ready = self.connection.datagrams_to_send(now=self.ctx.network.clock.counter())
        except Exception as error:  # the library has no public name for it
            raise QuicProtocolError from error
        return [data for data, _ in ready]

    async def next_event(self) -> Any:
        """Return the next event; raises OSError, QuicProtocolError; the deadline is the caller's."""
        while True:
            await self.flush()
            if (event := self.connection.next_event()) is not None:
                return event
            if self._is_closed_by_peer():
                return self.connection._close_event  # noqa: SLF001  # the library tells it three time-outs later
            await self._wait()

    def _is_closed_by_peer(self) -> bool:
        from aioquic.quic.connection import QuicConnectionState

        return self.connection._state is QuicConnectionState.DRAINING  # noqa: SLF001  # no public way

    async def _wait(self) -> None:
        """Hand the next datagram over, or the time that the library waited for."""
        clock, due = self.ctx.network.clock, self.connection.get_timer()
        wait = None if due is None else max(due - clock.counter(), 0.0)
        data: bytes | None = None
        with contextlib.suppress(TimeoutError):
            with anyio.fail_after(wait):
                data = await asyncio.get_running_loop().sock_recv(self.sock, 65536)
        if data is None:
            self.connection.handle_timer(now=clock.counter())
            return
        self._count(data)
        if self.datagrams % YIELD_EVERY == 0:
            await asyncio.sleep(0)
        if len(data) > MAX_DATAGRAM:
            return
        try:
            self.connection.receive_datagram(data, ("peer", 0), now=clock.counter())
        except Exception as error:  # a parser of ours would be named; this one is the library's
            raise QuicProtocolError from error
        self._check()

    def _check(self) -> None:
        """Raise QuicProtocolError if the library closes for what it was sent, or was sent crumbs.

        Its event of closing would look as if the other side had closed.
        """
        from aioquic.quic.connection import QuicConnectionState

        own = self.connection
        streams = (*own._crypto_streams.values(), *own._streams.values())  # noqa: SLF001  # no public way
        if sum(len(stream.receiver._ranges) for stream in streams) > MAX_PIECES:  # noqa: SLF001  # as above
            raise QuicProtocolError
        end, ended = own._close_event, own._state is QuicConnectionState.TERMINATED  # noqa: SLF001  # as above
        is_for_versions = ended and self.versions
        if end is None or end.frame_type is None or is_for_versions or self._is_closed_by_peer():
            return
        raise QuicProtocolError(f.TLS_FAILED_HANDSHAKE if is_alert(end.error_code) else f.X_QUIC_PROTOCOL)

    def gave_up(self) -> bool:
        """Say whether what speaks over the line is about to close it."""
        return self.connection._close_pending  # noqa: SLF001  # no public way

    def _count(self, data: bytes) -> None:
        self.first = self.ctx.now() if self.first is None else self.first
        self.datagrams += 1
        self.received += len(data)
        self.ctx.bytes_received += len(data)
        self.versions = self.versions or offered_versions(data, self.connection.host_cid)
        if self.datagrams > MAX_DATAGRAMS or self.received > MAX_BYTES:
            raise QuicProtocolError

    def close(self) -> None:
        """Say goodbye, as far as the socket takes it at once, and close."""
        if self.sock.fileno() >= 0:
            with contextlib.suppress(OSError, QuicProtocolError):
                self.connection.close()
                for data in self._to_send():
                    self.sock.send(data)
            self.sock.close()


def is_alert(code: int) -> bool:
    """Tell whether the code of a CONNECTION_CLOSE is a TLS alert."""
    return CRYPTO_ERROR <= code < CRYPTO_ERROR + 0x100
