"""Runs as reports are told of them, made in code: a service of two targets, found as a test wishes."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from probe.model.measurement import Measurement, VantagePoint
from probe.model.verdict import ServiceVerdict, Verdict
from probe.model.words import ControlSource, Layer, Located, State
from probe.report.annex.known import Known, Operator
from probe.report.told import Seal, Told
from unit.a_run import a_measurement, a_record, a_round_trip, a_verdict
from unit.factories import a_neutral, a_target

BEGAN = datetime(2026, 11, 21, 12, 5, 33, tzinfo=UTC)
EXAMPLE = Operator(
    asn="AS64500",
    registered_name="EXAMPLE-AS",
    commercial_name="Example Telecom",
    country="RU",
    spellings=("Пример",),
)
OTHER = Operator(asn="AS64501", registered_name="OTHER-AS", commercial_name="Other Net", country="RU")
KNOWN = Known(
    operators=(EXAMPLE, OTHER),
    operators_dated="2026-11-01",
    operators_source="a test",
    thresholds=(("slow_pairs", "5"), ("slow_ratio", "0.5"), ("least_control_bps", "300000")),
    rules_version=1,
    rules_dated="2026-11-01",
    software_version="0.1.0",
    software_sha256="5" * 64,
)
FOUND: dict[State, dict[str, Any]] = {
    State.BLOCKED: {
        "mechanism": "tls.reset.sni",
        "layer": Layer.TLS,
        "located": Located.PATH,
        "control_source": (ControlSource.CROSS, ControlSource.NEUTRAL),
    },
    State.THROTTLED: {
        "mechanism": "throughput.policed.sni",
        "layer": Layer.THROUGHPUT,
        "located": Located.PATH,
        "control_source": (ControlSource.CROSS,),
        "goodput_ratio": 0.1,
    },
    State.DOWN: {"mechanism": "", "layer": Layer.TCP, "located": Located.SERVER},
}


def utc(moment: datetime) -> str:
    """Return a time as run folders write it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def found(state: State, began: datetime, **changes: Any) -> Verdict:
    """Return a verdict on twitter/web."""
    plain: dict[str, Any] = {
        "state": state,
        "mechanism": "",
        "layer": Layer.HTTP,
        "located": Located.UNKNOWN,
        "started_utc": utc(began),
        "ended_utc": utc(began + timedelta(seconds=40)),
        "because": f"It is {state}.",
        "rule_id": f"test.{state}",
    }
    return a_verdict(**(plain | FOUND.get(state, {}) | changes))


def a_told(
    state: State = State.BLOCKED,
    *,
    hours: float = 0.0,
    asn: str = "AS64500",
    verdicts: Iterable[Verdict] = (),
    measurements: Iterable[Measurement] = (),
    sealed: bool = False,
    **changes: Any,
) -> Told:
    """Return a run that began so many hours after the first and lasted 90 seconds.

    Changes are of its vantage point where that has such a field, else of its record.
    """
    began = BEGAN + timedelta(hours=hours)
    run_id = f"{began:%Y%m%dT%H%M%SZ}-{asn}-{int(hours * 60):04x}"
    place = VantagePoint(
        probe_asn=asn,
        asn_source="declared",
        probe_cc="RU",
        probe_network_name="Example Telecom",
        region="RU-KHA",
        access_type="fixed",
        resolver_class="operator",
    )
    of_place = {key: value for key, value in changes.items() if hasattr(place, key)}
    of_record = {key: value for key, value in changes.items() if key not in of_place}
    uids = (f"{run_id}-000001", f"{run_id}-000002")
    judged = tuple(verdicts) or (found(state, began),)
    judged = tuple(replace(verdict, measurement_uids=uids) for verdict in judged)
    network = a_verdict(
        target_id="network",
        service="network",
        input="network",
        state=State.REACHABLE,
        mechanism="network.none",
        layer=Layer.NETWORK,
        located=Located.UNKNOWN,
        rule_id="network.fine",
        params=(("n_ok", "20"), ("n_tries", "21")),
        started_utc=utc(began),
        measurement_uids=(),
    )
    record = a_record(
        run_id=run_id,
        vantage=replace(place, **of_place),
        started_utc=utc(began),
        ended_utc=utc(began + timedelta(seconds=90)),
        n_measurements=7,
        clock_offset_s=0.4,
        network_mechanism="network.none",
        redactions=(("ip", 3),),
        **of_record,
    )
    kept = tuple(measurements) or (a_measurement(measurement_uid=uids[0], requests=(a_round_trip(),)),)
    return Told(
        record=record,
        verdicts=(network, *judged),
        services=tuple(a_roll_up(v) for v in (network, *judged) if v.service not in ("url", "list")),
        trials=(),
        facts=(),
        targets=tuple(a_target(v.target_id, input=v.input) for v in judged),
        controls=(a_neutral("vk.example", "domestic_listed"), a_neutral("wiki.example", "foreign")),
        baseline=None,
        seal=a_seal(run_id) if sealed else None,
        measurements=lambda: kept,
        titles=(("twitter", "Twitter"),),
        journal=lambda: b'{"a": 1}\n',
    )


def a_seal(name: str) -> Seal:
    """Return a seal whose root hash begins with other digits for each name."""
    import hashlib

    root = hashlib.sha256(name.encode()).hexdigest()
    return Seal(
        root_sha256=root, n_files=12, n_bytes=3456, signature="none", token="good 2026-11-21T13:14:15Z"
    )


def a_roll_up(verdict: Verdict) -> ServiceVerdict:
    """Return what one verdict comes to for its service."""
    return ServiceVerdict(
        service=verdict.service,
        state=verdict.state,
        mechanism=verdict.mechanism,
        located=verdict.located,
        confirmed=verdict.confirmed,
        reason_code=verdict.reason_code,
        because=verdict.because,
        n_targets=1,
        n_reachable=int(verdict.state is State.REACHABLE),
        n_throttled=int(verdict.state is State.THROTTLED),
        n_blocked=int(verdict.state is State.BLOCKED),
        n_geoblocked=int(verdict.state is State.GEOBLOCKED),
        n_down=int(verdict.state is State.DOWN),
        n_inconclusive=int(verdict.state is State.INCONCLUSIVE),
        started_utc=verdict.started_utc,
        ended_utc=verdict.ended_utc,
    )
