"""The helpers of the lab serve transfers under any name, as slowly as the world wants, and may misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from loopback.lab_clients import address_of, get, handshaken
from loopback.lab_worlds import in_world
from probe.lab.names import HELPERS
from probe.lab.records import Rule, Speed

if TYPE_CHECKING:
    import ssl

    from probe.lab import Lab

HELPER = next(iter(HELPERS))
NAME, OTHER = "rr1.googlevideo.com", "www.iana.org"
NONCE = "0123456789abcdef" * 2
SLOW = Rule(
    stage="flow",
    what="slow",
    names=("googlevideo.com",),
    speed=Speed(how="police", rate_bps=140_000, n_bytes=16_384),
)


async def told(lab: Lab) -> bytes:
    """Return the answer to the question where transfers are."""
    return await get(lab, HELPER, "/transfer")


async def port_of(lab: Lab) -> int:
    return int(json.loads((await told(lab)).partition(b"\r\n\r\n")[2])["port"])


async def exchanged(lab: Lab, name: str, request: bytes, seconds: float = 1.0) -> bytes:
    """Return all that came back in time over a connection with that name, and the leaf before it."""
    tls = await handshaken(lab, address_of(lab, HELPER), name, port=await port_of(lab), verify=False)
    return await asyncio.to_thread(_exchange, tls, request, seconds)


def _exchange(tls: ssl.SSLSocket, request: bytes, seconds: float) -> bytes:
    end = time.monotonic() + seconds
    received = b""
    with tls, contextlib.suppress(TimeoutError):
        tls.settimeout(seconds)
        tls.sendall(request)
        while (left := end - time.monotonic()) > 0:
            tls.settimeout(left)
            piece = tls.recv(16_384)
            if not piece:
                break
            received += piece
    return received


def download(n_bytes: int = 131_072) -> bytes:
    return f"GET /transfer?bytes={n_bytes}&nonce={NONCE} HTTP/1.1\r\nHost: h\r\n\r\n".encode()


def receipts() -> bytes:
    body = json.dumps({"nonces": [NONCE]}).encode()
    return b"POST /receipts HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def test_the_helper_tells_where_its_transfers_are_and_shows_the_certificate_it_told_of() -> None:
    async def use(lab: Lab) -> tuple[dict[str, Any], bytes]:
        said = json.loads(body_of(await told(lab)))
        address = address_of(lab, HELPER)
        with await handshaken(lab, address, NAME, port=said["port"], verify=False) as tls:
            return said, tls.getpeercert(binary_form=True) or b""

    said, leaf = in_world(use)
    assert set(said) == {"v", "port", "certificate_sha256", "key", "max_bytes", "max_seconds"}
    assert hashlib.sha256(leaf).hexdigest() == said["certificate_sha256"]


@pytest.mark.parametrize("rules", [(), (SLOW,)], ids=["handed over", "relayed"])
def test_a_download_is_whole_and_its_receipt_bears_the_name(rules: tuple[Rule, ...]) -> None:
    async def use(lab: Lab) -> tuple[bytes, dict[str, Any]]:
        got = await exchanged(lab, OTHER, download())
        [receipt] = json.loads(body_of(await exchanged(lab, OTHER, receipts())))["receipts"]
        return got, json.loads(receipt["payload"])

    got, payload = in_world(use, rules=rules)
    assert len(body_of(got)) == 131_072
    assert (payload["bytes"], payload["server_name"], payload["direction"]) == (131_072, OTHER, "down")


def test_the_endpoint_tells_receipts_as_the_transfer_port_does() -> None:
    async def use(lab: Lab) -> tuple[bytes, bytes]:
        await exchanged(lab, OTHER, download())
        body = json.dumps({"nonces": [NONCE]}).encode()
        good = await get(lab, HELPER, "/receipts", method="POST", body=body)
        return good, await get(lab, HELPER, "/receipts", method="POST", body=b"[1")

    good, bad = in_world(use)
    [receipt] = json.loads(body_of(good))["receipts"]
    assert json.loads(receipt["payload"])["nonce"] == NONCE
    assert bad.startswith(b"HTTP/1.1 400")


def test_a_name_is_slow_at_the_helper_too() -> None:
    async def use(lab: Lab) -> list[int]:
        got = await asyncio.gather(*(exchanged(lab, name, download()) for name in (NAME, OTHER)))
        return [len(body_of(one)) for one in got]

    slow, fast = in_world(use, rules=(SLOW,))
    assert 10_000 < slow < 50_000
    assert fast == 131_072


def test_an_upload_is_taken() -> None:
    async def use(lab: Lab) -> bytes:
        head = f"POST /transfer?nonce={NONCE} HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\n\r\n".encode()
        return await exchanged(lab, OTHER, head + bytes(50_000))

    assert json.loads(body_of(in_world(use, rules=(SLOW,))))["bytes"] == 50_000


@pytest.mark.parametrize(
    ("whim", "answer"),
    [("none", b"HTTP/1.1 404"), ("junk", b"HTTP/1.1 200")],
)
def test_a_helper_may_serve_none_or_tell_junk(whim: str, answer: bytes) -> None:
    got = in_world(told, transfers=whim)
    assert got.startswith(answer)
    with pytest.raises(ValueError, match=r"decode|Expecting"):
        json.loads(body_of(got))


def test_a_helper_may_be_silent_when_asked_where() -> None:
    with pytest.raises(TimeoutError):
        in_world(told, transfers="silent")


def test_a_helper_may_show_another_certificate_than_it_told_of() -> None:
    assert json.loads(body_of(in_world(told, transfers="certificate")))["certificate_sha256"] == "00" * 32


def test_the_transfers_of_a_helper_may_be_down() -> None:
    async def use(lab: Lab) -> bytes:
        return await exchanged(lab, OTHER, download())

    with pytest.raises(ConnectionResetError):
        in_world(use, transfers="down")


@pytest.mark.parametrize(("whim", "ends"), [("cut", True), ("stall", False)])
def test_a_helper_may_cut_or_stall(whim: str, ends: bool) -> None:
    async def use(lab: Lab) -> tuple[int, bool]:
        began = time.monotonic()
        try:
            got = len(await exchanged(lab, OTHER, download(), 0.6))
        except OSError:  # a FIN within a TLS record
            got = 0
        return got, time.monotonic() - began < 0.5

    got, ended = in_world(use, transfers=whim)
    assert got < 20_000
    assert ended == ends


def test_a_helper_may_lie_of_the_bytes_it_signs_for() -> None:
    async def use(lab: Lab) -> int:
        await exchanged(lab, OTHER, download())
        [receipt] = json.loads(body_of(await exchanged(lab, OTHER, receipts())))["receipts"]
        return int(json.loads(receipt["payload"])["bytes"])

    assert in_world(use, transfers="lies") == 13_107
