"""One HTTP/2 request, byte for byte what httpcore's connection sends for it."""

import asyncio
from collections.abc import AsyncIterable
from typing import cast

import h2.config
import h2.connection
import h2.events
import httpcore
import httpx
import pytest
from httpcore import AsyncNetworkStream

from probe.measure import http2
from probe.measure.http2 import OneRequest

BROWSER = (("Host", "site.example"), ("User-Agent", " Mozilla/5.0 "), ("Accept-Encoding", "gzip"))
SECRET = (("Host", "site.example"), ("Authorization", "Bearer x"), ("Connection", "close"), ("Cookie", "a=b"))


class _Server(AsyncNetworkStream):
    """A server in memory that answers once the request is whole, in pieces of so many bytes."""

    def __init__(self, piece: int, body: bytes) -> None:
        self.sent = self.waiting = b""
        self.piece, self.body = piece, body
        self.side = h2.connection.H2Connection(config=h2.config.H2Configuration(client_side=False))
        self.side.initiate_connection()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  # httpcore's
        self.waiting += self.side.data_to_send()
        data, self.waiting = self.waiting[: self.piece], self.waiting[self.piece :]
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  # httpcore's
        self.sent += buffer
        for event in self.side.receive_data(buffer):
            if isinstance(event, h2.events.DataReceived):
                self.side.acknowledge_received_data(event.flow_controlled_length or 0, 1)
            if isinstance(event, h2.events.StreamEnded):
                self.side.send_headers(1, [(":status", "203"), ("server", "lab"), ("x-two", "1")])
                self.side.send_data(1, self.body, end_stream=True)

    async def aclose(self) -> None:
        """Nothing to close."""


def _asked(
    server: _Server, line: httpcore.AsyncHTTP2Connection | OneRequest, request: httpx.Request
) -> tuple[int, list[tuple[bytes, bytes]], bytes, bytes]:
    url = httpcore.URL(scheme="https", host="site.example", port=443, target=request.url.raw_path)
    inner = httpcore.Request(request.method, url, headers=request.headers.raw, content=request.stream)

    async def ask() -> tuple[int, list[tuple[bytes, bytes]], bytes, bytes]:
        answer = await line.handle_async_request(inner)
        body = b"".join([chunk async for chunk in cast("AsyncIterable[bytes]", answer.stream)])
        return answer.status, answer.headers, body, server.sent

    return asyncio.run(ask())


@pytest.mark.parametrize("headers", [BROWSER, SECRET])
@pytest.mark.parametrize("content", [b"", b"p" * 200_000])
@pytest.mark.parametrize("piece", [100_000, 7])
def test_a_request_has_the_bytes_and_the_answer_that_httpcore_gives(
    headers: tuple[tuple[str, str], ...], content: bytes, piece: int
) -> None:
    origin = httpcore.Origin(b"https", b"site.example", 443)
    method = "POST" if content else "GET"
    request = httpx.Request(method, "https://site.example/a?b=c", headers=list(headers), content=content)
    theirs, ours = _Server(piece, b"x" * 16_000), _Server(piece, b"x" * 16_000)
    expected = _asked(theirs, httpcore.AsyncHTTP2Connection(origin=origin, stream=theirs), request)
    assert expected[:3] == (203, [(b"server", b"lab"), (b"x-two", b"1")], b"x" * 16_000)
    assert _asked(ours, OneRequest(ours), request) == expected


@pytest.mark.parametrize("length", [1, 40_000], ids=["in one frame", "in frames that continue"])
def test_the_first_bytes_are_those_that_h2_writes(length: int) -> None:
    given = [(name.encode(), value.encode()) for name, value in BROWSER]
    headers = http2._in_order(b"GET", b"https", b"/" + b"a" * length, given)
    line = http2._greeted()
    preface = line.data_to_send()
    http2._send_headers(line, headers)
    assert http2._opening(headers) == (preface, line.data_to_send())
