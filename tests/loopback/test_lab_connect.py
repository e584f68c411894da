"""What a SYN meets in the lab: an open port, silence, a refusal by the kernel, ICMP, or no route."""

from __future__ import annotations

import asyncio
import errno
import socket
import warnings
from typing import TYPE_CHECKING

import pytest

from loopback.lab_clients import REGISTRATION, address_of, catalogue, connected, in_lab
from probe.lab import open_lab

if TYPE_CHECKING:
    from probe.lab import Lab


def connect_to(scenario: str, address: str = "", nth: int = 0, port: int = 443) -> None:
    async def use(lab: Lab) -> None:
        (await connected(lab.network, address or address_of(lab, REGISTRATION, nth), port)).close()

    in_lab(scenario, use)


@pytest.mark.parametrize("nth", [0, 1, 2], ids=["first IPv4", "second IPv4", "IPv6"])
def test_every_address_of_a_name_takes_connections(nth: int) -> None:
    connect_to("clean", nth=nth)


@pytest.mark.parametrize("port", [80, 443, 5222, 8443])
def test_a_host_that_lives_listens_on_the_ports_of_its_services(port: int) -> None:
    connect_to("clean", port=port)


@pytest.mark.parametrize("nth", [0, 2])
def test_a_dropped_syn_is_silence(nth: int) -> None:
    with pytest.raises(TimeoutError):
        connect_to("tcp-drop", nth=nth)


@pytest.mark.parametrize("nth", [0, 2])
def test_a_reset_syn_is_refused_by_the_kernel_itself(nth: int) -> None:
    with pytest.raises(ConnectionRefusedError) as caught:
        connect_to("tcp-reset", nth=nth)
    assert caught.value.errno == errno.ECONNREFUSED


def test_unreachable_is_the_error_that_icmp_brings() -> None:
    with pytest.raises(OSError, match=r"\[Errno") as caught:
        connect_to("tcp-unreachable")
    assert caught.value.errno == errno.EHOSTUNREACH


@pytest.mark.parametrize("address", ["192.0.2.1", "185.76.144.9", "2a00:1450::9999"])
def test_nobody_answers_at_an_address_that_nobody_has(address: str) -> None:
    with pytest.raises(TimeoutError):
        connect_to("clean", address=address)


def test_a_proxy_nearby_answers_where_nobody_is() -> None:
    connect_to("transparent-proxy", address="192.0.2.1")


def test_a_neutral_is_reached_where_the_target_is_not() -> None:
    async def use(lab: Lab) -> None:
        (await connected(lab.network, address_of(lab, "www.iana.org"), 443)).close()

    in_lab("tcp-drop", use)


@pytest.mark.parametrize(("scenario", "nth"), [("no-ipv6", 2), ("no-ipv4", 0)])
def test_a_family_without_route_says_so_at_once(scenario: str, nth: int) -> None:
    with pytest.raises(OSError, match=r"\[Errno") as caught:
        connect_to(scenario, nth=nth)
    assert caught.value.errno == errno.ENETUNREACH


@pytest.mark.parametrize(("scenario", "nth"), [("no-ipv6", 0), ("no-ipv4", 2)])
def test_the_other_family_works(scenario: str, nth: int) -> None:
    connect_to(scenario, nth=nth)


def test_nat64_leads_to_the_ipv4_server() -> None:
    async def use(lab: Lab) -> bytes:
        v4 = address_of(lab, "www.iana.org")
        sock = await connected(lab.network, "64:ff9b::" + socket.inet_aton(v4).hex(":", 2), 80)
        with sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: www.iana.org\r\n\r\n")
            return await asyncio.to_thread(sock.recv, 12)

    assert in_lab("nat64", use) == b"HTTP/1.1 301"


def test_one_address_is_dead_and_the_next_lives() -> None:
    with pytest.raises(TimeoutError):
        connect_to("one-address-dead", nth=0)
    connect_to("one-address-dead", nth=1)


@pytest.mark.parametrize(
    ("scenario", "error"), [("down-for-all", ConnectionRefusedError), ("silent-for-all", TimeoutError)]
)
def test_what_is_down_for_all_is_down_here(scenario: str, error: type[OSError]) -> None:
    with pytest.raises(error):
        connect_to(scenario)


def test_a_cut_cable_leaves_home_alone() -> None:
    async def use(lab: Lab) -> None:
        for name in ("yandex.ru", "opennet.ru"):
            (await connected(lab.network, address_of(lab, name), 443)).close()
        with pytest.raises(TimeoutError):
            await connected(lab.network, address_of(lab, "www.iana.org"), 443)

    in_lab("cable-cut", use)


def test_a_shutdown_leaves_nothing() -> None:
    async def use(lab: Lab) -> None:
        for name in ("yandex.ru", "www.iana.org"):
            with pytest.raises(TimeoutError):
                await connected(lab.network, address_of(lab, name), 443)

    in_lab("shutdown", use)


def test_the_lab_answers_only_clients_of_its_own_network() -> None:
    async def use(lab: Lab) -> bytes:
        ports = lab.network._ports[4]
        with socket.create_connection((ports.host, ports.tcp), timeout=60) as stranger:
            return await asyncio.to_thread(stranger.recv, 10)

    assert in_lab("clean", use) == b""


def test_closing_the_lab_closes_every_connection_and_warns_of_nothing() -> None:
    async def run() -> bytes:
        async with open_lab("tls-drop-sni", catalogue()) as lab:
            hanging = [await connected(lab.network, address_of(lab, "x.com", n), 443) for n in (0, 1, 2)]
            udp = lab.network.open_udp("8.8.8.8", 53)
            udp.close()
            tasks = len(asyncio.all_tasks())
        assert len(asyncio.all_tasks()) == 1 < tasks
        received = b"".join([sock.recv(10) for sock in hanging])
        for sock in hanging:
            sock.close()
        return received

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert asyncio.run(run()) == b""


def test_the_round_trip_of_the_lab_is_what_was_asked_for() -> None:
    async def run() -> float:
        async with open_lab("clean", catalogue(), rtt_s=0.05) as lab:
            begun = lab.network.clock.counter()
            (await connected(lab.network, address_of(lab, "x.com"), 443)).close()
            return lab.network.clock.counter() - begun

    assert 0.05 <= asyncio.run(run()) < 0.3


def test_the_clock_is_as_wrong_as_the_scenario() -> None:
    async def use(lab: Lab) -> float:
        from datetime import UTC, datetime

        return (lab.network.clock.utc() - datetime.now(UTC)).total_seconds()

    assert in_lab("wrong-clock", use) == pytest.approx(-400 * 86_400, abs=60)
    assert in_lab("clean", use) == pytest.approx(0, abs=60)
