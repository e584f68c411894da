"""Judged runs for tests of what a person sees."""

from typing import Any

from msgspec.structs import replace

from probe.model.measurement import VantagePoint
from probe.model.options import RunOptions, RunRecord
from probe.model.verdict import ServiceVerdict, Verdict
from probe.model.words import ControlSource, Layer, Located, ReasonCode, State
from probe.report.console import Outcome


def a_verdict(target_id: str = "twitter/web", **changes: Any) -> Verdict:
    plain = Verdict(
        target_id=target_id,
        service=target_id.partition("/")[0],
        input=f"https://{target_id.replace('/', '.')}.example/",
        state=State.REACHABLE,
        layer=Layer.HTTP,
        located=Located.UNKNOWN,
        confirmed=False,
        rule_id="http.answered",
        rules_version=1,
        because="A validated answer came.",
        template="A validated answer came.",
        n_observations=3,
        n_controls=24,
        control_source=(ControlSource.NEUTRAL,),
    )
    return replace(plain, **changes)


def a_blocked_verdict(target_id: str = "twitter/web", **changes: Any) -> Verdict:
    return replace(
        a_verdict(target_id),
        **{
            "state": State.BLOCKED,
            "mechanism": "tls.reset.sni",
            "layer": Layer.TLS,
            "located": Located.PATH,
            "because": "The handshake was reset in 3 of 3 tries.",
            "template": "The handshake was reset in {k} of {n} tries.",
            "control_source": (ControlSource.CROSS, ControlSource.TEST_HELPER, ControlSource.NEUTRAL),
            **changes,
        },
    )


def a_service(service: str, state: State, **changes: Any) -> ServiceVerdict:
    counts = {f"n_{other}": 0 for other in State} | {f"n_{state}": 1}
    return ServiceVerdict(
        **{
            "service": service,
            "state": state,
            "mechanism": "",
            "located": Located.UNKNOWN,
            "confirmed": False,
            "reason_code": None,
            "because": "",
            "n_targets": 1,
            "started_utc": "2026-11-21T10:00:00Z",
            "ended_utc": "2026-11-21T10:01:00Z",
            **counts,
            **changes,
        }
    )


def a_record(**changes: Any) -> RunRecord:
    plain = RunRecord(
        schema_version="0.1.0",
        run_id="20261121T100000Z-AS64500-0a1b",
        software_version="0.1.0",
        rules_version=1,
        python_version="3.11",
        platform="Linux",
        options=RunOptions(),
        seed=1,
        services=(),
        lists=(),
        vantage=VantagePoint(probe_asn="AS64500", access_type="mobile"),
        trust_source="certifi",
        trust_sha256="",
        started_utc="2026-11-21T10:00:00Z",
    )
    return replace(plain, **changes)


def an_outcome(**changes: Any) -> Outcome:
    """Five services, one of each state that this version finds."""
    network = a_verdict(
        "network",
        input="",
        service="network",
        layer=Layer.NETWORK,
        mechanism="network.none",
        because="Neutral sites answered at home and abroad.",
        template="",
    )
    verdicts = (
        a_verdict("youtube/web"),
        a_blocked_verdict("twitter/web", confirmed=True),
        a_blocked_verdict("twitter/media", confirmed=True),
        a_verdict(
            "sanctions-oracle/web",
            state=State.GEOBLOCKED,
            because="The service refuses visitors from this country.",
            located=Located.SERVER,
            control_source=(ControlSource.TEST_HELPER,),
        ),
        a_verdict(
            "media-example/web",
            state=State.DOWN,
            because="It fails alike at the control.",
            control_source=(ControlSource.TEST_HELPER,),
        ),
        a_verdict(
            "telegram/dc1",
            state=State.INCONCLUSIVE,
            reason_code=ReasonCode.NO_CONTROL,
            because="It failed in 3 of 3 tries and nothing elsewhere was asked.",
        ),
    )
    services = (
        a_service("youtube", State.REACHABLE),
        a_service(
            "twitter",
            State.BLOCKED,
            mechanism="tls.reset.sni",
            located=Located.PATH,
            confirmed=True,
            n_targets=2,
            n_blocked=2,
        ),
        a_service("sanctions-oracle", State.GEOBLOCKED, located=Located.SERVER),
        a_service("media-example", State.DOWN),
        a_service("telegram", State.INCONCLUSIVE, reason_code=ReasonCode.NO_CONTROL),
        a_service("network", State.REACHABLE, mechanism="network.none"),
    )
    plain = Outcome(
        folder="results/20261121T100000Z-AS64500-0a1b",
        record=a_record(),
        network=network,
        services=services,
        verdicts=verdicts,
    )
    return replace(plain, **changes)
