"""A measurement as a reader follows it: every kind of operation is told, in order of time, with what came."""

from typing import Any

import pytest
from msgspec.structs import fields, replace

from probe.model.appstore import StoreAnswer
from probe.model.fact import PathHop, PathTrace, RegistryAnswer
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
from probe.model.quic import QUICHandshake
from probe.model.transfer import Receipt
from probe.model.vpn import VPNExchange
from probe.model.who import WhoAnswer
from probe.model.zone import ZoneAnswer, ZoneChain
from probe.report import html_steps
from probe.report.html_step import Step, outcome_of
from probe.report.html_steps import steps_of
from unit.a_run import a_lookup, a_measurement, a_round_trip
from unit.some_trials import a_transfer

AT: Any = {"t0": 0.5, "t": 0.75, "failure": None}
CERTIFICATE = Certificate(sha256="ab", subject="CN=a", issuer="CN=b", not_before="2026", not_after="2027")


def told(**observed: Any) -> tuple[str, str, str, tuple[str, ...]]:
    """Return the one line that a measurement with one observation makes."""
    (step,) = steps_of(a_measurement(**observed), pages=False)
    return step.what, step.whom, step.came, step.more


def test_a_lookup_tells_its_answers_and_replies_where_they_are_several() -> None:
    reply = DNSReply(t=0.1, failure=None, rcode="NOERROR", answers=("192.0.2.1",), ede=(15, 4))
    assert told(queries=(a_lookup(answers=("192.0.2.1",), replies=(reply,)),)) == (
        "DNS A of example.org",
        "192.168.1.1:53 (udp)",
        "192.0.2.1",
        (),
    )
    forged = replace(reply, answers=("10.0.0.1",), ede=())
    lookup = a_lookup(resolver_address="system", failure="dns_nxdomain_error", replies=(forged, reply))
    assert told(queries=(lookup,)) == (
        "DNS A of example.org",
        "the system's resolver (udp)",
        "dns_nxdomain_error",
        ("reply 1: NOERROR 10.0.0.1", "reply 2: NOERROR 192.0.2.1 (EDE 15, 4)"),
    )


def test_a_connect_tells_the_icmp_message_that_ended_it() -> None:
    connect = TCPConnect(**AT, ip="2001:db8::1", port=443)
    assert told(tcp_connect=(connect,)) == ("TCP connect", "[2001:db8::1]:443", "connected", ())
    refused = replace(connect, failure="host_unreachable", icmp=ICMPError(type=3, code=13, from_ip=None))
    assert told(tcp_connect=(refused,))[2:] == (
        "host_unreachable",
        ("ICMP type 3, code 13, from somebody unknown",),
    )


def test_a_handshake_tells_name_failure_and_certificate() -> None:
    plain = TLSHandshake(
        **AT, ip="192.0.2.1", port=443, server_name="a.example", verified_name="a.example", completed=True
    )
    assert told(tls_handshakes=(replace(plain, tls_version="TLSv1.3", negotiated_protocol="h2"),)) == (
        "TLS handshake: a.example",
        "192.0.2.1:443",
        "TLSv1.3 h2",
        (),
    )
    odd = replace(
        plain,
        failure="ssl_invalid_hostname",
        server_name=None,
        arm="target@neutral",
        alert=40,
        server_spoke=True,
        first_bytes="160301",
        chain_failure="ssl_unknown_authority",
        name_matches=False,
        certificates=(CERTIFICATE,),
    )
    assert told(tls_handshakes=(odd,)) == (
        "TLS handshake: without a name",
        "192.0.2.1:443",
        "ssl_invalid_hostname",
        (
            "crossed: target@neutral",
            "alert 40",
            "the server had spoken",
            "first bytes 160301",
            "chain: ssl_unknown_authority",
            "the certificate does not hold a.example",
            "certificate of CN=a, issued by CN=b, valid 2026 to 2027, SHA-256 ab",
        ),
    )


def test_quic_tells_what_a_handshake_tells() -> None:
    quic = QUICHandshake(
        **AT,
        ip="192.0.2.1",
        port=443,
        server_name="a.example",
        verified_name="a.example",
        completed=False,
        server_versions=("00000001",),
        close_code=296,
        close_reason="no",
    )
    assert told(quic_handshakes=(quic,)) == (
        "QUIC handshake: a.example",
        "192.0.2.1:443",
        "an answer came",
        ("versions offered: 00000001", "closed with 296: no"),
    )


def test_a_request_tells_who_answered_and_where_it_leads() -> None:
    trip = a_round_trip(
        status_code=302,
        title="Moved",
        location="http://warning.example/",
        host="b.example",
        headers=(("Server", "nginx"), ("Set-Cookie", "x"), ("Via", "1.1 proxy")),
    )
    what, whom, came, more = told(requests=(trip,))
    assert (what, whom, came) == ("GET https://example.org/", "93.184.216.34:443", "302")
    assert more == (
        "with the Host b.example",
        "title: Moved",
        "leads to http://warning.example/",
        "Server: nginx",
        "Via: 1.1 proxy",
        f"25 bytes, SHA-256 {trip.body_sha256}",
    )
    cut = replace(trip, failure="connection_reset", ended_by="rst", body_length=None)
    assert {"status 302", "ended by rst"} <= set(told(requests=(cut,))[3])


def test_how_a_page_began_is_told_only_where_asked_for() -> None:
    m = a_measurement(requests=(a_round_trip(body="<title>No</title>\n\n  entry " + "x" * 1000),))
    assert [step.what for step in steps_of(m, pages=False)] == ["GET https://example.org/"]
    _request, page = steps_of(m, pages=True)
    assert (page.what, page.came[:24], len(page.came)) == (
        "How the page begins",
        "<title>No</title> entry ",
        400,
    )


def test_a_control_tells_what_it_saw_from_elsewhere() -> None:
    control = ControlAnswer(
        **AT,
        kind="test_helper",
        control="https://helper.example/",
        url="https://a.example/",
        dns_addresses=("192.0.2.1",),
        tcp_connect=(EndpointAnswer(endpoint="192.0.2.1:443", failure="connection_refused"),),
        status_code=200,
        title="A",
        body_length=10,
    )
    assert told(controls=(control,)) == (
        "Asked from elsewhere (test_helper): https://a.example/",
        "https://helper.example/",
        "200",
        ("DNS there: 192.0.2.1", "192.0.2.1:443: connection_refused", "title: A", "10 bytes"),
    )
    assert told(controls=(replace(control, http_failure="dns_nxdomain_error"),))[2] == "dns_nxdomain_error"


def test_a_transfer_tells_its_arm_rate_and_receipt() -> None:
    transfer = a_transfer("X", 8e6)
    receipt = Receipt(
        payload="{}",
        signature="",
        key="",
        is_valid=False,
        server_name="",
        n_bytes=1,
        retransmits=None,
        rtt_us=None,
        min_rtt_us=None,
    )
    what, whom, came, more = told(transfers=(replace(transfer, receipt=receipt),))
    assert (what, whom) == ("Transfer, arm X, pair: media.example", "192.0.2.7:443")
    assert came == "131072 bytes, 5.8 Mbit/s"
    assert more == ("ended by we", "receipt that does not hold")
    unsent = replace(
        transfer, requested=None, failure="connection_reset", stage="tls", helper="https://h.example/"
    )
    assert told(transfers=(unsent,))[1:] == (
        "https://h.example/",
        "connection_reset",
        ("131072 bytes", "failed at: tls", "ended by we"),
    )


def test_zones_tunnels_shops_resolvers_and_this_machine_are_told() -> None:
    answer = ZoneAnswer(
        **AT,
        side="server",
        server="a.dns.example",
        ip="192.0.2.53",
        query_type="SOA",
        hostname="ru",
        transport="udp",
        rcode="NOERROR",
        serial=7,
        verified=True,
    )
    assert told(zone_answers=(answer,)) == (
        "SOA ru (udp)",
        "a.dns.example (192.0.2.53)",
        "NOERROR, serial 7",
        ("signatures hold",),
    )
    chain = ZoneChain(server="a.dns.example", ip="192.0.2.53", result="bogus", reason="soa")
    assert told(zone_chains=(chain,))[:3] == (
        "Signatures from the root",
        "a.dns.example (192.0.2.53)",
        "bogus (soa)",
    )
    tunnel = VPNExchange(
        **AT,
        ip="192.0.2.9",
        port=51820,
        protocol="wireguard",
        transport="udp",
        stage="data",
        packets_received=1,
    )
    assert told(vpn_exchanges=(replace(tunnel, reached="echo"),)) == (
        "wireguard, data",
        "192.0.2.9:51820 (udp)",
        "1 packet came back",
        ("came as far as: echo",),
    )
    shop = StoreAnswer(
        **AT,
        ip="192.0.2.4",
        status_code=200,
        said_by="page",
        storefront="ru",
        app="1",
        is_control=True,
        listed=False,
    )
    assert told(store_answers=(shop,)) == (
        "App 1 in the storefront ru, by page",
        "192.0.2.4",
        "not listed",
        ("another app, to compare",),
    )
    who = WhoAnswer(
        **AT, ip="192.0.2.8", transport="udp", question="who.example TXT", whence="elsewhere", asn=64500
    )
    assert told(who_answers=(who,))[:3] == (
        "Who asks for it: who.example TXT",
        "192.0.2.8 (udp)",
        "somebody else asked AS64500",
    )
    assert told(local=(LocalFact(name="vpn", value=""),))[:3] == ("On this machine: vpn", "", "nothing")
    assert steps_of(a_measurement(local=(LocalFact(name="link.id.ipv4", value="x"),)), pages=False) == ()


def test_facts_are_told_as_they_are_under_the_table() -> None:
    registry = RegistryAnswer(
        **AT,
        kind="rdap",
        resource="AS3333",
        source="https://rdap.example/",
        asked_utc="2026-11-21",
        handle="H",
    )
    path = PathTrace(**AT, ip="192.0.2.1", port=443, hops=(PathHop(ttl=1, n_sent=1),))
    steps = steps_of(a_measurement(registry_answers=(registry,), path_traces=(path,)), pages=False)
    assert [(step.what, step.came) for step in steps] == [
        ("Fact", "AS3333: handle H. Source: https://rdap.example/, 2026-11-21."),
        ("Fact", "Path to 192.0.2.1:443: no hop answered; not observed."),
    ]


def test_every_kind_of_observation_is_told() -> None:
    kinds = {field.name for field in fields(Measurement) if isinstance(field.default, tuple)}
    assert kinds - set(html_steps._READERS) == {"network_events", "registry_answers", "path_traces"}


def test_operations_stand_in_order_of_time() -> None:
    m = a_measurement(
        queries=(a_lookup(t0=2.0, t=2.5), a_lookup(t0=0.0, t=0.25, hostname="first.example")),
        tcp_connect=(TCPConnect(t0=1.0, t=1.125, failure=None, ip="192.0.2.1", port=443),),
        local=(LocalFact(name="vpn", value="no"),),
    )
    steps = steps_of(m, pages=False)
    assert [step.t0 for step in steps] == [0.0, 1.0, 2.0, None]
    assert [step.ms for step in steps] == [250.0, 125.0, 500.0, None]


def test_of_a_measurement_without_end_sixty_operations_are_told() -> None:
    steps = steps_of(a_measurement(queries=(a_lookup(),) * 100), pages=False)
    assert (len(steps), steps[-1].what) == (61, "and 40 more operations")


def a_step(layer: int, came: str, *, failed: bool = False) -> Step:
    return Step(what="", came=came, layer=layer, failed=failed)


@pytest.mark.parametrize(
    ("steps", "came"),
    [
        ((), None),
        ((a_step(0, "dns_no_answer", failed=True), a_step(0, "192.0.2.1")), "192.0.2.1"),
        ((a_step(0, "dns_no_answer", failed=True), a_step(1, "connected"), a_step(3, "200")), "200"),
        ((a_step(0, "dns_nxdomain_error", failed=True),), "dns_nxdomain_error"),
        ((a_step(2, "ssl_invalid_hostname", failed=True), a_step(3, "200")), "ssl_invalid_hostname"),
        ((a_step(3, "200"), a_step(1, "connected")), "200"),
    ],
)
def test_a_measurement_came_to_its_first_failure_at_an_address_or_as_far_as_it_got(
    steps: tuple[Step, ...], came: str | None
) -> None:
    end = outcome_of(steps)
    assert (end.came if end else None) == came
