"""Our own AS found out: by a helper or by STUN and a table; the address itself is nowhere afterwards."""

from __future__ import annotations

import asyncio
import csv
import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from loopback.helping import ask
from loopback.settings import QUICK, a_session, a_target
from loopback.tempers import read_request, response
from loopback.test_scenarios import Nobody
from probe.helper.serve import Settings, open_helper
from probe.lab import open_lab
from probe.measure import stun
from probe.measure.asn_table import AsnTable
from probe.measure.dial import RealNetwork
from probe.model.measurement import VantagePoint
from probe.model.observation import LocalFact
from probe.model.options import RunOptions
from probe.model.target import Step
from probe.pipeline import whereabouts
from probe.pipeline.folder import open_run
from probe.pipeline.request import RunRequest, prepare
from probe.pipeline.run import RunResult, concluded, measure
from probe.targets import read_catalogue

OWN, OWN6, SHARED = "93.184.215.77", "2606:2800:1::77", "100.64.7.7"
TRANSACTION = b"123456789012"
SERVER = "198.51.100.7:3478"


def answer_to(asked: bytes, address: str, **wrong: int) -> bytes:
    """Return what a STUN server says; `wrong` replaces the kind, cookie or family."""
    packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    mask = struct.pack("!I", stun.COOKIE) + asked[8:20]
    masked = bytes(a ^ b for a, b in zip(packed, mask, strict=False))
    family = wrong.get("family", 1 if len(packed) == 4 else 2)
    value = struct.pack("!BBH", 0, family, 0x1234 ^ stun.COOKIE >> 16) + masked
    attributes = struct.pack("!HH", 0x8022, 3) + b"lab\0" + struct.pack("!HH", 0x0020, len(value)) + value
    kind, cookie = wrong.get("kind", stun.SUCCESS), wrong.get("cookie", stun.COOKIE)
    return struct.pack("!HHI", kind, len(attributes), cookie) + asked[8:20] + attributes


class Talking(asyncio.DatagramProtocol):
    """A STUN server that says the same to everybody, after some junk."""

    def __init__(self, told: str, junk: tuple[bytes, ...] = ()) -> None:
        self.told, self.junk = told, junk

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for junk in self.junk:
            self.transport.sendto(junk, addr)
        if self.told:
            self.transport.sendto(answer_to(data, self.told), addr)


@asynccontextmanager
async def a_stun_server(told: str, junk: tuple[bytes, ...] = ()) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: Talking(told, junk), local_addr=("127.0.0.1", 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


class Near(RealNetwork):
    """This machine, with every UDP server on one port of loopback."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port

    def open_udp(self, address: str, port: int) -> socket.socket:
        return super().open_udp("127.0.0.1", self.port)


def a_table() -> AsnTable:
    table = AsnTable()
    for prefix, number in (("93.184.215.0/24", 64500), ("2606:2800::/32", 64501), ("100.64.0.0/10", 64502)):
        table.add(prefix, number)
    return table


async def found(
    network: RealNetwork, servers: tuple[str, ...], controls: tuple[str, ...] = ()
) -> list[LocalFact]:
    options = structs.replace(QUICK, controls=controls)
    target = a_target("local:", experiment="whereabouts", servers=servers)
    async with a_session(network, options=options, asn_table=a_table()) as session:
        measured = await session.measure(Step(target=target, experiment="whereabouts", round=0))
        assert session.spent.bytes_received > 0 or not servers
    return list(measured.measurement.local)


def facts(asn: str, source: str) -> list[LocalFact]:
    return [LocalFact(name="asn", value=asn), LocalFact(name="asn_source", value=source)]


@pytest.mark.parametrize(
    ("told", "expected"),
    [(OWN, facts("AS64500", "detected")), (OWN6, facts("AS64501", "detected")), (SHARED, [])],
)
def test_stun_and_a_table_tell_the_as_but_not_of_an_address_that_many_share(
    told: str, expected: list[LocalFact]
) -> None:
    async def main() -> list[LocalFact]:
        async with a_stun_server(told) as port:
            return await found(Near(port), (SERVER,))

    assert asyncio.run(main()) == expected


def test_junk_before_the_answer_is_passed_over() -> None:
    asked = bytes(20)
    junk = (
        b"",
        b"\0" * 20,
        answer_to(asked, OWN),  # of another transaction
        b"\xff" * 2000,
    )

    async def main() -> list[LocalFact]:
        async with a_stun_server(OWN, junk) as port:
            return await found(Near(port), (SERVER,))

    assert asyncio.run(main()) == facts("AS64500", "detected")


def test_a_silent_server_and_a_closed_port_tell_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stun, "PATIENCE_S", 0.1)

    async def main() -> tuple[list[LocalFact], list[LocalFact]]:
        async with a_stun_server("", (b"x",)) as port:
            silent = await found(Near(port), (SERVER,))
        return silent, await found(Near(port), ())

    assert asyncio.run(main()) == ([], [])


@pytest.mark.parametrize(
    "wrong",
    [{"kind": 0x0111}, {"cookie": 1}, {"family": 2}, {"family": 9}],
    ids=["error", "cookie", "size", "family"],
)
def test_an_answer_that_is_none_is_no_address(wrong: dict[str, int]) -> None:
    asked = stun.request(TRANSACTION)
    assert stun.mapped_address(answer_to(asked, OWN), TRANSACTION) == OWN
    assert stun.mapped_address(answer_to(asked, OWN, **wrong), TRANSACTION) is None


def test_an_answer_cut_short_anywhere_is_no_address() -> None:
    asked = stun.request(TRANSACTION)
    whole = answer_to(asked, OWN6)
    assert [stun.mapped_address(whole[:n], TRANSACTION) for n in range(len(whole))] == [None] * len(whole)


def test_a_campaigns_helper_tells_the_as_by_its_own_table() -> None:
    async def main() -> list[LocalFact]:
        table = AsnTable()
        table.add("127.0.0.0/8", 64500)
        settings = Settings(port=0, transfer_port=None, as_table=table)
        async with open_helper(settings) as running:
            return await found(RealNetwork(), (), (f"http://127.0.0.1:{running.port}/",))

    assert asyncio.run(main()) == facts("AS64500", "helper")


def test_the_helper_tells_the_asker_alone_where_it_comes_from() -> None:
    head = ("GET /address HTTP/1.1", "Host: x", "Connection: close", f"X-Forwarded-For: 1.1.1.1, {OWN}")
    asked = "\r\n".join((*head, "", "")).encode()

    async def main(*, behind_proxy: bool) -> tuple[dict[str, object], dict[str, int]]:
        settings = Settings(port=0, transfer_port=None, as_table=a_table(), behind_proxy=behind_proxy)
        async with open_helper(settings) as running:
            answer = await ask(running.port, asked, tls=False)
            return json.loads(answer.body), dict(running.endpoint.counts)

    direct, counts = asyncio.run(main(behind_proxy=False))
    assert direct == {"v": 1, "address": "127.0.0.1", "asn": ""}
    assert counts == {"GET /address 200": 1}
    proxied, _ = asyncio.run(main(behind_proxy=True))
    assert proxied == {"v": 1, "address": "93.184.215.77", "asn": "AS64500"}


@pytest.mark.parametrize(
    "said", [b"[]", b"\xff", b'{"v":2,"asn":"AS1"}', b'{"v":1,"asn":"Rostelecom"}', b'{"v":1,"address":"x"}']
)
def test_a_helper_that_talks_nonsense_tells_nothing(said: bytes) -> None:
    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(response(said))
        await writer.drain()
        writer.close()

    async def main() -> list[LocalFact]:
        server = await asyncio.start_server(session, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await found(RealNetwork(), (), (f"http://127.0.0.1:{port}/",))

    assert asyncio.run(main()) == []


def test_a_helper_without_a_table_lets_stun_tell() -> None:
    async def main() -> list[LocalFact]:
        async with a_stun_server(OWN) as port, open_helper(Settings(port=0, transfer_port=None)) as running:
            return await found(Near(port), (SERVER,), (f"http://127.0.0.1:{running.port}/",))

    assert asyncio.run(main()) == facts("AS64500", "detected")


def test_every_row_bears_the_as_that_was_found_and_no_file_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "ipasn.dat"
    table.write_text("# dated: 2026-01-05\n93.184.215.0/24\t64500\n")

    async def main() -> RunResult:
        catalogue = structs.replace(read_catalogue(), stun=(SERVER,))
        async with open_lab("clean", catalogue, rtt_s=0.0) as lab, a_stun_server(OWN) as port:
            theirs = lab.network.open_udp
            monkeypatch.setattr(
                lab.network,
                "open_udp",
                lambda ip, to: Near(port).open_udp(ip, to) if to == 3478 else theirs(ip, to),
            )
            request = RunRequest(
                services=("media-wikipedia",),
                results=tmp_path / "results",
                options=RunOptions(rounds=1, throughput=False),
                vantage=VantagePoint(probe_cc="RU", region="RU-KHA", access_type="mobile"),
                detect_asn=True,
                asn_table=table,
            )
            prepared = prepare(request, catalogue=catalogue)
            standing = await whereabouts._detected(prepared, lab.network, request.vantage)
            opened = open_run(prepared, lab.network, simulated=True, standing=standing)
            with opened.folder:
                record = await measure(prepared, lab.network, Nobody(), opened)
                assert record.bytes_received > standing.spent.bytes_received > 0
                return concluded(opened.folder, record, Nobody())

    result = asyncio.run(main())
    assert result.run_id.split("-")[1] == "AS64500"
    assert result.record.vantage.asn_source == "detected"
    assert (result.record.asn_table_dated, result.record.asn_table_is_stale) == ("2026-01-05", True)
    assert len(result.record.asn_table_sha256) == 64
    for name in ("verdicts.csv", "services.csv"):
        with (result.folder / name).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) > 1
        where = {
            (r["probe_cc"], r["region"], r["probe_asn"], r["asn_source"], r["access_type"]) for r in rows
        }
        assert where == {("RU", "RU-KHA", "AS64500", "detected", "mobile")}
    files = [path for path in result.folder.rglob("*") if path.is_file()]
    assert len(files) > 8
    assert [path.name for path in files if OWN.encode() in path.read_bytes()] == []
