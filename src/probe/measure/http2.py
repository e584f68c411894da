"""HTTP/2 for a single request: h2 for the protocol, and nothing of what a connection for many needs."""

from __future__ import annotations

import asyncio
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

import h2.config
import h2.connection
import h2.events
import h2.settings
import hpack
import httpcore

from probe.measure.http2_frames import MAX_FRAME, EnoughError, Frames
from probe.measure.http2_usual import QuickLine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from httpcore import AsyncNetworkStream, Request

Header = tuple[bytes, bytes]

READ: Final = 64 * 1024
WINDOW: Final = 2**24
"""Bytes that a server may send beyond the protocol's 65,535 before it has to wait for us."""
YIELD_EVERY: Final = 4
"""Reads after which the loop gets its turn: frames in memory would starve it, and deadlines."""
_SETTINGS: Final = {
    h2.settings.SettingCodes.ENABLE_PUSH: 0,
    h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 100,
    h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: 65536,
}
_CHECKED: Final = h2.config.H2Configuration(validate_inbound_headers=False)
_KNOWN: Final = h2.config.H2Configuration(
    validate_inbound_headers=False, validate_outbound_headers=False, normalize_outbound_headers=False
)
"""For headers that went through `_checked` one."""
_HAS_BODY: Final = frozenset({b"content-length", b"transfer-encoding"})
_NOT_SENT: Final = frozenset({b"host", b"transfer-encoding"})
STREAM: Final = 1
GET: Final = b"GET"
_ONLY_HEADERS: Final = bytes((1, 5)) + STREAM.to_bytes(4)
"""Head, behind its length, of the frame that begins and ends a request (RFC 9113, 6.2)."""
_MORE_ROOM: Final = bytes((0, 0, 4, 8, 0)) + STREAM.to_bytes(4) + WINDOW.to_bytes(4)
"""Room on its stream (RFC 9113, 6.9)."""
_STATUS: Final = re.compile(rb"[1-9][0-9][0-9]")


class _Keeps(hpack.Encoder):
    """An encoder that remembers what it made."""

    block = b""

    def encode(self, headers: object, huffman: bool = True) -> bytes:  # hpack's signature
        """Encode, and keep it."""
        self.block = super().encode(headers, huffman)  # type: ignore[arg-type]  # whatever hpack takes
        return self.block


@lru_cache(maxsize=1024)
def _block(headers: tuple[Header, ...]) -> bytes:
    """Return the header block of a connection's first request, checked and put in order by h2.

    Each connection here has one, and a target is asked in both families and three rounds: it is the same.
    """
    trial, encoder = h2.connection.H2Connection(config=_CHECKED), _Keeps()
    trial.encoder = encoder
    trial.send_headers(1, headers)
    return encoder.block


class _First(hpack.Encoder):
    """The encoder of a connection that sends one header block."""

    def encode(self, headers: object, huffman: bool = True) -> bytes:  # noqa: ARG002  # hpack's signature
        """Return what the headers are on a fresh connection."""
        return _block(tuple(headers))  # type: ignore[arg-type]  # a list of pairs


class _StaysOpen(h2.connection.H2ConnectionStateMachine):
    """A connection that no GOAWAY closes: what was asked before it is still answered (RFC 9113, 6.8)."""

    _transitions = h2.connection.H2ConnectionStateMachine._transitions | {  # noqa: SLF001  # h2's table but for a line
        (h2.connection.ConnectionState.CLIENT_OPEN, h2.connection.ConnectionInputs.RECV_GOAWAY): (
            None,
            h2.connection.ConnectionState.CLIENT_OPEN,
        )
    }


def _in_order(method: bytes, scheme: bytes, target: bytes, given: Sequence[Header]) -> tuple[Header, ...]:
    """Return the headers of a request as HTTP/2 wants them."""
    named = [(name.lower(), value) for name, value in given]
    return (
        (b":method", method),
        (b":authority", next(value for name, value in named if name == b"host")),
        (b":scheme", scheme),
        (b":path", target),
        *(pair for pair in named if pair[0] not in _NOT_SENT),
    )


def _greeted() -> h2.connection.H2Connection:
    """Return a connection with its preface to send. Set by hand: h2 would announce its own settings first."""
    line = h2.connection.H2Connection(config=_KNOWN)
    line.encoder = _First()
    line.state_machine = _StaysOpen()
    settings = h2.settings.Settings(client=True, initial_values=_SETTINGS)
    # Servers have balked at this one, which says nothing to them (RFC 8441, 3).
    del settings[h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL]
    line.local_settings = settings
    line.initiate_connection()
    line.increment_flow_control_window(WINDOW)
    return line


def _send_headers(
    line: h2.connection.H2Connection, headers: tuple[Header, ...], *, has_body: bool = False
) -> None:
    line.send_headers(STREAM, headers, end_stream=not has_body)
    line.increment_flow_control_window(WINDOW, stream_id=STREAM)


def _asked(headers: tuple[Header, ...]) -> h2.connection.H2Connection:
    """Return a connection whose request, without a body, has left."""
    line = _greeted()
    _send_headers(line, headers)
    line.clear_outbound_data_buffer()
    return line


@lru_cache(maxsize=1024)
def _opening(headers: tuple[Header, ...]) -> tuple[bytes, bytes]:
    """Return the preface, and a request without a body, as h2 writes them: the same in every round."""
    block = _block(headers)
    if len(block) <= MAX_FRAME:  # in one frame, which needs no connection to be written
        return _preface(), b"".join((len(block).to_bytes(3), _ONLY_HEADERS, block, _MORE_ROOM))
    line = _greeted()
    preface = line.data_to_send()
    _send_headers(line, headers)
    return preface, line.data_to_send()


@cache
def _preface() -> bytes:
    """Return what every connection here begins with."""
    return _greeted().data_to_send()


def _room(line: h2.connection.H2Connection) -> int:
    return min(line.local_flow_control_window(STREAM), line.max_outbound_frame_size)


class OneRequest:
    """A connection that carries one request, and says with its bytes what httpcore says.

    httpcore's own takes 99 of its 100 slots one by one before the first request of a connection leaves, and
    five locks and a dozen of traces on the way: here that is every request, and the clocks of all
    measurements under way feel it.
    """

    def __init__(self, stream: AsyncNetworkStream) -> None:
        """Take what it reads and writes through."""
        self._stream = stream
        self._line: QuickLine | h2.connection.H2Connection
        self._frames = Frames()
        self._events: list[h2.events.Event] = []
        self._goodbye: h2.events.ConnectionTerminated | None = None
        """One that our request is not to be answered after."""
        self._has_head = False
        self._reads = 0

    async def handle_async_request(self, request: Request) -> httpcore.Response:
        """Send the connection's preface and the request; return when the headers are in.

        Raises h2's and hpack's errors and ValueError for what is no HTTP/2, RemoteProtocolError for an end.
        """
        url = request.url
        headers = _in_order(request.method, url.scheme, url.target, request.headers)
        has_body = any(name.lower() in _HAS_BODY for name, _ in request.headers)
        if request.method == GET and not has_body:
            await self._ask(headers)
        else:
            await self._send(headers, request, has_body=has_body)
        status, pairs = await self._head()
        return httpcore.Response(
            status=status, headers=pairs, content=self.body(), extensions={"http_version": b"HTTP/2"}
        )

    async def get(self, scheme: bytes, target: bytes, headers: Sequence[Header]) -> tuple[int, list[Header]]:
        """Do the same for a request without a body, and without the objects of a client for any kind."""
        await self._ask(_in_order(GET, scheme, target, headers))
        return await self._head()

    async def _head(self) -> tuple[int, list[Header]]:
        """Wait for the headers; return the status and the others."""
        while not isinstance(event := await self._next(), h2.events.ResponseReceived):
            pass
        self._has_head = True
        pairs = [(bytes(name), bytes(value)) for name, value in event.headers or ()]
        told = [value for name, value in pairs if name == b":status"]
        if len(told) != 1 or not _STATUS.fullmatch(told[0]):
            raise httpcore.RemoteProtocolError("no status")
        return int(told[0]), [pair for pair in pairs if not pair[0].startswith(b":")]

    async def _ask(self, headers: tuple[Header, ...]) -> None:
        """Send the preface and a request without a body."""
        for part in _opening(headers):
            await self._stream.write(part)
        self._line = QuickLine(lambda: _asked(headers))

    async def _send(self, headers: tuple[Header, ...], request: Request, *, has_body: bool) -> None:
        """Send the preface and the request; h2 has to know how much of a body the server takes."""
        self._line = line = _greeted()
        await self._flush()
        _send_headers(line, headers, has_body=has_body)
        await self._flush()
        if not has_body:
            return
        async for data in request.stream:  # type: ignore[union-attr]  # httpx gives a stream of both kinds
            await self._send_data(line, data)
        line.end_stream(STREAM)
        await self._flush()

    async def _send_data(self, line: h2.connection.H2Connection, data: bytes) -> None:
        """Send as much at a time as the server takes."""
        while data:
            while not (room := _room(line)):
                await self._read()
            line.send_data(STREAM, data[:room])
            data = data[room:]
            await self._flush()

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the pieces of the body; the server may send as many more."""
        while not isinstance(event := await self._next(), h2.events.StreamEnded):
            if isinstance(event, h2.events.DataReceived):
                self._line.acknowledge_received_data(event.flow_controlled_length or 0, STREAM)
                await self._flush()
                yield event.data or b""

    async def _next(self) -> h2.events.Event:
        """Return what came next for the request."""
        while not self._events:
            await self._read()
        event = self._events.pop(0)
        if isinstance(event, h2.events.StreamReset):
            raise httpcore.RemoteProtocolError(event)
        return event

    async def _read(self) -> None:
        """Read once, keep what concerns the request, and answer what h2 answers."""
        if self._goodbye is not None:
            raise httpcore.RemoteProtocolError(self._goodbye)
        self._reads += 1
        if self._reads % YIELD_EVERY == 0:
            await asyncio.sleep(0)
        data = await self._stream.read(READ)
        if not data:
            raise httpcore.RemoteProtocolError("Server disconnected")
        try:
            for n, portion in enumerate(self._frames.portions(data)):
                if n:
                    await asyncio.sleep(0)
                self._take(portion)
        except EnoughError:
            if self._has_head:
                raise
            raise httpcore.RemoteProtocolError("frames and frames, and no answer") from None
        await self._flush()

    def _take(self, data: bytes) -> None:
        for event in self._line.receive_data(data):
            if isinstance(event, h2.events.ConnectionTerminated):
                is_fair = not event.error_code and (event.last_stream_id or 0) >= STREAM
                self._goodbye = self._goodbye if is_fair else event
            elif isinstance(event, _OURS) and event.stream_id == STREAM:
                self._events.append(event)

    async def _flush(self) -> None:
        if data := self._line.data_to_send():
            await self._stream.write(data)


_OURS: Final = (
    h2.events.ResponseReceived,
    h2.events.DataReceived,
    h2.events.StreamEnded,
    h2.events.StreamReset,
)
