"""Harnesses of conversations: HTTP/1, HTTP/2, HTTP/3, QUIC, proxies and helpers, over streams in memory."""

from __future__ import annotations

import gzip
import zlib
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, cast

import h2.config
import h2.connection

from fuzz.harness import Harness, joined, parts_of, ran
from probe.measure import http
from probe.measure.body import MAX_BODY, MAX_TEXT, MAX_TITLE, charset_of, inflate, text_of, title_of
from probe.measure.control import body_of
from probe.measure.dns_stream import _message
from probe.measure.helper_line import Line as HelperLine
from probe.measure.tunnel import Proxy, TunnelError, greet, open_tunnel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

URL: Final = "https://site.example/page?q=1"


class Unkept:
    """What an operation needs of a measurement, without a network, a clock or anything kept."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.network_events: list[Any] = []
        self.keep_series = False
        self.options = SimpleNamespace(timeout_s=5.0)
        self.bytes_sent = self.bytes_received = 0
        self.network = SimpleNamespace(clock=SimpleNamespace(counter=lambda: 0.0))

    def now(self) -> float:
        return 0.0

    def keep(self, data: bytes) -> str:
        assert len(data) <= MAX_BODY
        return ""


class Said:
    """A peer that says these bytes, in pieces, and hangs up."""

    def __init__(self, said: bytes, *, piece: int = 1 << 20, alpn: str | None = None) -> None:
        self.said, self.piece, self.alpn = said, piece, alpn
        self.is_tls, self.ip, self.port = alpn is not None, "192.0.2.1", 443
        self.ended_by = ""
        self.series: list[tuple[float, int]] = []
        self.last_sent = self.last_received = 0.0
        self.ctx = Unkept()
        self.at = 0

    @property
    def raw(self) -> Said:
        return self

    async def read(self, size: int = 65536) -> bytes:
        data = self.said[self.at : self.at + min(size, self.piece)]
        self.at += len(data)
        if not data:
            self.ended_by = "fin"
        return data

    async def write(self, data: bytes) -> None:
        """Take it."""

    def tcp_info(self) -> None:
        return None

    def close(self) -> None:
        """Nothing is open."""


PIECES: Final = (1 << 20, 1, 7, 100, *(1 << 20,) * 4, 19, 31, 50, 64, *(1 << 20,) * 4)
"""How much comes at a time; byte by byte seldom, as it costs as much as ten inputs in one piece."""


def _http1() -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        stream = cast("Any", Said(data[1:], piece=PIECES[data[0] % 16] if data else 1))
        seen = ran(http.round_trip(cast("Any", stream.ctx), stream, URL))
        assert len(seen.body) <= MAX_TEXT
        assert seen.failure is not None or 100 <= (seen.status_code or 0) <= 999

    return read


def _http1_seeds() -> Iterator[bytes]:
    ok = b"\0HTTP/1.1 200 OK\r\nServer: x\r\n"
    yield ok + b"Content-Length: 5\r\n\r\nhello"
    yield ok + b"Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n"
    yield ok + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"<title>hello</title>", mtime=0)
    yield b"\1HTTP/1.1 302 Found\r\nLocation: //b.example/%zz\r\nContent-Length: 0\r\n\r\n"
    yield b"\0HTTP/1.1 100 Continue\r\n\r\n" * 3 + b"HTTP/1.0 204 No\r\n\r\n"
    yield b"\2<html><title>no header</title>"
    yield b"\0HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-16\r\n fold: x\r\n\r\n<title>\xff\xfe"


def _http2() -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        framed = data[1:] if data[:1] < b"\x80" else _frames(data[1:])
        stream = cast("Any", Said(framed, piece=PIECES[data[0] % 16] if data else 1, alpn="h2"))
        seen = ran(http.round_trip(cast("Any", stream.ctx), stream, URL))
        assert len(seen.body) <= MAX_TEXT
        assert seen.failure is not None or seen.status_code is not None

    return read


def _frames(data: bytes) -> bytes:
    """Make frames of pieces: their lengths are right, whatever else they say."""
    made = b"\0\0\0\x04\0\0\0\0\0"
    for part in parts_of(data):
        kind, flags, stream = (*part[:3], 0, 0, 0)[:3]
        made += (
            len(part[3:]).to_bytes(3, "big")
            + bytes((kind % 12, flags))
            + (stream % 4).to_bytes(4, "big")
            + part[3:]
        )
    return made


def _http2_seeds() -> Iterator[bytes]:
    server = h2.connection.H2Connection(config=h2.config.H2Configuration(client_side=False))
    server.initiate_connection()
    client = h2.connection.H2Connection()
    client.initiate_connection()
    client.send_headers(
        1, [(":method", "GET"), (":path", "/"), (":scheme", "https"), (":authority", "a")], end_stream=True
    )
    server.receive_data(client.data_to_send())
    server.data_to_send()
    server.send_headers(1, [(":status", "200"), ("server", "lab"), ("content-type", "text/html")])
    block = server.data_to_send()
    server.send_data(1, b"<title>x</title>", end_stream=True)
    body = server.data_to_send()
    yield b"\0" + b"\0\0\0\x04\0\0\0\0\0" + block + body
    yield b"\0" + b"\0\0\0\x04\0\0\0\0\0" + b"\0\0\x08\x07\0\0\0\0\0" + bytes(8)
    headers = block[9:]
    yield b"\x80" + joined(b"\x01\x04\x01" + headers, b"\x00\x01\x01hello")
    yield b"\x80" + joined(
        b"\x01\0\x01" + headers[:3], b"\x09\x04\x01" + headers[3:], b"\x03\0\x01\0\0\0\x08"
    )
    yield b"\x80" + joined(b"\x04\0\0\0\x03\0\0\0\x01", b"\x08\0\0\x7f\xff\xff\xff", b"\x06\0\0pingpong")
    yield b"\x80" + joined(b"\x05\x04\x01\0\0\0\x02" + headers, b"\x02\0\x01\0\0\0\x03\x10")


PROXIES: Final = tuple(
    Proxy(scheme=scheme, host="192.0.2.9", port=1080, username=user, password="p" * len(user))
    for scheme, user in (("socks5", ""), ("socks5", "user"), ("http", ""), ("http", "user"))
)


def _spoken() -> Callable[[bytes], None]:
    async def all_of(data: bytes) -> None:
        which = data[0] if data else 0
        said, piece = data[1:], PIECES[which // 4 % 16]
        proxy = PROXIES[which % 4]
        with suppress(TunnelError):
            await open_tunnel(cast("Any", Said(said)), proxy, "site.example", 443, 5.0)
        await greet(cast("Any", Said(said)), proxy, 5.0)
        with suppress(EOFError):
            assert len(await _message(cast("Any", Said(said, piece=piece)))) < 1 << 16
        line = HelperLine(cast("Any", Said(said, piece=piece)))
        answer = await line.post("/", (("Host", "h.example"),), b"{}", max_body=4096, timeout_s=5.0)
        assert len(answer.body) <= 4096 + 65536
        body_of(answer)
        if answer.failure is None:
            line.is_reusable()

    def read(data: bytes) -> None:
        ran(all_of(data))

    return read


def _spoken_seeds() -> Iterator[bytes]:
    yield b"\0\x05\0\x05\0\0\x01" + bytes(6)
    yield b"\1\x05\x02\x01\0\x05\x05\0\x03\x04name\0\0"
    yield b"\2HTTP/1.1 200 Connection established\r\n\r\n"
    yield b'\3HTTP/1.1 502 Bad\r\nProxy-Status: p; error="dns_timeout"; error=connection_refused\r\n\r\n'
    yield b"\2HTTP/1.1 503 x\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\nContent-Length: 0\r\n\r\n"
    yield b"\2HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 22\r\n\r\n" + gzip.compress(
        b"{}", mtime=0
    )
    yield b"\0\0\x0c\x12\x34\x81\x80\0\x01" + bytes(6)


def _body() -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        coding = ("gzip", "deflate", "", "br")[data[0] % 4] if data else ""
        named, _, raw = data[1:].partition(b"\n")
        body, _more = inflate(coding, raw)
        assert len(body) <= MAX_BODY
        charset = charset_of(named.decode("latin-1"), body)
        assert len(text_of(body, charset)) <= MAX_TEXT
        assert len(title_of(body, charset) or "") <= MAX_TITLE

    return read


def _body_seeds() -> Iterator[bytes]:
    page = b'<html><meta charset="koi8-r"><title a="b">&#x41;&amp;&nbsp;x</title>'
    yield b"\0text/html; charset=utf-8\n" + gzip.compress(page, mtime=0)
    yield b"\1text/html\n" + zlib.compress(page)
    yield b"\2text/html; charset=utf-16\n" + "<title>Ж</title>".encode("utf-16")
    yield b"\2; charset=iso2022_jp\n<TITLE>\x1b$B\x1b(B</title>"
    yield b"\0\n" + gzip.compress(bytes(300_000), mtime=0)


HARNESSES: Final = (
    Harness(
        name="http1",
        reads="HTTP/1 heads and bodies, chunked and packed",
        make=_http1,
        seeds=_http1_seeds,
        max_len=384,
    ),
    Harness(
        name="http2", reads="HTTP/2 frames and header blocks", make=_http2, seeds=_http2_seeds, max_len=512
    ),
    Harness(
        name="proxy-helper",
        reads="proxies, DNS over streams, helpers' HTTP",
        make=_spoken,
        seeds=_spoken_seeds,
        max_len=256,
    ),
    Harness(name="body", reads="packed bodies, charsets, titles", make=_body, seeds=_body_seeds, max_len=512),
)
