"""What a run knows of the time, and of portals, from its controls."""

from typing import Any

import pytest
from msgspec.structs import replace

from probe.judge.clock import ClockSample, clock_offset, corrected, host_of, http_date, served_at
from probe.judge.digest import ControlDigest, digest_control
from probe.judge.portal import PortalCheck
from probe.model.target import Target
from unit.factories import a_neutral, a_target
from unit.observed import (
    a_connect,
    a_handshake,
    a_measurement,
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
