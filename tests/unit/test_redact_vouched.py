"""Redaction: which addresses of a measurement are evidence, and which are the volunteer's own."""

from pathlib import Path
from typing import Any

import pytest

from cases.debts import measurements_of
from cases.script import a_target
from cases.world import facts_of
from probe.judge import judge_target
from probe.judge.fingerprints import notice_addresses
from probe.model.measurement import Measurement
from probe.model.observation import ControlAnswer, EndpointAnswer, TCPConnect
from probe.store import OwnValues, Redactor, codec
from probe.store.journal import Journal
from probe.store.residual import residues
from unit.a_run import a_lookup, a_measurement, a_round_trip

RESOLVERS = ("192.168.1.1", "2001:db8:7:1:211:22ff:fe33:4455", "fe80::211:22ff:fe33:4455%wlan0")
VISITOR = "203.0.113.77"
SITE = "93.184.216.34"
NOTICE = "95.167.13.50"


def a_control(**said: Any) -> ControlAnswer:
    """Return what a helper says of the page."""
    fields = {
        "t0": 0,
        "t": 1,
        "failure": None,
        "kind": "test_helper",
        "control": "https://helper.example",
        "url": "https://example.org/",
    }
    return ControlAnswer(**(fields | said))


def asked_again(resolver: str) -> Measurement:
    """Return a measurement whose lookup was asked for again over TCP, and a page that echoes."""
    at = f"[{resolver}]:53" if ":" in resolver else f"{resolver}:53"
    return a_measurement(
        queries=(
            a_lookup(resolver_address=at, failure="x_dns_truncated"),
            a_lookup(engine="tcp", resolver_address=at, attempt=1, arm="dns", answers=(SITE,)),
        ),
        tcp_connect=(
            TCPConnect(t0=0, t=0.1, failure=None, ip=resolver, port=53, attempt=1, arm="dns"),
            TCPConnect(t0=0, t=0.1, failure=None, ip=SITE, port=443),
        ),
        requests=(a_round_trip(body=f"<p>{resolver.partition('%')[0]} {SITE}</p>"),),
    )


@pytest.mark.parametrize("resolver", RESOLVERS)
@pytest.mark.parametrize("known", [True, False])
def test_a_resolver_that_was_connected_to_is_no_evidence(resolver: str, known: bool) -> None:
    redactor = Redactor(OwnValues(resolvers=(resolver,) if known else ()))
    clean, _ = redactor.measurement(asked_again(resolver), {})
    assert [each.ip for each in clean.tcp_connect] == ["[ip]", SITE]
    assert clean.requests[0].body == f"<p>[ip] {SITE}</p>"
    assert {each.resolver_address for each in clean.queries} == {"system"}
    assert resolver.encode() not in codec.encode(clean)


def test_a_resolver_that_the_catalogue_names_stays() -> None:
    redactor = Redactor(OwnValues(resolvers=RESOLVERS), allowed=("9.9.9.9",))
    clean, _ = redactor.measurement(asked_again("9.9.9.9"), {})
    assert [each.ip for each in clean.tcp_connect] == ["9.9.9.9", SITE]


def test_an_answer_for_a_name_is_evidence_even_if_it_is_the_resolver() -> None:
    connect = TCPConnect(t0=0, t=0, failure="x_not_tried", ip="192.168.1.1", port=443)
    measured = a_measurement(queries=(a_lookup(answers=("192.168.1.1",)),), tcp_connect=(connect,))
    clean, _ = Redactor(OwnValues(resolvers=RESOLVERS)).measurement(measured, {})
    assert (clean.queries[0].answers, clean.tcp_connect) == (("192.168.1.1",), (connect,))


@pytest.mark.parametrize("resolver", RESOLVERS)
def test_a_run_of_before_that_holds_its_resolver_is_not_sealed(resolver: str, tmp_path: Path) -> None:
    lookup = a_lookup(engine="tcp", arm="dns", resolver_address="system")
    connect = TCPConnect(t0=0, t=0.1, failure=None, ip=resolver, port=53, arm="dns")
    journal = Journal(tmp_path / "measurements.jsonl")
    journal.append(a_measurement(queries=(lookup,), tcp_connect=(connect,)))
    journal.close()
    (residue,) = residues(tmp_path, Redactor(OwnValues()))  # on whatever network it is sealed
    assert (residue.file, residue.category, residue.excerpt) == ("measurements.jsonl", "ip", "[ip]")


def led_to(location: str, **more: Any) -> Measurement:
    """Return a measurement whose page sent its visitor somewhere, and said who that is."""
    answer = a_round_trip(
        status_code=302,
        headers=(("Location", location), ("X-Your-IP", VISITOR)),
        location=location,
        body=f"{VISITOR} 192.168.1.1 {NOTICE}",
    )
    return a_measurement(requests=(answer, *more.pop("requests", ())), **more)


@pytest.mark.parametrize(
    ("location", "written"),
    [
        (f"http://{VISITOR}/welcome", "http://[ip]/welcome"),
        ("http://192.168.1.1/login.html", "http://[ip]/login.html"),
        ("http://3405803853/", "http://[number]/"),
        ("http://0313.0.0161.0115:8080/x", "http://[ip]:8080/x"),
        (f"http://[::ffff:{VISITOR}]/", "http://[[ip]]/"),
        (f"http://{NOTICE}/?id=7", f"http://{NOTICE}/?id=[account]"),
    ],
)
def test_only_a_known_address_stays_where_a_page_leads(location: str, written: str) -> None:
    redactor = Redactor(OwnValues(), allowed=notice_addresses())
    clean, _ = redactor.measurement(led_to(location), {})
    (request,) = clean.requests
    assert (request.location, request.headers) == (written, (("Location", written), ("X-Your-IP", "[ip]")))
    assert request.body == f"[ip] [ip] {NOTICE}"
    assert redactor.measurement(clean, {})[0] == clean


@pytest.mark.parametrize("host", [VISITOR, "3405803853"])
def test_having_followed_a_redirect_to_an_address_vouches_for_nothing(host: str) -> None:
    """A router answers at the line's own address, and a helper is asked for the addresses met here."""
    there = f"http://{host}/"
    endpoint = EndpointAnswer(endpoint=f"{VISITOR}:80", failure=None)
    measured = led_to(
        there,
        requests=(a_round_trip(url=there, ip=VISITOR, port=80, hop=1),),
        queries=(
            a_lookup(engine="getaddrinfo", resolver_address="system", hostname=host, answers=(VISITOR,)),
        ),
        tcp_connect=(TCPConnect(t0=0, t=0.1, failure=None, ip=VISITOR, port=80, hop=1),),
        controls=(a_control(url=there, dns_addresses=(VISITOR,), tcp_connect=(endpoint,)),),
    )
    clean, _ = Redactor(OwnValues()).measurement(measured, {})
    assert clean.tcp_connect[0].ip == clean.requests[1].ip == "[ip]"
    assert clean.controls[0].tcp_connect[0].endpoint == "[ip]:80"
    assert VISITOR.encode() not in codec.encode(clean)


@pytest.mark.parametrize(
    "known",
    [
        {"input": f"tcp://{VISITOR}:443"},
        {"queries": (a_lookup(answers=(VISITOR,)),)},
        {"controls": (a_control(headers=(("location", f"http://{VISITOR}/welcome"),)),)},
    ],
)
def test_where_others_are_led_as_well_is_evidence(known: dict[str, Any]) -> None:
    clean, _ = Redactor(OwnValues()).measurement(led_to(f"http://{VISITOR}/welcome", **known), {})
    assert clean.requests[0].location == f"http://{VISITOR}/welcome"


@pytest.mark.parametrize("there", ["tcp {} timeout", "tcp {} refused", "tcp {} ok"])
def test_masking_where_a_page_leads_changes_no_verdict(there: str) -> None:
    target = a_target({"target": {"input": "http://site.example.org/"}})
    led = ["dns system 104.16.1.1", "tcp 104.16.1.1 ok", f"http 104.16.1.1 302 location=http://{VISITOR}/x"]
    row = {"rounds": [*led, f"1: {there.format(VISITOR)}", f"1: http {VISITOR} 200 url=http://{VISITOR}/x"]}
    redactor = Redactor(OwnValues())
    measured = measurements_of(row, target)
    before = judge_target(facts_of(row, target), target, measured).verdict
    masked = [redactor.measurement(each, {})[0] for each in measured]
    after = judge_target(facts_of(row, target), target, masked).verdict
    assert (after.rule_id, after.state, after.reason_code) == (
        before.rule_id,
        before.state,
        before.reason_code,
    )
    assert after.because == before.because.replace(VISITOR, "[ip]") != before.because
