"""Harnesses of files that a user was given: lists, catalogues, baselines, tables, keys, OONI records."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from fuzz.harness import CORPUS, Harness, scratch
from probe.measure.asn_table import MAX_ASN, TableError, read_table
from probe.model.baseline import Baseline, TargetBaseline
from probe.pipeline.ooni_read import TESTS, Book, claims_of, parts_of
from probe.report.show import visible
from probe.store import StoreError, decode_baseline, encode_baseline
from probe.store.ooni import read_ooni, read_ooni_at
from probe.targets import CatalogueError, read_catalogue, read_list
from probe.targets.anchor import read_trust_anchor
from probe.targets.catalogue import _checks, _neutrals, catalogue_folder, read_service
from probe.targets.registries import read_registries
from probe.targets.side_files import read_private_cas, read_ranges
from probe.targets.toml_file import read_toml
from probe.targets.vpn_file import read_vpn
from unit import ooni_samples as samples
from unit.a_database import MARKER, a_database
from unit.a_run import START

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CATALOGUE: Final = catalogue_folder()


def _placed(name: str) -> Path:
    """Return where a file for a harness goes: made once, overwritten by each input."""
    folder = scratch() / name.partition(".")[0]
    folder.mkdir(exist_ok=True)
    return folder / name


def _list() -> Callable[[bytes], None]:
    path = _placed("list.csv")

    def read(data: bytes) -> None:
        path.write_bytes(HEADER + data)
        try:
            targets = read_list(path)
        except CatalogueError as error:
            assert 0 <= error.line <= data.count(b"\n") + data.count(b"\r") + 3
            visible(error.problem)
        else:
            assert len({target.target_id for target in targets}) == len(targets)

    return read


HEADER: Final = b"url,category_code,category_description,date_added,source,notes\r\n"


def _list_seeds() -> Iterator[bytes]:
    yield b"https://site.example/,NEWS,News,2026-01-01,me,\r\nhttp://b.example:8080/x?y,,,,,\n"
    yield b'"https://\xd0\xb6.example/",MISC,"a ""quoted"" text\nin two lines",,,'
    yield b"tcp://192.0.2.1:443,,,,,\ndns+udp://[2001:db8::1]:53,,,,,\nzone://ru,,,,,\nregistry://AS64500,,,,,"


def _catalogue() -> Callable[[bytes], None]:
    folder = scratch() / "catalogue"
    for name in (*_READERS, "private-ca/x.pem"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    readers = list(_READERS.items())

    def read(data: bytes) -> None:
        name, reader = readers[data[0] % len(readers)] if data else readers[0]
        path = folder / name
        path.write_bytes(data[1:])
        try:
            reader(path)
        except CatalogueError as error:
            assert error.problem
            assert 0 <= error.line <= data.count(b"\n") + 1

    return read


_READERS: Final[dict[str, Callable[[Path], object]]] = {
    "twitter.toml": lambda path: read_service(read_toml(path, "endpoint"), {"x": ()}, {}),
    "neutral.toml": _neutrals,
    "network.toml": lambda path: _checks(path, "check", "network"),
    "registry.toml": read_registries,
    "ranges/x.txt": lambda path: read_ranges(path.parent),
    "private-ca/signal.pem": lambda path: read_private_cas(path.parent),
}
"""As `read_catalogue` reads each; the whole of it is read a hundred times more slowly."""


def _catalogue_seeds() -> Iterator[bytes]:
    for number, name in enumerate(_READERS):
        content = (CATALOGUE / name).read_bytes()
        yield bytes((number,)) + (content[: 3000 if name.endswith("pem") else 700])
    yield b"\0a = " + b"[" * 1400


def _anchor() -> Callable[[bytes], None]:
    path = _placed("root.ds")

    def read(data: bytes) -> None:
        path.write_bytes(data)
        with suppress(CatalogueError):
            content, records = read_trust_anchor(path)
            assert content == data
            assert 0 < len(records) <= 16

    return read


def _anchor_seeds() -> Iterator[bytes]:
    yield (CATALOGUE / "trust-anchor" / "root.ds").read_bytes()
    yield b". 172800 IN DS 20326 8 2 " + b"AB " * 32


def _baseline() -> Callable[[bytes], None]:
    path = _placed("baseline.json")

    def read(data: bytes) -> None:
        try:
            decode_baseline(data, path)
        except StoreError as error:
            assert 0 <= error.line <= data.count(b"\n") + 1

    return read


def a_baseline() -> Baseline:
    """Return one of two targets."""
    target = TargetBaseline(
        target_id="a", input="https://a.example/", n=3, n_ok=3, addresses=("192.0.2.7", "::1")
    )
    other = TargetBaseline(
        target_id="b", input="https://b.example/", n=3, n_ok=1, failures=(("eof_error", 2),)
    )
    return Baseline(
        schema_version="1", recorded_utc=START, run_id="20261121T120000Z-AS64500-abcd", probe_asn="AS64500",
        probe_cc="DE", network_state="network.none", software="interference-probe 0.1.0",
        targets=(target, other),
    )  # fmt: skip


def _baseline_seeds() -> Iterator[bytes]:
    yield encode_baseline(a_baseline())
    yield b'{"targets":' + b"[" * 1500


def _table() -> Callable[[bytes], None]:
    path = _placed("table.txt")

    def read(data: bytes) -> None:
        path.write_bytes(data)
        with suppress(TableError):
            table = read_table(path)
            for ip in ("192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "255.255.255.255"):
                assert 0 <= (table.lookup(ip) or 0) <= MAX_ASN

    return read


def _table_seeds() -> Iterator[bytes]:
    yield b"; IP-ASN32-DAT file\n; Original file : rib.20261101\n192.0.2.0/24\t64500\n2001:db8::/32\t64501\n"
    yield b'prefix,asn\n0.0.0.0/0,AS1\n::/0,4294967295\n192.0.2.0/25 "AS64502"\n'
    yield b"# Sun Nov  1 00:00:00 2026\n192.0.2.1 7\n"


def _database() -> Callable[[bytes], None]:
    path = _placed("table.mmdb")

    def read(data: bytes) -> None:
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        with suppress(TableError):
            table = read_table(path)
            for ip in ("192.0.2.1", "2001:db8::1", "0.0.0.0"):
                assert 0 <= (table.lookup(ip) or 0) <= MAX_ASN

    return read


def _database_seeds() -> Iterator[bytes]:
    yield a_database({"192.0.2.0/24": {"autonomous_system_number": 64500}})
    yield a_database({"0.0.0.0/0": {"asn": "AS64500"}, "2000::/3": {"asn": ["x", {"y": 1}]}})
    yield MARKER + b"\xe0"


def _vpn() -> Callable[[bytes], None]:
    path = _placed("keys.ovpn")

    def read(data: bytes) -> None:
        path.write_bytes(data)
        with suppress(CatalogueError):
            read_vpn(path)

    return read


def _vpn_seeds() -> Iterator[bytes]:
    key = b"A" * 43 + b"="
    yield (
        b"[Interface]\nPrivateKey = " + key + b"\nAddress = 10.0.0.2/32\nDNS = 10.0.0.1\n[Peer]\nPublicKey = "
        + key + b"\nEndpoint = vpn.example:51820\nPresharedKey = " + key + b"\n"
    )  # fmt: skip
    yield b"Bridge obfs4 192.0.2.1:443 " + b"A" * 40 + b" cert=" + b"A" * 70 + b" iat-mode=0\n"
    der = b64encode((CORPUS / "certificate" / "1-leaf.der").read_bytes())
    pem = b"-----BEGIN CERTIFICATE-----\n" + der + b"\n-----END CERTIFICATE-----\n"
    static = (
        b"-----BEGIN OpenVPN Static key V1-----\n" + b"ab" * 256 + b"\n-----END OpenVPN Static key V1-----"
    )
    yield (
        b"client\nremote vpn.example 1194 udp\nremote ::1 443 tcp\nauth SHA256\nkey-direction 1\n<ca>\n" + pem
        + b"</ca>\n<tls-auth>\n" + static + b"\n</tls-auth>\n<auth-user-pass>\nme\npw\n</auth-user-pass>\n"
    )  # fmt: skip
    yield b"client\nca ../../../etc/passwd\nremote a\n"


def _ooni() -> Callable[[bytes], None]:
    path = _placed("ooni.jsonl")
    book = Book(read_catalogue())

    def read(data: bytes) -> None:
        path.write_bytes(data)
        with suppress(StoreError):
            for number, offset, record in read_ooni(path):
                assert record == read_ooni_at(path, offset, number)
                if record.test_name not in TESTS:
                    continue
                # The importer makes of a ValueError an error with the line.
                with suppress(ValueError):
                    parts_of(record, book)
                with suppress(ValueError):
                    claims_of(record)

    return read


def _ooni_seeds() -> Iterator[bytes]:
    for keys in (samples.a_page(), samples.an_old_page(), samples.a_page(tls="eof_error")):
        yield json.dumps(samples.a_record(test_keys=_short(keys)), separators=(",", ":")).encode()
    for test in ("telegram", "whatsapp", "facebook_messenger", "signal"):
        keys = {"queries": [samples.a_query()], "tcp_connect": [samples.a_connect()], "requests": []}
        yield json.dumps(samples.a_record(test, test_keys=keys), separators=(",", ":")).encode()
    lookups = {
        "lookups": {"https://dns.google/dns-query": {"queries": [samples.a_query()]}},
        "bootstrap": None,
    }
    yield json.dumps(samples.a_record("dnscheck", input="dot://dns.google", test_keys=lookups)).encode()
    url = {"requests": [_short(samples.a_transaction())], "tls_handshakes": [samples.a_handshake()]}
    yield json.dumps(
        samples.a_record("urlgetter", input="tlshandshake://192.0.2.1:443", test_keys=url)
    ).encode()


def _short(keys: Any) -> Any:
    """Return records with a short page: what is long is slow, and says no more."""
    return json.loads(json.dumps(keys).replace("<p>text</p>" * 100, "<p>text</p>"))


HARNESSES: Final = (
    Harness(name="list", reads="lists of URLs (CSV)", make=_list, seeds=_list_seeds, max_len=256),
    Harness(
        name="catalogue", reads="the catalogue's files", make=_catalogue, seeds=_catalogue_seeds, max_len=768
    ),
    Harness(
        name="trust-anchor", reads="DS records of the root", make=_anchor, seeds=_anchor_seeds, max_len=448
    ),
    Harness(name="baseline", reads="baselines", make=_baseline, seeds=_baseline_seeds, kind="json"),
    Harness(name="as-table", reads="AS tables as text", make=_table, seeds=_table_seeds, max_len=192),
    Harness(
        name="as-database",
        reads="AS tables as a MaxMind DB",
        make=_database,
        seeds=_database_seeds,
        max_len=1280,
    ),
    Harness(
        name="vpn", reads="WireGuard, OpenVPN and obfs4 files", make=_vpn, seeds=_vpn_seeds, max_len=1536
    ),
    Harness(name="ooni", reads="OONI records", make=_ooni, seeds=_ooni_seeds, kind="json", max_len=4096),
)
