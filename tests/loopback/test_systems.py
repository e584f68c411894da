"""What is measured where the loop watches no socket and the kernel tells less: the same, named the same."""

from __future__ import annotations

import asyncio
import itertools
import socket
import sys
from typing import TYPE_CHECKING

import anyio
import dns.message
import pytest

from loopback.servers import (
    RESOLVER,
    SITE,
    Loopback,
    a_context,
    a_step,
    fast,
    measured,
    over_tls,
    page,
    reset,
    says,
    tcp_server,
    udp_server,
)
from loopback.systems import SYSTEMS, TICK_S, Proactor
from loopback.test_dns import BEHAVIOURS
from loopback.test_runner import run_all
from probe.measure import dns as probe_dns
from probe.measure.failure import classify

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from loopback.authority import Authority

NAME = "site.example"


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Act another system while the test runs; its name."""
    with SYSTEMS[request.param](monkeypatch):
        yield request.param


def test_a_page_over_tls_is_measured_and_the_kernel_is_not_asked(authority: Authority, system: str) -> None:
    with tcp_server(over_tls(says(page(b"hello")), authority.good(NAME))) as port:
        network = Loopback(tcp={(SITE, 443): port}, names={NAME: (SITE,)}, ca_file=authority.ca_file)
        found = measured(network, a_step(f"https://{NAME}/")).measurement
    (connect,), (shaken,), (got,) = found.tcp_connect, found.tls_handshakes, found.requests
    assert (connect.failure, shaken.failure, got.failure, got.status_code) == (None, None, None, 200)
    assert (connect.tcp_info, connect.icmp) == (None, None)
    # Both clocks tick finely, whatever the loop's does: by that one it took whole ticks, or none.
    assert connect.t > connect.t0
    assert (connect.t - connect.t0) % TICK_S > 0
    assert connect.t <= shaken.t0 < shaken.t <= got.t0 < got.t
    assert system in ("windows", "macos")


@pytest.mark.parametrize("case", ["forged first", "silence", "wrong id, then right", "a flood"])
@pytest.mark.usefixtures("system")
def test_datagrams_are_all_heard(case: str) -> None:
    plan, failure, answers, n_replies = BEHAVIOURS[case]

    async def run() -> None:
        async with a_context(network, fast(timeout_s=0.6)) as ctx:
            await probe_dns.ask_udp(ctx, RESOLVER, 53, NAME, "A", follow=False)
        (lookup,) = ctx.queries
        assert (lookup.failure, lookup.answers, len(lookup.replies)) == (failure, answers, n_replies)

    with udp_server(lambda wire: plan(dns.message.from_wire(wire))) as port:
        network = Loopback(udp={(RESOLVER, 53): port})
        anyio.run(run)


@pytest.mark.usefixtures("system")
def test_a_closed_port_is_a_refused_connection_over_tcp_and_udp() -> None:
    found = measured(Loopback(), a_step(f"tcp://{SITE}:443", "tcp")).measurement
    assert [c.failure for c in found.tcp_connect] == ["connection_refused"]
    asked = measured(Loopback(), a_step(f"dns+udp://{RESOLVER}:53", "dns")).measurement
    assert {lookup.failure for lookup in asked.queries} == {"connection_refused"}


@pytest.mark.usefixtures("system")
def test_a_reset_an_end_and_silence_stay_apart() -> None:
    def answer(sock: socket.socket, _stop: threading.Event) -> None:
        sock.recv(4096)
        reset(sock)

    def leave(sock: socket.socket, _stop: threading.Event) -> None:
        sock.recv(4096)

    def wait(_sock: socket.socket, stop: threading.Event) -> None:
        stop.wait(5)

    told = []
    for handler in (answer, leave, wait):
        with tcp_server(handler) as port:
            network = Loopback(tcp={(SITE, 80): port}, names={NAME: (SITE,)})
            (request,) = measured(network, a_step(f"http://{NAME}/")).measurement.requests
        told.append((request.failure, request.ended_by))
    assert told == [("connection_reset", "rst"), ("eof_error", "fin"), ("generic_timeout_error", "")]


def test_the_acted_loop_lacks_what_windows_loop_lacks() -> None:
    loop = Proactor()
    try:
        with pytest.raises(NotImplementedError):
            loop.add_reader(0, print)
        with pytest.raises(NotImplementedError):
            loop.add_signal_handler(2, print)
        assert loop.time() % TICK_S == 0
    finally:
        loop.close()


class WindowsError(OSError):  # there is one of that name on Windows
    """An error as Windows gives it: with a number of its own beside errno."""

    def __init__(self, winerror: int, number: int) -> None:
        super().__init__(number, "")
        self.winerror = winerror


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (WindowsError(1225, 22), "connection_refused"),  # the proactor's, in ConnectEx
        (WindowsError(1234, 22), "connection_refused"),  # ICMP port unreachable, at a datagram socket
        (WindowsError(64, 22), "connection_reset"),
        (WindowsError(1236, 22), "connection_aborted"),
        (WindowsError(121, 22), "timed_out"),
        (WindowsError(1231, 22), "network_unreachable"),
        (WindowsError(1232, 22), "host_unreachable"),
        (WindowsError(995, 22), "interrupted"),
        (WindowsError(10054, 10054), "connection_reset"),
        (WindowsError(10060, 10060), "timed_out"),
        (WindowsError(10064, 10064), "host_unreachable"),
        (WindowsError(10013, 13), "permission_denied"),
        (WindowsError(10024, 24), "x_local_fd_limit"),
        (WindowsError(10040, 10040), "x_local_message_size"),
        (socket.gaierror(11001, ""), "dns_nxdomain_error"),
        (socket.gaierror(11002, ""), "dns_temporary_failure"),
        (socket.gaierror(11004, ""), "dns_no_answer"),
        (WindowsError(31, 22), "x_local_invalid_argument"),
    ],
)
def test_windows_numbers_are_named_as_those_of_linux(error: OSError, name: str) -> None:
    assert classify(error) == name


@pytest.mark.skipif(sys.platform != "linux", reason="the numbers are Linux's")
@pytest.mark.parametrize(
    ("number", "name"),
    [(64, "host_unreachable"), (112, "host_unreachable"), (121, "unknown_failure: OSError 121")],
)
def test_a_number_of_windows_is_not_read_into_linux_errno(number: int, name: str) -> None:
    # 64 is what ICMP "host isolated" (3/8) comes as: anybody on the path can send it, and it is no reset.
    assert classify(OSError(number, "")) == name


@pytest.mark.usefixtures("system")
def test_a_coarse_clock_lets_nothing_begin_before_its_time() -> None:
    with tcp_server(says(page(b"ok"))) as port:
        names = [f"site{n}.example" for n in range(6)]
        network = Loopback(tcp={(SITE, 80): port}, names=dict.fromkeys(names, (SITE,)))
        steps = [a_step(f"http://{name}/", not_before_s=0.1) for name in names]
        starts = sorted(found.started_s for found in run_all(network, steps, concurrency=6))
    assert starts[0] >= 0.1
    assert min(later - earlier for earlier, later in itertools.pairwise(starts)) >= 0.005


async def _is_watching() -> bool:
    from probe.measure.sockets import can_watch

    return can_watch(asyncio.get_running_loop())


def test_linux_own_loop_is_asked_to_watch() -> None:
    assert asyncio.run(_is_watching())
