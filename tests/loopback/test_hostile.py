"""Servers that mean harm: a failure string within the deadline, bounded memory, the next target unharmed."""

import gc
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import anyio
import pytest

from loopback.authority import Authority
from loopback.servers import (
    SITE,
    Handler,
    Loopback,
    a_session,
    a_step,
    fast,
    over_tls,
    page,
    read_request,
    says,
    tcp_server,
)
from probe.model.measurement import Measurement

NAME = "site.example"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
MEGABYTE = 1 << 20


def floods(begin: bytes, block: Callable[[int], bytes]) -> Handler:
    """Answer with the beginning and then, for ever, block after block."""

    def handler(sock: socket.socket, stop: threading.Event) -> None:
        read_request(sock)
        sock.sendall(begin)
        number = 0
        while not stop.is_set():
            sock.sendall(block(number))
            number += 1

    return handler


def trickles(data: bytes) -> Handler:
    def handler(sock: socket.socket, stop: threading.Event) -> None:
        read_request(sock)
        for byte in data:
            sock.sendall(bytes([byte]))
            if stop.wait(0.03):
                return

    return handler


def a_bomb() -> bytes:
    """200 MB of zeros in 200 kB."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(200)) + packer.flush()


HOSTILE: dict[str, tuple[Callable[[], Handler], str | None]] = {
    "headers without end": (
        lambda: floods(b"HTTP/1.1 200 OK\r\n", lambda n: b"X-%d: %b\r\n" % (n, b"a" * 60)),
        "x_http_headers_too_large",
    ),
    "one header without end": (
        lambda: floods(b"HTTP/1.1 200 OK\r\nX: ", lambda _: b"a" * 1000),
        "x_http_headers_too_large",
    ),
    "a thousand headers": (
        lambda: says(b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 1000 + b"Content-Length: 0\r\n\r\n"),
        "x_http_headers_too_large",
    ),
    "a storm of 100 Continue": (
        lambda: floods(b"", lambda _: b"HTTP/1.1 100 Continue\r\n\r\n" * 40),
        "x_http_headers_too_large",
    ),
    "headers that trickle": (
        lambda: trickles(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000),
        "generic_timeout_error",
    ),
    "a body that trickles": (
        lambda: trickles(HEAD + b"Content-Length: 9000\r\n\r\n" + b"y" * 9000),
        "generic_timeout_error",
    ),
    "a body without end": (lambda: floods(HEAD + b"Connection: close\r\n\r\n", lambda _: b"x" * 65536), None),
    "chunks of one byte": (
        lambda: floods(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", lambda _: b"1\r\nx\r\n" * 500),
        None,
    ),
    "a chunk extension without end": (
        lambda: floods(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", lambda _: b"a" * 65536),
        "x_http_parse_error",
    ),
    "a bomb": (lambda: says(page(a_bomb(), "Content-Encoding: gzip")), None),
    "noise without end": (
        lambda: floods(b"\x80\xff\x00", lambda _: bytes(range(256)) * 64),
        "x_http_no_status_line",
    ),
}


@pytest.fixture
def memory() -> Iterator[Callable[[], int]]:
    """How many bytes Python holds at most, above what it held before."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    yield lambda: tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()


def both(
    hostile: Handler, url: str, port_of: int, authority: Authority | None = None
) -> tuple[Measurement, Measurement, float]:
    """Measure the hostile target and an honest one at the same time, in one session."""
    with tcp_server(hostile) as port, tcp_server(says(page(b"good"))) as good:
        network = Loopback(
            tcp={(SITE, port_of): port, (SITE, 81): good},
            names={NAME: (SITE,), "good.example": (SITE,)},
            ca_file=authority.ca_file if authority else "",
        )
        found: dict[str, Measurement] = {}

        async def run() -> None:
            async with a_session(network, fast()) as session, anyio.create_task_group() as group:

                async def one(name: str, url: str) -> None:
                    found[name] = (await session.measure(a_step(url))).measurement

                group.start_soon(one, "hostile", url)
                group.start_soon(one, "good", "http://good.example:81/")

        begun = time.perf_counter()
        anyio.run(run)
        return found["hostile"], found["good"], time.perf_counter() - begun


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_page_costs_a_deadline_and_little_memory_and_harms_nobody(
    case: str, memory: Callable[[], int]
) -> None:
    make, failure = HOSTILE[case]
    handler = make()
    hostile, good, seconds = both(handler, f"http://{NAME}/", 80)
    (request,) = hostile.requests
    assert request.failure == failure
    assert request.t - request.t0 < 2.0
    assert seconds < 4.0
    assert memory() < 8 * MEGABYTE
    assert (request.body_length or 0) <= 256 * 1024 + 65536
    assert len(request.body) <= 16384
    if failure is None:
        assert request.body_is_capped is True
        assert request.status_code == 200
    assert (good.requests[0].failure, good.requests[0].body) == (None, "good")
    assert good.requests[0].t < 2.0


def test_an_http2_frame_that_announces_sixteen_megabytes_is_not_awaited(
    authority: Authority, memory: Callable[[], int]
) -> None:
    import h2.config
    import h2.connection
    import h2.events

    def handler(sock: socket.socket, stop: threading.Event) -> None:
        conn = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        conn.initiate_connection()
        while not any(isinstance(e, h2.events.RequestReceived) for e in conn.receive_data(sock.recv(65536))):
            pass
        conn.send_headers(1, [(":status", "200")])
        sock.sendall(conn.data_to_send() + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01")
        while not stop.is_set():
            sock.sendall(bytes(65536))

    context = authority.good(NAME, alpn=("h2",))
    hostile, good, seconds = both(over_tls(handler, context), f"https://{NAME}/", 443, authority)
    (request,) = hostile.requests
    assert (request.failure, request.status_code, request.body_is_capped) == (None, 200, True)
    assert seconds < 4.0
    assert memory() < 8 * MEGABYTE
    assert good.requests[0].failure is None


def test_http2_headers_that_unpack_to_megabytes_are_refused(
    authority: Authority, memory: Callable[[], int]
) -> None:
    import h2.config
    import h2.connection
    import h2.events

    def handler(sock: socket.socket, stop: threading.Event) -> None:
        conn = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        conn.initiate_connection()
        while not any(isinstance(e, h2.events.RequestReceived) for e in conn.receive_data(sock.recv(65536))):
            pass
        # One long header into the table, then thousands of one-byte references to it (an HPACK bomb).
        literal = b"\x40\x01x" + b"\x7f\xa1\x1e" + b"a" * 4000
        block = b"\x88" + literal + b"\xbe" * 10_000
        frame = len(block).to_bytes(3, "big") + b"\x01\x04\x00\x00\x00\x01" + block
        sock.sendall(conn.data_to_send() + frame)
        stop.wait(3)

    context = authority.good(NAME, alpn=("h2",))
    hostile, good, _ = both(over_tls(handler, context), f"https://{NAME}/", 443, authority)
    assert hostile.requests[0].failure == "http_request_failed"
    assert memory() < 8 * MEGABYTE
    assert good.requests[0].failure is None


def test_junk_between_tls_records_is_a_bad_record(authority: Authority) -> None:
    def handler(sock: socket.socket, stop: threading.Event) -> None:
        read_request(sock)
        raw = socket.socket(fileno=sock.detach())
        raw.sendall(b"\x17\x03\x03\x00\x40" + bytes(64))
        stop.wait(2)
        raw.close()

    hostile, good, _ = both(over_tls(handler, authority.good(NAME)), f"https://{NAME}/", 443, authority)
    assert hostile.requests[0].failure == "x_tls_bad_record"
    assert good.requests[0].failure is None


def test_nuls_escapes_and_wrong_utf8_come_through_as_data() -> None:
    body = b"\xff\xfe\xc3\x28\x00\x1b[2J"
    answer = page(body, "Server: \xff\xe2\x80\xae", "Content-Type: text/html; charset=bogus-enc")
    hostile, _, _ = both(says(answer), f"http://{NAME}/", 80)
    (request,) = hostile.requests
    assert (request.failure, request.body_length) == (None, len(body))
    assert request.body == body.decode("utf-8", "replace")
    assert dict(request.headers)["Server"] == "\xff\xe2\x80\xae"
