"""Redaction of measurements: each field by its policy, blobs by their bytes."""

import hashlib
from typing import Any

import pytest

from probe.judge.fingerprints import notice_addresses
from probe.model.measurement import Measurement
from probe.model.observation import (
    Certificate,
    ControlAnswer,
    DNSReply,
    EndpointAnswer,
    ICMPError,
    LocalFact,
    TCPConnect,
    TLSHandshake,
)
from probe.store import OwnValues, Redactor
from probe.store.redact import Scope
from unit.a_run import DER, SHA_OF_DER, a_full_measurement, a_lookup, a_measurement, a_round_trip
from unit.test_redact import OWN, VOLUNTEER


@pytest.fixture
def redactor() -> Redactor:
    return Redactor(OWN, allowed=("8.8.8.8", "9.9.9.9", "2001:4860:4860::8888"))


def masked(redactor: Redactor, **fields: Any) -> Measurement:
    clean, _ = redactor.measurement(a_measurement(**fields), {})
    return clean


def test_a_measurement_without_secrets_is_not_changed_but_for_the_resolver() -> None:
    clean, blobs = Redactor(OwnValues()).measurement(a_full_measurement(), {SHA_OF_DER: DER})
    assert blobs == {SHA_OF_DER: DER}
    assert clean.queries[0].resolver_address == "system"
    assert clean.tcp_connect[0].icmp == ICMPError(type=3, code=1, from_ip="[ip]")
    for field in ("tls_handshakes", "requests", "network_events", "controls", "local", "input"):
        assert getattr(clean, field) == getattr(a_full_measurement(), field)


def test_a_forged_private_answer_is_evidence_and_stays(redactor: Redactor) -> None:
    reply = DNSReply(t=0.1, failure=None, answers=("10.7.7.7",), cnames=("c-203-0-113-77.example",))
    clean = masked(
        redactor,
        queries=(a_lookup(answers=("10.7.7.7",), replies=(reply,)),),
        requests=(a_round_trip(body="go to 10.7.7.7 from 10.7.7.8"),),
    )
    assert clean.queries[0].answers == ("10.7.7.7",)
    assert clean.queries[0].replies[0].answers == ("10.7.7.7",)
    assert clean.queries[0].replies[0].cnames == ("c-[ip].example",)
    assert clean.requests[0].body == "go to 10.7.7.7 from [ip]"


def test_an_answer_that_is_this_machines_own_address_is_masked(redactor: Redactor) -> None:
    clean = masked(
        redactor,
        queries=(a_lookup(answers=("192.168.1.23", "not an address a@b.example")),),
        tcp_connect=(TCPConnect(t0=0, t=1, failure=None, ip="192.168.1.23", port=443),),
    )
    assert clean.queries[0].answers == ("[ip]", "not an address [email]")
    assert clean.tcp_connect[0].ip == "[ip]"


def test_a_targets_literal_and_a_notices_host_stay() -> None:
    redactor = Redactor(OWN, allowed=notice_addresses())
    clean = masked(
        redactor,
        input="tcp://149.154.175.50:443",
        requests=(
            a_round_trip(
                body="149.154.175.50 95.167.13.50", location="http://95.167.13.50/?ip=203.0.113.77&x=1"
            ),
            a_round_trip(location="http://[bad"),
        ),
    )
    assert clean.requests[0].body == "149.154.175.50 95.167.13.50"
    assert clean.requests[0].location == "http://95.167.13.50/?ip=[account]&x=1"


def test_the_words_of_the_input_stay_wherever_they_appear() -> None:
    redactor = Redactor(OwnValues(user="meduza"))
    url = "https://meduza.example/12345678/deadbeef?uid=7"
    clean = masked(redactor, input=url, requests=(a_round_trip(url=url, body="meduza 12345678 87654321"),))
    assert clean.input == clean.requests[0].url == url
    assert clean.requests[0].body == "meduza 12345678 [number]"


@pytest.mark.parametrize(
    ("address", "is_system", "kept"),
    [
        ("192.168.1.1:53", True, "system"),
        ("192.168.1.1:53", False, "system"),
        ("127.0.0.53:53", True, "system"),
        ("195.34.31.50:53", True, "system"),
        ("system", True, "system"),
        ("9.9.9.9:53", True, "9.9.9.9:53"),
        ("8.8.8.8:53", False, "8.8.8.8:53"),
        ("77.88.8.8:53", False, "77.88.8.8:53"),
        ("[2001:4860:4860::8888]:53", False, "[2001:4860:4860::8888]:53"),
        ("https://dns.example/dns-query?sid=3", False, "https://dns.example/dns-query?sid=[account]"),
    ],
)
def test_only_the_volunteers_own_resolver_is_called_system(
    redactor: Redactor, address: str, is_system: bool, kept: str
) -> None:
    clean = masked(redactor, queries=(a_lookup(resolver_address=address, is_system=is_system),))
    assert clean.queries[0].resolver_address == kept


def test_a_resolver_that_is_the_target_keeps_its_name_even_if_it_is_ones_own() -> None:
    redactor = Redactor(OwnValues(resolvers=("77.88.8.8",)))
    lookup = a_lookup(resolver_address="77.88.8.8:53", is_system=False)
    clean = masked(redactor, input="dns+udp://77.88.8.8:53", queries=(lookup,))
    assert clean.queries[0].resolver_address == "77.88.8.8:53"


def test_answers_that_echo_the_asker_are_not_evidence(redactor: Redactor) -> None:
    reply = DNSReply(t=0.1, failure=None, answers=(VOLUNTEER,), texts=(VOLUNTEER, "and more"))
    lookup = a_lookup(hostname="whoami.akamai.net", answers=(VOLUNTEER,), replies=(reply,))
    clean = masked(redactor, queries=(lookup,), requests=(a_round_trip(body=VOLUNTEER),))
    assert clean.queries[0].answers == clean.queries[0].replies[0].answers == ("[ip]",)
    assert clean.queries[0].replies[0].texts == ("[client]", "[client]")
    assert clean.requests[0].body == "[ip]"


def test_a_zones_serial_is_no_telephone_number(redactor: Redactor) -> None:
    soa = "a.dns.ripn.net. hostmaster.ripn.net. 4058372911 86400 14400 2592000 3600"
    reply = DNSReply(t=0.1, failure=None, texts=(soa, "ivanova"))
    clean = masked(redactor, queries=(a_lookup(query_type="SOA", replies=(reply,)),))
    assert clean.queries[0].replies[0].texts == (soa, "[user]")
    clean = masked(redactor, queries=(a_lookup(query_type="TXT", replies=(reply,)),))
    assert "4058372911" not in clean.queries[0].replies[0].texts[0]


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("Set-Cookie", "sid=1", "[cookie]"),
        ("cookie", "sid=1", "[cookie]"),
        ("Proxy-Authorization", "Basic x", "[cookie]"),
        ("X-Client-City", "Khabarovsk", "[client]"),
        ("X-Forwarded-For", "someone", "[client]"),
        ("CF-RAY", "8e1f00aa-LED", "[id]"),
        ("X-Amz-Cf-Pop", "HEL50", "[id]"),
        ("Server", "cloudflare", "cloudflare"),
        ("X-Cache", "Error from cloudfront", "Error from cloudfront"),
        ("X-Where", VOLUNTEER, "[ip]"),
        ("X-Akamai-Edgescape", "city=NIZHNYNOVGOROD,lat=56.33", "[client]"),
        ("GeoIP", "RU:NIZ:Nizhny Novgorod:56.33:44.00:v4", "[client]"),
        ("X-GeoIP-Location", "RU, Nizhny Novgorod", "[client]"),
        ("X-Geo", "Nizhny Novgorod", "[client]"),
        ("X-Geo-Block", "RU", "RU"),
        ("X-Timezone", "Europe/Saratov", "[client]"),
        ("X-Up-Calling-Line-Id", "375 29 1234567", "[client]"),
        ("X-Geometry", "4x4", "4x4"),
        ("Content-Length", "12345678", "12345678"),
        ("Content-Length", "203.0.113.77", "[ip]"),
        (
            "Strict-Transport-Security",
            "max-age=31536000; includeSubDomains",
            "max-age=31536000; includeSubDomains",
        ),
        ("Cache-Control", "max-age=3405803853", "max-age=[number]"),
        ("ETag", '"20010db800120034021122fffe334455"', '"[id]"'),
        ("ivanova", "x", "x"),
    ],
)
def test_headers_keep_their_names_and_lose_what_is_the_volunteers(
    redactor: Redactor, name: str, value: str, kept: str
) -> None:
    clean = masked(redactor, requests=(a_round_trip(headers=((name, value),)),))
    assert clean.requests[0].headers == ((name.replace("ivanova", "[user]"), kept),)


def test_a_page_in_the_place_of_a_handshake_is_masked_in_its_hex(redactor: Redactor) -> None:
    def clean(first_bytes: str) -> str:
        tls = a_full_measurement().tls_handshakes[0]
        changed = TLSHandshake(
            **{f: getattr(tls, f) for f in tls.__struct_fields__} | {"first_bytes": first_bytes}
        )
        return masked(redactor, tls_handshakes=(changed,)).tls_handshakes[0].first_bytes

    assert bytes.fromhex(clean(b"HTTP/1.1 302 /?u=203.0.113.77 x".hex())) == b"HTTP/1.1 302 /?u=[ip] x"
    assert clean("1503010002") == "1503010002"
    assert clean("no hex 203.0.113.77") == "no hex [ip]"


def test_a_masked_page_has_the_hash_of_the_masked_page(redactor: Redactor) -> None:
    clean = masked(redactor, requests=(a_round_trip(body=f"hello {VOLUNTEER}", body_sha256="a" * 64),))
    assert clean.requests[0].body_sha256 == hashlib.sha256(b"hello [ip]").hexdigest()


def test_a_page_in_another_alphabet_is_masked_by_its_bytes(redactor: Redactor) -> None:
    page = f"Адрес {VOLUNTEER}, Мария, 日本".encode()
    sha256 = hashlib.sha256(page).hexdigest()
    _, blobs = redactor.measurement(
        a_measurement(requests=(a_round_trip(body_sha256=sha256),)), {sha256: page}
    )
    assert list(blobs.values()) == ["Адрес [ip], [own], 日本".encode()]


def test_a_certificate_keeps_its_length_when_it_bears_the_hosts_name(redactor: Redactor) -> None:
    der = b"0\x82\x01\x00 CN=Proxy of IVANOVA-PC \x00I\x00V\x00A\x00N\x00O\x00V\x00A"
    sha256 = hashlib.sha256(der).hexdigest()
    tls = a_full_measurement().tls_handshakes[0]
    certificate = Certificate(sha256=sha256, subject="CN=IVANOVA-PC", issuer="", not_before="", not_after="")
    changed = TLSHandshake(
        **{f: getattr(tls, f) for f in tls.__struct_fields__} | {"certificates": (certificate,)}
    )
    clean, blobs = redactor.measurement(a_measurement(tls_handshakes=(changed,)), {sha256: der})
    ((kept_sha256, kept),) = blobs.items()
    assert len(kept) == len(der)
    assert b"IVANOVA" not in kept
    assert b"\0I\0V\0A" not in kept
    assert hashlib.sha256(kept).hexdigest() == kept_sha256
    assert clean.tls_handshakes[0].certificates[0].sha256 == kept_sha256
    assert clean.tls_handshakes[0].certificates[0].subject == "CN=[host]"


def test_a_short_name_is_left_in_a_certificate_where_three_letters_are_chance() -> None:
    assert Redactor(OwnValues(user="dan")).certificate(b"dan", Scope(frozenset(), frozenset())) == b"dan"


def test_what_a_control_saw_stays(redactor: Redactor) -> None:
    control = ControlAnswer(
        t0=0.0,
        t=1.0,
        failure=None,
        kind="test_helper",
        control="https://0.th.ooni.org/",
        url="https://example.org/",
        dns_addresses=("93.184.216.99",),
        tcp_connect=(EndpointAnswer(endpoint="[2606:2800::1]:443", failure=None),),
        asns=(("93.184.216.99", 15133),),
        headers=(("Set-Cookie", "x"),),
    )
    clean = masked(redactor, controls=(control,), requests=(a_round_trip(body="93.184.216.99 2606:2800::1"),))
    assert clean.controls[0].dns_addresses == ("93.184.216.99",)
    assert clean.controls[0].tcp_connect == control.tcp_connect
    assert clean.controls[0].asns == control.asns
    assert clean.controls[0].headers == (("Set-Cookie", "[cookie]"),)
    assert clean.requests[0].body == "93.184.216.99 2606:2800::1"


def test_local_facts_and_failures_are_masked_too(redactor: Redactor) -> None:
    fact = LocalFact(name="route", value="default via 192.168.1.1 dev wlan0")
    connect = TCPConnect(
        t0=0, t=1, failure=r"unknown_failure: C:\Users\ivanova\x", ip="93.184.216.34", port=443
    )
    clean = masked(redactor, local=(fact,), tcp_connect=(connect,))
    assert clean.local[0].value == "default via [ip] dev wlan0"
    assert clean.tcp_connect[0].failure == r"unknown_failure: [home]\x"
