"""Harnesses of QUIC: packets that anybody on the path can make, and HTTP/3 over a connection in memory."""

from __future__ import annotations

import atexit
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

from aioquic.h3.connection import H3Connection
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.crypto import CryptoPair
from aioquic.quic.events import ConnectionTerminated, StreamDataReceived, StreamReset

from fuzz.harness import Harness, joined, parts_of, ran
from fuzz.talks import URL, Unkept
from probe.measure import http3
from probe.measure.body import MAX_TEXT
from probe.measure.quic import _until_done
from probe.measure.quic_line import Line, QuicProtocolError
from probe.measure.quic_version import MAX_VERSIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class _Stub:
    """A QUIC connection as an HTTP/3 connection sees it."""

    def __init__(self) -> None:
        self.configuration = QuicConfiguration(is_client=True)
        self._quic_logger = None
        self._remote_max_datagram_frame_size = None
        self._next = {False: 0, True: 2}
        self.closed: int | None = None

    def get_next_available_stream_id(self, is_unidirectional: bool = False) -> int:
        self._next[is_unidirectional] += 4
        return self._next[is_unidirectional] - 4

    def send_stream_data(self, stream_id: int, data: bytes, end_stream: bool = False) -> None:
        """Send nothing."""

    def close(self, error_code: int = 0, reason_phrase: str = "", **_more: Any) -> None:
        self.closed = error_code


class _Events:
    """A line that gives events, and then that the connection is closed."""

    ip, port, received = "192.0.2.1", 443, 0

    def __init__(self, parts: list[bytes]) -> None:
        self.connection = _Stub()
        self.parts = parts

    async def next_event(self) -> Any:
        if self.connection.closed is not None or not self.parts:
            return ConnectionTerminated(
                error_code=self.connection.closed or 0, frame_type=None, reason_phrase=""
            )
        kind, *rest = self.parts.pop(0) or b"\0"
        self.received += 1 + len(rest)
        if kind % 16 == 15:
            return StreamReset(error_code=len(rest), stream_id=0)
        stream = (0, 3, 7, 11, 15, 1)[kind % 6]
        return StreamDataReceived(data=bytes(rest), end_stream=kind >= 128, stream_id=stream)

    def gave_up(self) -> bool:
        return self.connection.closed is not None

    def close(self) -> None:
        """Nothing is open."""


def _http3() -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        ctx = cast("Any", Unkept())
        seen = ran(http3.round_trip(ctx, cast("Any", _Events(parts_of(data))), URL))
        assert len(seen.body) <= MAX_TEXT
        assert seen.failure is not None or seen.status_code is not None

    return read


def _http3_seeds() -> Iterator[bytes]:
    server = H3Connection(cast("Any", _Stub()))
    _encoder, block = server._encoder.encode(0, [(b":status", b"200"), (b"content-type", b"text/html")])
    headers = b"\x01" + bytes((len(block),)) + block
    settings = b"\x01\x00\x04\x00"
    yield joined(settings, b"\x80" + headers + b"\x00\x05hello")
    yield joined(b"\x00" + headers, b"\x80\x00\x10<title>a</title>")
    yield joined(
        b"\x01\x00\x04\x06\x01\x40\x64\x07\x40\x64\x21", b"\x02\x02\x3f\xe1\x1f", b"\x00" + headers, b"\x0f"
    )


class _Line(Line):
    """A line whose peer has so many datagrams to say, and then nothing."""

    left = 0
    theirs: socket.socket

    async def _wait(self) -> None:
        _drained(self.theirs)
        if not self.left:
            raise QuicProtocolError
        self.left -= 1
        await Line._wait(self)


def _drained(end: socket.socket) -> None:
    with suppress(BlockingIOError):
        while True:
            end.recv(65536)


def _quic() -> Callable[[bytes], None]:
    configuration = QuicConfiguration(is_client=True, alpn_protocols=["h3"], server_name="site.example")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    for end in (ours, theirs):
        end.setblocking(False)
        atexit.register(end.close)

    def read(data: bytes) -> None:
        connection = QuicConnection(configuration=configuration)
        connection.connect(("peer", 0), now=0.0)
        line = _Line(cast("Any", Unkept()), ours, connection, "192.0.2.1", 443)
        line.theirs = theirs
        for number, part in enumerate(parts_of(data)[:8]):
            theirs.send(part[1:] if part[:1] == b"\0" else _initial(connection, number, part[1:]))
            line.left += 1
        with suppress(QuicProtocolError):
            ran(_until_done(line))
        _drained(theirs)
        _drained(ours)
        assert len(line.versions) <= MAX_VERSIONS

    return read


def _initial(connection: QuicConnection, number: int, payload: bytes) -> bytes:
    """Return a server's first packet around these frames: anybody on the path can make one."""
    pair = CryptoPair()
    pair.setup_initial(connection._peer_cid.cid, is_client=False, version=1)
    payload = payload.ljust(4, b"\0")
    header = b"\xc0\0\0\0\x01" + bytes((len(connection.host_cid),)) + connection.host_cid + b"\x08server--\0"
    header += (0x4000 | (1 + len(payload) + 16) & 0x3FFF).to_bytes(2, "big") + bytes((number,))
    return pair.encrypt_packet(header, payload, number)


def _quic_seeds() -> Iterator[bytes]:
    hello = (
        b"\x03\x03"
        + bytes(32)
        + b"\0\x13\x01\0"
        + b"\0\x2e\0\x2b\0\x02\x03\x04\0\x33\0\x24\0\x1d\0\x20"
        + b"k" * 32
    )
    message = b"\x02" + len(hello).to_bytes(3, "big") + hello
    crypto = b"\x06\0" + (0x4000 | len(message)).to_bytes(2, "big") + message
    yield joined(b"\x01\x02\0\0\0\0" + crypto)
    yield joined(b"\x01" + crypto[:40], b"\x01\x06\x24" + crypto[4 + 36 :])
    yield joined(b"\x01\x1c\x41\x28\0\x02no")
    yield joined(b"\x01\x1d\x02\0", b"\x01\x07\x04tokn", b"\x01\x01")
    yield joined(b"\0\xc0\0\0\0\0\x08" + b"c" * 8 + b"\x08" + b"d" * 8 + b"\0\0\0\x01\x6b\x33\x43\xcf")
    yield joined(b"\0\xf0\0\0\0\x01\x08" + b"c" * 8 + b"\x08" + b"d" * 8 + b"token" + bytes(16))


HARNESSES: Final = (
    Harness(
        name="http3", reads="HTTP/3 frames and header blocks", make=_http3, seeds=_http3_seeds, max_len=512
    ),
    Harness(
        name="quic",
        reads="QUIC packets, and frames in first packets",
        make=_quic,
        seeds=_quic_seeds,
        max_len=1024,
    ),
)
