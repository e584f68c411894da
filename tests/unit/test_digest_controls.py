"""What is kept of a control's measurement: witnesses, names, clock, portal, sinkhole."""

from dataclasses import replace
from typing import Any

import pytest

from probe.judge.clock import ClockSample, clock_offset, corrected, host_of, http_date, served_at
from probe.judge.digest import ControlDigest, Witness, digest_control
from probe.judge.portal import PortalCheck, Sinkhole
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


# --- clock


def https_answer(*headers: tuple[str, str], **changes: Any) -> ControlDigest:
    trip = replace(a_trip("https://example.org/", headers=headers), **changes)
    return digest(tcp_connect=(a_connect(),), tls_handshakes=(a_handshake("example.org"),), requests=(trip,))


def test_a_date_over_a_valid_handshake_is_a_clock_sample() -> None:
    found = https_answer(("Date", "Sat, 21 Nov 2026 12:00:40 GMT"), first_byte_s=0.1)
    assert found.clock == (ClockSample("m1", "example.org", 30.0),)  # 40.5 s, less 10.5 s after the start


def test_without_a_first_byte_the_end_of_the_answer_is_taken() -> None:
    assert https_answer(("Date", "Sat, 21 Nov 2026 12:00:40 GMT")).clock[0].offset_s == pytest.approx(29.9)


def test_a_date_without_a_valid_handshake_is_none() -> None:
    trip = a_trip("https://example.org/", headers=(("Date", "Sat, 21 Nov 2026 12:00:40 GMT"),))
    shake = a_handshake("example.org", chain_failure="ssl_unknown_authority")
    found = digest(tcp_connect=(a_connect(),), tls_handshakes=(shake,), requests=(trip,))
    assert found.clock == ()


def test_an_answer_without_a_date_is_no_sample() -> None:
    assert https_answer(("Server", "x")).clock == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sat, 21 Nov 2026 12:00:40",
        "Sat, 21 Xyz 2026 12:00:40 GMT",
        "Sat, 31 Nov 2026 12:00:40 GMT",
        "Sat, 21 Nov 2026 25:00:40 GMT",
        "Saturday, 21-Nov-26 12:00:40 GMT",
        "Sat, \u0662\u0661 Nov 2026 12:00:40 GMT",
    ],
)
def test_only_the_one_form_of_dates_is_read(text: str) -> None:
    assert http_date(text) is None


def test_the_age_in_a_cache_is_added() -> None:
    headers = (("date", "Sat, 21 Nov 2026 12:00:40 GMT"), ("Age", "20"))
    served = served_at(headers)
    assert served is not None
    assert served.isoformat() == "2026-11-21T12:01:00+00:00"


@pytest.mark.parametrize("age", ["-1", "x", "9" * 12, "9999999", "\u0661"])
def test_a_senseless_age_makes_the_date_unusable(age: str) -> None:
    assert served_at((("Date", "Sat, 21 Nov 2026 12:00:40 GMT"), ("Age", age))) is None


def test_two_servers_that_agree_tell_the_offset() -> None:
    samples = [ClockSample("a", "one", 30.0), ClockSample("b", "two", 34.0)]
    assert clock_offset(samples) == 32.0


def test_one_server_alone_tells_nothing_however_often_it_speaks() -> None:
    assert clock_offset([ClockSample("a", "one", 30.0), ClockSample("b", "one", 30.0)]) is None


def test_servers_that_disagree_tell_nothing() -> None:
    assert clock_offset([ClockSample("a", "one", 0.0), ClockSample("b", "two", 5.1)]) is None


def test_a_majority_that_agrees_outvotes_one_wrong_server() -> None:
    samples = [ClockSample("a", name, offset) for name, offset in (("x", 1.0), ("y", 2.0), ("z", 9e6))]
    assert clock_offset(samples) == 1.5


def test_two_pairs_that_disagree_tell_nothing() -> None:
    offsets = {"a": 0.0, "b": 1.0, "c": 100.0, "d": 101.0}
    assert clock_offset([ClockSample("m", name, offset) for name, offset in offsets.items()]) is None


def test_without_samples_the_clock_is_unknown() -> None:
    assert clock_offset([]) is None


def test_a_corrected_time_needs_a_known_offset() -> None:
    moment = a_measurement(NEUTRAL).measurement_start_time
    later = corrected(moment, 60.0)
    assert later is not None
    assert (later - moment).total_seconds() == 60.0
    assert corrected(moment, None) is None
    assert corrected(moment, 1e15) is None


def test_a_host_is_read_from_a_url_or_is_empty() -> None:
    assert [host_of(u) for u in ("https://A.example./x", "nonsense", "http://[bad")] == ["a.example", "", ""]


# --- portal checks


@pytest.mark.parametrize(
    ("target", "trip"),
    [
        (APPLE, {"body": APPLE_PAGE}),
        (MOZILLA, {"body": "success\n"}),
        (GOOGLE, {"status_code": 204, "body_length": 0}),
        (OWN_CHECK, {"status_code": 204}),
        (OWN_CHECK, {"body": "success"}),
        (OWN_CHECK, {"body": APPLE_PAGE}),
    ],
)
def test_the_page_that_its_owner_serves_is_no_portal(target: Target, trip: dict[str, Any]) -> None:
    answer = replace(a_trip(target.input), **trip)
    check = digest(target, requests=(answer,)).portal
    assert check == PortalCheck(uid="m1", url=target.input, outcome="expected", detail="", t_s=10.6)


@pytest.mark.parametrize(
    ("target", "trip", "outcome", "detail"),
    [
        (APPLE, {"status_code": 302, "location": "http://wifi.example/login"}, "other_host", "wifi.example"),
        (APPLE, {"body": "<title>Welcome</title>"}, "other_page", "status 200"),
        (APPLE, {"body": APPLE_PAGE + "x" * 300}, "other_page", "status 200"),
        (MOZILLA, {"body": "log in"}, "other_page", "status 200"),
        (GOOGLE, {"status_code": 200, "body_length": 10}, "other_page", "status 200"),
        (GOOGLE, {"status_code": 204, "body_length": 10}, "other_page", "status 204"),
        (OWN_CHECK, {"status_code": 511, "body": "log in"}, "failed", "status 511"),
        (APPLE, {"status_code": 503}, "failed", "status 503"),
        (APPLE, {"status_code": None, "failure": "eof_error"}, "failed", "eof_error"),
        (APPLE, {"status_code": None}, "failed", "status None"),
        (
            APPLE,
            {"status_code": 301, "location": "https://captive.apple.com/"},
            "failed",
            "redirected to itself",
        ),
    ],
)
def test_what_else_a_check_page_may_be(
    target: Target, trip: dict[str, Any], outcome: str, detail: str
) -> None:
    answer = replace(a_trip(target.input), **trip)
    check = digest(target, requests=(answer,)).portal
    assert check is not None
    assert (check.outcome, check.detail) == (outcome, detail)


def test_a_second_try_of_a_check_page_counts_where_the_first_failed() -> None:
    trips = (
        a_trip(MOZILLA.input, None, "generic_timeout_error"),
        a_trip(MOZILLA.input, body="success", attempt=1),
    )
    check = digest(MOZILLA, requests=trips).portal
    assert check is not None
    assert check.outcome == "expected"


def test_a_check_page_that_nobody_answered_failed() -> None:
    check = digest(APPLE, tcp_connect=(a_connect(port=80, failure="generic_timeout_error"),)).portal
    assert check is not None
    assert (check.outcome, check.detail) == ("failed", "not asked")


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
