"""Golden cases: what paid the debts of a scripted run, controls and cross experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cases.script import GAP_S, NAME, TRUE_IP, WORDS, When, a_request, a_shake, measured
from cases.transfers import transfers_of
from probe.model import failure as f
from probe.model.observation import ControlAnswer, EndpointAnswer, TCPConnect
from probe.model.words import SMALL_SEGMENTS

if TYPE_CHECKING:
    from probe.model.measurement import Measurement
    from probe.model.target import Target


def measurements_of(row: dict[str, Any], target: Target) -> list[Measurement]:
    """Return all measurements of a case: its rounds, then what paid its debts.

    `starts` tells when each round began, in seconds of the run, where they are not evenly apart.
    """
    rounds = row.get("rounds", [])
    if rounds and isinstance(rounds[0], str):
        rounds = [rounds] * row.get("times", 3)
    gap = row.get("gap", GAP_S)
    starts = row.get("starts", [10 + number * gap for number in range(len(rounds))])
    found = [
        measured(f"m{number}", target, at, ops, round_=number)
        for number, (at, ops) in enumerate(zip(starts, rounds, strict=True))
    ]
    found += [
        measured(f"r{n}", target, row.get("resolver_at", 60) + n, ops, experiment="resolver")
        for n, ops in enumerate(row.get("resolver", []))
    ]
    found += [
        measured(f"s{n}", target, 70 + n, ops, experiment=SMALL_SEGMENTS)
        for n, ops in enumerate(row.get("small", []))
    ]
    found += [a_control(f"c{n}", target, said) for n, said in enumerate(row.get("control", []))]
    found += [a_cross(f"x{n}", target, said) for n, said in enumerate(row.get("cross", []))]
    return [*found, *transfers_of(row.get("transfers", []), target)]


def a_control(uid: str, target: Target, said: dict[str, Any]) -> Measurement:
    """Return a control's answer; what the row leaves out is a control that got the page."""
    at = said.get("at", 50.0)
    url = said.get("url", target.input)
    status = said.get("status", 200 if said.get("http", "ok") == "ok" else None)
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
        quic_handshake=tuple(
            EndpointAnswer(endpoint=e, failure=WORDS[w], server_name=target.server_name or NAME)
            for e, w in said.get("quic", {}).items()
        ),
        http_asked=said.get("asked", True),
        http_failure=WORDS[said.get("http", "ok")],
        status_code=status if said.get("asked", True) else None,
        title=said.get("title"),
        headers=tuple(
            (n, v.strip() or "x") for n, _, v in (h.partition(":") for h in said.get("headers", []))
        ),
        body_length=said.get("length"),
        body=said.get("body", ""),
        asns=tuple((ip, asn) for ip, asn in said.get("asns", {}).items()),
    )
    made = measured(uid, target, at, [], experiment="control")
    about = target.input if target.experiment == "zone" else url
    return replace(made, input=about, controls=(answer,) * said.get("answers", 1))


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
                a_request(ip, "200" if word == "ok" else word, {}, When(t0, t0 + 0.2, 0, target)),
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
        a_shake(ip, word, {"name": name, "arm": arm}, When(t0, t0 + 0.2, 0, target))
        for t0, name, ip, arm, word in tries
    )
    return replace(made, tls_handshakes=shaken)
