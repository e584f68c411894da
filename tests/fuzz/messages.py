"""Harnesses of single messages: URLs, what helpers, registries, tunnels and clients say."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fuzz.harness import Harness, joined, parts_of
from probe.helper.request import RefusedError, parse
from probe.measure.control_answer import MAX_ADDRESSES, MAX_ENDPOINTS, AnswerError, read_answer
from probe.measure.dns_udp import MAX_DATAGRAM
from probe.measure.openvpn_wire import Channel, Wrapping
from probe.measure.registry_read import AnswerError as RegistryError
from probe.measure.registry_read import read_answer as read_registry
from probe.measure.registry_read import read_file
from probe.measure.stun import XOR_MAPPED_ADDRESS, mapped_address
from probe.measure.transfer_helper import read_announcement, read_receipts
from probe.measure.urls import joined as url_joined
from probe.measure.urls import place_of
from probe.measure.wireguard import Initiation, Tunnel, is_cookie
from probe.model.fact import RegistryAnswer
from probe.model.target import Target
from probe.model.transfer import Transfer
from probe.model.vpn import OpenVPNKeys, WireGuardKeys
from probe.report.show import visible
from probe.targets import CatalogueError, target_of_url
from unit.ooni_samples import a_control

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from probe.model.fact import Registry

_NONCE: Final = "0123456789abcdef" * 2
_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
_PUBLIC: Final = _KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


_TARGETS: Final = tuple(
    Target(target_id="t", service="s", input=url, experiment=kind)
    for url, kind in (("https://site.example.org/", "web"), ("quic://site.example.org", "quic"))
)


def _answer() -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        for target in _TARGETS:
            with suppress(AnswerError):
                answer = read_answer(data, control="https://helper.example/", target=target, t0=0.0, t=1.0)
                assert len(answer.dns_addresses) <= MAX_ADDRESSES
                assert len(answer.tcp_connect) <= MAX_ENDPOINTS

    return read


def _answer_seeds() -> Iterator[bytes]:
    yield json.dumps(a_control()).encode()
    yield json.dumps(a_control(dns={"failure": "dns_name_error", "addrs": None}, ip_info=None)).encode()
    yield b"{}"
    yield b'{"http_request":' * 300


def _transfer() -> Transfer:
    return Transfer(
        t0=0.0, t=1.0, failure=None, arm="X", purpose="pair", test=0, number=0, position=0, ip="192.0.2.1",
        port=443, server_name="target.example", host="helper.example", path="/transfer", direction="down",
        n_bytes=100,
    )  # fmt: skip


def _receipts() -> Callable[[bytes], None]:
    transfers = {_NONCE: _transfer()}

    def read(data: bytes) -> None:
        for receipt in read_receipts(data, _PUBLIC, transfers).values():
            assert receipt.is_valid <= bool(receipt.signature)
            assert receipt.key in ("", _PUBLIC)
        read_announcement(data, url="https://h.example/", authority="h.example", ip="192.0.2.1")

    return read


def _receipts_seeds() -> Iterator[bytes]:
    said = {
        "bytes": 131_072, "client_asn": "", "direction": "down", "min_rtt_us": None, "nonce": _NONCE,
        "retransmits": None, "rtt_us": 40_000, "server_name": "target.example",
        "utc": "2026-11-21T12:00:00Z", "v": 1,
    }  # fmt: skip
    payload = json.dumps(said, sort_keys=True, separators=(",", ":"))
    signed = {"payload": payload, "signature": _KEY.sign(payload.encode()).hex(), "key": _PUBLIC}
    yield json.dumps({"receipts": [signed]}).encode()
    yield json.dumps(
        {
            "v": 1,
            "port": 8443,
            "certificate_sha256": "ab" * 32,
            "key": _PUBLIC,
            "max_bytes": 9,
            "max_seconds": 10,
        }
    ).encode()
    yield b'{"receipts":' + b"[" * 3000


_ASKED: Final[tuple[tuple[Registry, str], ...]] = (
    ("rdap", "192.0.2.0/24"),
    ("rdap", "AS64500"),
    ("ripestat", "2001:db8::/32"),
)


def _registry() -> Callable[[bytes], None]:
    asked = [
        RegistryAnswer(t0=0.0, t=1.0, failure=None, kind=kind, resource=resource, source="s", asked_utc="")
        for kind, resource in _ASKED
    ]

    def read(data: bytes) -> None:
        for question in asked:
            with suppress(RegistryError):
                read_registry(data, question)
        with suppress(RegistryError):
            read_file(data, "saved.json", "2026-11-22T00:00:00Z")

    return read


def _registry_seeds() -> Iterator[bytes]:
    events = [{"eventAction": "registration", "eventDate": "2010-01-02T03:04:05Z"}]
    number = {"objectClassName": "autnum", "startAutnum": 64500, "endAutnum": 64510, "handle": "AS64500"}
    yield json.dumps(number | {"events": events, "status": ["active"], "country": "RU"}).encode()
    for begin, end in (
        ("192.0.2.0", "192.0.2.255"),
        ("2001:db8::", "2001:db8::ffff"),
        ("0.0.0.1", "255.255.255.254"),
    ):
        prefix = {
            "objectClassName": "ip network",
            "startAddress": begin,
            "endAddress": end,
            "port43": "whois.a.b",
        }
        yield json.dumps(prefix).encode()
    data = {
        "resource": "192.0.2.0/24", "origins": [{"origin": 64500}], "query_time": "2026-11-21T00:00:00",
        "visibility": {"v4": {"ris_peers_seeing": 300, "total_ris_peers": 310}},
        "announced_space": {"v4": {"prefixes": 3}}, "first_seen": {"time": "2010-01-01T00:00:00"},
    }  # fmt: skip
    yield json.dumps({"data_call_name": "routing-status", "data": data}).encode()


def _tunnels() -> Callable[[bytes], None]:
    wireguard = WireGuardKeys(
        private_key=b"p" * 32, peer_public_key=b"q" * 32, preshared_key=bytes(32), own="", inside=""
    )
    began = Initiation(wireguard, datetime(2026, 11, 22, tzinfo=UTC))
    session = Tunnel(sending=b"s" * 32, receiving=b"r" * 32, own_index=7, peer_index=8)
    plain = OpenVPNKeys(
        ca="", certificate="", private_key="", user="", password="", static_key=bytes(range(256)),
        wrap="", direction=None, digest="sha1",
    )  # fmt: skip
    kinds = [Wrapping(plain)]
    kinds += [Wrapping(OpenVPNKeys(**{**_fields(plain), "wrap": wrap})) for wrap in ("auth", "crypt")]

    def read(data: bytes) -> None:
        began.answered(data)
        session.unpack(data)
        is_cookie(data)
        mapped_address(data, b"t" * 12)
        for wrapping in kinds:
            channel = Channel(wrapping, session=b"sessions")
            for packet in (data, *parts_of(data)):
                channel.read(packet[:MAX_DATAGRAM])
                channel.in_order()
                channel.acknowledgement(1)

    return read


def _fields(keys: OpenVPNKeys) -> dict[str, Any]:
    return {name: getattr(keys, name) for name in OpenVPNKeys.__dataclass_fields__}


def _tunnels_seeds() -> Iterator[bytes]:
    head = (0x0101).to_bytes(2) + (12).to_bytes(2) + (0x2112A442).to_bytes(4) + b"t" * 12
    yield head + XOR_MAPPED_ADDRESS.to_bytes(2) + (8).to_bytes(2) + b"\x00\x01" + bytes(6)
    yield (2).to_bytes(4, "little") + bytes(88)
    yield (4).to_bytes(4, "little") + (7).to_bytes(4, "little") + bytes(40)
    reset = bytes([8 << 3]) + b"peerpeer" + b"\x01\0\0\0\0sessions\0\0\0\0"
    yield reset
    yield joined(reset, bytes([4 << 3]) + b"peerpeer" + b"\0\0\0\0\x01" + b"\x16\x03\x01\0\x05hello")


def _request() -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        with suppress(RefusedError):
            head = parse(data)
            assert 0 <= head.length < 10**9

    return read


def _request_seeds() -> Iterator[bytes]:
    yield b"GET /down?nonce=" + _NONCE.encode() + b"&bytes=1000 HTTP/1.1\r\nHost: h.example\r\nAccept: */*"
    yield b"POST /receipts HTTP/1.1\r\nContent-Length: 12\r\nContent-Length: 12"
    yield b"POST /up HTTP/1.1\r\nTransfer-Encoding: chunked"


def _url() -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        text = data.decode("utf-8", "surrogateescape" if data[:1] == b"\xff" else "replace")
        with suppress(CatalogueError):
            assert target_of_url(text).input == text
        with suppress(ValueError):
            place = place_of(text)
            assert place.host.isascii()
            assert place.authority
        there = url_joined("https://site.example/a/b?c", text)
        assert there is None or place_of(there).scheme in ("http", "https")
        assert visible(text).isprintable() or "\n" in visible(text)

    return read


def _url_seeds() -> Iterator[bytes]:
    for text in (
        "https://user@site.example:8443/a%20b?c=d#e", "//[2001:db8::1%25eth0]/", "http://xn--p1ai./..//",
        "dns+tls://9.9.9.9", "registry://192.0.2.0/24", "path://192.0.2.1:443", "https://жж.example/ж?ж",
        "openvpn+udp://[::1]:1194", "http:a", "https:///x", "javascript:1", "http://a.example:99999/",
    ):  # fmt: skip
        yield text.encode()


HARNESSES: Final = (
    Harness(name="url", reads="URLs: typed, listed, of redirects", make=_url, seeds=_url_seeds, max_len=160),
    Harness(
        name="helper-answer",
        reads="a test helper's JSON",
        make=_answer,
        seeds=_answer_seeds,
        kind="json",
        max_len=1024,
    ),
    Harness(
        name="helper-receipts",
        reads="announcements and receipts",
        make=_receipts,
        seeds=_receipts_seeds,
        max_len=1024,
        kind="json",
    ),
    Harness(
        name="registry",
        reads="RDAP and RIPEstat",
        make=_registry,
        seeds=_registry_seeds,
        kind="json",
        max_len=1024,
    ),
    Harness(
        name="datagrams",
        reads="STUN, WireGuard, OpenVPN",
        make=_tunnels,
        seeds=_tunnels_seeds,
        max_len=128,
    ),
    Harness(
        name="helper-request", reads="what asks our helper", make=_request, seeds=_request_seeds, max_len=256
    ),
)
