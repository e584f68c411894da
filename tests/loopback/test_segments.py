"""A page asked once more in small segments, on loopback: which path that mends, and which it does not."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

import pytest

from loopback.authority import Authority
from loopback.servers import (
    SITE,
    Handler,
    Loopback,
    a_step,
    measured,
    over_tls,
    page,
    read_request,
    tcp_server,
)
from probe.measure.segments import SEGMENT

if TYPE_CHECKING:
    import threading

    from probe.model.measurement import Measurement

NAME = "site.example"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the segment's size is read from Linux")


def asked(handler: Handler, url: str, authority: Authority | None = None) -> Measurement:
    with tcp_server(handler) as port:
        network = Loopback(tcp={(SITE, 80): port, (SITE, 443): port}, names={NAME: (SITE,)})
        if authority is not None:
            network.ca_file = authority.ca_file
        return measured(network, a_step(url, "small_segments", addresses=(SITE,), round=3)).measurement


def behind_a_black_hole(sock: socket.socket, stop: threading.Event) -> None:
    """Answer where the segments that the client allows are small; else nothing gets through."""
    read_request(sock)
    if sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) <= SEGMENT:
        sock.sendall(page(b"small enough"))
    else:
        stop.wait()


def silent(sock: socket.socket, stop: threading.Event) -> None:
    """Take the request and never answer."""
    read_request(sock)
    stop.wait()


def mute(_sock: socket.socket, stop: threading.Event) -> None:
    """Take the connection and nothing else."""
    stop.wait()


@LINUX
def test_a_page_whose_large_packets_are_lost_answers_in_small_segments(authority: Authority) -> None:
    lossy = over_tls(behind_a_black_hole, authority.good(NAME))
    with tcp_server(lossy) as port:
        network = Loopback(tcp={(SITE, 443): port}, names={NAME: (SITE,)}, ca_file=authority.ca_file)
        ordinary = measured(network, a_step(f"https://{NAME}/")).measurement
    assert [r.failure for r in ordinary.requests] == ["generic_timeout_error"]
    found = asked(lossy, f"https://{NAME}/", authority)
    assert [(r.status_code, r.failure) for r in found.requests] == [(200, None)]
    assert [h.client_hello_bytes < SEGMENT - 12 for h in found.tls_handshakes] == [True]
    (connected,), (shaken,), (answered,) = found.tcp_connect, found.tls_handshakes, found.requests
    assert {connected.arm, shaken.arm, answered.arm} == {"small_segments"}


@LINUX
def test_a_page_in_clear_is_asked_for_in_small_segments_too() -> None:
    found = asked(behind_a_black_hole, f"http://{NAME}/")
    assert ([r.status_code for r in found.requests], found.tls_handshakes) == ([200], ())


def test_who_drops_by_name_drops_small_segments_too(authority: Authority) -> None:
    found = asked(over_tls(silent, authority.good(NAME)), f"https://{NAME}/", authority)
    assert [h.completed for h in found.tls_handshakes] == [True]
    assert [(r.status_code, r.failure) for r in found.requests] == [(None, "generic_timeout_error")]


def test_a_handshake_that_stays_silent_is_all_that_is_asked() -> None:
    found = asked(mute, f"https://{NAME}/")
    assert [(h.completed, h.failure) for h in found.tls_handshakes] == [(False, "generic_timeout_error")]
    assert (len(found.tcp_connect), found.requests) == (1, ())


@pytest.mark.parametrize("url", ["https://192.0.2.1/", "https://site.example/"])
def test_nothing_is_sent_without_an_address_and_nothing_said_where_nobody_listens(url: str) -> None:
    network = Loopback()
    assert measured(network, a_step(url, "small_segments")).measurement.tcp_connect == ()
    found = measured(network, a_step(url, "small_segments", addresses=(SITE,))).measurement
    assert [c.failure for c in found.tcp_connect] == ["connection_refused"]
    assert (found.tls_handshakes, found.requests) == ((), ())
