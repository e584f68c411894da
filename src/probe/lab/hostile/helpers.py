"""Hostile test helpers: answers that are none, too long, too deep, too many, or never end."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any, Final

from probe.lab import injected
from probe.lab.hostile.acts import drips, floods, sends
from probe.lab.hostile.records import MIB, Misbehaviour
from probe.lab.records import Answer
from probe.model import failure as f

if TYPE_CHECKING:
    from probe.lab.records import Act

HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ENDPOINTS: Final = {f"93.184.{n >> 8}.{n & 255}:443": {"status": True, "failure": None} for n in range(2000)}
BOMB: Final = gzip.compress(b" " * (20 << 20))
SPACES: Final = b" " * 65536


def _row(word: str, does: str, said: bytes | Act, failure: str | None = None, **facts: Any) -> Misbehaviour:
    """Return the row of a helper that says these bytes for a body, or acts."""
    if isinstance(said, bytes):
        whole = Answer(headers=(("Content-Type", "application/json"),), body=said)
    else:
        whole = Answer(act=said)
    return Misbehaviour(
        name=f"helper.{word}",
        does=does,
        door="helper",
        peer=lambda _request: whole,
        failure=failure,
        facts=facts,
        within_s=3.6,
        memory=6 * MIB,
    )


def _junk(word: str, does: str, said: bytes | Act) -> Misbehaviour:
    return _row(word, does, said, f.JSON_PARSE_ERROR, dns_addresses=(), status_code=None)


def _true(**parts: Any) -> bytes:
    return json.dumps(parts).encode()


ROWS: Final = (
    _junk("no_json", "Answers with a page.", b"<html>It works!</html>"),
    _junk("a_list", "Answers with a list.", b"[]"),
    _junk("half", "Stops within its answer.", b'{"dns": {"failure": null, "addrs": ["93.1'),
    _junk("wrong_type", "Gives a word where a record stands.", _true(dns="none")),
    _junk("wrong_inner_type", "Gives a status in quotes.", _true(http_request={"status_code": "200"})),
    _junk("deep", "Nests 100,000 records.", b'{"x":' * 100_000 + b"1" + b"}" * 100_000),
    _junk("deep_dns", "Nests 50,000 records where one is known.", b'{"dns":' * 50_000 + b"1" + b"}" * 50_000),
    _junk("no_utf8", "Gives a title that is no UTF-8.", b'{"http_request": {"title": "\xff\xfe"}}'),
    _junk(
        "vast_number", "Gives a status that no machine holds.", b'{"http_request": {"status_code": 1e999}}'
    ),
    _junk("not_a_number", "Gives a status that is no number.", b'{"http_request": {"status_code": NaN}}'),
    _junk("endless", "Sends an answer without end.", floods(HEAD + b"Connection: close\r\n\r\n", SPACES)),
    _junk(
        "tiny_chunks",
        "Sends its answer in chunks of one byte, without end.",
        floods(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 2000),
    ),
    _junk(
        "bomb",
        "Packs 20 MB of blanks.",
        sends(HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB),
    ),
    _row(
        "many_endpoints",
        "Tells of 2,000 endpoints that nobody asked for.",
        _true(tcp_connect=ENDPOINTS),
        dns_addresses=(),
    ),
    _row(
        "long_title",
        "Gives a title of a hundred kilobytes that paints the terminal.",
        _true(http_request={"failure": None, "status_code": 200, "title": "\x1b[2J" * 25_000}),
        status_code=200,
        title=("\x1b[2J" * 256),
    ),
    _row(
        "no_such_numbers",
        "Gives a status and a length that there are none.",
        _true(http_request={"failure": None, "status_code": -7, "body_length": -9}),
        status_code=None,
    ),
    _row(
        "no_addresses",
        "Gives words for addresses.",
        _true(dns={"addrs": ["localhost", "10.0.0"]}),
        dns_addresses=(),
    ),
    _row(
        "slow",
        "Sends its answer a byte at a time.",
        drips(HEAD + b"Content-Length: 9000\r\n\r\n", b" "),
        f.TIMEOUT,
    ),
    _row("silent", "Takes the question and says nothing.", injected.swallow, f.TIMEOUT),
    _row("reset", "Takes the question and resets the connection.", injected.reset, f.CONNECTION_RESET),
    _row("ends", "Takes the question and ends.", injected.fin, f.EOF),
    _row(
        "endless_headers",
        "Sends headers without end.",
        floods(HEAD, b"X: y\r\n" * 1000),
        f.X_HTTP_PARSE,
    ),
    _row(
        "endless_interim",
        "Says 100 Continue without end, and never what it saw.",
        floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
        f.X_HTTP_PARSE,
    ),
    _row(
        "redirect",
        "Sends its asker elsewhere.",
        sends(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"),
        f.HTTP_UNEXPECTED_STATUS,
    ),
)
