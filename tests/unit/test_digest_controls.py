"""What is kept of a control's measurement: witnesses, names, clock, portal, sinkhole."""

from typing import Any

import pytest
from msgspec.structs import replace

from probe.judge.digest import ControlDigest, Witness, digest_control
from probe.judge.portal import Sinkhole
from probe.model.target import Target
from unit.factories import a_neutral, a_target
from unit.observed import (
    PUBLIC_IP,
    a_certificate,
    a_connect,
    a_fact,
    a_handshake,
    a_lookup,
    a_measurement,
    a_reply,
    a_trip,
)

NEUTRAL = a_neutral("example.org", "foreign")
RESOLVER = a_target("resolver/google-udp", input="dns+udp://8.8.8.8:53", experiment="dns", is_control=True)
APPLE = a_target(
    "network/portal-apple",
    input="http://captive.apple.com/hotspot-detect.html",
    experiment="portal",
)
MOZILLA = replace(APPLE, input="http://detectportal.firefox.com/success.txt")
GOOGLE = replace(APPLE, input="http://connectivitycheck.gstatic.com/generate_204")
OWN_CHECK = replace(APPLE, input="http://check.example/")
SINKHOLE = a_target("network/sinkhole", input="tcp://192.0.2.1:443", experiment="sinkhole")
APPLE_PAGE = "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>"


def digest(target: Target = NEUTRAL, **observations: Any) -> ControlDigest:
    return digest_control(a_measurement(target, started_s=10.0, **observations), target)


def only(found: ControlDigest) -> Witness:
    assert len(found.witnesses) == 1
    return found.witnesses[0]


# --- witnesses


def test_a_valid_handshake_at_a_neutral_is_a_witness_of_family_port_and_side() -> None:
    found = digest(tcp_connect=(a_connect(),), tls_handshakes=(a_handshake("example.org"),))
    assert only(found) == Witness(
        uid="m1",
        t0_s=10.1,
        t_s=10.4,
        family=4,
        port=443,
        side="foreign",
        neutral_group="foreign",
        ok=True,
        failure=None,
        layer="tls",
        name="example.org",
        address=PUBLIC_IP,
    )


def test_a_domestic_neutral_over_ipv6_is_told_apart() -> None:
    ip = "2a02:6b8:a::a"
    target = a_neutral("yandex.ru", "domestic_listed")
    found = digest(target, tcp_connect=(a_connect(ip),), tls_handshakes=(a_handshake("yandex.ru", ip=ip),))
    assert (only(found).side, only(found).family) == ("domestic", 6)


def test_a_handshake_reset_at_a_neutral_is_a_failed_witness() -> None:
    found = digest(
        tcp_connect=(a_connect(),), tls_handshakes=(a_handshake("example.org", "connection_reset"),)
    )
    assert (only(found).ok, only(found).failure, only(found).layer) == (False, "connection_reset", "tls")


def test_a_certificate_past_its_dates_still_shows_that_the_link_works() -> None:
    expired = a_handshake("example.org", "ssl_invalid_certificate", completed=True, name_matches=True)
    assert only(digest(tcp_connect=(a_connect(),), tls_handshakes=(expired,))).ok is True


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        (
            {"failure": "ssl_unknown_authority", "chain_failure": "ssl_unknown_authority"},
            "ssl_unknown_authority",
        ),
        ({"failure": "ssl_invalid_hostname", "name_matches": False}, "ssl_invalid_hostname"),
        ({"chain_failure": "ssl_invalid_certificate"}, "ssl_invalid_certificate"),
        ({"name_matches": False}, "ssl_invalid_certificate"),
    ],
)
def test_a_certificate_that_does_not_hold_is_no_success(changes: dict[str, Any], failure: str) -> None:
    shake = replace(a_handshake("example.org"), **changes)
    found = only(digest(tcp_connect=(a_connect(),), tls_handshakes=(shake,)))
    assert (found.ok, found.failure) == (False, failure)


def test_an_untrusted_issuer_at_a_neutral_is_remembered() -> None:
    shake = a_handshake(
        "example.org",
        "ssl_unknown_authority",
        completed=True,
        chain_failure="ssl_unknown_authority",
        certificates=(a_certificate("CN=Kaspersky Anti-Virus Personal Root Certificate"),),
    )
    found = digest(tcp_connect=(a_connect(),), tls_handshakes=(shake, replace(shake, certificates=())))
    assert found.untrusted_issuers == ("CN=Kaspersky Anti-Virus Personal Root Certificate",)


def test_a_connect_alone_on_a_web_port_proves_nothing() -> None:
    assert digest(tcp_connect=(a_connect(),)).witnesses == ()


def test_a_connect_that_fails_on_a_web_port_is_a_failed_witness() -> None:
    found = only(digest(tcp_connect=(a_connect(failure="generic_timeout_error"),)))
    assert (found.ok, found.failure, found.layer) == (False, "generic_timeout_error", "tcp")


def test_a_connect_alone_on_another_port_is_a_success() -> None:
    assert only(digest(tcp_connect=(a_connect(port=5222),))).ok is True


def test_any_status_over_plain_http_is_a_witness_for_port_80() -> None:
    target = replace(NEUTRAL, input="http://example.org/")
    found = digest(target, tcp_connect=(a_connect(port=80),), requests=(a_trip("http://example.org/", 403),))
    assert (only(found).port, only(found).ok, only(found).layer) == (80, True, "http")


def test_plain_http_without_a_status_is_a_failed_witness() -> None:
    target = replace(NEUTRAL, input="http://example.org/")
    trip = a_trip("http://example.org/", None, "eof_error")
    found = only(digest(target, tcp_connect=(a_connect(port=80),), requests=(trip,)))
    assert (found.ok, found.failure, found.name) == (False, "eof_error", "example.org")


def test_a_failure_of_this_machine_is_no_witness() -> None:
    found = digest(
        tcp_connect=(a_connect(failure="interrupted"), a_connect(failure="permission_denied")),
        queries=(a_lookup("example.org", failure="interrupted", engine="udp"),),
    )
    assert found.witnesses == ()


def test_a_resolver_that_answers_truly_is_a_witness_for_port_53() -> None:
    query = a_lookup("example.com", PUBLIC_IP, engine="udp", resolver_address="8.8.8.8:53", is_system=False)
    found = only(digest(RESOLVER, queries=(query,)))
    assert (found.port, found.ok, found.address, found.side) == (53, True, "8.8.8.8", "")


def test_a_resolver_over_ipv6_is_named_without_its_port() -> None:
    query = a_lookup(
        "example.com", PUBLIC_IP, engine="udp", resolver_address="[2001:4860:4860::8888]:53", is_system=False
    )
    found = only(digest(RESOLVER, queries=(query,)))
    assert (found.address, found.family) == ("2001:4860:4860::8888", 6)


def test_a_resolver_written_without_port_keeps_its_name() -> None:
    query = a_lookup("example.com", PUBLIC_IP, engine="udp", resolver_address="8.8.8.8", is_system=False)
    assert only(digest(RESOLVER, queries=(query,))).address == "8.8.8.8"


@pytest.mark.parametrize(
    ("answers", "failure", "expected"),
    [((), "generic_timeout_error", "generic_timeout_error"), (("10.10.34.34",), None, "dns_bogon_error")],
)
def test_a_resolver_that_is_silent_or_lies_is_a_failed_witness(
    answers: tuple[str, ...], failure: str | None, expected: str
) -> None:
    query = a_lookup("example.com", *answers, failure=failure, engine="udp", is_system=True)
    found = only(digest(RESOLVER, queries=(query,)))
    assert (found.ok, found.failure, found.address) == (False, expected, "system")


def test_answers_over_tcp_say_nothing_of_udp_53() -> None:
    query = a_lookup("example.com", PUBLIC_IP, engine="tcp", resolver_address="8.8.8.8:53", is_system=False)
    assert digest(RESOLVER, queries=(query,)).witnesses == ()


def test_a_name_that_fails_leaves_a_witness_without_address() -> None:
    found = only(digest(queries=(a_lookup("example.org", failure="dns_nxdomain_error"),)))
    assert (found.layer, found.family, found.port, found.failure) == ("dns", 0, 0, "dns_nxdomain_error")


def test_a_name_with_a_made_up_address_that_was_not_tried_leaves_one_too() -> None:
    found = only(digest(queries=(a_lookup("example.org", "198.18.0.7"),)))
    assert (found.ok, found.failure) == (False, "dns_bogon_error")


def test_a_target_that_is_no_neutral_is_no_witness() -> None:
    assert digest(a_target(), tcp_connect=(a_connect(),)).witnesses == ()


def test_who_answers_where_nothing_lives_is_no_witness() -> None:
    query = a_lookup("example.com", PUBLIC_IP, engine="udp", resolver_address="192.0.2.1:53", is_system=False)
    sinkhole = replace(SINKHOLE, is_control=True)
    found = digest(sinkhole, tcp_connect=(a_connect("192.0.2.1"),), queries=(query,))
    assert found.witnesses == ()
    assert found.sinkhole == Sinkhole(uid="m1", tcp_answered=True, dns_answered=True)


# --- names


def test_the_systems_answer_for_a_neutral_is_true_when_public() -> None:
    found = digest(queries=(a_lookup("example.org", PUBLIC_IP),))
    assert (found.names[0].is_true, found.names[0].kind) == (True, "public")


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        (("198.18.0.7",), "fake_ip"),
        (("192.168.1.1",), "private"),
        (("0.0.0.0",), "unspecified"),
        (("93.184.215.14", "127.0.0.1"), "loopback"),
        (("95.167.13.50",), "fingerprint:dns.ru.rostelecom"),
        ((), "empty"),
    ],
)
def test_the_systems_answer_for_a_neutral_is_untrue_when_made_up(answers: tuple[str, ...], kind: str) -> None:
    found = digest(queries=(a_lookup("example.org", *answers),))
    assert (found.names[0].is_true, found.names[0].kind) == (False, kind)


def test_a_nat64_address_is_as_public_as_what_it_holds() -> None:
    assert digest(queries=(a_lookup("example.org", "64:ff9b::5db8:d70e"),)).names[0].is_true is True


def test_a_private_address_that_shows_the_certificate_is_true() -> None:
    ip = "10.0.0.7"
    found = digest(
        queries=(a_lookup("Example.org.", ip),),
        tcp_connect=(a_connect(ip),),
        tls_handshakes=(a_handshake("example.org", ip=ip),),
    )
    assert (found.names[0].name, found.names[0].kind, found.names[0].is_true) == (
        "example.org",
        "private",
        True,
    )


def test_other_resolvers_and_interrupted_questions_say_nothing_of_the_systems() -> None:
    found = digest(
        queries=(
            a_lookup("example.org", PUBLIC_IP, is_system=False),
            a_lookup("example.org", failure="interrupted"),
        )
    )
    assert found.names == ()


# --- sinkhole and machine


def test_silence_where_nothing_lives_is_as_it_should_be() -> None:
    found = digest(
        SINKHOLE,
        tcp_connect=(
            a_connect("192.0.2.1", failure="generic_timeout_error"),
            a_connect("192.0.2.1", 80, failure="connection_refused"),
        ),
        queries=(
            a_lookup(
                "example.com",
                failure="generic_timeout_error",
                resolver_address="192.0.2.1:53",
                is_system=False,
            ),
        ),
    )
    assert found.sinkhole == Sinkhole(uid="m1", tcp_answered=False, dns_answered=False)


def test_a_connection_where_nothing_lives_is_seen() -> None:
    found = digest(SINKHOLE, tcp_connect=(a_connect("192.0.2.1"),))
    assert found.sinkhole == Sinkhole(uid="m1", tcp_answered=True, dns_answered=None)


@pytest.mark.parametrize("failure", [None, "dns_refused_error"])
def test_any_reply_from_where_nothing_lives_is_seen(failure: str | None) -> None:
    query = a_lookup("example.com", failure=failure, resolver_address="192.0.2.1:53", is_system=False)
    found = digest(SINKHOLE, queries=(replace(query, replies=(a_reply(),) if failure else ()),))
    assert found.sinkhole == Sinkhole(uid="m1", tcp_answered=None, dns_answered=True)


def test_what_the_machine_tells_is_kept() -> None:
    target = a_target("network/local", experiment="local")
    assert digest(target, local=(a_fact("link.ipv4", "wifi"),)).local == (a_fact("link.ipv4", "wifi"),)
