"""The one module, beside http2, that touches httpx and httpcore: a request over a stream that we measured."""

from __future__ import annotations

import contextlib
import ssl
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

import anyio
import anyio.lowlevel
import h2.exceptions
import httpcore
import httpx
from msgspec import Struct

from probe.measure.body import MAX_BODY, MAX_TEXT
from probe.measure.failure import classify
from probe.measure.http2 import OneRequest
from probe.measure.http2_frames import EnoughError
from probe.measure.http_exchange import MAX_HEADER_BYTES, Exchange, HeadersTooLargeError, Pipe
from probe.measure.tls import ALERTS
from probe.measure.urls import REDIRECTS
from probe.model import failure as f

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence

    from probe.measure.stream import AnyStream
    from probe.measure.urls import Place

MAX_HEADERS: Final = 128
CRAWL_BYTES: Final = 1024
"""A body that brought less than this in the last quarter of its time is stalled, not slow."""
MAX_CHUNKS: Final = 1024
"""Pieces of a body; a server that sends it byte by byte costs us more than itself."""


class MeasuredTransport(httpx.AsyncBaseTransport):
    """One request over one measured stream, HTTP/2 if the handshake agreed on it."""

    def __init__(self, pipe: Pipe) -> None:
        """Take the stream over; it is closed with the connection."""
        self._pipe = pipe

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and return when the headers are in; the body is read through the response."""
        port = request.url.port or {b"http": 80, b"https": 443}[request.url.raw_scheme]
        origin = httpcore.Origin(request.url.raw_scheme, request.url.raw_host, port)
        url = httpcore.URL(scheme=origin.scheme, host=origin.host, port=port, target=request.url.raw_path)
        inner = httpcore.Request(request.method, url, headers=request.headers.raw, content=request.stream)
        pipe = self._pipe
        http1 = pipe.stream.alpn != "h2"
        with _parser_errors():
            line = httpcore.AsyncHTTP11Connection(origin, pipe) if http1 else OneRequest(pipe)
            answer = await line.handle_async_request(inner)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer.stream), extensions=answer.extensions
        )


@contextlib.contextmanager
def _parser_errors() -> Iterator[None]:
    """Say of whatever httpcore and h2 raise over hostile bytes that the answer was no HTTP."""
    try:
        yield
    except ssl.SSLError:
        raise
    except (h2.exceptions.H2Error, ValueError, LookupError, AssertionError, TypeError) as error:
        raise httpcore.RemoteProtocolError from error


class _Body(httpx.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        async with contextlib.aclosing(self._stream.__aiter__()) as chunks:
            while True:
                with _parser_errors():
                    chunk = await anext(chunks, None)
                if chunk is None:
                    return
                yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


_PARSING: Final = (httpcore.ProtocolError, httpcore.ConnectionNotAvailable)


class _Answer(Struct, frozen=True):
    """The head of an answer, and what its body is read from."""

    version: bytes
    status: int
    headers: Sequence[tuple[bytes, bytes]]
    chunks: AsyncGenerator[bytes, None]


async def _get(pipe: Pipe, place: Place, headers: Iterable[tuple[str, str]]) -> _Answer:
    """Ask over HTTP/2 for a page, which is nearly every request: httpx's objects cost more than the bytes."""
    url, line = _url(place.scheme, place.host, place.port, place.target), OneRequest(pipe)
    given = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers]
    with _parser_errors():
        status, found = await line.get(url.raw_scheme, url.raw_path, given)
    return _Answer(b"HTTP/2", status, found, aiter(_Body(line.body())))


async def _ask(
    pipe: Pipe, place: Place, method: str, headers: Iterable[tuple[str, str]], content: bytes
) -> _Answer:
    url = _url(place.scheme, place.host, place.port, place.target)
    request = httpx.Request(method, url, headers=list(headers), content=content or None)
    response = await MeasuredTransport(pipe).handle_async_request(request)
    return _Answer(
        response.extensions.get("http_version", b""),
        response.status_code,
        response.headers.raw,
        cast("AsyncGenerator[bytes, None]", response.aiter_raw()),
    )


async def exchange(
    stream: AnyStream,
    place: Place,
    *,
    method: str,
    headers: Iterable[tuple[str, str]],
    content: bytes = b"",
    headers_only: bool = False,
    max_body: int = MAX_BODY,
    timeout_s: float,
    seen: Exchange,
) -> None:
    """Send one request, fill `seen` with what came back until the deadline, and close the stream.

    `headers` begin with Host. Raises faults of ours and cancellation; `seen` is then as far as it got.
    """
    ctx = stream.raw.ctx
    pipe = Pipe(stream, seen, max_body)
    plain = method == "GET" and not content and stream.alpn == "h2"
    answering = _get(pipe, place, headers) if plain else _ask(pipe, place, method, headers, content)
    seen.t0 = ctx.now()
    try:
        with anyio.fail_after(timeout_s):
            answer = await answering
            _take_headers(seen, answer)
            pipe.open = False
            if not headers_only:
                await _take_body(seen, answer, max_body)
    except (HeadersTooLargeError, EnoughError, httpcore.WriteError, OSError, *_PARSING) as error:
        _note_failure(seen, stream, error, timeout_s)
    except BaseException as error:
        seen.failure = classify(error)
        raise
    finally:
        seen.t = ctx.now()
        seen.ended_by = "we" if seen.is_capped else stream.ended_by
        stream.close()


@lru_cache(maxsize=1024)
def _url(scheme: str, host: str, port: int, target: str) -> httpx.URL:
    """Return the URL as httpx has it: the same in every round and at every address of a target."""
    return httpx.URL(scheme=scheme, host=host, port=port, raw_path=target.encode("ascii"))


def _note_failure(seen: Exchange, stream: AnyStream, error: Exception, timeout_s: float) -> None:
    """Name what ended the exchange; two of the ends are no failure of the server's."""
    match error:
        case HeadersTooLargeError():
            seen.failure = f.X_HTTP_HEADERS_TOO_LARGE
        case EnoughError():
            seen.is_capped = True
        case ssl.SSLError() if not isinstance(error, ssl.SSLEOFError):
            seen.failure = f.X_TLS_ALERT if error.reason in ALERTS else f.X_TLS_BAD_RECORD
        case OSError() | httpcore.WriteError():
            seen.failure = classify(error)
            if (
                seen.failure == f.TIMEOUT
                and seen.status_code is not None
                and _still_moving(stream, timeout_s)
            ):
                # Slow is not silent: we stopped, the server did not.
                seen.failure, seen.is_capped = None, True
        case _:
            seen.failure = _of_the_parser(stream, seen)


def _take_headers(seen: Exchange, answer: _Answer) -> None:
    raw = answer.headers
    seen.http_version = answer.version.decode("ascii", "replace")
    if len(raw) > MAX_HEADERS or sum(len(k) + len(v) for k, v in raw) > MAX_HEADER_BYTES:
        raise HeadersTooLargeError
    seen.status_code = answer.status
    seen.headers = [(_plain(key), _plain(value)) for key, value in raw]


def _plain(value: bytes) -> str:
    """Decode a header: UTF-8 where it is, else one character a byte."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


async def _take_body(seen: Exchange, answer: _Answer, max_body: int) -> None:
    if answer.status in REDIRECTS:
        # Nobody reads it: it is evidence, not a page.
        max_body = min(max_body, MAX_TEXT)
    async with contextlib.aclosing(answer.chunks) as chunks:
        count = 0
        async for chunk in chunks:
            if not chunk:
                continue
            seen.raw += chunk
            count += 1
            if len(seen.raw) >= max_body or count >= MAX_CHUNKS * max(1, max_body // MAX_BODY):
                seen.is_capped = True
                return
            if count % 32 == 0:
                # Chunks that are in memory already give nobody else a turn, deadlines neither.
                await anyio.lowlevel.checkpoint()


def _of_the_parser(stream: AnyStream, seen: Exchange) -> str:
    """Name what a parser could not read: an end too early, a page without HTTP, or no HTTP at all."""
    if seen.status_code is None and seen.head and stream.alpn != "h2" and not is_http(seen.head):
        return f.X_HTTP_NO_STATUS_LINE
    if stream.ended_by or stream.raw.ended_by:
        return f.EOF
    return f.HTTP_REQUEST_FAILED if stream.alpn == "h2" else f.X_HTTP_PARSE


def is_http(head: bytes) -> bool:
    """Tell whether the answer begins as a status line does, as far as it goes."""
    return head[:5] == b"HTTP/"[: len(head)]


def _still_moving(stream: AnyStream, timeout_s: float) -> bool:
    since = stream.raw.ctx.now() - timeout_s / 4
    return sum(n for t, n in stream.raw.series if t >= since) >= CRAWL_BYTES
