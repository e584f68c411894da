"""Baselines: how a target answered elsewhere or before, read as a control and made of a run."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Final

from probe.judge.clock import host_of, is_valid
from probe.judge.constants import BASELINE_FRESH_S, CALIBRATION_S, UNDATED
from probe.judge.pairs import pair_tests
from probe.judge.paths import path_baseline
from probe.judge.place import PORTS
from probe.judge.throughput import OWN
from probe.judge.view import ControlView, endpoint
from probe.model.baseline import TargetBaseline
from probe.model.fact import FACTS
from probe.model.quic import OWN as OWN_QUIC
from probe.model.vpn import TUNNELS
from probe.model.words import ControlSource, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from probe.judge.facts import RunFacts
    from probe.model.baseline import Baseline
    from probe.model.measurement import Measurement
    from probe.model.observation import HTTPRoundTrip, TLSHandshake
    from probe.model.quic import QUICHandshake
    from probe.model.target import Target
    from probe.model.verdict import Verdict
    from probe.model.vpn import VPNExchange

FINE_NETWORKS: Final = frozenset({"", "network.none"})
"""What `Baseline.network_state` is when nothing interfered with the network that it was recorded on."""
ANSWERING: Final = frozenset({State.REACHABLE, State.GEOBLOCKED})
"""Verdicts under which what came was the service's own answer."""
MAX_ADDRESSES: Final = 32


class _Index:
    """The rows of the last baseline asked for: thousands of targets ask for the same one."""

    def __init__(self) -> None:
        self.of: Baseline | None = None
        self.rows: dict[str, TargetBaseline] = {}

    def row(self, baseline: Baseline, target: Target) -> TargetBaseline | None:
        """Return the target's row by its id, or by its input where it was recorded under another id."""
        if self.of is not baseline:
            self.rows = {row.input: row for row in reversed(baseline.targets)}
            self.rows |= {row.target_id: row for row in reversed(baseline.targets)}
            self.of = baseline
        found = self.rows.get(target.target_id)
        if target.service == TUNNELS:  # the id tells the keys apart, with other ones silence means nothing
            return found
        return found if found is not None and found.input == target.input else self.rows.get(target.input)


_INDEX: Final = _Index()


def baseline_view(facts: RunFacts, target: Target, moment: datetime) -> ControlView | None:
    """Return the target as the run's baseline saw it, or None where it holds nothing of it.

    `moment` is the start of the target's last round by this machine's clock, which is corrected.
    A baseline carries an answer, never a failure: what failed there may have been blocked there too. It is
    usable when its network was fine and the target answered.
    """
    baseline = facts.baseline
    row = _INDEX.row(baseline, target) if baseline is not None else None
    if baseline is None or row is None:
        return None
    ends = [endpoint(ip, _port(target.input)) for ip in row.addresses]
    name = target.server_name or host_of(target.input)
    return ControlView(
        source=ControlSource.BASELINE,
        key=f"baseline:{baseline.run_id}",
        usable=baseline.network_state in FINE_NETWORKS and row.n_ok > 0,
        url=row.input,
        final_url=row.final_url,
        age_s=_age_s(facts, baseline, moment),
        dns_failure=row.dns_failure,
        addresses=frozenset(row.addresses),
        asns=frozenset(row.asns),
        tcp=dict.fromkeys(ends),
        tls=dict.fromkeys(ends, (name, None)) if row.certificate_sha256 else {},
        quic=dict.fromkeys(ends, (name, None)) if _is_quic(target.input) else {},
        http_asked=row.status_code is not None,
        status=row.status_code,
        title=row.title,
        header_names=frozenset(row.header_names),
        body_length=row.body_length,
        issuer=row.certificate_issuer,
    )


def calibration_of(
    facts: RunFacts, target: Target, moment: datetime, *, within_s: float = CALIBRATION_S
) -> TargetBaseline | None:
    """Return the target's row where transfers may be held against it, or None.

    Its network was fine, the target answered there, and it is at most so old (30 days) by a checked clock.
    """
    baseline = facts.baseline
    row = _INDEX.row(baseline, target) if baseline is not None else None
    if baseline is None or row is None or baseline.network_state not in FINE_NETWORKS or not row.n_ok:
        return None
    return row if _age_s(facts, baseline, moment) <= within_s else None


def _age_s(facts: RunFacts, baseline: Baseline, moment: datetime) -> float:
    """Return the seconds between a baseline and a measurement.

    A baseline made for a run is younger than the run, but not by more than a day. One further in the future
    has no date, and neither has any where this machine's own clock could not be checked.
    """
    if facts.clock_offset_s is None:
        return UNDATED
    age = (moment + timedelta(seconds=facts.clock_offset_s) - baseline.recorded_utc).total_seconds()
    return abs(age) if age >= -BASELINE_FRESH_S else UNDATED


def baseline_of(
    target: Target, measurements: Iterable[Measurement], verdict: Verdict | None
) -> TargetBaseline | None:
    """Return the row that a run's own measurements of one target make, or None where none was finished.

    Only what the verdict calls the service's own answer counts as success.
    """
    measurements = tuple(measurements)
    if target.experiment in FACTS:
        return path_baseline(target, tuple(m for m in measurements if not m.interrupted))
    own = sorted(
        (m for m in measurements if m.experiment == target.experiment and not m.interrupted),
        key=lambda m: (m.started_s, m.measurement_uid),
    )
    if not own:
        return None
    answers = verdict is None or verdict.state in ANSWERING
    good = [m for m in own if answers and _answered(m, target)]
    trip = next((trip for m in good for trip in reversed(m.requests) if trip.status_code is not None), None)
    quic = [h for m in good for h in m.quic_handshakes if is_own_quic(h)]
    shakes: list[TLSHandshake | QUICHandshake] = [
        h for m in good for h in m.tls_handshakes if is_valid(h) and h.certificates and not h.hop
    ]
    shakes += [h for h in quic if h.certificates]
    ok = [c for m in good for c in m.tcp_connect if c.failure is None and not c.hop]
    zone = {ip for m in good for ip in zone_addresses(m)} | {ip for m in good for ip in carried(m)}
    addresses = sorted({c.ip for c in ok if c.arm != "zone"} | {h.ip for h in quic} | zone)[:MAX_ADDRESSES]
    system = [q.failure for m in own for q in m.queries if q.is_system and not q.hop]
    instead = verdict.mechanism if verdict is not None else ""
    failed = Counter(_failure(m) or instead for m in own if m not in good)
    pairs = pair_tests(measurements).get((OWN, 0)) if answers else None
    told = {ip: asn for m in measurements for answer in m.controls for ip, asn in answer.asns}
    return TargetBaseline(
        target_id=target.target_id,
        input=target.input,
        n=len(own),
        n_ok=len(good),
        failures=tuple(sorted(failed.items())),
        dns_failure=system[0] if system and None not in system else None,
        addresses=tuple(addresses),
        asns=tuple(sorted({told[ip] for ip in addresses if told.get(ip)})),
        certificate_sha256=tuple(sorted({h.certificates[0].sha256 for h in shakes})),
        certificate_issuer=_issuer(shakes),
        status_code=trip.status_code if trip else None,
        title=trip.title if trip else None,
        header_names=tuple(sorted({name.lower() for name, _ in trip.headers})) if trip else (),
        body_length=_body_length(good),
        final_url=trip.url if trip else "",
        connect_ms=_median_ms([c.t - c.t0 for c in ok]),
        ttfb_ms=_median_ms(
            [t.first_byte_s for m in good for t in m.requests if t.first_byte_s is not None and not t.hop]
        ),
        rate_bps=round(pairs.decision.rate_bps) if pairs is not None and pairs.fit else None,
        pair_calibration=round(pairs.decision.ratio, 3) if pairs is not None and pairs.is_clear else None,
        pair_name=pairs.control_name if pairs is not None else "",
    )


def _answered(m: Measurement, target: Target) -> bool:
    """Whether the measurement ended with an answer of the kind that the target's experiment asks for."""
    if target.experiment == "quic":
        return any(map(is_own_quic, m.quic_handshakes))
    if target.experiment == "tcp":
        return any(c.failure is None for c in m.tcp_connect)
    if target.experiment == "dns":
        return any(q.failure is None for q in m.queries)
    if target.experiment in {"zone", "vpn"}:
        return bool(zone_addresses(m) or carried(m))
    if not m.requests:
        return False
    last = max(trip.hop for trip in m.requests)
    valid = {(h.ip, h.port, h.hop, h.attempt) for h in m.tls_handshakes if is_valid(h)}
    return any(
        trip.status_code is not None
        and (not trip.is_tls or (trip.ip, trip.port, trip.hop, trip.attempt) in valid)
        for trip in m.requests
        if trip.hop == last
    )


def _failure(m: Measurement) -> str:
    """Return the last failure of a measurement; empty where each step worked and the answer was another's."""
    ends = [
        (x.t, x.failure)
        for kind in (
            m.queries,
            m.tcp_connect,
            m.tls_handshakes,
            m.requests,
            m.quic_handshakes,
            own_exchanges(m),
        )
        for x in kind
        if x.failure is not None
    ]
    return max(ends)[1] if ends else ""


def _body_length(good: Sequence[Measurement]) -> int | None:
    """Return the length of the final page of the first round that read one; later rounds stop at headers."""
    lengths = (trip.body_length for m in good for trip in _last_hop(m) if trip.body_length)
    return next(lengths, None)


def _last_hop(m: Measurement) -> list[HTTPRoundTrip]:
    last = max((trip.hop for trip in m.requests), default=0)
    return [trip for trip in m.requests if trip.hop == last]


def zone_addresses(m: Measurement) -> frozenset[str]:
    """Return the addresses at which a zone's own servers answered for it."""
    return frozenset(
        a.ip for a in m.zone_answers if a.side == "server" and a.authoritative and a.serial is not None
    )


def own_exchanges(m: Measurement) -> tuple[VPNExchange, ...]:
    """Return what was exchanged with a tunnel's own server."""
    return tuple(x for x in m.vpn_exchanges if not x.arm)


def carried(m: Measurement) -> frozenset[str]:
    """Return the addresses at which all that was exchanged with it worked, data included."""
    own = own_exchanges(m)
    return frozenset(x.ip for x in own) - {x.ip for x in own if x.failure is not None}


def is_own_quic(h: QUICHandshake) -> bool:
    """Whether a handshake is one with the target under its own name, and its certificate holds."""
    return h.arm in {"", OWN_QUIC} and h.completed and h.chain_failure is None and h.name_matches is not False


def _is_quic(text: str) -> bool:
    return text.startswith(("quic://", "dns+quic://"))


def _issuer(shakes: Sequence[TLSHandshake | QUICHandshake]) -> str:
    return shakes[0].certificates[0].issuer if shakes else ""


def _median_ms(seconds: Sequence[float]) -> float | None:
    return round(1000 * median(seconds), 1) if seconds else None


def _port(text: str) -> int:
    """Return the port of an input; a port that is none (a hostile list) is read as the scheme's own."""
    scheme, _, rest = text.partition("://")
    port = rest.partition("/")[0].rpartition("@")[2].rpartition(":")[2]
    return int(port) if port.isascii() and port.isdigit() and len(port) < 6 else PORTS.get(scheme, 0)
