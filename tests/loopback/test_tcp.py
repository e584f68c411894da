"""TCP connects on loopback: what the kernel says, named, timed and recorded."""

import socket
import threading

import anyio
import pytest

from loopback.servers import (
    OTHER,
    SITE,
    SITE6,
    Loopback,
    a_context,
    a_step,
    fast,
    measured,
    reset,
    tcp_server,
)
from probe.measure import tcp
from probe.measure.failure import classify


def greet(sock: socket.socket, stop: threading.Event) -> None:
    sock.sendall(b"hello")
    stop.wait(5)


@pytest.mark.parametrize("ip", [SITE, SITE6])
def test_a_connect_bears_the_catalogues_address_and_the_kernels_times(ip: str) -> None:
    with tcp_server(greet) as port:
        network = Loopback(tcp={(ip, 443): port})

        async def run() -> None:
            async with a_context(network) as ctx:
                observed, stream = await tcp.connect(ctx, ip, 443, hop=2, attempt=1, arm="x")
                assert stream is not None
                assert (observed.ip, observed.port, observed.failure) == (ip, 443, None)
                assert (observed.hop, observed.attempt, observed.arm) == (2, 1, "x")
                assert 0 < observed.t0 < observed.t < 0.5
                assert observed.tcp_info is not None
                assert 0 < observed.tcp_info.rtt_us < 100_000
                assert ctx.tcp_connect == [observed]
                assert await stream.read() == b"hello"
                assert (ctx.bytes_received, stream.series[0][1]) == (5, 5)
                stream.close()

        anyio.run(run)


def test_a_closed_port_is_a_refused_connection() -> None:
    found = measured(Loopback(), a_step(f"tcp://{SITE}:443", "tcp")).measurement
    assert [(c.failure, c.ip, c.port) for c in found.tcp_connect] == [("connection_refused", SITE, 443)]


def test_a_silent_address_is_a_timeout_within_its_deadline() -> None:
    # A listener whose backlog is full drops every further SYN, as a censor would.
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    port = listener.getsockname()[1]
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(("127.0.0.1", port))
        fillers.append(filler)
    try:
        network = Loopback(tcp={(SITE, 443): port})
        found = measured(network, a_step(f"tcp://{SITE}:443", "tcp"), fast(timeout_s=0.5)).measurement
    finally:
        for sock in (*fillers, listener):
            sock.close()
    (connect,) = found.tcp_connect
    assert connect.failure == "generic_timeout_error"
    assert 0.5 <= connect.t - connect.t0 < 1.5
    assert found.interrupted is False


def test_a_dead_address_leaves_the_living_one_beside_it_unharmed() -> None:
    with tcp_server(greet) as port:
        network = Loopback(tcp={(SITE, 443): port}, names={"two.example": (OTHER, SITE, SITE6)})
        found = measured(network, a_step("tcp://two.example:443", "tcp")).measurement
    assert sorted((c.ip, c.failure) for c in found.tcp_connect) == [
        (SITE6, "connection_refused"),
        (SITE, None),
        (OTHER, "connection_refused"),
    ]


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "10.10.34.35",
        "192.168.1.1",
        "169.254.1.1",
        "100.64.0.1",
        "224.0.0.1",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_an_answer_inside_the_volunteers_own_network_is_recorded_and_not_tried(ip: str) -> None:
    touched = threading.Event()

    def touch(sock: socket.socket, stop: threading.Event) -> None:
        touched.set()

    with tcp_server(touch) as port:
        network = Loopback(tcp={(ip, 443): port}, names={"bogon.example": (ip,)})
        found = measured(network, a_step("tcp://bogon.example:443", "tcp")).measurement
    assert found.queries[0].answers == (ip,)
    assert [(c.ip, c.failure) for c in found.tcp_connect] == [(ip, "x_not_tried_reserved_address")]
    assert not touched.is_set()


def test_a_post_to_a_data_centre_is_answered_by_any_http() -> None:
    def answer(sock: socket.socket, stop: threading.Event) -> None:
        assert sock.recv(4096).startswith(b"POST / HTTP/1.1\r\nHost: 93.184.216.34:443\r\n")
        sock.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    with tcp_server(answer) as port:
        network = Loopback(tcp={(SITE, 443): port})
        found = measured(network, a_step(f"tcp://{SITE}:443", "http_any")).measurement
    (request,) = found.requests
    assert (request.failure, request.status_code, request.method) == (None, 404, "POST")


def test_a_post_that_is_reset_is_a_reset_and_the_connect_before_it_is_not() -> None:
    def answer(sock: socket.socket, stop: threading.Event) -> None:
        sock.recv(4096)
        reset(sock)

    with tcp_server(answer) as port:
        network = Loopback(tcp={(SITE, 443): port})
        found = measured(network, a_step(f"tcp://{SITE}:443", "http_any")).measurement
    assert found.tcp_connect[0].failure is None
    assert (found.requests[0].failure, found.requests[0].ended_by) == ("connection_reset", "rst")


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (ConnectionRefusedError(111, ""), "connection_refused"),
        (ConnectionResetError(104, ""), "connection_reset"),
        (BrokenPipeError(32, ""), "connection_reset"),
        (OSError(113, ""), "host_unreachable"),
        (OSError(101, ""), "network_unreachable"),
        (OSError(100, ""), "network_down"),
        (TimeoutError(110, ""), "timed_out"),
        (TimeoutError(), "generic_timeout_error"),
        (OSError(24, ""), "x_local_fd_limit"),
        (OSError(1, ""), "permission_denied"),
        (OSError(10054, ""), "connection_reset"),
        (OSError(10061, ""), "connection_refused"),
        (OSError(10065, ""), "host_unreachable"),
        (socket.gaierror(socket.EAI_NONAME, ""), "dns_nxdomain_error"),
        (socket.gaierror(socket.EAI_AGAIN, ""), "dns_temporary_failure"),
        (socket.gaierror(socket.EAI_FAIL, ""), "dns_non_recoverable_failure"),
        (EOFError(), "eof_error"),
        (ExceptionGroup("", [ConnectionResetError(104, "")]), "connection_reset"),
        (RuntimeError("192.0.2.9 said so"), "unknown_failure: RuntimeError"),
    ],
)
def test_errors_are_named_by_number_and_never_by_message(error: BaseException, name: str) -> None:
    assert classify(error) == name


def test_a_cause_is_named_where_its_effect_says_nothing() -> None:
    effect = RuntimeError()
    effect.__cause__ = ConnectionResetError(104, "")
    assert classify(effect) == "connection_reset"
