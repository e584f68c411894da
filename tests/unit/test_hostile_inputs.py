"""What strangers send into the newer measurements, and damaged files: bounded, and no fault of ours."""

import asyncio
import json
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from probe.lab.openvpn import Pki
from probe.measure import inner, openvpn_keys, stun
from probe.measure.asn_table import TableError, read_table
from probe.measure.registry_read import AnswerError, read_file
from probe.targets import CatalogueError, read_vpn
from unit.a_database import a_database

NESTED = (
    '{"objectClassName":"autnum","startAutnum":1,"status":%s,"events":[{"eventAction":%s}]}',
    '{"objectClassName":"ip network","startAddress":%s,"endAddress":%s}',
    '{"data_call_name":"routing-status","data":{"resource":%s,"origins":%s}}',
)


@pytest.mark.parametrize("body", NESTED)
def test_no_depth_of_a_registrys_answer_is_too_deep(body: str) -> None:
    for depth in range(800, 1000):
        deep = "[" * depth + "]" * depth
        try:
            read_file((body % (deep, deep)).encode(), "x", "")
        except AnswerError:
            continue


def test_a_resource_may_be_a_number() -> None:
    body = {"data_call_name": "routing-status", "data": {"resource": 3333}}
    assert read_file(json.dumps(body).encode(), "x", "").resource == "AS3333"


def test_a_flood_of_datagrams_that_are_none_ends_a_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket with something to read never lets others run: no deadline would end it."""
    heard = 0

    async def ask() -> str | None:
        async def always(*_: object) -> bytes:
            nonlocal heard
            heard += 1
            if heard > 10_000:
                raise OSError
            return b"junk"

        async def sent(*_: object) -> None:
            pass

        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "sock_recv", always)
        monkeypatch.setattr(loop, "sock_sendall", sent)
        sock = SimpleNamespace(close=lambda: None)
        network = SimpleNamespace(open_udp=lambda _ip, _port: sock)
        ctx = SimpleNamespace(network=network, bytes_sent=0, bytes_received=0)
        return await stun.ask(cast("Any", ctx), "192.0.2.1", 3478)

    assert asyncio.run(ask()) is None
    assert heard <= stun.TRIES * stun.MAX_HEARD


@pytest.mark.parametrize("first", range(0x40, 0x50))
def test_a_packet_within_a_tunnel_may_lie_about_its_header(first: int) -> None:
    packet = bytes([first]) + bytes(8) + b"\x01" + bytes(18)
    assert inner.is_reply(packet) is ((first & 15) * 4 < len(packet) and packet[(first & 15) * 4] == 0)


@pytest.mark.parametrize("pushed", ["gateway.example", "fd00::1", "999.1.1.1", "\u0661.1.1.1", ""])
def test_a_server_may_push_what_is_no_address(pushed: str) -> None:
    push = openvpn_keys.read_push(
        f"PUSH_REPLY,ifconfig {pushed} {pushed},route-gateway {pushed}", "AES-256-GCM"
    )
    assert len(inner.echoes(push.own, push.inside)) == 3


@pytest.mark.parametrize("digits", ["abc", "", "ab", "0" * 511, "0" * 513])
def test_a_static_key_of_another_size_is_refused_with_its_line(tmp_path: Path, digits: str) -> None:
    path = tmp_path / "a.ovpn"
    path.write_text(
        f"client\nremote example.org 1194 udp\n<ca>\n{Pki.made().ca}</ca>\n<tls-auth>\n"
        f"-----BEGIN OpenVPN Static key V1-----\n{digits}\n-----END OpenVPN Static key V1-----\n</tls-auth>\n"
    )
    with pytest.raises(CatalogueError, match="256 bytes") as caught:
        read_vpn(path)
    assert not digits or digits not in f"{caught.value}{caught.value.hint}"


def test_a_database_whose_type_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mmdb"
    path.write_bytes(a_database({"203.0.113.0/24": {"asn": 64500}}, kind=cast("Any", 7)))
    with pytest.raises(TableError, match="without AS numbers"):
        read_table(path)


def test_the_extra_that_is_named_has_a_reader_that_counts_what_it_decodes() -> None:
    about = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert about["project"]["optional-dependencies"]["asn"] == ["maxminddb>=3.2"]


def test_a_database_whose_records_point_at_each_other_is_not_followed(tmp_path: Path) -> None:
    """Thirty lists of pointers, each twice to the next: a billion values, if they were followed."""
    content = a_database({"203.0.113.0/24": {"asn": 64500}})
    record = content.index(b"\xe1Casn")
    lists = b"".join(bytes([2, 4, 0x20, at, 0x20, at]) for at in range(6, 186, 6)) + b"\xa0"
    path = tmp_path / "a.mmdb"
    path.write_bytes(content[:record] + lists + content[record + len(b"\xe1Casn\xc2\xfb\xf4") :])
    assert read_table(path).lookup("203.0.113.7") is None
