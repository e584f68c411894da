"""Receipts: what is kept of anything a helper says is spelt as the protocol has it and holds nothing else."""

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from probe.measure.transfer_helper import Served, read_announcement, read_receipts
from probe.measure.transfer_receipt import JUNK, LARGEST
from unit.factories import a_transfer

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
NONCE = "0123456789abcdef" * 2
TRANSFER = a_transfer()
HONEST: dict[str, Any] = {
    "bytes": 131_072,
    "client_asn": "",
    "direction": "down",
    "min_rtt_us": None,
    "nonce": NONCE,
    "retransmits": None,
    "rtt_us": 40_000,
    "server_name": "target.example",
    "utc": "2026-11-21T12:00:00Z",
    "v": 1,
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def compact(said: Any) -> str:
    return json.dumps(said, sort_keys=True, separators=(",", ":"))


def signed(payload: str) -> dict[str, str]:
    return {"payload": payload, "signature": KEY.sign(payload.encode()).hex(), "key": PUBLIC}


def read(body: Any) -> Any:
    return read_receipts(json.dumps(body).encode(), PUBLIC, {NONCE: TRANSFER}).get(NONCE)


@given(st.binary(max_size=200))
def test_any_bytes_are_junk_or_nothing(body: bytes) -> None:
    assert read_receipts(body, PUBLIC, {NONCE: TRANSFER}) in ({}, {NONCE: JUNK})


@given(st.binary(max_size=200))
def test_any_bytes_are_no_announcement(body: bytes) -> None:
    assert read_announcement(body, url="u", authority="a", ip="i") in ("json_parse_error", "x_helper_answer")


@given(st.sampled_from(sorted(HONEST)), ANYTHING)
def test_a_field_of_another_kind_leaves_nothing_or_a_payload_as_the_protocol_has_it(
    name: str, value: Any
) -> None:
    payload = compact({**HONEST, name: value})
    found = read({"receipts": [signed(payload)]})
    if found is None or found.payload == "":
        return
    said = json.loads(found.payload)
    assert found.payload == payload == compact(said)
    assert said.keys() == HONEST.keys()
    assert (said["nonce"], said["server_name"]) == (NONCE, "target.example")
    numbers = [said[key] for key in ("bytes", "min_rtt_us", "retransmits", "rtt_us")]
    assert all(n is None or (type(n) is int and 0 <= n <= LARGEST) for n in numbers)


@given(st.text(min_size=1, max_size=8), ANYTHING)
def test_one_field_more_leaves_nothing(name: str, value: Any) -> None:
    if name not in HONEST:
        assert read({"receipts": [signed(compact({**HONEST, name: value}))]}) == JUNK


@given(ANYTHING)
def test_an_envelope_of_any_kind_is_no_receipt(envelope: Any) -> None:
    assert read({"receipts": envelope}) in (None, JUNK)
    assert read({"receipts": [{**signed(compact(HONEST)), "key": envelope}]}) == JUNK
    found = read({"receipts": [{**signed(compact(HONEST)), "signature": envelope}]})
    assert not found.is_valid
    assert found.signature == ""


@given(st.integers(-5, 200_000))
def test_only_bytes_between_what_came_and_what_was_asked_for_can_be_true(n_bytes: int) -> None:
    found = read({"receipts": [signed(compact({**HONEST, "bytes": n_bytes}))]})
    assert found.is_valid == (100_000 <= n_bytes <= 131_072)


def test_the_honest_receipt_and_announcement_are_read() -> None:
    found = read({"receipts": [signed(compact(HONEST))]})
    assert (found.is_valid, found.n_bytes, found.rtt_us) == (True, 131_072, 40_000)
    said = {
        "v": 1,
        "port": 8443,
        "certificate_sha256": "ab" * 32,
        "key": PUBLIC,
        "max_bytes": 262_144,
        "max_seconds": 10,
        "more": [],
    }
    assert read_announcement(
        json.dumps(said).encode(), url="https://h.example/", authority="h.example", ip="93.184.216.34"
    ) == Served(
        url="https://h.example/",
        authority="h.example",
        ip="93.184.216.34",
        port=8443,
        certificate_sha256="ab" * 32,
        key=PUBLIC,
        max_bytes=262_144,
        max_seconds=10.0,
    )
