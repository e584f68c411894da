"""Measurements, verdicts and run folders for the tests of store and report."""

import datetime as dt
import hashlib
from typing import Any

from probe.model.measurement import Measurement, VantagePoint
from probe.model.observation import (
    Certificate,
    ControlAnswer,
    DNSLookup,
    DNSReply,
    EndpointAnswer,
    HTTPRoundTrip,
    ICMPError,
    LocalFact,
    NetworkEvent,
    TCPConnect,
    TLSHandshake,
)
from probe.model.options import RunOptions, RunRecord
from probe.model.verdict import ServiceVerdict, Verdict
from probe.model.words import Layer, Located, State

START = dt.datetime(2026, 11, 21, 12, 0, 0, tzinfo=dt.UTC)
DER = b"0\x82\x01\x00 a certificate"
PAGE = "<title>Page</title> hello"
SHA_OF_DER = hashlib.sha256(DER).hexdigest()
SHA_OF_PAGE = hashlib.sha256(PAGE.encode()).hexdigest()


def a_measurement(**changes: Any) -> Measurement:
    """Return a small measurement of https://example.org/ without observations."""
    fields: dict[str, Any] = {
        "measurement_uid": "uid-1",
        "target_id": "twitter/web",
        "service": "twitter",
        "input": "https://example.org/",
        "experiment": "web",
        "round": 0,
        "is_control": False,
        "measurement_start_time": START,
        "started_s": 1.5,
        "runtime_s": 0.25,
    }
    return Measurement(**(fields | changes))


def a_full_measurement() -> Measurement:
    """Return a measurement with an observation of every kind."""
    times: dict[str, Any] = {"t0": 0.0, "t": 0.1, "failure": None}
    reply = DNSReply(t=0.1, failure=None, rcode="NOERROR", answers=("93.184.216.34",))
    return a_measurement(
        queries=(a_lookup(answers=("93.184.216.34",), replies=(reply,)),),
        tcp_connect=(
            TCPConnect(
                **times, ip="93.184.216.34", port=443, icmp=ICMPError(type=3, code=1, from_ip="10.9.8.7")
            ),
        ),
        tls_handshakes=(
            TLSHandshake(
                **times,
                ip="93.184.216.34",
                port=443,
                server_name="example.org",
                verified_name="example.org",
                completed=True,
                certificates=(
                    Certificate(
                        sha256=SHA_OF_DER,
                        subject="CN=example.org",
                        issuer="CN=CA",
                        not_before="",
                        not_after="",
                    ),
                ),
            ),
        ),
        requests=(a_round_trip(),),
        network_events=(NetworkEvent(ip="93.184.216.34", port=443, series=((0.1, 100), (0.2, 200))),),
        controls=(
            ControlAnswer(
                **times,
                kind="test_helper",
                control="https://0.th.ooni.org/",
                url="https://example.org/",
                dns_addresses=("93.184.216.35",),
                tcp_connect=(EndpointAnswer(endpoint="93.184.216.34:443", failure=None),),
                asns=(("93.184.216.34", 15133),),
            ),
        ),
        local=(LocalFact(name="route", value="default"),),
    )


def a_lookup(**changes: Any) -> DNSLookup:
    """Return a lookup of example.org at the system's resolver."""
    fields: dict[str, Any] = {
        "t0": 0.0,
        "t": 0.1,
        "failure": None,
        "hostname": "example.org",
        "query_type": "A",
        "engine": "udp",
        "resolver_address": "192.168.1.1:53",
        "is_system": True,
    }
    return DNSLookup(**(fields | changes))


def a_round_trip(**changes: Any) -> HTTPRoundTrip:
    """Return a request for https://example.org/ and its page."""
    fields: dict[str, Any] = {
        "t0": 0.0,
        "t": 0.1,
        "failure": None,
        "url": "https://example.org/",
        "ip": "93.184.216.34",
        "port": 443,
        "status_code": 200,
        "headers": (("Server", "nginx"),),
        "body": PAGE,
        "body_sha256": SHA_OF_PAGE,
        "body_length": len(PAGE),
    }
    return HTTPRoundTrip(**(fields | changes))


def a_verdict(**changes: Any) -> Verdict:
    """Return a verdict: x.com is blocked."""
    fields: dict[str, Any] = {
        "target_id": "twitter/web",
        "service": "twitter",
        "input": "https://x.com/",
        "state": State.BLOCKED,
        "mechanism": "tls.reset",
        "layer": Layer.TLS,
        "located": Located.PATH,
        "confirmed": False,
        "rule_id": "tls.reset.count",
        "rules_version": 1,
        "because": "Three of three handshakes were reset.",
        "template": "",
        "started_utc": "2026-11-21T12:00:00Z",
        "measurement_uids": ("uid-1", "uid-2"),
    }
    return Verdict(**(fields | changes))


def a_service_verdict(**changes: Any) -> ServiceVerdict:
    """Return a service of two targets, one of them blocked."""
    fields: dict[str, Any] = {
        "service": "twitter",
        "state": State.BLOCKED,
        "mechanism": "tls.reset",
        "located": Located.PATH,
        "confirmed": True,
        "reason_code": None,
        "because": "An essential part is blocked.",
        "n_targets": 2,
        "n_reachable": 1,
        "n_throttled": 0,
        "n_blocked": 1,
        "n_geoblocked": 0,
        "n_down": 0,
        "n_inconclusive": 0,
        "started_utc": "2026-11-21T12:00:00Z",
        "ended_utc": "2026-11-21T12:02:00Z",
    }
    return ServiceVerdict(**(fields | changes))


def a_record(**changes: Any) -> RunRecord:
    """Return the content of a run.json."""
    fields: dict[str, Any] = {
        "schema_version": "0.1.0",
        "run_id": "20261121T120000Z-AS64500-abcd",
        "software_version": "0.1.0",
        "rules_version": 1,
        "python_version": "3.11.7",
        "platform": "Linux",
        "options": RunOptions(),
        "seed": 7,
        "services": ("twitter",),
        "lists": (),
        "vantage": VantagePoint(probe_asn="AS64500", probe_cc="RU", probe_network_name="Example Telecom"),
        "trust_source": "certifi",
        "trust_sha256": "0" * 64,
        "started_utc": "2026-11-21T12:00:00Z",
    }
    return RunRecord(**(fields | changes))
