"""Golden cases: the run around a target, its neutrals, its vantage point, its baseline."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cases.script import TRUE_IP, ZERO
from probe.judge import build_facts
from probe.judge.digest import ControlDigest, Witness
from probe.judge.network import NetworkFinding, network_finding
from probe.judge.screen import PageRate
from probe.model.baseline import Baseline, TargetBaseline
from probe.model.measurement import VantagePoint
from probe.model.observation import LocalFact
from probe.model.options import RunOptions
from probe.model.target import Target
from probe.model.words import ReasonCode

if TYPE_CHECKING:
    from probe.judge import RunFacts


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
RESOLVERS = tuple(
    Target(
        target_id=f"resolver/{ip}",
        service="resolver",
        input=f"dns+udp://{ip}:53",
        experiment="dns",
        country=country,
        is_control=True,
    )
    for ip, country in (("8.8.8.8", "US"), ("77.88.8.8", "RU"))
)


A_PAGE = PageRate(n_bytes=120_000, seconds=0.35, rtt_s=0.06, first_byte_s=0.06)
"""What a neutral's page moved over a link of some megabits."""


def beats(row: dict[str, Any]) -> tuple[ControlDigest, ...]:
    """Return a heartbeat of successes every 2 s, as the row wants it; `again` is when it begins once more."""
    return _beats(json.dumps(row.get("neutrals", {})))


@lru_cache(maxsize=64)
def _beats(wanted: str) -> tuple[ControlDigest, ...]:
    said = json.loads(wanted)
    found = []
    n = int(said.get("until", 140)) // 2
    for number in range(n * (1 + len(said.get("again", [])))):
        at = (0.0, *said.get("again", []))[number // n] + number % n * 2.0 + 0.5
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


def looks(said: list[dict[str, str]], begin: float = 0.0) -> tuple[ControlDigest, ...]:
    """Return what this machine told of its network, look by look, 10 s apart."""
    return tuple(
        ControlDigest(
            uid=f"l{number}",
            target_id="network/local",
            round=0,
            started_s=begin + number * 10.0,
            started=ZERO + timedelta(seconds=number * 10),
            n_observations=0,
            local=tuple(LocalFact(name=name, value=value) for name, value in one.items()),
        )
        for number, one in enumerate(said)
    )


def _changed(finding: NetworkFinding) -> ReasonCode | None:
    """Of what the few neutrals of a case lead to only this counts: whether the network stayed the same."""
    return finding.reason_code if finding.reason_code is ReasonCode.NETWORK_CHANGED else None


def facts_of(row: dict[str, Any], target: Target) -> RunFacts:
    """Return the facts of a case: a network that is fine, unless the row says otherwise."""
    said = row.get("facts", {})
    vantage: dict[str, Any] = {"probe_asn": "AS12389", "probe_cc": "RU", "resolver_class": "operator"}
    vantage |= {k: tuple(v) if isinstance(v, list) else v for k, v in said.get("vantage", {}).items()}
    made = build_facts(
        options=RunOptions(
            controls=tuple(said.get("controls", ["ooni"])), throughput=said.get("throughput", True)
        ),
        vantage=VantagePoint(**vantage),
        neutrals=NEUTRALS,
        resolvers=RESOLVERS,
        ranges={"case": tuple(said.get("ranges", ["104.16.0.0/13"]))},
        baseline=a_baseline(said["baseline"], target) if "baseline" in said else None,
        digests=(*beats(row), *looks(said.get("looks", []), said.get("looks_from", 0.0))),
        stopped=said.get("stopped", ""),
    )
    finding = made.finding or network_finding(())
    return replace(
        made,
        finding=replace(
            finding,
            reason_code=ReasonCode(said["network"]) if "network" in said else _changed(finding),
            udp53_intercepted=said.get("udp53_intercepted", False),
        ),
        resolver_true=said.get("resolver_true", True),
        resolver_fails=said.get("resolver_fails", False),
        resolver_log=tuple((float(t), bool(true)) for t, true in said.get("resolver_log", [])),
        clock_offset_s=said.get("clock", 0.0) if said.get("clock") != "unknown" else None,
        untrusted_issuers=frozenset(said.get("untrusted_issuers", [])),
        neutral_pages=(A_PAGE,) * said.get("pages", 0),
    )


def a_baseline(said: dict[str, Any], target: Target) -> Baseline:
    """Return a baseline with one row, `hours` old."""
    return Baseline(
        schema_version="0.1",
        recorded_utc=ZERO - timedelta(hours=said.get("hours", 2)),
        run_id="base",
        probe_asn=said.get("asn", "AS3320"),
        probe_cc="DE",
        network_state=said.get("network", "network.none"),
        software="probe",
        clock_offset_s=None if said.get("clock") == "unknown" else said.get("clock", 0.0),
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
                final_url=said.get("final_url", target.input),
                rate_bps=said["rate"] * 1000.0 if "rate" in said else None,
                pair_calibration=said.get("calibration"),
                pair_name=said.get("pair_name", "neutral.example"),
            ),
        ),
    )
