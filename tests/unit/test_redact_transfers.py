"""Redaction of transfers: numbers and signed receipts stay as they are, texts are masked like any other."""

import json
from typing import Any

import pytest
from msgspec import structs

from probe.model.observation import TCPInfo
from probe.model.transfer import Receipt, TCPSample, Transfer
from probe.store import Redactor, codec
from unit.a_run import a_measurement
from unit.factories import a_transfer
from unit.test_redact import OWN, VOLUNTEER

PAYLOAD = json.dumps(
    {
        "bytes": 131072,
        "client_asn": "AS12389",
        "direction": "down",
        "min_rtt_us": 41000,
        "nonce": "0123456789abcdef0123456789abcdef",
        "retransmits": 12345678,
        "rtt_us": 10203040,
        "server_name": "target.example",
        "utc": "2026-11-21T12:00:00Z",
        "v": 1,
    },
    sort_keys=True,
    separators=(",", ":"),
)
RECEIPT = Receipt(
    payload=PAYLOAD,
    signature="0123abcd" * 16,
    key="89abcdef" * 8,
    is_valid=True,
    server_name="target.example",
    n_bytes=131072,
    retransmits=12345678,
    rtt_us=10203040,
    min_rtt_us=41000,
    client_asn="AS12389",
)
SAMPLE = TCPSample(
    t=0.5,
    rtt_us=41000,
    min_rtt_us=40000,
    delivery_rate_bps=12345678,
    reordering=0,
    rcv_ooopack=3,
    bytes_received=131072,
    total_retrans=1,
    rcv_rtt_us=45000,
)
INFO = TCPInfo(
    rtt_us=1,
    rttvar_us=1,
    min_rtt_us=1,
    unacked=0,
    lost=0,
    retrans=0,
    total_retrans=0,
    bytes_acked=1,
    bytes_received=1,
)
FULL = a_transfer(
    t0=0.1,
    t=1.9,
    stage="",
    test=1,
    number=5,
    position=1,
    port=8443,
    helper="https://helper.example/",
    connect_s=0.04,
    tls_s=0.09,
    requested=0.2,
    first_byte=0.3,
    status_code=200,
    declared_length=131072,
    n_bytes=131072,
    n_socket_bytes=133000,
    series=((0.3, 65536), (0.4, 67464)),
    samples=(SAMPLE,),
    tcp_info=INFO,
    chain_length=1,
    certificate_sha256="0123456789abcdef" * 4,
    ended_by="we",
    foreign_bytes=12345678,
    receipt=RECEIPT,
)


@pytest.fixture
def redactor() -> Redactor:
    return Redactor(OWN)


def masked(redactor: Redactor, **changes: Any) -> Transfer:
    transfer = structs.replace(FULL, **changes)
    clean, _ = redactor.measurement(a_measurement(experiment="throughput", transfers=(transfer,)), {})
    return clean.transfers[0]


def test_a_transfer_without_secrets_is_not_changed(redactor: Redactor) -> None:
    assert masked(redactor) == FULL
    assert redactor.counts() == ()


def test_it_is_written_and_read_again(redactor: Redactor) -> None:
    m = a_measurement(experiment="throughput", transfers=(FULL,))
    assert codec.decode(codec.encode(m)) == m


def test_a_receipt_stays_byte_for_byte_and_so_its_signature_holds(redactor: Redactor) -> None:
    clean = masked(redactor, helper="https://helper.example/?from=ivanova").receipt
    assert clean is not None
    assert (clean.payload, clean.signature, clean.key) == (PAYLOAD, RECEIPT.signature, RECEIPT.key)


def test_the_own_address_is_masked_where_it_stands_for_a_server(redactor: Redactor) -> None:
    assert masked(redactor, ip="192.168.1.23").ip == "[ip]"
    assert masked(redactor, ip="").ip == ""


def test_texts_are_masked_like_any_other(redactor: Redactor) -> None:
    clean = masked(
        redactor,
        path=f"/videoplayback?ip={VOLUNTEER}&mm=31",
        host="c-203-0-113-77.example",
        server_name="ivanova-pc.example",
        helper=f"https://{VOLUNTEER}/",
    )
    assert VOLUNTEER not in repr(clean)
    assert clean.host == "c-[ip].example"
    assert "ivanova" not in clean.server_name.lower()
    assert clean.helper == "https://[ip]/"
    assert "31" in clean.path


def test_an_address_that_was_transferred_from_is_evidence_elsewhere_in_the_measurement(
    redactor: Redactor,
) -> None:
    clean = masked(redactor, helper="https://93.184.216.34:8443/")
    assert clean.helper == "https://93.184.216.34:8443/"
