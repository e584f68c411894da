"""Hostile bodies: endless, slow, cut, in crooked chunks, packed into bombs, under strange names."""

from __future__ import annotations

import gzip
import struct
import zlib
from functools import cache, reduce
from typing import TYPE_CHECKING, Any, Final

from probe.lab import injected
from probe.lab.hostile.acts import drips, floods, sends
from probe.lab.hostile.http1 import CHUNKED, OK, row
from probe.model import failure as f

if TYPE_CHECKING:
    from probe.lab.hostile.records import Misbehaviour
    from probe.lab.records import Act, Wire

BOMB_BYTES: Final = 200 << 20
CHUNKS: Final = OK + CHUNKED + b"\r\n"
PAGE: Final = b"<title>hello</title>"
CAP: Final = 256 * 1024


@cache
def bomb(coding: str) -> bytes:
    """Return 200 MiB of zeros in some 200 kB of gzip or deflate: one packed block, over and over."""
    zeros, times = bytes(1 << 20), BOMB_BYTES >> 20
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = (packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)) * times + b"\x03\0"
    if coding == "gzip":
        crc = reduce(lambda so_far, _: zlib.crc32(zeros, so_far), range(times), 0)
        return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + packed + struct.pack("<II", crc, BOMB_BYTES)
    adler = reduce(lambda so_far, _: zlib.adler32(zeros, so_far), range(times), 1)
    return b"\x78\xda" + packed + struct.pack(">I", adler)


def _bomb(coding: str) -> Act:
    async def act(wire: Wire) -> None:
        packed = bomb(coding)
        await sends(_head(coding.encode(), len(packed)) + packed)(wire)

    return act


def _head(coding: bytes, length: int) -> bytes:
    return OK + b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n" % (coding, length)


def _coded(word: str, does: str, coding: bytes, packed: bytes, **facts: Any) -> Misbehaviour:
    return row(f"body.{word}", does, _head(coding, len(packed)) + packed, status_code=200, **facts)


def _page(word: str, does: str, text: bytes, kind: bytes = b"text/html", **facts: Any) -> Misbehaviour:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n" % (kind, len(text))
    return row(f"body.{word}", does, head + text, body_length=len(text), **facts)


def _capped(word: str, does: str, act: Act, **facts: Any) -> Misbehaviour:
    return row(f"body.{word}", does, act, status_code=200, body_is_capped=True, **facts)


def _crooked(word: str, does: str, chunks: bytes, body: str = "") -> Misbehaviour:
    return row(f"body.{word}", does, CHUNKS + chunks, f.X_HTTP_PARSE, status_code=200, body=body)


_LENGTHS = (
    _capped(
        "endless",
        "Sends a body without length and without end.",
        floods(OK + b"Connection: close\r\n\r\n", bytes(65536)),
        body_length=CAP,
    ),
    _capped(
        "huge",
        "Announces 20 MB and sends them.",
        floods(OK + b"Content-Length: 20000000\r\n\r\n", bytes(65536)),
        declared_length=20_000_000,
    ),
    row(
        "body.slow",
        "Sends a body a byte at a time, for ever.",
        drips(OK + b"Content-Length: 1000000\r\n\r\n"),
        f.TIMEOUT,
        status_code=200,
    ),
    row(
        "body.stalled",
        "Stops after a part of the body and says no more.",
        sends(OK + b"Content-Length: 100000\r\n\r\n" + b"x" * 16000, then=injected.swallow),
        f.TIMEOUT,
        body_length=16000,
    ),
    row(
        "body.cut",
        "Ends within the body.",
        OK + b"Content-Length: 10000\r\n\r\n" + b"x" * 5000,
        f.EOF,
        body_length=5000,
    ),
    row(
        "body.reset",
        "Resets the connection within the body.",
        sends(OK + b"Content-Length: 100000\r\n\r\n" + b"x" * 5000, then=injected.reset),
        f.CONNECTION_RESET,
        body_length=5000,
    ),
    row(
        "body.vast",
        "Announces a petabyte and sends five bytes.",
        OK + b"Content-Length: 999999999999999\r\n\r\nhello",
        f.EOF,
        body="hello",
        declared_length=999999999999999,
    ),
)

_CHUNKS = (
    row("body.cut_chunk", "Ends within a chunk.", CHUNKS + b"1000\r\n" + b"x" * 100, f.EOF, body_length=100),
    _capped("tiny_chunks", "Sends chunks of one byte without end.", floods(CHUNKS, b"1\r\nx\r\n" * 2000)),
    row(
        "body.slow_chunks",
        "Sends a chunk of one byte now and then, for ever.",
        drips(CHUNKS, b"1\r\nx\r\n", 0.05),
        f.TIMEOUT,
        status_code=200,
    ),
    row(
        "body.endless_extension",
        "Sends a chunk's extension without end.",
        floods(CHUNKS + b"1;", b"a" * 65536),
        f.X_HTTP_PARSE,
        body="",
    ),
    row(
        "body.endless_trailers",
        "Sends trailers without end.",
        floods(CHUNKS + b"2\r\nok\r\n0\r\n", b"X: y\r\n" * 5000),
        f.X_HTTP_PARSE,
        body="ok",
    ),
    _crooked("chunk_plus", "Tells a chunk's size with a plus.", b"+5\r\nhello\r\n0\r\n\r\n"),
    _crooked("chunk_minus", "Tells a chunk's size below zero.", b"-5\r\nhello\r\n0\r\n\r\n"),
    _crooked("chunk_hex", "Tells a chunk's size as programmers do.", b"0x5\r\nhello\r\n0\r\n\r\n"),
    _crooked("chunk_vast", "Tells a chunk's size in thirty digits.", b"F" * 30 + b"\r\nhello"),
    _crooked("chunk_overrun", "Sends more than it said of a chunk.", b"2\r\nhello\r\n0\r\n\r\n", "he"),
)

_CODINGS = (
    _capped("gzip_bomb", "Packs 200 MB of zeros by gzip.", _bomb("gzip"), body_length=CAP),
    _capped("deflate_bomb", "Packs 200 MB of zeros by deflate.", _bomb("deflate"), body_length=CAP),
    _coded(
        "gzip_twice",
        "Packs a page twice and says so.",
        b"gzip, gzip",
        gzip.compress(gzip.compress(PAGE)),
        body="",
    ),
    _coded(
        "gzip_nested",
        "Packs a page twice and says it once.",
        b"gzip",
        gzip.compress(gzip.compress(PAGE, mtime=0)),
        title=None,
        body_length=len(gzip.compress(PAGE, mtime=0)),
    ),
    _coded(
        "gzip_members",
        "Sends a thousand gzips in a row.",
        b"gzip",
        gzip.compress(PAGE) * 1000,
        body_length=len(PAGE),
    ),
    _coded("half_gzip", "Cuts a gzip off.", b"gzip", gzip.compress(PAGE * 100)[:-12], title="hello"),
    _coded("empty_gzip", "Sends a gzip of no bytes.", b"gzip", b"", body=""),
    _coded("not_gzip", "Calls a plain page gzip.", b"gzip", PAGE, title="hello"),
    _coded(
        "raw_deflate", "Sends deflate without its head.", b"deflate", zlib.compress(PAGE)[2:-4], title="hello"
    ),
    _coded("brotli", "Sends brotli, which nobody asked for.", b"br", b"\x8b\x01\x80hello\x03", body=""),
    _coded(
        "zstd",
        "Sends zstd, which nobody asked for.",
        b"zstd",
        b"\x28\xb5\x2f\xfd\x20\x05\x29\0\0hello",
        body="",
    ),
    _coded("unknown_coding", "Names a coding of 9,000 letters.", b"../../" + b"A" * 9000, b"hello", body=""),
)

_TEXTS = (
    _page(
        "punycode",
        "Names a character set that takes quadratic time.",
        b"-a9" * 60_000,
        b"text/html; charset=punycode",
        title=None,
    ),
    _page(
        "utf7",
        "Hides a script in a character set that browsers gave up.",
        b"<title>+ADw-script+AD4-</title>",
        b"text/html; charset=utf-7",
        title="+ADw-script+AD4-",
    ),
    _page("titles", "Opens 30,000 titles and closes none.", b"<title " * 30_000, title=None),
    _page(
        "title_entities",
        "Puts the longest entity into its title, 5,000 times.",
        b"<title>" + b"&CounterClockwiseContourIntegral;" * 5000,
        title="\u2233" * 31 + "&",
    ),
    _page(
        "wrong_utf8",
        "Sends bytes that are no UTF-8 and calls them a set that there is not.",
        b"\xff\xfe\xc3\x28\x00\x1b[2J",
        b"text/html; charset=bogus-enc",
        body="\ufffd\ufffd\ufffd(\0\x1b[2J",
    ),
)

ROWS: Final = (*_LENGTHS, *_CHUNKS, *_CODINGS, *_TEXTS)
