"""One HTTP/3 request over a QUIC connection that was measured, and what came back."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import anyio
from msgspec import Struct, field, structs

from probe.measure.body import charset_of, inflate, text_of, title_of
from probe.measure.failure import classify
from probe.measure.http import BROWSER_HEADERS
from probe.measure.http_exchange import MAX_HEADER_BYTES, MAX_INTERIM, HeadersTooLargeError
from probe.measure.quic_line import QuicProtocolError
from probe.measure.urls import place_of
from probe.model import failure as f
from probe.model.observation import HTTPRoundTrip

if TYPE_CHECKING:
    from probe.measure.quic_line import Line
    from probe.measure.trace import Context

MAX_BODY: Final = 65536
MAX_HEADERS: Final = 128
MAX_BLOCK: Final = 16 * 1024
"""Bytes of a packed block of headers: a byte may stand for forty, and each header costs two hundred."""
H3_ERRORS: Final = frozenset({*range(0x101, 0x111), *range(0x200, 0x203)})
"""RFC 9114, 8.1 and RFC 9204, 6; 0x100 is no error."""


class _Answer(Struct):
    status: int | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    asked: float = 0.0
    interim: int = 0
    first_byte_s: float | None = None
    is_capped: bool = False
    ended: bool = False
    failure: str | None = None


async def round_trip(
    ctx: Context, line: Line, url: str, *, arm: str = "", trial: int = 0, timeout_s: float | None = None
) -> HTTPRoundTrip:
    """Ask for the URL and close the line; the observation is appended, whatever happened."""
    place, answer, t0 = place_of(url), _Answer(asked=ctx.now()), ctx.now()
    try:
        h3 = _library()(line.connection)
        stream = line.connection.get_next_available_stream_id()
        head = [(":method", "GET"), (":scheme", "https"), (":authority", place.authority)]
        head += [(":path", place.target), *((k.lower(), v) for k, v in BROWSER_HEADERS)]
        h3.send_headers(stream, [(k.encode(), v.encode()) for k, v in head], end_stream=True)
        with anyio.fail_after(timeout_s or ctx.options.timeout_s):
            await _take(ctx, line, h3, stream, answer)
        if answer.status is None:  # the stream ended, perhaps with a hint, and no answer was in it
            answer.failure = answer.failure or f.EOF
    except HeadersTooLargeError:
        answer.failure = f.X_HTTP_HEADERS_TOO_LARGE
    except (OSError, QuicProtocolError) as raised:
        answer.failure = f.X_QUIC_PROTOCOL if isinstance(raised, QuicProtocolError) else classify(raised)
    except BaseException as raised:
        answer.failure = classify(raised)
        raise
    finally:
        line.close()
        observed = structs.replace(_observed(ctx, line, url, answer), t0=t0, arm=arm, trial=trial)
        ctx.requests.append(observed)
    return observed


@cache
def _library() -> Any:
    """Return the library's connection, without a table that a server may fill and name over and over."""
    from aioquic.h3.connection import H3Connection

    class Plain(H3Connection):
        # The library sets these to numbers of its own before it says them to the server.
        _max_table_capacity = property(lambda _self: 0, lambda _self, _value: None)
        _blocked_streams = property(lambda _self: 0, lambda _self, _value: None)

        def _decode_headers(self, stream_id: int, frame_data: bytes | None) -> Any:
            if frame_data is not None and len(frame_data) > MAX_BLOCK:
                raise HeadersTooLargeError
            return super()._decode_headers(stream_id, frame_data)

    return Plain


async def _take(ctx: Context, line: Line, h3: Any, stream: int, answer: _Answer) -> None:
    """Read events until the answer has ended, enough of it is here, or the other side gave up."""
    from aioquic.h3.events import DataReceived, HeadersReceived
    from aioquic.quic.events import ConnectionTerminated, StreamReset

    begun = line.received
    while not answer.ended:
        event = await line.next_event()
        if answer.status is None and line.received - begun > MAX_HEADER_BYTES:
            raise HeadersTooLargeError
        if isinstance(event, StreamReset) and event.stream_id == stream:
            answer.failure = f.CONNECTION_RESET
            return
        if isinstance(event, ConnectionTerminated):
            # The other side closes with an HTTP/3 error where it takes us for none.
            answer.failure = f.X_QUIC_PROTOCOL if event.error_code in H3_ERRORS else f.EOF
            return
        for part in _parsed(h3, event):
            if getattr(part, "stream_id", stream) != stream:
                continue
            if isinstance(part, HeadersReceived):
                _take_headers(ctx, part.headers, answer)
                answer.ended = part.stream_ended
            elif isinstance(part, DataReceived):
                answer.body += part.data
                answer.is_capped = len(answer.body) >= MAX_BODY
                answer.ended = part.stream_ended or answer.is_capped
        if line.gave_up():
            raise QuicProtocolError


def _parsed(h3: Any, event: Any) -> list[Any]:
    """Return what the event says of HTTP. Raises QuicProtocolError, HeadersTooLargeError."""
    try:
        parsed: list[Any] = h3.handle_event(event)
    except HeadersTooLargeError:
        raise
    except Exception as error:  # a parser of ours would be named; this one is the library's
        raise QuicProtocolError from error
    return parsed


def _take_headers(ctx: Context, raw: list[tuple[bytes, bytes]], answer: _Answer) -> None:
    if answer.status is not None:
        return  # trailers
    if len(raw) > MAX_HEADERS:
        raise QuicProtocolError
    told = [(k.decode("ascii", "replace"), v.decode("utf-8", "replace")) for k, v in raw]
    status = dict(told).get(":status", "")
    if not (status.isascii() and status.isdigit() and len(status) == 3):
        raise QuicProtocolError
    if status.startswith("1"):
        answer.interim += 1
        if answer.interim > MAX_INTERIM:
            raise HeadersTooLargeError
        return
    answer.status, answer.first_byte_s = int(status), ctx.now() - answer.asked
    answer.headers = [(k, v) for k, v in told if not k.startswith(":")]


def _observed(ctx: Context, line: Line, url: str, answer: _Answer) -> HTTPRoundTrip:
    place = place_of(url)
    named = {k.lower(): v for k, v in answer.headers}
    body, more = inflate(named.get("content-encoding", ""), bytes(answer.body))
    charset = charset_of(named.get("content-type", ""), body)
    length = named.get("content-length", "")
    return HTTPRoundTrip(
        t0=0.0,
        t=ctx.now(),
        failure=answer.failure,
        url=url,
        ip=line.ip,
        port=line.port or place.port,
        is_tls=True,
        http_version="HTTP/3",
        status_code=answer.status,
        headers=tuple(answer.headers),
        body=text_of(body, charset),
        body_sha256=hashlib.sha256(body).hexdigest() if body else "",
        body_length=len(body) if answer.status is not None else None,
        declared_length=int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None,
        body_is_capped=answer.is_capped or more,
        title=title_of(body, charset),
        first_byte_s=answer.first_byte_s,
        ended_by="we" if answer.ended or answer.is_capped else "",
    )
