"""Golden cases as short scripts: rows of a TOML file become measurements, neutrals, controls and facts."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from probe.judge import RunFacts, build_facts
from probe.judge.digest import ControlDigest, Witness
from probe.judge.facts import RunFacts as Facts
from probe.judge.network import network_finding
from probe.model import failure as f
from probe.model.baseline import Baseline, TargetBaseline
from probe.model.measurement import Measurement, VantagePoint
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
from probe.model.options import RunOptions
from probe.model.target import Target
from probe.model.words import ReasonCode

ZERO = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
NAME = "site.example.org"
TRUE_IP = "104.16.1.1"
GAP_S = 10.5
WORDS = {
    "ok": None,
    "timeout": f.TIMEOUT,
    "reset": f.CONNECTION_RESET,
    "eof": f.EOF,
    "refused": f.CONNECTION_REFUSED,
    "unreachable": f.HOST_UNREACHABLE,
    "alert": f.X_TLS_ALERT,
    "untrusted": f.TLS_UNKNOWN_AUTHORITY,
    "mismatch": f.TLS_INVALID_HOSTNAME,
    "expired": f.TLS_INVALID_CERTIFICATE,
    "junk": f.TLS_FAILED_HANDSHAKE,
    "interrupted": f.INTERRUPTED,
    "nxdomain": f.DNS_NXDOMAIN,
    "servfail": f.DNS_SERVFAIL,
    "norefuse": f.DNS_REFUSED,
    "empty": f.DNS_NO_ANSWER,
    "again": f.DNS_TEMPORARY,
    "loop": f.X_REDIRECT_LOOP,
    "vague": "unknown_failure: unknown_error",
}
COMPLETED = {"ok", "untrusted", "mismatch", "expired"}


def a_target(row: dict[str, Any]) -> Target:
    """Return the target of a case: a web page unless the row says otherwise."""
    given = {"target_id": "case/it", "service": "case", "input": f"https://{NAME}/", "experiment": "web"}
    said = {k: tuple(v) if isinstance(v, list) else v for k, v in row.get("target", {}).items()}
    return Target(**{**given, "country": "US", "ranges": ("case",), **said})


def measurements_of(row: dict[str, Any], target: Target) -> list[Measurement]:
    """Return all measurements of a case: its rounds, then what paid its debts."""
    rounds = row.get("rounds", [])
    if rounds and isinstance(rounds[0], str):
        rounds = [rounds] * row.get("times", 3)
    gap = row.get("gap", GAP_S)
    found = [
        measured(f"m{number}", target, 10 + number * gap, ops, round_=number)
        for number, ops in enumerate(rounds)
    ]
    found += [
        measured(f"r{n}", target, 60 + n, ops, experiment="resolver")
        for n, ops in enumerate(row.get("resolver", []))
    ]
    found += [a_control(f"c{n}", target, said) for n, said in enumerate(row.get("control", []))]
    found += [a_cross(f"x{n}", target, said) for n, said in enumerate(row.get("cross", []))]
    return found


def measured(
    uid: str, target: Target, at: float, ops: list[str], *, round_: int = 0, experiment: str = ""
) -> Measurement:
    """Run the script of one measurement: one operation a line, each begun when the last had ended."""
    clock = 0.0
    kept: dict[str, list[Any]] = {"dns": [], "tcp": [], "tls": [], "http": []}
    for op in ops:
        words = shlex.split(op)
        hop = int(words.pop(0)[:-1]) if words[0].endswith(":") else 0
        extra = dict(w.split("=", 1) for w in words[3:] if "=" in w)
        took = float(extra.pop("took", "5" if words[2] == "timeout" else "0.1"))
        at_once = clock if "beside" not in extra else clock - took
        extra.pop("beside", None)
        kept[words[0]].append(OPS[words[0]](words[1], words[2], extra, at_once, at_once + took, hop, target))
        clock = at_once + took
    return Measurement(
        measurement_uid=uid,
        target_id=target.target_id,
        service=target.service,
        input=target.input,
        experiment=experiment or target.experiment,
        round=round_,
        is_control=False,
        measurement_start_time=ZERO + timedelta(seconds=at),
        started_s=at,
        runtime_s=clock,
        queries=tuple(kept["dns"]),
        tcp_connect=tuple(kept["tcp"]),
        tls_handshakes=tuple(kept["tls"]),
        requests=tuple(kept["http"]),
    )


def _dns(
    who: str, said: str, extra: dict[str, str], t0: float, t: float, hop: int, target: Target
) -> DNSLookup:
    """`dns system|lib|8.8.8.8 1.2.3.4,5.6.7.8|failure [name=] [cd=1] [type=] [engine=] [then=reply|reply] [ede=]`."""
    failure = WORDS.get(said, None) if said in WORDS else None
    answers = () if said in WORDS else tuple(said.split(","))
    engine: Any = extra.get("engine", {"lib": "getaddrinfo"}.get(who, "udp"))
    replies = tuple(
        DNSReply(
            t=t,
            failure=WORDS.get(one) if one in WORDS else None,
            rcode="NXDOMAIN" if one == "nxdomain" else "NOERROR",
            answers=() if one in WORDS else tuple(one.split(",")),
            ede=tuple(int(e) for e in extra.get("ede", "").split(",") if e),
        )
        for one in (said, *filter(None, extra.get("then", "").split("|")))
    )
    return DNSLookup(
        t0=t0,
        t=t,
        failure=failure,
        hostname=extra.get("name", NAME),
        query_type=extra.get("type", "A"),
        engine=engine,
        resolver_address="system" if who in {"system", "lib"} else f"{who}:{extra.get('port', '53')}",
        is_system=who in {"system", "lib"},
        answers=answers,
        replies=replies,
        checking_disabled="cd" in extra,
        hop=hop,
    )


def _port(target: Target, extra: dict[str, str]) -> int:
    return int(extra.get("port", "80" if target.input.startswith("http:") else "443"))


def _tcp(
    ip: str, said: str, extra: dict[str, str], t0: float, t: float, hop: int, target: Target
) -> TCPConnect:
    return TCPConnect(
        t0=t0, t=t, failure=WORDS[said], ip=ip, port=_port(target, extra), hop=hop, arm=extra.get("arm", "")
    )


def _tls(
    ip: str, said: str, extra: dict[str, str], t0: float, t: float, hop: int, target: Target
) -> TLSHandshake:
    name = extra.get("name", NAME)
    day = timedelta(days=30)
    begin, end = (ZERO - 3 * day, ZERO - day) if said == "expired" else (ZERO - day, ZERO + day)
    shown = Certificate(
        sha256="00",
        subject="CN=" + name,
        issuer=extra.get("issuer", "CN=Test CA"),
        not_before=extra.get("from", begin.isoformat()),
        not_after=extra.get("to", end.isoformat()),
        names=(name,),
    )
    completed = said in COMPLETED
    return TLSHandshake(
        t0=t0,
        t=t,
        failure=WORDS[said],
        ip=ip,
        port=int(extra.get("port", "443")),
        server_name=None if "nosni" in extra else name,
        verified_name=name,
        completed=completed,
        alert=40 if said == "alert" else None,
        server_spoke=completed or said == "alert",
        chain_failure=f.TLS_UNKNOWN_AUTHORITY if said == "untrusted" else None,
        name_matches=said != "mismatch" if completed else None,
        certificates=() if "bare" in extra or not completed else (shown,),
        hop=hop,
        arm=extra.get("arm", ""),
    )


def _http(
    ip: str, said: str, extra: dict[str, str], t0: float, t: float, hop: int, target: Target
) -> HTTPRoundTrip:
    url = extra.get("url", target.input)
    status = int(said) if said.isdigit() else int(extra["status"]) if "status" in extra else None
    body = extra.get("body", "")
    length = extra.get("length", str(len(body)) if body or status else "")
    return HTTPRoundTrip(
        t0=t0,
        t=t,
        failure=None if said.isdigit() else WORDS[said],
        url=url,
        ip=ip,
        port=_port(replace(target, input=url), extra),
        is_tls=url.startswith("https"),
        status_code=status,
        headers=tuple(
            (n, v) for n, _, v in (h.partition(":") for h in extra.get("headers", "").split(";") if h)
        ),
        body=body,
        body_length=None if "unread" in extra else int(length) if length else None,
        declared_length=int(extra["declared"]) if "declared" in extra else None,
        title=extra.get("title"),
        location=extra.get("location"),
        first_byte_s=0.05 if status else None,
        hop=hop,
    )


OPS: dict[str, Any] = {"dns": _dns, "tcp": _tcp, "tls": _tls, "http": _http}


def a_control(uid: str, target: Target, said: dict[str, Any]) -> Measurement:
    """Return a control's answer; what the row leaves out is a control that got the page."""
    at = said.get("at", 50.0)
    url = said.get("url", target.input)
    status = said.get("status", 200) if said.get("http", "ok") == "ok" else None
    addresses = tuple(said.get("addresses", [TRUE_IP]))
    answer = ControlAnswer(
        t0=0.0,
        t=1.0,
        failure=WORDS[said["failure"]] if "failure" in said else None,
        kind=said.get("kind", "test_helper"),
        control=said.get("control", "https://0.th.ooni.org/"),
        url=url,
        dns_failure=WORDS[said["dns"]] if "dns" in said else None,
        dns_addresses=addresses if "dns" not in said else (),
        tcp_connect=tuple(
            EndpointAnswer(endpoint=e, failure=WORDS[w]) for e, w in said.get("tcp", {}).items()
        ),
        tls_handshake=tuple(
            EndpointAnswer(endpoint=e, failure=WORDS[w], server_name=NAME)
            for e, w in said.get("tls", {}).items()
        ),
        http_asked=said.get("asked", True),
        http_failure=WORDS[said.get("http", "ok")],
        status_code=status if said.get("asked", True) else None,
        title=said.get("title"),
        headers=tuple((h, "x") for h in said.get("headers", [])),
        body_length=said.get("length"),
        asns=tuple((ip, asn) for ip, asn in said.get("asns", {}).items()),
    )
    made = measured(uid, target, at, [], experiment="control")
    return replace(made, input=url, controls=(answer,) * said.get("answers", 1))


def a_cross(uid: str, target: Target, said: dict[str, Any]) -> Measurement:
    """Return a cross experiment: `here` and `there` say how each kind of name fares at each kind of address.

    Two neutral addresses, two neutral names, three tries a cell 2.1 s apart, a neutral name first.
    """
    neutrals = tuple(said.get("ips", ["93.184.1.1", "93.184.1.2"]))
    names = tuple(said.get("names", ["listed.example", "obscure.example"]))
    ours = said.get("name", NAME)
    fate = {
        ("target", "target"): said.get("here", "reset"),
        ("target", "neutral"): said.get("there", "reset"),
        ("neutral", "target"): said.get("others_here", "ok"),
        ("neutral", "neutral"): said.get("others_there", "ok"),
    }
    tries: list[tuple[float, str, str, str, str]] = []
    for number in range(said.get("tries", 3)):
        for place, ip in enumerate((*neutrals, said.get("ip", TRUE_IP))):
            start = number * said.get("gap", 6.0) + place * 1.5
            where = "target" if ip == said.get("ip", TRUE_IP) else "neutral"
            for turn, name in enumerate((*names, ours)):
                what = "target" if name == ours else "neutral"
                told = fate[what, where]
                word = told[number] if isinstance(told, list) else told
                tries.append((start + turn * 0.4, name, ip, f"{what}@{where}", word))
    made = measured(uid, target, said.get("at", 100.0), [], experiment="cross")
    if said.get("plain"):
        requests = tuple(
            replace(
                _http(ip, "200" if word == "ok" else word, {}, t0, t0 + 0.2, 0, target),
                host=name,
                arm=arm,
            )
            for t0, name, ip, arm, word in tries
            if word != "nothing"
        )
        connects = tuple(
            TCPConnect(t0=t0, t=t0 + 0.2, failure=f.TIMEOUT, ip=ip, port=80, arm=arm)
            for t0, _, ip, arm, word in tries
            if word == "nothing"
        )
        return replace(made, requests=requests, tcp_connect=connects)
    shaken = tuple(
        _tls(ip, word, {"name": name, "arm": arm}, t0, t0 + 0.2, 0, target)
        for t0, name, ip, arm, word in tries
    )
    return replace(made, tls_handshakes=shaken)


NEUTRALS = (
    Target(
        target_id="n/foreign",
        service="neutral",
        input="https://neutral.example/",
        experiment="web",
        country="DE",
        neutral_group="foreign",
    ),
    Target(
        target_id="n/domestic",
        service="neutral",
        input="https://neutral.example.ru/",
        experiment="web",
        country="RU",
        neutral_group="domestic_unlisted",
    ),
)


def beats(row: dict[str, Any]) -> tuple[ControlDigest, ...]:
    """Return a heartbeat of successes every 2 s, as the row wants it."""
    return _beats(json.dumps(row.get("neutrals", {})))


@lru_cache(maxsize=64)
def _beats(wanted: str) -> tuple[ControlDigest, ...]:
    said = json.loads(wanted)
    found = []
    for number in range(int(said.get("until", 140)) // 2):
        at = number * 2.0 + 0.5
        witnesses = tuple(
            Witness(
                uid=f"n{number}",
                t0_s=at,
                t_s=at + 0.1,
                family=family,
                port=port,
                side=side,
                neutral_group="" if port == 53 else "foreign",
                ok=True,
                failure=None,
                layer="dns" if port == 53 else "tls",
                name="neutral.example",
                address="9.9.9.9" if port == 53 else "93.184.1.1",
            )
            for family in said.get("families", [4, 6])
            for port in said.get("ports", [443, 80, 53])
            for side in said.get("sides", ["foreign", "domestic"])
        )
        found.append(
            ControlDigest(
                uid=f"n{number}",
                target_id="n/foreign",
                round=number,
                started_s=at,
                started=ZERO + timedelta(seconds=at),
                n_observations=2,
                witnesses=witnesses,
            )
        )
    return tuple(found) if said.get("beat", True) else ()


def facts_of(row: dict[str, Any], target: Target) -> RunFacts:
    """Return the facts of a case: a network that is fine, unless the row says otherwise."""
    said = row.get("facts", {})
    made = build_facts(
        options=RunOptions(controls=tuple(said.get("controls", ["ooni"]))),
        vantage=VantagePoint(
            **{"probe_asn": "AS12389", "probe_cc": "RU", "resolver_class": "operator"}
            | {k: tuple(v) if isinstance(v, list) else v for k, v in said.get("vantage", {}).items()}
        ),
        neutrals=NEUTRALS,
        ranges={"case": tuple(said.get("ranges", ["104.16.0.0/13"]))},
        baseline=a_baseline(said["baseline"], target) if "baseline" in said else None,
        digests=beats(row),
        stopped=said.get("stopped", ""),
    )
    finding = made.finding or network_finding(())
    return changed(
        made,
        finding=replace(
            finding,
            reason_code=ReasonCode(said["network"]) if "network" in said else None,
            udp53_intercepted=said.get("udp53_intercepted", False),
        ),
        resolver_true=said.get("resolver_true", True),
        resolver_fails=said.get("resolver_fails", False),
        clock_offset_s=said.get("clock", 0.0) if said.get("clock") != "unknown" else None,
        untrusted_issuers=frozenset(said.get("untrusted_issuers", [])),
    )


def changed(facts: RunFacts, **columns: Any) -> RunFacts:
    """Return the facts with other columns."""
    made: Facts = replace(facts, **columns)
    return made


def a_baseline(said: dict[str, Any], target: Target) -> Baseline:
    """Return a baseline with one row, `hours` old."""
    return Baseline(
        schema_version="0.1",
        recorded_utc=ZERO - timedelta(hours=said.get("hours", 2)),
        run_id="base",
        probe_asn="AS3320",
        probe_cc="DE",
        network_state=said.get("network", "network.none"),
        software="probe",
        targets=(
            TargetBaseline(
                target_id=target.target_id,
                input=target.input,
                n=3,
                n_ok=said.get("n_ok", 3),
                addresses=tuple(said.get("addresses", [TRUE_IP])),
                certificate_sha256=("00",),
                status_code=said.get("status", 200),
                title=said.get("title"),
                final_url=target.input,
            ),
        ),
    )
