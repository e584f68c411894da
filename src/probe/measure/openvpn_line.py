"""What OpenVPN's packets go over: datagrams, or a stream in which each has its length in front."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import socket

    from probe.measure.stream import Stream
    from probe.measure.trace import Context

MAX_DATAGRAM: Final = 65536


class Line(Protocol):
    """Sends and receives whole packets. Raises OSError and EOFError."""

    is_stream: bool

    async def open(self) -> None:
        """Make ready; nothing is sent."""

    async def send(self, packet: bytes) -> None:
        """Send one packet."""

    async def receive(self) -> bytes:
        """Wait for one packet."""
        ...

    def close(self) -> None:
        """Close the socket; more than once does no harm."""


class UdpLine:
    """A connected datagram socket."""

    is_stream = False

    def __init__(self, ctx: Context, ip: str, port: int) -> None:
        """Remember where to."""
        self._ctx, self._ip, self._port = ctx, ip, port
        self._sock: socket.socket | None = None

    @property
    def _open(self) -> socket.socket:
        if self._sock is None:
            self._sock = self._ctx.network.open_udp(self._ip, self._port)
        return self._sock

    async def open(self) -> None:
        """Open the socket. Raises OSError."""
        _ = self._open

    async def send(self, packet: bytes) -> None:
        """Send one datagram."""
        await asyncio.get_running_loop().sock_sendall(self._open, packet)
        self._ctx.bytes_sent += len(packet)

    async def receive(self) -> bytes:
        """Wait for one datagram."""
        data = await asyncio.get_running_loop().sock_recv(self._open, MAX_DATAGRAM)
        self._ctx.bytes_received += len(data)
        return data

    def close(self) -> None:
        """Close the socket."""
        if self._sock is not None:
            self._sock.close()


class StreamLine:
    """A TCP stream; it counts its own bytes."""

    is_stream = True

    def __init__(self, stream: Stream) -> None:
        """Begin with nothing read."""
        self._stream = stream
        self._buffer = b""

    async def open(self) -> None:
        """Do nothing: the connection is there."""

    async def send(self, packet: bytes) -> None:
        """Send one packet, its length in front."""
        await self._stream.write(struct.pack("!H", len(packet)) + packet)

    async def receive(self) -> bytes:
        """Return the next packet. Raises EOFError at the end of the stream; what was read is kept."""
        while len(self._buffer) < 2 or len(self._buffer) < 2 + int.from_bytes(self._buffer[:2]):
            data = await self._stream.read()
            if not data:
                raise EOFError("the stream ended")
            self._buffer += data
        size = 2 + int.from_bytes(self._buffer[:2])
        packet, self._buffer = self._buffer[2:size], self._buffer[size:]
        return packet

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()
