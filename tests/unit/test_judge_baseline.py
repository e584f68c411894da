"""Baselines: what a run's measurements make, and what such a row then carries as a control."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from probe.judge.baseline import baseline_of, baseline_view
from probe.judge.build import build_facts
from probe.judge.constants import UNDATED
from probe.judge.network import network_finding, network_verdict
from probe.model.baseline import Baseline, TargetBaseline
from probe.model.measurement import Measurement, VantagePoint
from probe.model.observation import ControlAnswer
from probe.model.options import RunOptions
from probe.model.target import Target
from probe.model.verdict import Verdict
from probe.model.words import ControlSource, State
from unit.factories import a_target
from unit.networks import a_clock, neutrals
from unit.observed import (
    PUBLIC_IP,
    START,
    a_certificate,
    a_connect,
    a_handshake,
    a_lookup,
    a_measurement,
    a_quic_handshake,
    a_trip,
)

WEB = a_target("twitter/web", input="https://twitter.example/")
TCP = a_target("telegram/dc1", input="tcp://149.154.175.50:443", experiment="tcp")
DNS = a_target("google-dns/udp", input="dns+udp://8.8.8.8:53", experiment="dns")
QUIC = a_target("twitter/quic", input="quic://twitter.example", experiment="quic")
V6 = "2001:500::1"


def a_good_round(uid: str = "m1", at: float = 0.0, **changes: Any) -> Measurement:
    plain = a_measurement(
        WEB,
        uid,
        at,
        queries=(a_lookup("twitter.example", PUBLIC_IP),),
        tcp_connect=(a_connect(),),
        tls_handshakes=(a_handshake("twitter.example"),),
        requests=(
            a_trip(
                WEB.input,
                headers=(("Server", "x"), ("X-Own", "y")),
                title="Home",
                body_length=5000,
                first_byte_s=0.05,
            ),
        ),
    )
    return replace(plain, **changes)


def a_reset_round(uid: str = "r1", at: float = 11.0) -> Measurement:
    return a_good_round(
        uid,
        at,
        tls_handshakes=(a_handshake("twitter.example", "connection_reset"),),
        requests=(),
    )


def a_verdict(state: State) -> Verdict:
    return replace(network_verdict(network_finding([])), state=state, target_id=WEB.target_id)


def made(*measurements: Measurement, target: Target = WEB, state: State | None = None) -> TargetBaseline:
    row = baseline_of(target, measurements, a_verdict(state) if state else None)
    assert row is not None
    return row


# --- making


def test_a_run_of_good_rounds_makes_a_row() -> None:
    assert made(a_good_round(), a_good_round("m2", 11.0, requests=(a_trip(WEB.input),))) == TargetBaseline(
        target_id="twitter/web",
        input="https://twitter.example/",
        n=2,
        n_ok=2,
        addresses=(PUBLIC_IP,),
        certificate_sha256=("ab" * 32,),
        certificate_issuer="CN=R11,O=Let's Encrypt,C=US",
        status_code=200,
        title="Home",
        header_names=("server", "x-own"),
        body_length=5000,
        final_url="https://twitter.example/",
        connect_ms=100.0,
        ttfb_ms=50.0,
    )


def test_failures_are_counted_and_leave_no_address() -> None:
    row = made(a_reset_round("r1"), a_reset_round("r2", 22.0))
    assert (row.n, row.n_ok, row.failures, row.addresses) == (2, 0, (("connection_reset", 2),), ())
    assert (row.status_code, row.connect_ms, row.certificate_issuer) == (None, None, "")


def test_a_failed_name_is_told_by_itself() -> None:
    failed = a_good_round(
        queries=(a_lookup("twitter.example", failure="dns_nxdomain_error"),),
        tcp_connect=(),
        tls_handshakes=(),
        requests=(),
    )
    row = made(failed)
    assert (row.dns_failure, row.failures) == ("dns_nxdomain_error", (("dns_nxdomain_error", 1),))


def test_an_answer_without_a_certificate_that_holds_is_no_success() -> None:
    shake = a_handshake("twitter.example", chain_failure="ssl_unknown_authority")
    row = made(a_good_round(tls_handshakes=(shake,)))
    assert (row.n_ok, row.failures) == (0, (("", 1),))


@pytest.mark.parametrize("state", [State.BLOCKED, State.INCONCLUSIVE, State.DOWN, State.THROTTLED])
def test_what_the_verdict_does_not_call_the_services_own_answer_is_no_success(state: State) -> None:
    assert made(a_good_round(), state=state).n_ok == 0


def test_an_answer_that_was_anothers_is_counted_under_the_mechanism() -> None:
    verdict = replace(a_verdict(State.BLOCKED), mechanism="http.blockpage")
    row = baseline_of(WEB, [a_good_round()], verdict)
    assert row is not None
    assert row.failures == (("http.blockpage", 1),)


@pytest.mark.parametrize("state", [State.REACHABLE, State.GEOBLOCKED])
def test_an_answer_of_the_service_itself_is_a_success(state: State) -> None:
    assert made(a_good_round(), state=state).n_ok == 1


def test_controls_cross_experiments_and_interrupted_tries_are_not_the_targets_own() -> None:
    aside = a_good_round("c1", experiment="cross")
    broken = a_good_round("i1", interrupted=True)
    assert baseline_of(WEB, [aside, broken], None) is None


def test_as_numbers_come_from_what_controls_told_of_the_same_addresses() -> None:
    answer = ControlAnswer(
        t0=0.0,
        t=1.0,
        failure=None,
        kind="test_helper",
        control="https://0.th.ooni.org/",
        url=WEB.input,
        asns=((PUBLIC_IP, 13414), ("203.0.113.9", 64500)),
    )
    asked = a_measurement(WEB, "c1", experiment="control", controls=(answer,))
    assert made(a_good_round(), asked).asns == (13414,)


def test_the_last_hop_of_a_redirect_is_the_page() -> None:
    final = "https://www.twitter.example/"
    row = made(
        a_good_round(
            tls_handshakes=(
                a_handshake("twitter.example"),
                a_handshake("www.twitter.example", hop=1, certificates=(a_certificate(sha256="cd" * 32),)),
            ),
            requests=(
                a_trip(WEB.input, 301, location=final, body_length=10),
                a_trip(final, hop=1, body_length=700),
            ),
        )
    )
    assert (row.final_url, row.status_code, row.body_length) == (final, 200, 700)
    assert row.certificate_sha256 == ("ab" * 32,)


def test_a_redirect_that_then_fails_is_no_success() -> None:
    trips = (a_trip(WEB.input, 301), a_trip("https://x.example/", None, "connection_reset", hop=1))
    assert made(a_good_round(requests=trips)).failures == (("connection_reset", 1),)


def test_plain_http_needs_no_certificate() -> None:
    target = replace(WEB, input="http://twitter.example/")
    row = made(a_good_round(tls_handshakes=(), requests=(a_trip("http://twitter.example/"),)), target=target)
    assert row.n_ok == 1


@pytest.mark.parametrize(
    ("target", "good", "bad"),
    [
        (TCP, {"tcp_connect": (a_connect(),)}, {"tcp_connect": (a_connect(failure="connection_refused"),)}),
        (
            QUIC,
            {"quic_handshakes": (a_quic_handshake("twitter.example"),)},
            {"quic_handshakes": (a_quic_handshake("twitter.example", failure="generic_timeout_error"),)},
        ),
        (
            DNS,
            {"queries": (a_lookup("example.com", PUBLIC_IP, is_system=False),)},
            {"queries": (a_lookup("example.com", failure="generic_timeout_error", is_system=False),)},
        ),
    ],
)
def test_other_experiments_have_successes_of_their_own(
    target: Target, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    rounds = (a_measurement(target, "g", **good), a_measurement(target, "b", 11.0, **bad))
    row = made(*rounds, target=target)
    assert (row.n, row.n_ok, row.dns_failure) == (2, 1, None)


def test_a_quic_row_holds_where_and_how_it_answered_and_a_neutral_name_is_no_answer() -> None:
    own = a_quic_handshake("twitter.example")
    row = made(a_measurement(QUIC, "g", quic_handshakes=(own,)), target=QUIC)
    assert row.addresses == (PUBLIC_IP,)
    assert row.certificate_sha256 == (own.certificates[0].sha256,)
    silent = replace(own, failure="generic_timeout_error", completed=False, certificates=())
    neutral = replace(own, arm="neutral@target", t=9.0)
    row = made(a_measurement(QUIC, "b", quic_handshakes=(silent, neutral)), target=QUIC)
    assert (row.n_ok, row.addresses, row.failures) == (0, (), (("generic_timeout_error", 1),))


# --- reading


def test_a_quic_row_carries_quic_at_its_endpoints_and_others_do_not() -> None:
    row = made(a_measurement(QUIC, "g", quic_handshakes=(a_quic_handshake("twitter.example"),)), target=QUIC)
    view = seen(a_baseline(row), QUIC)
    assert dict(view.quic) == {f"{PUBLIC_IP}:443": ("twitter.example", None)}
    assert dict(seen(a_baseline(made(a_good_round()))).quic) == {}


def a_baseline(*rows: TargetBaseline, **changes: Any) -> Baseline:
    plain = Baseline(
        schema_version="1",
        recorded_utc=START - timedelta(hours=2),
        run_id="20261121T100000Z-AS3320-abcd",
        probe_asn="AS3320",
        probe_cc="DE",
        network_state="network.none",
        software="probe 0.1",
        targets=rows,
    )
    return replace(plain, **changes)


def clocks(off: float) -> list[Any]:
    return [*neutrals(), a_clock("a", off), a_clock("b", off)]


def seen(baseline: Baseline | None, target: Target = WEB, digests: Any = ()) -> Any:
    facts = build_facts(
        options=RunOptions(), vantage=VantagePoint(), baseline=baseline, digests=tuple(digests)
    )
    return baseline_view(facts, target, START)


def test_a_good_row_is_a_control_with_an_age() -> None:
    view = seen(a_baseline(made(a_good_round())), digests=clocks(0.0))
    assert (view.source, view.usable, view.age_s) == (ControlSource.BASELINE, True, 7200.0)
    assert view.key == "baseline:20261121T100000Z-AS3320-abcd"
    assert view.tcp == {f"{PUBLIC_IP}:443": None}
    assert view.tls == {f"{PUBLIC_IP}:443": ("twitter.example", None)}
    assert (view.answered, view.status, view.title, view.body_length) == (True, 200, "Home", 5000)
    assert (view.header_names, view.issuer) == ({"server", "x-own"}, "CN=R11,O=Let's Encrypt,C=US")


def test_an_age_counts_both_ways_up_to_a_day_and_by_a_checked_clock() -> None:
    row = made(a_good_round())
    assert seen(a_baseline(row), digests=clocks(3600.0)).age_s == 10_800.0
    for h, age in ((3, 10_800.0), (48, UNDATED)):
        assert seen(a_baseline(row, recorded_utc=START + timedelta(hours=h)), digests=clocks(0)).age_s == age
    assert seen(a_baseline(row)).age_s == UNDATED


@pytest.mark.parametrize("state", ["network.domestic_only", "network.captive_portal", "network.shutdown"])
def test_a_baseline_of_a_network_that_was_interfered_with_is_not_usable(state: str) -> None:
    assert seen(a_baseline(made(a_good_round()), network_state=state)).usable is False


def test_a_row_that_failed_there_too_carries_nothing() -> None:
    assert seen(a_baseline(made(a_reset_round()))).usable is False


def test_a_target_that_was_not_recorded_has_no_view() -> None:
    assert seen(a_baseline()) is None
    assert seen(None) is None


def test_a_target_is_found_by_its_input_where_its_id_differs() -> None:
    row = replace(made(a_good_round()), target_id="list/7")
    assert seen(a_baseline(row)).status == 200


def test_the_same_baseline_serves_many_targets() -> None:
    baseline = a_baseline(made(a_good_round()))
    assert [seen(baseline, target) is None for target in (WEB, TCP, WEB)] == [False, True, False]


def test_an_id_that_meant_another_input_then_is_not_compared() -> None:
    row = replace(made(a_good_round()), input="https://other.example/")
    assert seen(a_baseline(row)) is None


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("tcp://149.154.175.50:5222", f"{PUBLIC_IP}:5222"),
        ("dns+udp://8.8.8.8:53", f"{PUBLIC_IP}:53"),
        ("http://twitter.example/a:80x", f"{PUBLIC_IP}:80"),
        ("https://[2001:500::1]/", f"{PUBLIC_IP}:443"),
        ("https://user:1@twitter.example/", f"{PUBLIC_IP}:443"),
        ("what is this", f"{PUBLIC_IP}:0"),
    ],
)
def test_endpoints_bear_the_port_of_the_input(text: str, end: str) -> None:
    target = replace(TCP, input=text)
    row = TargetBaseline(target_id=target.target_id, input=text, n=1, n_ok=1, addresses=(PUBLIC_IP, V6))
    view = seen(a_baseline(row), target)
    assert sorted(view.tcp) == sorted([end, end.replace(PUBLIC_IP, f"[{V6}]")])
    assert (dict(view.tls), view.answered) == ({}, False)
