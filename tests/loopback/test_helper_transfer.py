"""The transfer port: any name, so many bytes and no more, a receipt that holds, and an end to every visit."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import socket
import ssl
import zlib
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from loopback.helping import (
    ROOMY,
    a_nonce,
    ask,
    closed,
    connected,
    context,
    download,
    receipts,
    receipts_question,
    serving,
    upload,
)
from probe.helper.identity import IdentityError, stored_identity
from probe.helper.limits import Limits
from probe.helper.transfer import TransferServer, open_transfer_server


def checked(receipt: dict[str, str]) -> dict[str, Any]:
    """Return what a receipt says, its signature verified."""
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(receipt["key"]))
    key.verify(bytes.fromhex(receipt["signature"]), receipt["payload"].encode())
    said: dict[str, Any] = json.loads(receipt["payload"])
    assert receipt["payload"] == json.dumps(said, sort_keys=True, separators=(",", ":"))
    return said


def test_a_download_has_the_bytes_that_were_asked_for_and_they_do_not_compress() -> None:
    answer = serving(lambda server: ask(server.port, download(131072, a_nonce())))
    assert answer.status == 200
    assert answer.headers["content-length"] == "131072"
    assert answer.headers["connection"] == "close"
    assert len(answer.body) == 131072
    assert len(zlib.compress(answer.body, 9)) > 131072


@pytest.mark.parametrize(
    "name", ["twitter.com", "xn--e1afmkfd.xn--p1ai", "rr1---sn-abc.googlevideo.com", "a.b", "localhost", None]
)
def test_any_name_is_served_and_so_is_none_and_the_receipt_names_it(name: str | None) -> None:
    async def use(server: TransferServer) -> dict[str, Any]:
        nonce = a_nonce()
        assert (await ask(server.port, download(1000, nonce), name=name)).status == 200
        (receipt,) = await receipts(server.port, nonce)
        return checked(receipt)

    said = serving(use)
    assert said["server_name"] == (name or "")


def test_a_receipt_says_what_was_sent_and_how_it_went_and_no_address() -> None:
    async def use(server: TransferServer) -> tuple[dict[str, Any], dict[str, str], str]:
        nonce = a_nonce()
        await ask(server.port, download(131072, nonce))
        (receipt,) = await receipts(server.port, nonce)
        return checked(receipt), receipt, server.public_key

    said, receipt, key = serving(use, asn_of=lambda address: f"AS{len(address)}")
    assert receipt["key"] == key
    assert sorted(said) == [
        "bytes",
        "client_asn",
        "direction",
        "min_rtt_us",
        "nonce",
        "retransmits",
        "rtt_us",
        "server_name",
        "utc",
        "v",
    ]
    assert (said["bytes"], said["direction"], said["v"]) == (131072, "down", 1)
    assert said["client_asn"] == "AS9"
    assert said["retransmits"] == 0
    assert 0 < said["min_rtt_us"] <= said["rtt_us"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", said["utc"])
    assert "127.0.0.1" not in receipt["payload"]


def test_a_receipt_that_was_changed_does_not_hold() -> None:
    async def use(server: TransferServer) -> dict[str, str]:
        nonce = a_nonce()
        await ask(server.port, download(1000, nonce))
        return (await receipts(server.port, nonce))[0]

    receipt = serving(use)
    with pytest.raises(InvalidSignature):
        checked(receipt | {"payload": receipt["payload"].replace(":1000,", ":1001,")})


def test_an_upload_is_counted_and_answered() -> None:
    async def use(server: TransferServer) -> tuple[Any, dict[str, Any]]:
        nonce = a_nonce()
        answer = await ask(server.port, upload(bytes(200_000), nonce), name="x.example")
        return answer.json, checked((await receipts(server.port, nonce))[0])

    answer, said = serving(use)
    assert answer == {"bytes": 200_000, "v": 1}
    assert (said["bytes"], said["direction"], said["server_name"]) == (200_000, "up", "x.example")


def test_a_transfer_that_the_client_broke_off_has_a_receipt_of_what_went() -> None:
    async def use(server: TransferServer) -> list[dict[str, Any]]:
        down, up = a_nonce(), a_nonce()
        for request in (download(262144, down), upload(bytes(50_000), up, declared=100_000)):
            reader, writer = await connected(server.port)
            writer.write(request)
            await writer.drain()
            if b"GET" in request:
                await reader.readexactly(1000)
            else:
                await asyncio.sleep(0.2)
            writer.transport.abort()
        await asyncio.sleep(0.2)
        return [checked(receipt) for receipt in await receipts(server.port, down, up)]

    down, up = serving(use)
    assert (down["direction"], up["direction"], up["bytes"]) == ("down", "up", 50_000)
    assert 1000 <= down["bytes"] <= 262144


def test_a_transfer_under_way_has_a_receipt_already() -> None:
    async def use(server: TransferServer) -> dict[str, Any]:
        nonce = a_nonce()
        _reader, writer = await connected(server.port)
        writer.write(upload(bytes(3000), nonce, declared=4000))
        await writer.drain()
        await asyncio.sleep(0.2)
        said = checked((await receipts(server.port, nonce))[0])
        await closed(writer)
        return said

    assert serving(use)["bytes"] == 3000


def test_receipts_are_kept_by_number_and_unknown_nonces_have_none() -> None:
    async def use(server: TransferServer) -> list[str]:
        nonces = [a_nonce() for _ in range(5)]
        for nonce in nonces:
            await ask(server.port, download(10, nonce))
        found = await receipts(server.port, a_nonce(), *nonces, nonces[-1])
        kept = [json.loads(receipt["payload"])["nonce"] for receipt in found]
        assert kept == nonces[2:]
        return kept

    assert len(serving(use, limits=Limits(receipts=3))) == 3


BAD = {
    "no request at all": (b"\r\n\r\n", 400),
    "not HTTP": (b"HELO there\r\n\r\n", 400),
    "another version": (b"GET /transfer?bytes=1&nonce=" + b"0" * 32 + b" HTTP/2.0\r\n\r\n", 400),
    "another method": (b"DELETE /transfer HTTP/1.1\r\n\r\n", 400),
    "another path": (b"GET /etc/passwd HTTP/1.1\r\n\r\n", 404),
    "a proxy's request": (b"GET http://10.0.0.1/ HTTP/1.1\r\n\r\n", 400),
    "a tunnel": (b"CONNECT 10.0.0.1:80 HTTP/1.1\r\n\r\n", 400),
    "no nonce": (b"GET /transfer?bytes=1 HTTP/1.1\r\n\r\n", 400),
    "a short nonce": (download(1, "abc"), 400),
    "a nonce in capitals": (download(1, "A" * 32), 400),
    "no number": (b"GET /transfer?bytes=x&nonce=" + b"0" * 32 + b" HTTP/1.1\r\n\r\n", 400),
    "a negative number": (download(-1, "0" * 32), 400),
    "digits of another script": ("GET /transfer?bytes=٣&nonce=0 HTTP/1.1\r\n\r\n".encode(), 400),
    "too much": (download(262145, "0" * 32), 413),
    "far too much": (download(10**12, "0" * 32), 400),
    "an upload too long": (upload(b"", "0" * 32, declared=262145), 413),
    "an upload without length": (b"POST /transfer?nonce=" + b"0" * 32 + b" HTTP/1.1\r\n\r\n", 411),
    "chunks": (
        b"POST /transfer?nonce=" + b"0" * 32 + b" HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        411,
    ),
    "two lengths": (
        b"POST /receipts HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12",
        400,
    ),
    "a negative length": (b"POST /receipts HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    "a folded header": (b"GET /transfer HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400),
    "a header without colon": (b"GET /transfer HTTP/1.1\r\nnonsense\r\n\r\n", 400),
    "a nul in a header": (b"GET /transfer HTTP/1.1\r\nA: \x00\r\n\r\n", 400),
    "a bare line feed": (b"GET /transfer HTTP/1.1\nHost: x\r\n\r\n", 400),
    "a head too long": (b"GET /transfer HTTP/1.1\r\nA: " + b"x" * 9000 + b"\r\n\r\n", 431),
    "a head without end": (b"GET /" + b"x" * 20000, 431),
    "a question that is no JSON": (b"POST /receipts HTTP/1.1\r\nContent-Length: 1\r\n\r\n{", 400),
    "a question too deep": (b"POST /receipts HTTP/1.1\r\nContent-Length: 9000\r\n\r\n" + b"[" * 9000, 400),
    "a question of another shape": (b"POST /receipts HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]", 400),
    "nonces of another kind": (b'POST /receipts HTTP/1.1\r\nContent-Length: 14\r\n\r\n{"nonces":[1]}', 400),
    "too many nonces": (receipts_question(*["0" * 32] * 129), 400),
    "a question too long": (receipts_question(*["0" * 32] * 600), 413),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_request_gets_its_status_and_the_next_client_is_served(what: str) -> None:
    request, status = BAD[what]

    async def use(server: TransferServer) -> int:
        answer = await ask(server.port, request)
        assert (await ask(server.port, download(10, a_nonce()))).status == 200
        assert server.counts[str(status)] == 1
        return answer.status

    assert serving(use) == status


def test_a_client_that_says_nothing_or_dribbles_is_sent_away_in_time() -> None:
    async def use(server: TransferServer) -> list[bytes]:
        loop = asyncio.get_running_loop()
        begun = loop.time()

        async def silent(tls: bool) -> bytes:
            reader, writer = await connected(server.port, tls=tls)
            got = await ended(reader)
            await closed(writer)
            return got

        async def dribbling() -> bytes:
            reader, writer = await connected(server.port)

            async def drip() -> None:
                while True:
                    writer.write(b"G")
                    await asyncio.sleep(0.05)

            task = asyncio.create_task(drip())
            got = await ended(reader)
            task.cancel()
            writer.transport.abort()
            return got

        found = list(await asyncio.gather(silent(True), silent(False), dribbling()))
        assert loop.time() - begun < 5
        return found

    async def ended(reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.read()
        except OSError:
            return b""

    assert serving(use, limits=Limits(max_seconds=0.8)) == [b"", b"", b""]


def test_a_client_that_does_not_read_is_cut_and_keeps_nothing_occupied() -> None:
    async def use(server: TransferServer) -> None:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", server.port))
        reader, writer = await asyncio.open_connection(
            sock=sock, ssl=context(), server_hostname="x.example", limit=1024
        )
        writer.write(download(8_000_000, a_nonce()))
        await writer.drain()
        await asyncio.sleep(1.5)
        assert (server.counts["timeout"], server._clients.connections) == (1, 0)
        with pytest.raises((OSError, asyncio.IncompleteReadError)):
            await reader.readexactly(8_000_000)
        await closed(writer)

    serving(use, limits=Limits(max_seconds=1.0, max_bytes=8_000_000))


def test_one_client_gets_so_many_connections_and_another_still_its_own() -> None:
    async def use(server: TransferServer) -> None:
        held = [await connected(server.port, local="127.0.0.2") for _ in range(3)]
        with pytest.raises(OSError):
            await ask(server.port, download(10, a_nonce()), local="127.0.0.2")
        assert (await ask(server.port, download(10, a_nonce()), local="127.0.0.3")).status == 200
        await closed(held[0][1])
        await asyncio.sleep(0.1)
        assert (await ask(server.port, download(10, a_nonce()), local="127.0.0.2")).status == 200
        assert server.counts["too_many"] == 1
        for _, writer in held[1:]:
            await closed(writer)

    serving(use, limits=Limits(connections_per_client=3))


def test_all_together_get_so_many_connections_and_no_more() -> None:
    async def use(server: TransferServer) -> None:
        held = [await connected(server.port, local=f"127.0.0.{n}") for n in range(2, 5)]
        with pytest.raises(OSError):
            await connected(server.port, local="127.0.0.9")
        for _, writer in held:
            await closed(writer)

    serving(use, limits=Limits(connections=3))


def test_one_client_gets_so_many_bytes_and_requests_a_minute_and_another_still_its_own() -> None:
    async def use(server: TransferServer) -> list[int]:
        async def one(n_bytes: int, local: str) -> int:
            return (await ask(server.port, download(n_bytes, a_nonce()), local=local)).status

        asked = [(90_000, 2), (90_000, 2), (5_000, 2), (90_000, 3), (1, 2), (1, 2), (1, 2)]
        return [await one(n_bytes, f"127.0.0.{last}") for n_bytes, last in asked]

    limits = Limits(bytes_per_minute=100_000, requests_per_minute=5)
    assert serving(use, limits=limits) == [200, 429, 200, 200, 200, 200, 429]


def test_the_certificate_is_the_one_announced_and_there_is_no_ticket() -> None:
    async def use(server: TransferServer) -> tuple[str, Any]:
        _reader, writer = await connected(server.port)
        tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
        der = tls.getpeercert(binary_form=True)
        assert der is not None
        session = writer.get_extra_info("ssl_object").session
        await closed(writer)
        assert hashlib.sha256(der).hexdigest() == server.certificate_sha256
        return server.certificate_sha256, session

    _digest, session = serving(use)
    assert session is None or not session.has_ticket


def test_an_identity_is_kept_for_the_owner_alone_and_stays_the_same(tmp_path: Path) -> None:
    first, second = stored_identity(tmp_path / "helper"), stored_identity(tmp_path / "helper")
    assert (first.certificate_sha256, first.public_key) == (second.certificate_sha256, second.public_key)
    assert (tmp_path / "helper").stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "helper").iterdir()] == [0o600, 0o600]


@pytest.mark.parametrize("file", ["transfer.pem", "receipts.pem"])
def test_an_identity_that_cannot_be_read_is_told_and_left_as_it_is(tmp_path: Path, file: str) -> None:
    stored_identity(tmp_path)
    (tmp_path / file).write_text("junk")
    with pytest.raises(IdentityError) as told:
        stored_identity(tmp_path)
    assert "new ones are made" in told.value.hint
    assert (tmp_path / file).read_text() == "junk"


def test_two_servers_with_one_identity_do_not_mix_their_names_up() -> None:
    async def use(server: TransferServer) -> list[str]:
        async with open_transfer_server(limits=ROOMY) as other:
            nonces = a_nonce(), a_nonce()
            await asyncio.gather(
                ask(server.port, download(10, nonces[0]), name="one.example"),
                ask(other.port, download(10, nonces[1]), name="two.example"),
            )
            found = await receipts(server.port, nonces[0]) + await receipts(other.port, nonces[1])
            return [json.loads(receipt["payload"])["server_name"] for receipt in found]

    assert serving(use) == ["one.example", "two.example"]
