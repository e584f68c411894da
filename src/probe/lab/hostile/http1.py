"""Hostile heads of HTTP/1.1: status lines, headers and lengths that no sound server sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from probe.lab import injected
from probe.lab.hostile.acts import answers, drips, floods, sends
from probe.lab.hostile.records import Misbehaviour
from probe.model import failure as f

if TYPE_CHECKING:
    from probe.lab.records import Act

LINE: Final = b"HTTP/1.1 200 OK\r\n"
OK: Final = LINE + b"Content-Type: text/html\r\n"
SHORT: Final = b"Content-Length: 2\r\n\r\nok"
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n"
CHUNKS: Final = b"\r\n2\r\nok\r\n0\r\n\r\n"
HEADERS_50K: Final = b"".join(b"X-%d: %s\r\n" % (n, b"a" * 40) for n in range(1000))
ESCAPES: Final = b"Server: \x1b]0;pwned\x07\x1b[2J [bold red]x[/]\r\n"


def row(name: str, does: str, said: bytes | Act, failure: str | None = None, **facts: Any) -> Misbehaviour:
    """Return the row of a web server that answers any request with these bytes, or acts."""
    act = sends(said) if isinstance(said, bytes) else said
    return Misbehaviour(name=name, does=does, door="http", peer=answers(act), failure=failure, facts=facts)


def _unread(word: str, does: str, said: bytes) -> Misbehaviour:
    """Return the row of an answer that begins as HTTP does and cannot be read."""
    return row(f"http.{word}", does, said, f.X_HTTP_PARSE, status_code=None)


def _no_http(word: str, does: str, said: bytes | Act) -> Misbehaviour:
    return row(f"http.{word}", does, said, f.X_HTTP_NO_STATUS_LINE, status_code=None)


def _endless(word: str, does: str, begin: bytes, block: bytes) -> Misbehaviour:
    return row(f"http.{word}", does, floods(begin, block), f.X_HTTP_HEADERS_TOO_LARGE, headers=())


def _read(word: str, does: str, said: bytes, **facts: Any) -> Misbehaviour:
    """Return the row of an answer that is odd and can be read."""
    return row(f"http.{word}", does, said, **facts)


_ENDLESS = (
    row("http.slow_loris", "Sends a header a byte at a time, for ever.", drips(LINE + b"X: "), f.TIMEOUT),
    row(
        "http.slow_interim",
        "Says 100 Continue now and then, for ever.",
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.1),
        f.TIMEOUT,
    ),
    _endless("endless_headers", "Sends headers and never an empty line.", LINE, HEADERS_50K),
    _endless("endless_header", "Sends one header of ten megabytes and more.", LINE + b"X: ", b"a" * 50_000),
    _endless("endless_status", "Sends a status line that does not end.", b"HTTP/1.1 200 ", b"a" * 50_000),
    _endless(
        "endless_interim", "Says 100 Continue without end.", b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000
    ),
    _endless(
        "endless_hints",
        "Sends 103 Early Hints without end.",
        b"",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 500,
    ),
    row(
        "http.many_headers",
        "Sends a thousand headers.",
        LINE + b"X: a\r\n" * 1000 + SHORT,
        f.X_HTTP_HEADERS_TOO_LARGE,
    ),
)

_NO_HTTP = (
    _no_http(
        "noise", "Sends bytes without end that are no text.", floods(b"\x80\xff\0", bytes(range(256)) * 64)
    ),
    _no_http("no_head", "Sends a page without any HTTP before it.", b"<html>This site is blocked</html>"),
    _no_http(
        "banner",
        "Greets as a mail server and waits.",
        sends(b"220 mail.example ESMTP\r\n", then=injected.swallow),
    ),
    _no_http("tls_alert", "Answers in clear with a TLS alert.", b"\x15\x03\x03\x00\x02\x02\x28"),
    _no_http("icy", "Answers as a radio station does.", b"ICY 200 OK\r\nicy-name: x\r\n\r\nmusic"),
    _no_http("lower_case", "Writes the protocol in small letters.", b"http/1.1 200 OK\r\n" + SHORT),
)

_STATUS = (
    _unread("version_two", "Says HTTP/2 in clear text.", b"HTTP/2 200 OK\r\n" + SHORT),
    _unread("long_status", "Gives a status of six digits.", b"HTTP/1.1 999999 Nope\r\n\r\n"),
    _unread("word_status", "Gives a word for a status.", b"HTTP/1.1 two OK\r\n" + SHORT),
    _unread("zero_status", "Gives the status 000.", b"HTTP/1.1 000 Zero\r\n" + SHORT),
    _unread(
        "switching",
        "Switches to a protocol that nobody asked for.",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05hello",
    ),
    _read("odd_status", "Gives the status 999.", b"HTTP/1.1 999 Denied\r\n" + SHORT, status_code=999),
    row("http.half_status", "Ends within the status line.", b"HTTP/1.1 2", f.EOF),
)

_HEADERS = (
    _unread("nul", "Sends a NUL within a header.", LINE + b"Server: a\x00b\r\n" + SHORT),
    _unread("bare_cr", "Sends a CR alone within a header.", LINE + b"Server: a\rX: b\r\n" + SHORT),
    _unread("blank_before_colon", "Puts a blank before a colon.", LINE + b"Content-Length : 2\r\n\r\nok"),
    _unread("no_name", "Sends a header without a name.", LINE + b": value\r\n" + SHORT),
    _unread("no_colon", "Sends a header without a colon.", LINE + b"junk\r\n" + SHORT),
    _read(
        "bare_lf",
        "Ends its lines with LF alone.",
        (LINE + b"Server: here\r\n" + SHORT).replace(b"\r\n", b"\n"),
        headers=(("Server", "here"), ("Content-Length", "2")),
        body="ok",
    ),
    _read(
        "folded",
        "Folds a header over three lines.",
        LINE + b"X-Folded: one\r\n two\r\n\tthree\r\n" + SHORT,
        headers=(("X-Folded", "one two three"), ("Content-Length", "2")),
    ),
    _read(
        "escapes",
        "Paints the terminal from its status line, headers and title.",
        b"HTTP/1.1 200 \x1b[31mOK\x1b[0m\r\n"
        + ESCAPES
        + b"\r\n<title>\x1b[2J\xc2\x9b31m\xe2\x80\xae[bold]</title>",
        status_code=200,
        title="\x1b[2J\x9b31m\u202e[bold]",
    ),
    _read(
        "wrong_utf8",
        "Sends a header that is no UTF-8.",
        LINE + b"Server: \xff\xe2\x80\xae\r\n" + SHORT,
        headers=(("Server", "\xff\xe2\x80\xae"), ("Content-Length", "2")),
    ),
)

_LENGTHS = (
    _unread("two_lengths", "Tells two lengths of its body.", OK + b"Content-Length: 3\r\n" + SHORT),
    _unread("length_list", "Tells two lengths in one header.", OK + b"Content-Length: 2, 3\r\n\r\nok"),
    _unread("negative_length", "Tells a length below zero.", OK + b"Content-Length: -2\r\n\r\nok"),
    _unread("plus_length", "Tells a length with a plus.", OK + b"Content-Length: +2\r\n\r\nok"),
    _unread("vast_length", "Tells a length of thirty digits.", OK + b"Content-Length: 1%029d\r\n\r\nok" % 0),
    _unread("chunked_twice", "Says twice that it sends chunks.", OK + CHUNKED * 2 + CHUNKS),
    _unread(
        "chunked_gzip",
        "Sends chunks under a transfer coding that nobody asked for.",
        OK + b"Transfer-Encoding: gzip, chunked\r\n" + CHUNKS,
    ),
    _read("length_twice", "Tells the same length twice.", OK + b"Content-Length: 2\r\n" + SHORT, body="ok"),
    _read(
        "length_and_chunks",
        "Tells a length and sends chunks, as one who smuggles.",
        OK + b"Content-Length: 50\r\n" + CHUNKED + CHUNKS,
        body="ok",
        declared_length=50,
    ),
    _read(
        "two_answers",
        "Sends a second answer behind the first.",
        OK + SHORT + b"HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\nblocked",
        status_code=200,
        body="ok",
    ),
    _read(
        "body_of_204",
        "Sends a body where there is none.",
        b"HTTP/1.1 204 No Content\r\n" + SHORT,
        status_code=204,
        body="",
    ),
)

_ENDS = (
    row("http.empty", "Ends the connection for an answer.", injected.fin, f.EOF),
    row("http.silent", "Says nothing.", injected.swallow, f.TIMEOUT),
    row("http.reset", "Resets the connection for an answer.", injected.reset, f.CONNECTION_RESET),
    row(
        "http.reset_headers",
        "Resets the connection within the headers.",
        sends(LINE + b"X: y\r\n", then=injected.reset),
        f.CONNECTION_RESET,
    ),
)

ROWS: Final = (*_ENDLESS, *_NO_HTTP, *_STATUS, *_HEADERS, *_LENGTHS, *_ENDS)
