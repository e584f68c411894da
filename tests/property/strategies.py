"""Hypothesis strategies for whatever a run may have measured, true to the records and to nothing else."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from cases.script import NAME, ZERO
from cases.world import facts_of
from probe.judge import RunFacts
from probe.model import failure as f
from probe.model import quic
from probe.model.measurement import Measurement
from probe.model.observation import (
    Certificate,
    ControlAnswer,
    DNSLookup,
    DNSReply,
    EndpointAnswer,
    HTTPRoundTrip,
    TCPConnect,
    TLSHandshake,
)
from probe.model.target import Target
from probe.model.vpn import VPNExchange
from probe.model.words import SMALL_SEGMENTS, ReasonCode
from property.who import who_answers

IPS = ("104.16.1.1", "104.16.1.2", "185.76.144.9", "10.1.2.3", "198.18.0.9", "95.167.13.50", "2606:4700::1")
HOSTS = (NAME, "inner.example.org", "WWW." + NAME + ".")
FAILURES = (
    *(f.CONNECTION_RESET, f.TIMEOUT, f.EOF, f.CONNECTION_REFUSED, f.HOST_UNREACHABLE, f.INTERRUPTED),
    *(f.X_TLS_ALERT, f.TLS_UNKNOWN_AUTHORITY, f.TLS_INVALID_HOSTNAME, f.TLS_INVALID_CERTIFICATE),
    *(f.X_REDIRECT_LOOP, f.X_HTTP_PARSE, "unknown_failure: unknown_error", "x_local_disk_full", ""),
)
DNS_FAILURES = (f.DNS_NXDOMAIN, f.DNS_SERVFAIL, f.DNS_REFUSED, f.DNS_NO_ANSWER, f.DNS_TEMPORARY, f.TIMEOUT)
INPUTS = (
    (f"https://{NAME}/", "web"),
    (f"http://{NAME}/", "web"),
    ("https://104.16.1.1/", "web"),
    ("tcp://104.16.1.1:443", "tcp"),
    ("tcp://104.16.1.1:80", "http_any"),
    ("dns+udp://104.16.1.1:53", "dns"),
    ("dns+tcp://104.16.1.1:53", "dns"),
    ("dns+tls://104.16.1.1:853", "dns"),
    ("dns+quic://104.16.1.1:853", "dns"),
    (f"https://{NAME}/dns-query", "doh"),
    (f"quic://{NAME}", "quic"),
    (f"quic://{NAME}", "quic"),
    (f"wireguard://{NAME}", "vpn"),
    ("openvpn+tcp://104.16.1.1:443", "vpn"),
    ("https://[::", "web"),
    ("", "web"),
)
BODIES = (
    "",
    "hello",
    "Доступ к информационному ресурсу ограничен на основании Федерального закона № 149-ФЗ",
    "The Amazon CloudFront distribution is configured to block access from your country.",
)

ips = st.sampled_from(IPS)
ports = st.sampled_from((443, 80, 53, 853))
hops = st.sampled_from((0, 0, 0, 1, 2))
arms = st.sampled_from(("", "", "", "dns", "target@target", "neutral@neutral", "target@neutral"))
exchanges = st.builds(
    VPNExchange,
    t0=st.just(0.1), t=st.just(4.1), ip=st.sampled_from(IPS), port=st.sampled_from((443, 51820)),
    failure=st.sampled_from((None, f.TIMEOUT, f.CONNECTION_RESET, f.CONNECTION_REFUSED, f.INTERRUPTED)),
    protocol=st.sampled_from(("wireguard", "openvpn", "stun")), transport=st.sampled_from(("udp", "tcp")),
    stage=st.sampled_from(("handshake", "data")), reached=st.sampled_from(("", "", "cookie")),
    arm=st.sampled_from(("", "", "neutral")),
)  # fmt: skip
moments = st.floats(0, 8, allow_nan=False)
failures = st.one_of(st.none(), st.sampled_from(FAILURES))
urls = st.sampled_from(
    (
        f"https://{NAME}/",
        f"http://{NAME}/",
        "https://inner.example.org/",
        "http://warning.rt.ru/",
        "//",
        "a b",
    )
)


@st.composite
def lookups(draw: st.DrawFn) -> DNSLookup:
    t0 = draw(moments)
    failure = draw(st.one_of(st.none(), st.sampled_from(DNS_FAILURES)))
    answers = tuple(draw(st.lists(ips, max_size=2))) if failure is None else ()
    replies = [
        DNSReply(
            t=t0,
            failure=None,
            rcode=draw(st.sampled_from(("", "NOERROR", "NXDOMAIN"))),
            answers=tuple(draw(st.lists(ips, max_size=2))),
            ede=draw(st.sampled_from(((), (6,), (3,)))),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    return DNSLookup(
        t0=t0,
        t=t0 + 1,
        failure=failure,
        hostname=draw(st.sampled_from(HOSTS)),
        query_type=draw(st.sampled_from(("A", "AAAA", "ANY"))),
        engine=draw(st.sampled_from(("getaddrinfo", "udp", "tcp", "dot", "doh", "doq"))),
        resolver_address=draw(
            st.sampled_from(("system", "104.16.1.1:53", "9.9.9.9:53", "[2606:4700::1]:853"))
        ),
        is_system=draw(st.booleans()),
        answers=answers,
        replies=tuple(replies),
        checking_disabled=draw(st.booleans()),
        hop=draw(hops),
    )


@st.composite
def connects(draw: st.DrawFn) -> TCPConnect:
    t0 = draw(moments)
    return TCPConnect(
        t0=t0,
        t=t0 + 1,
        failure=draw(failures),
        ip=draw(ips),
        port=draw(ports),
        hop=draw(hops),
        arm=draw(arms),
    )


@st.composite
def handshakes(draw: st.DrawFn) -> TLSHandshake:
    """Return any handshake, contradictory ones too."""
    t0 = draw(moments)
    dates = st.sampled_from(("2026-01-01T00:00:00Z", "2027-01-01T00:00:00+00:00", "2025-01-01", "?"))
    shown = Certificate(
        sha256="0",
        subject="CN=x",
        issuer=draw(
            st.sampled_from(("CN=Test CA", "CN=warning.rt.ru", "CN=Kaspersky Anti-Virus Personal Root"))
        ),
        not_before=draw(dates),
        not_after=draw(dates),
    )
    name = draw(st.sampled_from(HOSTS))
    return TLSHandshake(
        t0=t0,
        t=t0 + 1,
        failure=draw(failures),
        ip=draw(ips),
        port=draw(ports),
        server_name=draw(st.one_of(st.none(), st.just(name))),
        verified_name=name,
        completed=draw(st.booleans()),
        server_spoke=draw(st.booleans()),
        chain_failure=draw(st.sampled_from((None, None, f.TLS_UNKNOWN_AUTHORITY, f.TLS_INVALID_CERTIFICATE))),
        name_matches=draw(st.sampled_from((None, True, True, False))),
        certificates=draw(st.sampled_from(((), (shown,)))),
        hop=draw(hops),
        arm=draw(arms),
    )


QUIC_ARMS = (
    *(quic.OWN, quic.OWN, quic.OWN, quic.NEUTRAL, quic.VERSION, quic.SELF_ELSEWHERE),
    *(quic.NEUTRAL_ELSEWHERE, quic.OWN_ELSEWHERE, quic.VERSION_ELSEWHERE, ""),
)


@st.composite
def quic_shakes(draw: st.DrawFn) -> quic.QUICHandshake:
    """Return any QUIC handshake, contradictory ones too."""
    t0 = draw(moments)
    like = draw(handshakes())
    return quic.QUICHandshake(
        t0=t0,
        t=t0 + 1,
        failure=like.failure,
        ip=draw(ips),
        port=draw(ports),
        server_name=like.server_name,
        verified_name=like.verified_name,
        completed=draw(st.booleans()),
        server_versions=draw(st.sampled_from(((), (), (quic.VERSION_1,), ("ff00001d",)))),
        close_code=draw(st.sampled_from((None, None, 0x128))),
        chain_failure=like.chain_failure,
        name_matches=like.name_matches,
        certificates=like.certificates,
        arm=draw(st.sampled_from(QUIC_ARMS)),
    )


@st.composite
def round_trips(draw: st.DrawFn) -> HTTPRoundTrip:
    t0 = draw(moments)
    url = draw(urls)
    return HTTPRoundTrip(
        t0=t0,
        t=t0 + 1,
        failure=draw(failures),
        url=url,
        ip=draw(ips),
        port=draw(ports),
        host=draw(st.sampled_from(HOSTS)),
        is_tls=url.startswith("https"),
        status_code=draw(st.sampled_from((None, 200, 200, 302, 403, 451, 503))),
        headers=draw(st.sampled_from(((), (("Server", "x"), ("X-Own", "1"))))),
        body=draw(st.sampled_from(BODIES)),
        body_length=draw(st.sampled_from((None, 0, 90, 1000))),
        declared_length=draw(st.sampled_from((None, 1000, 90000))),
        title=draw(st.sampled_from((None, "News", "Stop"))),
        location=draw(st.one_of(st.none(), urls)),
        hop=draw(hops),
        arm=draw(arms),
    )


@st.composite
def control_answers(draw: st.DrawFn) -> ControlAnswer:
    ends = st.sampled_from([f"{ip}:443" if ":" not in ip else f"[{ip}]:443" for ip in IPS])
    words = st.one_of(st.none(), st.sampled_from(FAILURES))
    return ControlAnswer(
        t0=0.0,
        t=1.0,
        failure=draw(st.sampled_from((None, None, None, f.TIMEOUT))),
        kind=draw(st.sampled_from(("test_helper", "proxy"))),
        control=draw(
            st.sampled_from(("https://0.th.ooni.org/", "https://h.example.net", "1.2.3.4:1080", ""))
        ),
        url=draw(urls),
        dns_failure=draw(st.one_of(st.none(), st.sampled_from(DNS_FAILURES))),
        dns_addresses=tuple(draw(st.lists(ips, max_size=2))),
        tcp_connect=tuple(
            EndpointAnswer(endpoint=draw(ends), failure=draw(words)) for _ in range(draw(st.integers(0, 2)))
        ),
        tls_handshake=tuple(
            EndpointAnswer(endpoint=draw(ends), failure=draw(words), server_name=NAME)
            for _ in range(draw(st.integers(0, 2)))
        ),
        quic_handshake=tuple(
            EndpointAnswer(endpoint=draw(ends), failure=draw(words), server_name=NAME)
            for _ in range(draw(st.integers(0, 2)))
        ),
        http_asked=draw(st.booleans()),
        http_failure=draw(words),
        status_code=draw(st.sampled_from((None, 200, 403))),
        title=draw(st.sampled_from((None, "News", "Stop"))),
        headers=draw(st.sampled_from(((), (("X-Own", "1"),)))),
        body_length=draw(st.sampled_from((None, 90, 1000))),
        asns=draw(st.sampled_from(((), (("104.16.1.1", 13335), ("185.76.144.9", 13335))))),
    )


def a_measurement(uid: str, target: Target, at: float, experiment: str) -> Measurement:
    return Measurement(
        measurement_uid=uid,
        target_id=target.target_id,
        service=target.service,
        input=target.input,
        experiment=experiment,
        round=0,
        is_control=False,
        measurement_start_time=ZERO + timedelta(seconds=at),
        started_s=at,
        runtime_s=9.0,
    )


@st.composite
def runs(draw: st.DrawFn) -> tuple[Target, tuple[Measurement, ...]]:
    """Return a target and some measurements of it: rounds, controls, other resolvers, cross experiments."""
    url, experiment = draw(st.sampled_from(INPUTS))
    target = Target(
        target_id="any/it",
        service="any",
        input=url,
        experiment=experiment,
        country=draw(st.sampled_from(("", "US", "RU"))),
        ranges=draw(st.sampled_from(((), ("case",)))),
        addresses=draw(st.sampled_from(((), ("104.16.1.1",)))),
        server_name=draw(st.sampled_from(("", NAME))),
    )
    found = []
    alike = draw(st.booleans())
    drawn: list[tuple[Any, ...]] = []
    for number in range(draw(st.integers(0, 4))):
        aside = ("control", "resolver", "cross", SMALL_SEGMENTS)
        kind = draw(st.sampled_from((experiment, experiment, experiment, *aside)))
        m = a_measurement(f"u{number}", target, 10.0 + number * draw(st.sampled_from((3.0, 10.5))), kind)
        if kind == "control":
            found.append(replace(m, controls=tuple(draw(st.lists(control_answers(), max_size=2)))))
            continue
        if not (alike and drawn):
            drawn.append(
                (
                    tuple(draw(st.lists(lookups(), max_size=3))),
                    tuple(draw(st.lists(connects(), max_size=3))),
                    tuple(draw(st.lists(handshakes(), max_size=3))),
                    tuple(draw(st.lists(round_trips(), max_size=3))),
                    tuple(draw(st.lists(quic_shakes(), max_size=5))) if "quic" in url else (),
                    tuple(draw(st.lists(who_answers, max_size=3))) if "dns+" in url else (),
                    tuple(draw(st.lists(exchanges, max_size=4))) if experiment == "vpn" else (),
                )
            )
        queries, tcp, tls, http, over_udp, who, tunnels = drawn[-1]
        m = replace(m, queries=queries, tcp_connect=tcp, tls_handshakes=tls, requests=http)
        found.append(replace(m, quic_handshakes=over_udp, who_answers=who, vpn_exchanges=tunnels))
    return target, tuple(found)


@st.composite
def conditions(draw: st.DrawFn) -> str:
    """Return, as JSON, under which facts a run is judged: neutrals, baseline, clock, trouble."""
    said: dict[str, object] = {
        "controls": draw(st.sampled_from((["ooni"], []))),
        "clock": draw(st.sampled_from((0.0, "unknown", 9e7))),
        "stopped": draw(st.sampled_from(("", "", "bytes", "interrupted"))),
        "resolver_true": draw(st.booleans()),
        "resolver_fails": draw(st.booleans()),
        "udp53_intercepted": draw(st.booleans()),
        "vantage": {
            "resolver_class": draw(st.sampled_from(("operator", "public", "private", "unknown"))),
            "bypass": draw(st.sampled_from(([], ["hosts"]))),
        },
    }
    if draw(st.booleans()):
        said["baseline"] = {
            "hours": draw(st.sampled_from((1, 30, 900))),
            "n_ok": draw(st.sampled_from((0, 3))),
        }
    if draw(st.integers(0, 4)) == 0:
        said["network"] = draw(st.sampled_from((ReasonCode.SHUTDOWN.value, ReasonCode.CAPTIVE_PORTAL.value)))
    neutrals = draw(st.sampled_from(({}, {"beat": False}, {"families": [4]}, {"ports": [443]})))
    return json.dumps({"neutrals": neutrals, "facts": said})


@lru_cache(maxsize=512)
def facts_under(conditions: str) -> RunFacts:
    """Return the facts of a run under these conditions."""
    asked = Target(target_id="any/it", service="any", input=f"https://{NAME}/", experiment="web")
    return facts_of(json.loads(conditions), asked)
