"""The endpoint: OONI's protocol truthfully answered, nobody led inside, and every bound kept."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from msgspec import structs

from loopback.elsewhere import Authority, Session, World, a_world
from loopback.helping import Answer, a_nonce, ask, closed, connected, download, receipts, receipts_question
from loopback.lab_clients import REGISTRATION, catalogue
from loopback.settings import QUICK, a_session, a_target
from loopback.tempers import fin, read_request, reset, response, silent, tls
from probe.helper import app, guard, look
from probe.helper.guard import Guard
from probe.helper.limits import Limits
from probe.helper.serve import Running, Settings, open_helper
from probe.lab import open_lab
from probe.measure.asn_table import AsnTable
from probe.measure.dial import RealNetwork
from probe.model.network import Network
from probe.model.observation import ControlAnswer
from probe.model.target import Step

T = TypeVar("T")
SITE, ADDRESS, OTHER, ADDRESS6 = "target.example", "93.184.215.14", "93.184.215.15", "2606:2800::1"
NOT_OURS = Guard(own=lambda _ip: False)
PLAIN = Settings(port=0, transfer_port=None)
OK = {"status": True, "failure": None}


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(autouse=True)
def short_time_outs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "STEP_S", 0.8)


def page(body: bytes = b"<title>The page</title>", status: str = "200 OK", **headers: str) -> Session:
    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(response(body, status=status, headers=tuple(headers.items())))
        await writer.drain()

    return session


def redirect(where: str) -> Session:
    return page(b"", "302 Found", Location=where)


@dataclass
class Scene:
    """What a helper sees of a world, and where it went there."""

    ca: Authority
    served: dict[tuple[str, int], Session] = field(default_factory=dict)
    names: dict[str, tuple[str, ...]] = field(default_factory=lambda: {SITE: (ADDRESS,)})
    refused: tuple[str, ...] = ()
    dark: tuple[str, ...] = ()
    settings: Settings = PLAIN
    connects: set[tuple[str, int]] = field(default_factory=set)

    def tell(self, question: object) -> Any:
        """Return the JSON of a 200, else the status."""
        return self.use(lambda running: post(running.port, question))

    def use(self, ask_it: Callable[[Running], Any]) -> Any:
        async def main() -> Any:
            async with a_world(self.ca) as world:
                world.names |= self.names
                world.dark |= {(ip, port) for ip in self.dark for port in (80, 443)}
                for (ip, port), session in self.served.items():
                    await world.serve(ip, port, session)
                with socket.socket() as nobody:
                    nobody.bind(("127.0.0.1", 0))
                    closed_port = nobody.getsockname()[1]
                    world.tcp |= {(ip, port): closed_port for ip in self.refused for port in (80, 443)}
                    async with open_helper(self.settings, network=world, guard=NOT_OURS) as running:
                        got = await ask_it(running)
                        assert running.endpoint.counts["POST / 500"] == 0
                self.connects = set(world.connects)
                return got

        return asyncio.run(main())


def posted(question: object, *extra: str) -> bytes:
    body = question if isinstance(question, bytes) else json.dumps(question).encode()
    head = ("POST / HTTP/1.1", "Host: x", "Connection: close", f"Content-Length: {len(body)}", *extra)
    return "\r\n".join((*head, "", "")).encode() + body


async def post(port: int, question: object, *extra: str, **how: Any) -> Any:
    answer = await ask(port, posted(question, *extra), tls=False, **how)
    return answer.json if answer.status == 200 else answer.status


async def get(port: int, path: str, method: str = "GET") -> Answer:
    return await ask(
        port, f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(), tls=False
    )


def about(url: str = f"https://{SITE}/", *endpoints: str, **more: Any) -> dict[str, Any]:
    return {"http_request": url, "http_request_headers": {}, "tcp_connect": list(endpoints), **more}


# What is told


def test_a_reachable_target_is_told_in_all_its_parts(ca: Authority) -> None:
    site = tls(ca, page(Server="x"))
    got = Scene(ca, {(ADDRESS, 443): site, (OTHER, 443): site}).tell(
        about(f"https://{SITE}/", f"{OTHER}:443")
    )
    where = [f"{OTHER}:443", f"{ADDRESS}:443"]
    assert got["tcp_connect"] == dict.fromkeys(where, OK)
    assert got["tls_handshake"] == {w: {"server_name": SITE, **OK} for w in where}
    assert got["dns"] == {"failure": None, "addrs": [ADDRESS]}
    assert (got["quic_handshake"], got["http3_request"]) == ({}, None)
    assert got["ip_info"] == {OTHER: {"asn": 0, "flags": 1 | 8}, ADDRESS: {"asn": 0, "flags": 2 | 8}}
    request = got["http_request"]
    assert (request["failure"], request["status_code"], request["title"]) == (None, 200, "The page")
    assert (request["body_length"], request["headers"]["Server"]) == (23, "x")


FAILING: dict[str, tuple[dict[str, Any], str | None, str | None, str]] = {
    "refused": ({"refused": (ADDRESS,)}, "connection_refused", None, "connection_refused_error"),
    "dark": ({"dark": (ADDRESS,)}, "generic_timeout_error", None, "generic_timeout_error"),
    "reset": ({"served": {(ADDRESS, 443): reset}}, None, "connection_reset", "connection_reset"),
    "silent": ({"served": {(ADDRESS, 443): silent}}, None, "generic_timeout_error", "generic_timeout_error"),
    "eof": ({"served": {(ADDRESS, 443): fin}}, None, "eof_error", "eof_error"),
}


@pytest.mark.parametrize("how", FAILING)
def test_a_target_that_fails_is_told_with_the_failure_of_its_layer(ca: Authority, how: str) -> None:
    world, tcp, handshake, http = FAILING[how]
    got = Scene(ca, **world).tell(about())
    assert got["tcp_connect"][f"{ADDRESS}:443"]["failure"] == tcp
    assert {row["failure"] for row in got["tls_handshake"].values()} == ({handshake} if handshake else set())
    assert (got["http_request"]["failure"], got["http_request"]["status_code"]) == (http, -1)


def test_a_certificate_for_another_name_is_told_and_no_page_is_fetched_behind_it(ca: Authority) -> None:
    got = Scene(ca, {(ADDRESS, 443): tls(ca, page(), certificate="other.example")}).tell(about())
    assert got["tls_handshake"][f"{ADDRESS}:443"]["failure"] == "ssl_invalid_hostname"
    assert got["http_request"]["failure"] == "ssl_invalid_hostname"


def test_a_name_that_does_not_exist_is_told_in_the_words_of_public_helpers(ca: Authority) -> None:
    got = Scene(ca, names={}).tell(about())
    assert got["dns"] == {"failure": "dns_name_error", "addrs": []}
    assert (got["tcp_connect"], got["http_request"]["failure"]) == ({}, "dns_lookup_error")


def test_what_this_machine_cannot_reach_at_all_is_not_told_of_the_target(ca: Authority) -> None:
    scene = Scene(ca, {(ADDRESS, 443): tls(ca, page())}, names={SITE: (ADDRESS6, ADDRESS)})
    got = scene.tell(about())
    assert list(got["tcp_connect"]) == [f"{ADDRESS}:443"]
    assert got["dns"]["addrs"] == [ADDRESS6, ADDRESS]
    assert got["http_request"]["status_code"] == 200
    only6 = Scene(ca, names={SITE: (ADDRESS6,)}).tell(about())
    assert (only6["tcp_connect"], only6["http_request"]["failure"]) == ({}, "x_not_tried_reserved_address")


def test_the_next_address_is_asked_where_one_does_not_answer(ca: Authority) -> None:
    scene = Scene(ca, {(OTHER, 443): tls(ca, page())}, names={SITE: (ADDRESS, OTHER)}, refused=(ADDRESS,))
    got = scene.tell(about())
    assert got["http_request"]["status_code"] == 200
    assert got["tcp_connect"][f"{ADDRESS}:443"]["failure"] == "connection_refused"


def test_redirects_are_followed_and_the_last_page_is_told(ca: Authority) -> None:
    served = {
        (ADDRESS, 443): tls(ca, redirect("http://next.example/page")),
        (OTHER, 80): page(b"<title>Next</title>", "451 Unavailable"),
    }
    got = Scene(ca, served, names={SITE: (ADDRESS,), "next.example": (OTHER,)}).tell(about())
    assert (got["http_request"]["title"], got["http_request"]["status_code"]) == ("Next", 451)


def test_an_endless_redirect_ends(ca: Authority) -> None:
    scene = Scene(ca, {(ADDRESS, 80): redirect(f"http://{SITE}/again")})
    got = scene.tell(about(f"http://{SITE}/"))
    assert got["http_request"]["failure"] == "x_too_many_redirects"


def test_an_endless_page_and_a_bomb_are_read_so_far_and_no_further(ca: Authority) -> None:
    import gzip

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n<title>Long</title>")
        while True:
            writer.write(bytes(65536))
            await writer.drain()

    bomb = page(gzip.compress(bytes(50_000_000)), **{"Content-Encoding": "gzip"})
    for session in (endless, bomb):
        got = Scene(ca, {(ADDRESS, 80): session}).tell(about(f"http://{SITE}/"))
        assert (got["http_request"]["failure"], got["http_request"]["status_code"]) == (None, 200)
        assert got["http_request"]["body_length"] <= 256 * 1024 + 16 * 1024


def test_the_client_chooses_three_headers_and_no_others(ca: Authority) -> None:
    heads: list[str] = []

    async def noting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await read_request(reader))[0])
        writer.write(response(b"x"))
        await writer.drain()

    chosen = {
        "user-agent": ["Mozilla/5.0 (of the client)"],
        "Accept": "text/plain",
        "Accept-Language": ["xx\r\nX-Smuggled: 1"],
        "Host": ["10.0.0.1"],
        "Authorization": ["secret"],
        "Cookie": ["a=b"],
    }
    Scene(ca, {(ADDRESS, 80): noting}).tell(about(f"http://{SITE}/", http_request_headers=chosen))
    lines = dict(line.split(": ", 1) for line in heads[0].split("\r\n")[1:] if line)
    assert {name.lower(): value for name, value in lines.items()} == {
        "host": SITE,
        "user-agent": "Mozilla/5.0 (of the client)",
        "accept": "text/plain",
        "accept-language": "en",
        "accept-encoding": "gzip",
    }


def test_an_endpoint_without_url_is_asked_for_and_a_resolvers_port_is_only_connected_to(
    ca: Authority,
) -> None:
    scene = Scene(ca, {(ADDRESS, 5222): page(b"", "404 Not Found"), (ADDRESS, 53): silent})
    got = scene.tell(about(f"http://{ADDRESS}:5222/", f"{ADDRESS}:5222"))
    assert got["tcp_connect"] == {f"{ADDRESS}:5222": OK}
    assert got["http_request"]["status_code"] == 404
    got = scene.tell(about(f"http://{ADDRESS}:53/", f"{ADDRESS}:53"))
    assert (got["tcp_connect"], got["http_request"]) == ({f"{ADDRESS}:53": OK}, None)


# Where nobody is led


INSIDE: tuple[str, ...] = (
    "127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "192.168.0.1",
    "100.64.0.1",
    "::1",
    "fd00:ec2::254",
)
INSIDE += ("::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1", "fe80::1", "224.0.0.1")


def everywhere(session: Session) -> dict[tuple[str, int], Session]:
    """Serve on every inner address: what is not connected to is so because nobody tried."""
    return {(ip, port): session for ip in INSIDE for port in (80, 443)}


@pytest.mark.parametrize("inside", INSIDE)
def test_no_literal_no_endpoint_no_answer_and_no_redirect_leads_inside(ca: Authority, inside: str) -> None:
    host = f"[{inside}]" if ":" in inside else inside
    served = {**everywhere(page()), (ADDRESS, 80): redirect(f"http://{host}/latest/meta-data/")}
    scene = Scene(ca, served, names={SITE: (ADDRESS,), "inside.example": (inside,)})
    assert scene.tell(about(f"http://{host}/")) == 400
    assert scene.connects == set()
    got = scene.tell(about("http://inside.example/", f"{host}:80", f"{host}:443"))
    assert (got["tcp_connect"], got["dns"]) == ({}, {"failure": None, "addrs": [inside]})
    assert got["http_request"]["failure"] == "x_not_tried_reserved_address"
    assert scene.connects == set()
    got = scene.tell(about(f"http://{SITE}/"))
    assert got["http_request"]["failure"] == "x_not_tried_reserved_address"
    assert scene.connects == {(ADDRESS, 80)}


def test_a_redirect_to_a_name_that_lies_inside_is_not_followed(ca: Authority) -> None:
    served = {**everywhere(page()), (ADDRESS, 80): redirect("http://rebound.example/")}
    scene = Scene(ca, served, names={SITE: (ADDRESS,), "rebound.example": ("127.0.0.1", "169.254.169.254")})
    assert scene.tell(about(f"http://{SITE}/"))["http_request"]["failure"] == "x_not_tried_reserved_address"
    assert scene.connects == {(ADDRESS, 80)}


def test_a_name_that_changes_between_two_lookups_leads_nowhere_new(ca: Authority) -> None:
    answers = iter([(ADDRESS,), ("127.0.0.1",), ("10.0.0.1",)])
    asked: list[str] = []

    class Rebinding(World):
        def resolve_system(self, name: str) -> tuple[str, ...]:
            asked.append(name)
            return next(answers)

    async def main() -> Any:
        world = Rebinding(ca)
        await world.serve(ADDRESS, 80, redirect(f"http://{SITE}/again"))
        for ip in ("127.0.0.1", "10.0.0.1"):
            await world.serve(ip, 80, page())
        try:
            async with open_helper(PLAIN, network=world, guard=NOT_OURS) as running:
                return await post(running.port, about(f"http://{SITE}/")), set(world.connects)
        finally:
            await world.close()

    got, connects = asyncio.run(main())
    assert (asked, connects) == ([SITE], {(ADDRESS, 80)})
    assert got["http_request"]["failure"] == "x_too_many_redirects"


def test_ports_that_no_target_uses_are_not_connected_to(ca: Authority) -> None:
    served = {(ADDRESS, port): page() for port in (22, 25, 8080, 80)}
    scene = Scene(ca, served)
    assert scene.tell(about(f"http://{SITE}:25/")) == 400
    got = scene.tell(about(f"http://{SITE}/", f"{ADDRESS}:22", f"{ADDRESS}:25", f"{ADDRESS}:8080"))
    assert got["tcp_connect"] == {f"{ADDRESS}:80": OK}
    scene.served[ADDRESS, 80] = redirect(f"http://{SITE}:8080/")
    assert scene.tell(about(f"http://{SITE}/"))["http_request"]["failure"] == "x_not_tried_reserved_address"
    assert scene.connects == {(ADDRESS, 80)}


def test_a_question_names_four_endpoints_at_most(ca: Authority) -> None:
    many = [f"93.184.215.{n}:443" for n in range(20, 40)]
    scene = Scene(ca, names={})
    scene.tell(about(f"https://{SITE}/", *many))
    assert scene.connects == {(f"93.184.215.{n}", 443) for n in range(20, 24)}


def test_one_address_is_connected_to_so_often_a_minute_whoever_asks(
    ca: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "PER_ADDRESS", 3)

    async def use(running: Running) -> list[Any]:
        asked = [f"http://{name}.example/" for name in ("one", "two", "three")]
        return [(await post(running.port, about(url)))["http_request"]["failure"] for url in asked]

    names: dict[str, tuple[str, ...]] = {f"{name}.example": (ADDRESS,) for name in ("one", "two", "three")}
    scene = Scene(ca, {(ADDRESS, 80): page()}, names=names)
    assert scene.use(use)[2] == "x_not_tried_reserved_address"


# Bounds


BAD: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "no JSON": (b"{", 400),
    "another shape": (b"[]", 400),
    "no URL": (b"{}", 400),
    "a number for a URL": (b'{"http_request": 1}', 400),
    "not UTF-8": (b'{"http_request": "\xff"}', 400),
    "endpoints of another kind": (b'{"http_request": "http://target.example/", "tcp_connect": [1]}', 400),
    "too deep": (b'{"tcp_connect":' + b"[" * 60_000, 400),
    "a long URL": (json.dumps(about("http://target.example/" + "a" * 3000)).encode(), 400),
    "too long": (json.dumps(about(pad="x" * 70_000)).encode(), 413),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_question_is_refused(ca: Authority, what: str) -> None:
    body, status = BAD[what]
    assert Scene(ca).tell(body) == status


def test_nulls_and_what_is_not_known_are_passed_over(ca: Authority) -> None:
    question = about(f"http://{SITE}/", http_request_headers=None, tcp_connect=None, later=[{"deep": 1}])
    assert Scene(ca, {(ADDRESS, 80): page()}).tell(question)["http_request"]["status_code"] == 200


def test_a_client_asks_so_often_a_minute_and_another_still_as_often(ca: Authority) -> None:
    settings = structs.replace(PLAIN, limits=Limits(requests_per_minute=2))

    async def use(running: Running) -> list[Any]:
        return [await post(running.port, {}, local=f"127.0.0.{n}") for n in (2, 2, 2, 3, 2)]

    assert Scene(ca, settings=settings).use(use) == [400, 400, 429, 400, 429]


def test_receipts_are_told_at_the_endpoint_too_and_counted(ca: Authority) -> None:
    settings = Settings(port=0, transfer_port=0, limits=Limits(requests_per_minute=4))
    nonce = a_nonce()

    async def use(running: Running) -> list[Any]:
        assert running.transfers is not None
        await ask(running.transfers.port, download(100, nonce))
        (there,) = await receipts(running.transfers.port, nonce)
        asked = [receipts_question(nonce), receipts_question(nonce), receipts_question(nonce)]
        closing = [q.replace(b"Host: x", b"Host: x\r\nConnection: close") for q in asked]
        answers = [await ask(running.port, question, tls=False) for question in closing]
        assert answers[0].json == {"receipts": [there]}
        return [answer.status for answer in answers]

    assert Scene(ca, settings=settings).use(use) == [200, 200, 429]


def test_behind_a_proxy_the_last_forwarded_address_is_the_client(ca: Authority) -> None:
    settings = structs.replace(PLAIN, limits=Limits(requests_per_minute=1), behind_proxy=True)
    lines = ["9.9.9.9, 93.184.215.1", "8.8.8.8, 93.184.215.1", "93.184.215.1, 93.184.215.2"]

    async def use(running: Running) -> list[Any]:
        return [await post(running.port, {}, f"X-Forwarded-For: {line}") for line in lines]

    assert Scene(ca, settings=settings).use(use) == [400, 429, 400]


def test_more_looks_at_once_than_there_is_room_for_are_sent_away(
    ca: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "LOOKS", 2)

    async def use(running: Running) -> list[Any]:
        return list(await asyncio.gather(*(post(running.port, about()) for _ in range(5))))

    got = Scene(ca, dark=(ADDRESS,)).use(use)
    assert sorted(got, key=str)[:3] == [503, 503, 503]
    assert sum(isinstance(one, dict) for one in got) == 2


def test_a_look_ends_in_time_and_tells_what_it_has(ca: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "LOOK_S", 0.3)
    monkeypatch.setattr(look, "STEP_S", 30.0)
    got = Scene(ca, {(OTHER, 443): tls(ca, page())}, dark=(ADDRESS,)).tell(
        about(f"https://{SITE}/", f"{OTHER}:443")
    )
    assert got["tcp_connect"] == {f"{OTHER}:443": OK}
    assert got["dns"]["addrs"] == [ADDRESS]
    assert got["http_request"]["failure"] == "generic_timeout_error"


def test_a_body_that_never_comes_is_not_waited_for(ca: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "BODY_S", 0.3)

    async def use(running: Running) -> bytes:
        reader, writer = await connected(running.port, tls=False)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{")
        got = await reader.read(12)
        await closed(writer)
        return got

    assert Scene(ca).use(use) == b"HTTP/1.1 408"


# The other pages


def test_the_health_page_counts_and_names_nobody(ca: Authority) -> None:
    async def use(running: Running) -> Answer:
        await post(running.port, about(f"http://{SITE}/", f"{OTHER}:80"))
        await post(running.port, {})
        return await get(running.port, "/health")

    answer = Scene(ca, {(ADDRESS, 80): page()}).use(use)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json["requests"] == {"POST / 200": 1, "POST / 400": 1}
    assert set(answer.json) == {
        "service",
        "version",
        "uptime_s",
        "requests",
        "transfers",
        "receipts_kept",
        "looking_now",
    }
    for secret in ("127.0.0.1", SITE, ADDRESS, OTHER):
        assert secret.encode() not in answer.body


def test_where_transfers_are_is_told_or_that_there_are_none(ca: Authority) -> None:
    async def use(running: Running) -> tuple[Answer, dict[str, Any]]:
        answer = await get(running.port, "/transfer")
        return answer, running.transfers.announcement() if running.transfers else {}

    answer, _ = Scene(ca).use(use)
    assert answer.status == 404
    answer, announced = Scene(ca, settings=Settings(port=0, transfer_port=0)).use(use)
    assert answer.json == announced
    assert set(announced) == {"v", "port", "certificate_sha256", "key", "max_bytes", "max_seconds"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 405), ("PUT", "/", 405), ("GET", "/x", 404), ("POST", "/health", 405), ("TRACE", "/", 405)],
)
def test_nothing_else_is_there(ca: Authority, method: str, path: str, status: int) -> None:
    answer = Scene(ca).use(lambda running: get(running.port, path, method))
    assert answer.status == status
    assert "server" not in answer.headers


# Against the project's own client


FRAMING = ("date", "content-length")
"""Over HTTP/2, as this helper asks, the lab declares a length."""


async def by_client(network: Network, url: str, site: str, addresses: tuple[str, ...]) -> ControlAnswer:
    options = structs.replace(QUICK, controls=(url,), timeout_s=5.0)
    step = Step(target=a_target(site), experiment="control", addresses=addresses)
    async with a_session(network, options=options) as session:
        (answer,) = (await session.measure(step)).measurement.controls
        return answer


@pytest.mark.parametrize("path", ["/v2/register", "/"])
def test_the_projects_client_reads_the_same_of_this_helper_as_of_the_labs(path: str) -> None:
    site = f"https://{REGISTRATION}{path}"

    async def main() -> tuple[ControlAnswer, ControlAnswer]:
        async with open_lab("clean", catalogue(), rtt_s=0.0) as lab:
            addresses = lab.network.world.names.addresses(REGISTRATION)
            table = AsnTable()
            for address in addresses:
                table.add(address, lab.network.world.names.asn(address))
            settings = structs.replace(PLAIN, as_table=table)
            theirs = await by_client(lab.network, lab.controls[0], site, addresses)
            async with open_helper(settings, network=lab.network, guard=NOT_OURS) as running:
                url = f"http://127.0.0.1:{running.port}/"
                return theirs, await by_client(RealNetwork(), url, site, addresses)

    theirs, ours = asyncio.run(main())
    assert (theirs.failure, ours.failure, theirs.status_code) == (None, None, 200)

    def plain(answer: ControlAnswer) -> ControlAnswer:
        return structs.replace(
            answer,
            t0=0.0,
            t=0.0,
            control="",
            headers=tuple(sorted((k.lower(), v) for k, v in answer.headers if k.lower() not in FRAMING)),
            tcp_connect=tuple(sorted(answer.tcp_connect, key=lambda e: e.endpoint)),
            tls_handshake=tuple(sorted(answer.tls_handshake, key=lambda e: e.endpoint)),
        )

    assert plain(ours) == plain(theirs)


def test_over_tls_the_endpoint_shows_the_operators_certificate(tmp_path: Path) -> None:
    ca = Authority(tmp_path)
    ca.context("helper.example")
    (certificate,) = set(tmp_path.iterdir()) - {ca.path}
    trusting = ssl.create_default_context(cafile=str(ca.path))

    async def use(running: Running) -> bytes:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", running.port, ssl=trusting, server_hostname="helper.example"
        )
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        got = await reader.read(12)
        await closed(writer)
        return got

    scene = Scene(ca, settings=structs.replace(PLAIN, certificate=certificate))
    assert scene.use(use) == b"HTTP/1.1 200"
