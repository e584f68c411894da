"""The commonest HTTP/2 answer to one request, read without h2, which takes most of a request's computing.

Usual: settings, their acknowledgement, room on the connection, one block of headers, a body of less than
64 KiB in plain frames. Whatever else arrives is for h2, which is then told all that came before as well.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import hpack
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from h2.connection import H2Connection
    from h2.events import Event

STREAM: Final = 1
MAX_BYTES: Final = 64 * 1024
"""Of a whole answer; up to here no room on the connection has to be given back."""
MAX_FRAMES: Final = 64
MAX_FRAME: Final = 16_384
MAX_BLOCK: Final = 4096
MAX_SETTINGS: Final = 60
HEAD: Final = 9
ACK: Final = bytes((0, 0, 0, 4, 1, 0, 0, 0, 0))
"""What is said to settings (RFC 9113, 6.5.3)."""
_MOST_ROOM: Final = 2**31 - 1 - 65_535
_DATA, _HEADERS, _SETTINGS, _WINDOW_UPDATE = 0, 1, 4, 8
_END_STREAM, _END_HEADERS = 1, 4

Header = tuple[bytes, bytes]


class _Seen(Struct):
    """What has come so far."""

    n_bytes: int = 0
    n_frames: int = 0
    settings: bool = False
    room: bool = False
    headed: bool = False
    ended: bool = False
    declared: int | None = None
    """Bytes of the body by its header."""
    got: int = 0


class QuickLine:
    """A connection whose only request has left; says of what arrives what h2's connection says.

    `make` gives h2's connection in that state, with nothing left to send.
    """

    def __init__(self, make: Callable[[], H2Connection]) -> None:
        """Begin before the first byte of the answer."""
        self._make = make
        self._usual = Usual()
        self._said = b""
        self._h2: H2Connection | None = None

    def receive_data(self, data: bytes) -> list[Event]:
        """Return the events that these bytes bring. Raises what h2 raises."""
        if self._h2 is None:
            found = self._usual.take(data)
            if found is not None:
                self._said += found[1]
                return found[0]
            self._h2 = self._caught_up()
        return self._h2.receive_data(data)

    def _caught_up(self) -> H2Connection:
        line = self._make()
        for event in line.receive_data(self._usual.before()):
            if isinstance(event, h2.events.DataReceived):
                line.acknowledge_received_data(event.flow_controlled_length, STREAM)
        line.clear_outbound_data_buffer()
        return line

    def acknowledge_received_data(self, size: int, stream_id: int) -> None:
        """Say that so much of the body has been taken; before `MAX_BYTES` nothing comes of it."""
        if self._h2 is not None:
            self._h2.acknowledge_received_data(size, stream_id)

    def data_to_send(self) -> bytes:
        """Return what is to be sent now, once."""
        said, self._said = self._said, b""
        return said if self._h2 is None else said + self._h2.data_to_send()


class Usual:
    """Reads frames as long as all of them are usual."""

    def __init__(self) -> None:
        """Begin after the request has left."""
        self._seen = _Seen()
        self._before: list[bytes] = []
        self._rest = b""

    def take(self, data: bytes) -> tuple[list[Event], bytes] | None:
        """Return what these bytes bring and what is to be sent for them, as h2 would.

        None where h2 has to read, from then on: it gets `before()`, whose events and answers are known, and
        then `data`.
        """
        now, events, said, at = self._seen, list[h2.events.Event](), b"", 0
        buffer = self._rest + data
        now.n_bytes += len(data)
        if now.n_bytes > MAX_BYTES:
            return None
        while len(buffer) - at >= HEAD:
            end = at + HEAD + int.from_bytes(buffer[at : at + 3])
            read = _READERS.get(buffer[at + 3 : at + HEAD])
            if read is None or end > at + HEAD + MAX_FRAME or now.n_frames == MAX_FRAMES:
                return None
            if end > len(buffer):
                break
            found = read(now, buffer[at + HEAD : end])
            if found is None:
                return None
            now.n_frames += 1
            events += found
            said += ACK if read is _settings else b""
            at = end
        self._rest = buffer[at:]
        self._before.append(data)
        return events, said

    def before(self) -> bytes:
        """Return all bytes that were taken."""
        return b"".join(self._before)


def _settings(now: _Seen, payload: bytes) -> list[Event] | None:
    if now.settings or not _are_good(payload):
        return None
    now.settings = True
    return []


@lru_cache(maxsize=64)
def _are_good(payload: bytes) -> bool:
    """Tell whether h2 takes these settings and says nothing but that it did: few servers differ in theirs."""
    if len(payload) > MAX_SETTINGS:
        return False
    trial = h2.connection.H2Connection(config=h2.config.H2Configuration(validate_outbound_headers=False))
    trial.initiate_connection()
    trial.send_headers(STREAM, [(b":method", b"GET")], end_stream=True)
    trial.clear_outbound_data_buffer()
    try:
        trial.receive_data(len(payload).to_bytes(3) + bytes((_SETTINGS, 0, 0, 0, 0, 0)) + payload)
    except (h2.exceptions.H2Error, ValueError):
        return False
    return trial.data_to_send() == ACK


def _taken(now: _Seen, payload: bytes) -> list[Event] | None:  # noqa: ARG001  # a reader's signature
    return None if payload else []


def _room(now: _Seen, payload: bytes) -> list[Event] | None:
    if now.room or len(payload) != 4 or not 0 < int.from_bytes(payload) <= _MOST_ROOM:
        return None
    now.room = True
    return []


def _headers(now: _Seen, payload: bytes) -> list[Event] | None:
    headers = None if now.headed or len(payload) > MAX_BLOCK else _decoded(payload)
    if headers is None:
        return None
    now.headed = True
    now.declared = next((int(value) for name, value in headers if name == b"content-length"), None)
    return [h2.events.ResponseReceived(stream_id=STREAM, headers=list(headers))]


def _only_headers(now: _Seen, payload: bytes) -> list[Event] | None:
    found = _headers(now, payload)
    if found is None or now.declared is not None:
        return None
    now.ended = True
    return [*found, h2.events.StreamEnded(stream_id=STREAM)]


@lru_cache(maxsize=256)
def _decoded(block: bytes) -> tuple[Header, ...] | None:
    """Return the headers of a connection's first block; None for whatever h2 would look at twice."""
    try:
        found = tuple((bytes(name), bytes(value)) for name, value in hpack.Decoder().decode(block, raw=True))
    except (hpack.HPACKError, IndexError, TypeError, ValueError):
        return None
    status, *others = found or ((b"", b""),)
    lengths = [value for name, value in others if name == b"content-length"]
    plain = (
        status[0] == b":status"
        and len(status[1]) == 3
        and status[1].isdigit()
        and b"2" <= status[1][:1] <= b"5"
        and not any(name[:1] == b":" or name == b"cookie" for name, _ in others)
        and len(lengths) <= 1
        and all(value.isdigit() and len(value) < 16 for value in lengths)
        and sum(len(name) + len(value) for name, value in found) < MAX_FRAME
    )
    return found if plain else None


def _data(now: _Seen, payload: bytes) -> list[Event] | None:
    now.got += len(payload)
    if not now.headed or now.ended or (now.declared is not None and now.got > now.declared):
        return None
    return [
        h2.events.DataReceived(stream_id=STREAM, data=payload, flow_controlled_length=len(payload)),
    ]


def _last_data(now: _Seen, payload: bytes) -> list[Event] | None:
    found = _data(now, payload)
    if found is None or now.declared not in {None, now.got}:
        return None
    now.ended = True
    return [*found, h2.events.StreamEnded(stream_id=STREAM)]


def _key(kind: int, flags: int, stream: int) -> bytes:
    return bytes((kind, flags)) + stream.to_bytes(4)


_READERS: Final[dict[bytes, Callable[[_Seen, bytes], list[Event] | None]]] = {
    _key(_SETTINGS, 0, 0): _settings,
    _key(_SETTINGS, 1, 0): _taken,
    _key(_WINDOW_UPDATE, 0, 0): _room,
    _key(_HEADERS, _END_HEADERS, STREAM): _headers,
    _key(_HEADERS, _END_HEADERS | _END_STREAM, STREAM): _only_headers,
    _key(_DATA, 0, STREAM): _data,
    _key(_DATA, _END_STREAM, STREAM): _last_data,
}
"""By a frame's type, flags and stream, as they stand in its head."""
