"""The hostile site really does on the wire what each of its paths is named for."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from typing import TYPE_CHECKING

import pytest

from loopback.lab_clients import address_of, connected, get, in_lab, request_of
from probe.lab import hostile

if TYPE_CHECKING:
    from probe.lab import Lab

HOST = "hostile.probe-lab.example"


def heard(path: str, limit: int = 300_000, patience_s: float = 0.5) -> tuple[bytes, str]:
    """Return what came within the time or up to the limit, and how it ended: more, fin, reset or silence."""

    async def use(lab: Lab) -> tuple[bytes, str]:
        sock = await connected(lab.network, address_of(lab, HOST), 80)
        sock.settimeout(patience_s)
        return await asyncio.to_thread(read, sock)

    def read(sock: object) -> tuple[bytes, str]:
        import socket
        import time

        assert isinstance(sock, socket.socket)
        received = b""
        begun = time.monotonic()
        with sock, contextlib.suppress(TimeoutError):
            sock.sendall(request_of(HOST, path))
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


@pytest.mark.parametrize("path", ["slow-loris", "slow-body"])
def test_a_trickle_never_ends_and_never_pauses_long(path: str) -> None:
    received, end = heard(f"/{path}")
    assert end == "more"
    assert 0 < received.count(b"y") < 20


@pytest.mark.parametrize("path", ["endless-headers", "endless-body", "endless-interim"])
def test_what_is_endless_fills_any_buffer(path: str) -> None:
    received, end = heard(f"/{path}")
    assert end == "more"
    assert len(received) >= 300_000
    assert path == "endless-body" or b"\r\n\r\n" not in received or path == "endless-interim"


def test_the_bomb_is_small_on_the_wire_and_two_hundred_megabytes_unpacked() -> None:
    received, end = heard("/gzip-bomb", limit=10_000_000, patience_s=20)
    body = received.partition(b"\r\n\r\n")[2]
    assert end == "fin"
    assert len(body) < 300_000
    assert len(gzip.decompress(body)) == 200 << 20


@pytest.mark.parametrize(
    ("path", "inside", "end"),
    [
        ("garbage", bytes(range(128, 256)), "fin"),
        ("http09", b"This site is blocked", "fin"),
        ("bad-status", b"999999", "fin"),
        ("nul", b"a\x00b", "fin"),
        ("ansi", b"\x1b[31m", "fin"),
        ("two-lengths", b"Content-Length: 7", "fin"),
        ("bad-location", b"http://[bad", "fin"),
        ("bad-gzip", b"hello", "fin"),
        ("cut-body", b"x" * 5000, "fin"),
        ("cut-chunk", b"1000\r\n", "fin"),
        ("stalled-body", b"x" * 16000, "silence"),
        ("reset-body", b"x" * 5000, "reset"),
        ("empty", b"", "fin"),
        ("silent", b"", "silence"),
        ("reset", b"", "reset"),
    ],
)
def test_each_path_does_what_it_is_named_for(path: str, inside: bytes, end: str) -> None:
    received, how = heard(f"/{path}")
    assert (inside in received, how) == (True, end)
    assert inside or received == b""


def test_every_path_of_the_site_is_covered_here() -> None:
    covered = {
        *("slow-loris", "slow-body", "endless-headers", "endless-body", "endless-interim", "gzip-bomb"),
        *("garbage", "http09", "bad-status", "nul", "ansi", "two-lengths", "bad-location", "bad-gzip"),
        *("cut-body", "cut-chunk", "stalled-body", "reset-body", "empty", "silent", "reset"),
    }
    assert covered == set(hostile.PATHS)


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/redirect-loop", b"/redirect-loop/0"),
        ("/redirect-loop/2", b"/redirect-loop/0"),
        ("/redirect-for-ever/41", b"/redirect-for-ever/42"),
        ("/redirect-inside", b"http://127.0.0.1:22/"),
    ],
)
def test_redirects_lead_in_circles_on_for_ever_or_inside(path: str, location: bytes) -> None:
    assert b"\r\nLocation: " + location + b"\r\n" in heard(path)[0]


def test_after_all_that_the_next_client_gets_its_page() -> None:
    async def use(lab: Lab) -> bytes:
        for path in ("garbage", "reset", "endless-headers"):
            sock = await connected(lab.network, address_of(lab, HOST), 80)
            sock.sendall(request_of(HOST, f"/{path}"))
            sock.close()
        return await get(lab, "x.com")

    assert in_lab("hostile", use).startswith(b"HTTP/1.1 200 OK")
