"""What a ClientHello meets in the lab: by its name anywhere, by the address only, by both, or by chance."""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from loopback.lab_clients import (
    REGISTRATION,
    address_of,
    catalogue,
    client_context,
    connected,
    get,
    handshaken,
    in_lab,
)
from loopback.servers import secured
from probe.lab.names import NOTICE_ADDRESS
from probe.lab.records import Rule, Scenario
from probe.lab.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from probe.lab import Lab

NEUTRAL = "www.iana.org"


async def fate(lab: Lab, name: str, at: str, nth: int = 0) -> str:
    """Return what became of a handshake with a name at an address of another."""
    try:
        (await handshaken(lab, address_of(lab, at, nth), name, verify=False)).close()
    except ConnectionResetError:
        return "reset"
    except TimeoutError:
        return "silence"
    except ssl.SSLEOFError:
        return "fin"
    except ssl.SSLError as error:
        return str(error.reason)
    return "ok"


def cross(scenario: str) -> tuple[str, str, str, str]:
    """Return target@target, target@neutral, neutral@target, neutral@neutral."""

    async def use(lab: Lab) -> tuple[str, str, str, str]:
        return (
            await fate(lab, REGISTRATION, REGISTRATION),
            await fate(lab, REGISTRATION, NEUTRAL),
            await fate(lab, NEUTRAL, REGISTRATION),
            await fate(lab, NEUTRAL, NEUTRAL),
        )

    return in_lab(scenario, use)


@pytest.mark.parametrize(
    ("scenario", "matrix"),
    [
        ("clean", ("ok", "ok", "ok", "ok")),
        ("tls-reset-sni", ("reset", "reset", "ok", "ok")),
        ("tls-drop-sni", ("silence", "silence", "ok", "ok")),
        ("tls-fin-sni", ("fin", "fin", "ok", "ok")),
        ("tls-reset-ip", ("reset", "ok", "reset", "ok")),
        ("tls-reset-both", ("reset", "ok", "ok", "ok")),
        ("tls-reset-for-all", ("reset", "ok", "reset", "ok")),
        ("tls-silent-for-all", ("silence", "ok", "silence", "ok")),
        ("white-list", ("silence", "silence", "silence", "silence")),
    ],
)
def test_the_cross_experiment_sees_what_triggers(scenario: str, matrix: tuple[str, str, str, str]) -> None:
    assert cross(scenario) == matrix


def test_the_censor_strikes_over_ipv6_too() -> None:
    async def use(lab: Lab) -> str:
        return await fate(lab, REGISTRATION, REGISTRATION, 2)

    assert in_lab("tls-reset-sni", use) == "reset"


def test_a_listed_domestic_site_passes_the_white_list() -> None:
    async def use(lab: Lab) -> tuple[str, str]:
        return await fate(lab, "yandex.ru", "yandex.ru"), await fate(lab, "opennet.ru", "opennet.ru")

    assert in_lab("white-list", use) == ("ok", "silence")


def test_a_residual_block_silences_every_name_at_the_address_for_a_while() -> None:
    async def use(lab: Lab) -> list[str]:
        return [
            await fate(lab, NEUTRAL, REGISTRATION),
            await fate(lab, REGISTRATION, REGISTRATION),
            await fate(lab, NEUTRAL, REGISTRATION),
            await fate(lab, NEUTRAL, REGISTRATION, 1),
        ]

    assert in_lab("tls-reset-residual", use) == ["ok", "reset", "silence", "ok"]


def a_world(tmp_path: Path, rule: Rule, seed: int = 1) -> World:
    from probe.lab.ca import Authority

    return World(Scenario(name="x", title="x", rules=(rule,)), catalogue(), Authority(tmp_path), seed=seed)


def test_a_residual_block_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from probe.lab.records import Place

    rule = Rule(stage="hello", what="reset", names=("x.com",), residual_s=40.0)
    world, place = a_world(tmp_path, rule), Place(address="104.244.42.1", port=443)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert world.on_hello(place, "x.com") is rule
    monkeypatch.setattr(time, "monotonic", lambda: now + 39)
    assert world.on_hello(place, "other.example") == Rule(stage="hello", what="drop")
    monkeypatch.setattr(time, "monotonic", lambda: now + 41)
    assert world.on_hello(place, "other.example") is None


def test_sixty_per_cent_of_flows_are_hit_and_the_seed_says_which(tmp_path: Path) -> None:
    from probe.lab.records import Place

    rule = Rule(stage="hello", what="reset", names=("x.com",), flows=0.6)
    place = Place(address="104.244.42.1", port=443)

    def hits(seed: int) -> list[bool]:
        world = a_world(tmp_path, rule, seed)
        return [world.on_hello(place, "x.com") is rule for _ in range(1000)]

    assert 550 < sum(hits(1)) < 650
    assert hits(1) == hits(1) != hits(2)


def test_a_gateway_shows_its_own_certificate_for_the_blocked_name_only() -> None:
    async def use(lab: Lab) -> int:
        (await handshaken(lab, address_of(lab, NEUTRAL), NEUTRAL)).close()
        with pytest.raises(ssl.SSLCertVerificationError) as caught:
            await handshaken(lab, address_of(lab, REGISTRATION), REGISTRATION)
        return int(caught.value.verify_code)

    assert in_lab("tls-mitm", use) == 19


def test_an_antivirus_shows_its_certificate_for_every_name() -> None:
    async def use(lab: Lab) -> list[int]:
        codes = []
        for name in (NEUTRAL, REGISTRATION):
            with pytest.raises(ssl.SSLCertVerificationError) as caught:
                await handshaken(lab, address_of(lab, name), name)
            codes.append(int(caught.value.verify_code))
        return codes

    assert in_lab("antivirus-tls", use) == [19, 19]


def test_behind_the_gateway_the_page_is_still_fetched() -> None:
    async def use(lab: Lab) -> bytes:
        sock = await handshaken(lab, address_of(lab, REGISTRATION), REGISTRATION, verify=False)
        with sock:
            sock.sendall(f"GET / HTTP/1.1\r\nHost: {REGISTRATION}\r\n\r\n".encode())
            return await asyncio.to_thread(sock.recv, 15)

    assert in_lab("tls-mitm", use) == b"HTTP/1.1 200 OK"


def test_an_expired_certificate_is_expired_for_everybody() -> None:
    async def use(lab: Lab) -> int:
        with pytest.raises(ssl.SSLCertVerificationError) as caught:
            await handshaken(lab, address_of(lab, REGISTRATION), REGISTRATION)
        return int(caught.value.verify_code)

    assert in_lab("bad-cert-for-all", use) == 10


@pytest.mark.parametrize("at", ["x.com", NOTICE_ADDRESS])
def test_an_address_shows_no_valid_certificate_for_a_name_that_does_not_live_there(at: str) -> None:
    async def use(lab: Lab) -> int:
        address = at if at == NOTICE_ADDRESS else address_of(lab, at)
        with pytest.raises(ssl.SSLCertVerificationError) as caught:
            await handshaken(lab, address, REGISTRATION)
        return int(caught.value.verify_code)

    assert in_lab("clean", use) == 62


def test_a_neutral_that_takes_any_name_goes_on_with_its_owners_certificate() -> None:
    async def use(lab: Lab) -> bytes:
        address = address_of(lab, "speedtest.selectel.ru")
        with await handshaken(lab, address, REGISTRATION, verify=False) as tls:
            return tls.getpeercert(binary_form=True) or b""

    assert b"speedtest.selectel.ru" in in_lab("clean", use)


def test_a_client_without_server_name_gets_the_certificate_of_the_address() -> None:
    async def use(lab: Lab) -> bytes | None:
        sock = await connected(lab.network, address_of(lab, "x.com"), 443)
        context = client_context(lab, verify=False)
        with await asyncio.to_thread(secured, context, sock) as tls:
            return tls.getpeercert(binary_form=True)

    assert b"x.com" in (in_lab("clean", use) or b"")


@pytest.mark.parametrize(
    ("word", "seen"),
    [
        ("reset", "reset"),
        ("drop", "silence"),
        ("fin", "fin"),
        ("alert", "SSLV3_ALERT_HANDSHAKE_FAILURE"),
        ("unrecognized", "TLSV1_UNRECOGNIZED_NAME"),
        ("garbage", "WRONG_VERSION_NUMBER"),
        ("plain", "WRONG_VERSION_NUMBER"),
        ("long-record", "silence"),
    ],
)
def test_hostile_tls_fails_in_its_own_way(word: str, seen: str) -> None:
    async def use(lab: Lab) -> str:
        name = f"{word}.tls.probe-lab.example"
        return await fate(lab, name, name)

    assert in_lab("hostile", use) == seen


def test_a_client_that_sends_no_tls_to_a_tls_port_is_taken_for_http() -> None:
    async def use(lab: Lab) -> bytes:
        return await get(lab, "x.com", tls=False, port=443)

    assert in_lab("clean", use).startswith(b"HTTP/1.1 301")


def test_a_broken_client_hello_gets_an_alert_and_harms_nobody() -> None:
    async def use(lab: Lab) -> tuple[bytes, str]:
        sock = await connected(lab.network, address_of(lab, "x.com"), 443)
        with sock:
            sock.sendall(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00")
            alert = await asyncio.to_thread(sock.recv, 100)
        return alert[:1], await fate(lab, "x.com", "x.com")

    assert in_lab("clean", use) == (b"\x15", "ok")


@pytest.mark.parametrize(("http2", "version"), [(True, "HTTP/2"), (False, "HTTP/1.1")])
def test_httpx_speaks_both_versions_with_the_lab(http2: bool, version: str) -> None:
    async def use(lab: Lab) -> tuple[str, int, int]:
        return await over_httpx(lab, http2=http2)

    assert in_lab("clean", use) == (version, 200, 2_000_000)


async def over_httpx(lab: Lab, *, http2: bool) -> tuple[str, int, int]:
    """Fetch a large object by httpx through a relay that hands its connections to the lab."""
    path = lab.network.world.names.large["ftp.funet.fi"]

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sock = await connected(lab.network, address_of(lab, "ftp.funet.fi"), 443)
        sock.setblocking(False)
        there, back = await asyncio.open_connection(sock=sock)

        async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()

        both = [asyncio.create_task(copy(reader, back)), asyncio.create_task(copy(there, writer))]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        for end in (back, writer):
            end.close()
            await asyncio.gather(end.wait_closed(), return_exceptions=True)

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    context = ssl.create_default_context(cafile=lab.network.trust().path)
    async with server, httpx.AsyncClient(verify=context, http2=http2, trust_env=False) as client:
        answer = await client.get(
            f"https://127.0.0.1:{port}{path}",
            headers={"Host": "ftp.funet.fi"},
            extensions={"sni_hostname": "ftp.funet.fi"},
        )
    await asyncio.sleep(0.05)
    return answer.http_version, answer.status_code, len(answer.content)
