"""HTTP on loopback: what a page is worth, and every way an exchange can go wrong."""

import gzip
import hashlib
import socket
import ssl
import threading
import zlib
from collections.abc import Callable
from typing import Any

import dns.message
import dns.rrset
import pytest

from loopback.authority import Authority
from loopback.servers import (
    SITE,
    Handler,
    Loopback,
    a_step,
    fast,
    measured,
    over_tls,
    page,
    read_request,
    reset,
    says,
    tcp_server,
)
from probe.measure.body import charset_of, inflate, title_of
from probe.measure.http import BROWSER_HEADERS
from probe.measure.runner import Measured
from probe.model.observation import HTTPRoundTrip

NAME = "site.example"
URL = f"http://{NAME}/"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


def fetched(handler: Handler, *, timeout_s: float = 1.0, **step: Any) -> Measured:
    with tcp_server(handler) as port:
        network = Loopback(tcp={(SITE, 80): port}, names={NAME: (SITE,)})
        return measured(network, a_step(URL, **step), fast(timeout_s=timeout_s))


def answered(handler: Handler, **more: Any) -> HTTPRoundTrip:
    (request,) = fetched(handler, **more).measurement.requests
    return request


def sends(*parts: bytes | float | Callable[[socket.socket], None]) -> Handler:
    """Read the request, then send bytes, wait seconds, or do; silence follows unless something ended it."""

    def handler(sock: socket.socket, stop: threading.Event) -> None:
        read_request(sock)
        for part in parts:
            if isinstance(part, bytes):
                sock.sendall(part)
            elif isinstance(part, float):
                stop.wait(part)
            else:
                part(sock)
                return
        stop.wait(5)

    return handler


def fin(sock: socket.socket) -> None:
    sock.close()


def test_a_page_is_recorded_with_its_times_title_and_bytes() -> None:
    body = "<html><title>Привет,\n мир &amp; всё</title>".encode()
    found = fetched(says(page(body, "Content-Type: text/html; charset=utf-8", "Server: x"))).measurement
    (request,) = found.requests
    assert (request.failure, request.status_code, request.http_version) == (None, 200, "HTTP/1.1")
    assert request.title == "Привет, мир & всё"
    assert request.body == body.decode()
    assert (request.body_length, request.declared_length, request.body_is_capped) == (
        len(body),
        len(body),
        False,
    )
    assert request.body_sha256 == hashlib.sha256(body).hexdigest()
    assert ("Server", "x") in request.headers
    assert request.first_byte_s is not None
    assert 0 <= request.first_byte_s < 0.5
    (event,) = found.network_events
    assert sum(n for _, n in event.series) == found.bytes_received > len(body)


def test_the_request_is_a_browsers() -> None:
    seen: list[bytes] = []

    def handler(sock: socket.socket, stop: threading.Event) -> None:
        seen.append(read_request(sock))
        sock.sendall(page(b""))

    answered(handler)
    lines = seen[0].decode().split("\r\n")
    assert lines[:2] == ["GET / HTTP/1.1", "Host: site.example"]
    assert lines[2:6] == [f"{name}: {value}" for name, value in BROWSER_HEADERS]
    assert lines[6:] == ["", ""]


@pytest.mark.parametrize(
    ("handler", "failure", "status", "ended_by"),
    [
        (sends(fin), "eof_error", None, "fin"),
        (sends(reset), "connection_reset", None, "rst"),
        (sends(), "generic_timeout_error", None, ""),
        (sends(b"HTTP/1.1 20", fin), "eof_error", None, "fin"),
        (sends(b"HTTP/1.1 200 OK\r\nServer: a", reset), "connection_reset", None, "rst"),
        (sends(HEAD + b"Content-Length: 10000\r\n\r\n" + b"x" * 5000, fin), "eof_error", 200, "fin"),
        (
            sends(HEAD + b"Content-Length: 10000\r\n\r\n" + b"x" * 5000, 0.05, reset),
            "connection_reset",
            200,
            "rst",
        ),
        (sends(HEAD + b"Content-Length: 10000\r\n\r\n" + b"x" * 5000), "generic_timeout_error", 200, ""),
        (
            sends(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1000\r\n" + b"x" * 1000, fin),
            "eof_error",
            200,
            "fin",
        ),
        (sends(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", fin), "x_http_parse_error", 200, ""),
        (sends(b"HTTP/1.1 999999 Nope\r\n\r\n", fin), "x_http_parse_error", None, ""),
        (sends(b"HTTP/1.1 200 OK\r\nServer: a\x00b\r\n\r\n", fin), "x_http_parse_error", None, ""),
        (
            sends(HEAD + b"Content-Length: 5\r\nContent-Length: 7\r\n\r\nhello", fin),
            "x_http_parse_error",
            None,
            "",
        ),
        (sends(b"<html><body>This site is blocked</body></html>", fin), "x_http_no_status_line", None, "fin"),
        (sends(b"<html>\r\n\r\nThis site is blocked"), "x_http_no_status_line", None, ""),
        (sends(b"<html>This site is blocked"), "x_http_no_status_line", None, ""),
        (sends(b"<html>This site is blocked", 0.05, reset), "x_http_no_status_line", None, "rst"),
        (sends(bytes(range(256)), fin), "x_http_no_status_line", None, ""),
        (sends(HEAD + b"Connection: close\r\n\r\nall there is", fin), None, 200, "fin"),
        (sends(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", fin), None, 200, ""),
        (sends(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", fin), None, 200, ""),
        (sends(b"HTTP/1.1 103 Early Hints\r\n\r\n" + page(b"ok"), fin), None, 200, ""),
    ],
    ids=[
        "fin",
        "reset",
        "silence",
        "half-status",
        "reset-in-headers",
        "short-body-fin",
        "short-body-reset",
        "short-body-silence",
        "chunk-truncated",
        "chunk-junk",
        "bad-status",
        "nul",
        "two-lengths",
        "raw-html-fin",
        "raw-html-lines-silence",
        "raw-html-silence",
        "raw-html-reset",
        "bytes",
        "until-fin",
        "line-feeds",
        "not-gzip",
        "early-hints",
    ],
)
def test_every_way_an_exchange_can_go_has_its_own_name(
    handler: Handler, failure: str | None, status: int | None, ended_by: str
) -> None:
    request = answered(handler)
    assert (request.failure, request.status_code, request.ended_by) == (failure, status, ended_by)
    assert request.t - request.t0 < 2.0


def test_a_page_injected_without_http_is_kept() -> None:
    request = answered(sends(b"<html><title>Blocked</title>by order</html>", fin))
    assert request.body == "<html><title>Blocked</title>by order</html>"
    assert request.title == "Blocked"
    assert request.body_length is None


def test_a_broken_answer_is_kept_for_the_fingerprints() -> None:
    request = answered(sends(b"HTTP/1.1 200 OK\r\nbroken\r\n\r\n<html>blocked</html>", fin))
    assert request.failure == "x_http_parse_error"
    assert "<html>blocked</html>" in request.body


def test_escapes_in_headers_are_kept_as_they_came_or_refused() -> None:
    request = answered(
        sends(b"HTTP/1.1 200 OK\r\nServer: \x1b]0;title\x07\x1b[2Jx\r\nContent-Length: 2\r\n\r\nok", fin)
    )
    assert (request.failure, request.status_code) in ((None, 200), ("x_http_parse_error", None))


def test_a_body_that_crawls_to_the_deadline_is_a_timeout() -> None:
    def crawl(sock: socket.socket, stop: threading.Event) -> None:
        read_request(sock)
        sock.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
        while not stop.wait(0.05):
            sock.sendall(b"x")

    request = answered(crawl)
    assert (request.failure, request.status_code) == ("generic_timeout_error", 200)
    assert request.t - request.t0 < 2.0


def test_a_body_that_still_moves_at_the_deadline_is_slow_and_no_failure() -> None:
    def move(sock: socket.socket, stop: threading.Event) -> None:
        read_request(sock)
        sock.sendall(HEAD + b"Content-Length: 200000\r\n\r\n")
        while not stop.wait(0.05):
            sock.sendall(b"x" * 1500)

    request = answered(move)
    assert (request.failure, request.body_is_capped, request.ended_by) == (None, True, "we")
    assert request.body_length is not None
    assert 10_000 < request.body_length < 40_000


def test_a_gzip_page_is_inflated_and_its_length_is_the_pages() -> None:
    packed = gzip.compress(b"<title>x</title>" * 1000)
    request = answered(says(page(packed, "Content-Encoding: gzip")))
    assert (request.body_length, request.declared_length, request.title) == (16000, len(packed), "x")


def test_later_rounds_stop_at_the_headers() -> None:
    sent = threading.Event()

    def handler(sock: socket.socket, stop: threading.Event) -> None:
        read_request(sock)
        sock.sendall(HEAD + b"Content-Length: 3\r\n\r\n")
        stop.wait(5)
        sent.set()

    found = fetched(handler, round=1).measurement
    (request,) = found.requests
    assert (request.failure, request.status_code, request.body_length) == (None, 200, 0)
    assert found.runtime_s < 0.9
    assert found.network_events == ()


def test_a_large_body_is_a_blob_and_its_beginning_is_in_the_observation() -> None:
    body = b"0123456789abcdef" * 4096
    found = fetched(says(page(body)))
    (request,) = found.measurement.requests
    assert request.body == body[:16384].decode()
    assert request.body_sha256 == hashlib.sha256(body).hexdigest()
    assert found.blobs == {request.body_sha256: body}


def speaks_http2(
    asked: list[dict[bytes, bytes]], content_type: str, answer: Callable[[bytes], bytes]
) -> Handler:
    """Answer every HTTP/2 request with what `answer` makes of its body."""
    import h2.config
    import h2.connection
    import h2.events

    def handler(sock: socket.socket, stop: threading.Event) -> None:
        conn = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        conn.initiate_connection()
        sock.sendall(conn.data_to_send())
        held = b""
        while True:
            data = sock.recv(65536)
            if not data:
                return
            for event in conn.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    asked.append(dict(event.headers or ()))
                if isinstance(event, h2.events.DataReceived):
                    held += event.data or b""
                if isinstance(event, h2.events.StreamEnded):
                    body = answer(held)
                    headers = [
                        (":status", "200"),
                        ("content-type", content_type),
                        ("content-length", str(len(body))),
                    ]
                    conn.send_headers(event.stream_id or 1, headers)
                    conn.send_data(event.stream_id or 1, body, end_stream=True)
            sock.sendall(conn.data_to_send())

    return handler


def test_dns_over_https_goes_over_http2(authority: Authority) -> None:
    def answer(body: bytes) -> bytes:
        reply = dns.message.make_response(dns.message.from_wire(body))
        reply.answer.append(dns.rrset.from_text(reply.question[0].name, 60, "IN", "A", SITE))
        return reply.to_wire()

    asked: list[dict[bytes, bytes]] = []
    handler = speaks_http2(asked, "application/dns-message", answer)
    with tcp_server(over_tls(handler, authority.good("dns.example", alpn=("h2",)))) as port:
        network = Loopback(tcp={("8.8.8.8", 443): port}, ca_file=authority.ca_file)
        step = a_step("https://dns.example/dns-query", "doh", target_addresses=("8.8.8.8",))
        (lookup,) = measured(network, step).measurement.queries
    assert (lookup.failure, lookup.answers) == (None, (SITE,))
    assert (asked[0][b":method"], asked[0][b":path"]) == (b"POST", b"/dns-query")


def test_a_redirects_body_is_not_a_page_to_be_read() -> None:
    request = answered(says(page(b"x" * 200_000, "Location: http://", status="302 Found")))
    assert (request.status_code, request.body_is_capped) == (302, True)
    assert (request.body_length or 0) <= 32_768


def test_http2_is_spoken_where_the_server_chooses_it(authority: Authority) -> None:
    asked: list[dict[bytes, bytes]] = []
    handler = speaks_http2(asked, "text/html", lambda _: b"ok")
    with tcp_server(over_tls(handler, authority.good(NAME, alpn=("h2", "http/1.1")))) as port:
        network = Loopback(tcp={(SITE, 443): port}, names={NAME: (SITE,)}, ca_file=authority.ca_file)
        found = measured(network, a_step(f"https://{NAME}/p?q=1")).measurement
    (request,) = found.requests
    assert found.tls_handshakes[0].negotiated_protocol == "h2"
    assert (request.failure, request.status_code, request.http_version) == (None, 200, "HTTP/2")
    assert (request.body, request.body_length, request.is_tls) == ("ok", 2, True)
    assert (asked[0][b":authority"], asked[0][b":path"]) == (b"site.example", b"/p?q=1")
    assert request.first_byte_s is not None


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b"", "eof_error"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "http_request_failed"),
        (None, "connection_reset"),
    ],
    ids=["fin", "not-h2", "reset"],
)
def test_http2_failures_keep_their_names(authority: Authority, answer: bytes | None, failure: str) -> None:
    def handler(sock: socket.socket, stop: threading.Event) -> None:
        sock.recv(65536)
        if answer is None:
            reset(socket.socket(fileno=sock.detach()))
            return
        sock.sendall(answer)
        if answer:
            stop.wait(2)

    with tcp_server(over_tls(handler, authority.good(NAME, alpn=("h2",)))) as port:
        network = Loopback(tcp={(SITE, 443): port}, names={NAME: (SITE,)}, ca_file=authority.ca_file)
        (request,) = measured(network, a_step(f"https://{NAME}/")).measurement.requests
    assert request.failure == failure


@pytest.mark.parametrize(
    "frame",
    [
        b"\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x02",
        b"\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01",
        b"\x00\x00\x04\x01\x04\x00\x00\x00\x01\x48\x03abc",
        b"\x00\x00\x03\x01\x05\x00\x00\x00\x01\xff\xff\xff",
        b"\x00\x00\x05\x00\x00\x00\x00\x00\x07hello",
    ],
    ids=["stream-reset", "goaway", "status-abc", "bad-hpack", "wrong-stream"],
)
def test_an_http2_refusal_is_a_failed_request(authority: Authority, frame: bytes) -> None:
    def handler(sock: socket.socket, stop: threading.Event) -> None:
        sock.recv(65536)
        sock.sendall(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        stop.wait(0.05)
        sock.sendall(frame)
        stop.wait(3)

    with tcp_server(over_tls(handler, authority.good(NAME, alpn=("h2",)))) as port:
        network = Loopback(tcp={(SITE, 443): port}, names={NAME: (SITE,)}, ca_file=authority.ca_file)
        (request,) = measured(network, a_step(f"https://{NAME}/")).measurement.requests
    assert (request.failure, request.status_code) == ("http_request_failed", None)
    assert request.t - request.t0 < 0.9


def test_a_fin_without_close_notify_is_told_from_one_with_it(authority: Authority) -> None:
    def ragged(sock: socket.socket, stop: threading.Event) -> None:
        read_request(sock)
        sock.sendall(HEAD + b"Connection: close\r\n\r\nhalf or all?")
        socket.socket(fileno=sock.detach()).close()

    def clean(sock: socket.socket, stop: threading.Event) -> None:
        read_request(sock)
        sock.sendall(HEAD + b"Connection: close\r\n\r\nall of it")

    ended = []
    for handler in (ragged, clean):
        with tcp_server(over_tls(handler, authority.good(NAME))) as port:
            network = Loopback(tcp={(SITE, 443): port}, names={NAME: (SITE,)}, ca_file=authority.ca_file)
            (request,) = measured(network, a_step(f"https://{NAME}/")).measurement.requests
        ended.append((request.failure, request.status_code, request.ended_by))
    assert ended == [(None, 200, "fin"), (None, 200, "close_notify")]


def test_an_alert_after_the_handshake_is_no_timeout(authority: Authority) -> None:
    context = authority.good(NAME)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)
    with tcp_server(over_tls(says(page(b"ok")), context)) as port:
        network = Loopback(tcp={(SITE, 443): port}, names={NAME: (SITE,)}, ca_file=authority.ca_file)
        found = measured(network, a_step(f"https://{NAME}/")).measurement
    assert found.tls_handshakes[0].completed is True
    assert found.requests[0].failure == "x_tls_alert"


@pytest.mark.parametrize(
    ("content_type", "data", "charset"),
    [
        ("text/html; charset=windows-1251", b"", "cp1251"),
        ('text/html; charset="UTF-8"', b"", "utf-8"),
        ("text/html", b'<meta charset="koi8-r">', "koi8-r"),
        ("text/html; charset=punycode", b"", "utf-8"),
        ("text/html; charset=zip", b"", "utf-8"),
        ("text/html; charset=bogus-enc", b"", "utf-8"),
        ("text/html; charset=unicode_escape", b'<meta charset="cp866">', "cp866"),
    ],
)
def test_a_server_chooses_among_plain_charsets_only(content_type: str, data: bytes, charset: str) -> None:
    assert charset_of(content_type, data) == charset


def test_titles_are_found_anywhere_and_bounded() -> None:
    assert title_of(b"x" * 100_000 + b"<TITLE lang=ru> A  b </title>", "utf-8") == "A b"
    assert title_of(b"<title>" + b"a" * 10_000, "utf-8") == "a" * 256
    assert title_of(b"<p>no title</p>", "utf-8") is None
    assert title_of(b"<title" * 40_000, "utf-8") is None


def test_both_kinds_of_deflate_are_inflated() -> None:
    raw = zlib.compressobj(wbits=-15)
    assert inflate("deflate", zlib.compress(b"page")) == (b"page", False)
    assert inflate("deflate", raw.compress(b"page") + raw.flush()) == (b"page", False)
    assert inflate("br", b"\x0b\x02") == (b"", False)
