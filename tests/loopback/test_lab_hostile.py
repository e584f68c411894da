"""Hostile web servers really do on the wire what their rows say; the corpus holds what is made of it."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from loopback.lab_clients import connected, get, in_lab, request_of
from probe.lab.hostile import ADDRESSES, CORPUS
from probe.measure.pace import prefix

if TYPE_CHECKING:
    from probe.lab import Lab

HOSTS = {row.name: row.host for row in CORPUS}


def heard(name: str, path: str = "/", *, limit: int = 300_000, patience_s: float = 0.5) -> tuple[bytes, str]:
    """Return what came within the time or up to the limit, and how it ended: more, fin, reset or silence."""
    host = HOSTS[name]

    async def use(lab: Lab) -> tuple[bytes, str]:
        sock = await connected(lab.network, ADDRESSES[host], 80)
        sock.settimeout(patience_s)
        return await asyncio.to_thread(read, sock)

    def read(sock: object) -> tuple[bytes, str]:
        import socket
        import time

        assert isinstance(sock, socket.socket)
        received = b""
        begun = time.monotonic()
        with sock, contextlib.suppress(TimeoutError):
            sock.sendall(request_of(host, path))
            while len(received) < limit and time.monotonic() - begun < 3 * patience_s:
                try:
                    piece = sock.recv(65536)
                except ConnectionResetError:
                    return received, "reset"
                if not piece:
                    return received, "fin"
                received += piece
            return received, "more"
        return received, "silence"

    return in_lab("hostile", use)


@pytest.mark.parametrize("name", ["http.slow_loris", "body.slow"])
def test_a_trickle_never_ends_and_never_pauses_long(name: str) -> None:
    received, end = heard(name)
    assert end == "more"
    assert 0 < received.count(b"y") < 20


@pytest.mark.parametrize(
    "name", ["http.endless_headers", "body.endless", "http.endless_interim", "http.noise"]
)
def test_what_is_endless_fills_any_buffer(name: str) -> None:
    received, end = heard(name)
    assert end == "more"
    assert len(received) >= 300_000
    assert (b"\r\n\r\n" in received) == (name in ("body.endless", "http.endless_interim"))


def test_the_bomb_is_small_on_the_wire_and_two_hundred_megabytes_unpacked() -> None:
    received, end = heard("body.gzip_bomb", limit=10_000_000, patience_s=20)
    body = received.partition(b"\r\n\r\n")[2]
    assert end == "fin"
    assert len(body) < 300_000
    assert len(gzip.decompress(body)) == 200 << 20


@pytest.mark.parametrize(
    ("name", "inside", "end"),
    [
        ("http.no_head", b"This site is blocked", "fin"),
        ("http.long_status", b"999999", "fin"),
        ("http.nul", b"a\x00b", "fin"),
        ("http.escapes", b"\x1b[31m", "fin"),
        ("http.two_lengths", b"Content-Length: 3", "fin"),
        ("redirect.bracket", b"http://[bad", "fin"),
        ("body.not_gzip", b"hello", "fin"),
        ("body.cut", b"x" * 5000, "fin"),
        ("body.cut_chunk", b"1000\r\n", "fin"),
        ("body.stalled", b"x" * 16000, "silence"),
        ("body.reset", b"x" * 5000, "reset"),
        ("http.empty", b"", "fin"),
        ("http.silent", b"", "silence"),
        ("http.reset", b"", "reset"),
    ],
)
def test_each_does_what_it_is_named_for(name: str, inside: bytes, end: str) -> None:
    received, how = heard(name)
    assert (inside in received, how) == (True, end)
    assert inside or received == b""


@pytest.mark.parametrize(
    ("name", "path", "location"),
    [
        ("redirect.loop", "/", b"/0"),
        ("redirect.loop", "/2", b"/0"),
        ("redirect.for_ever", "/41", b"/42"),
        ("redirect.loopback", "/", b"http://127.0.0.1:22/"),
    ],
)
def test_redirects_lead_in_circles_on_for_ever_or_inside(name: str, path: str, location: bytes) -> None:
    assert b"\r\nLocation: " + location + b"\r\n" in heard(name, path)[0]


def test_after_all_that_the_next_client_gets_its_page() -> None:
    async def use(lab: Lab) -> bytes:
        for name in ("http.noise", "http.reset", "http.endless_headers"):
            sock = await connected(lab.network, ADDRESSES[HOSTS[name]], 80)
            sock.sendall(request_of(HOSTS[name]))
            sock.close()
        return await get(lab, "x.com")

    assert in_lab("hostile", use).startswith(b"HTTP/1.1 200 OK")


def test_no_three_peers_share_the_budget_of_one_prefix() -> None:
    shared = Counter(prefix(address) for address in ADDRESSES.values())
    assert len(set(ADDRESSES.values())) == len(ADDRESSES)
    assert max(shared.values()) == 2
