"""Turn an outcome into the verdict that files and people see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from statistics import median
from string import Formatter
from typing import TYPE_CHECKING

from probe.judge.fingerprints import is_bogon
from probe.judge.fingerprints.bogon import FAKE_IP
from probe.judge.note import text_of, unique
from probe.judge.outcome import UNKNOWN_AS
from probe.judge.rule import RULES_VERSION
from probe.judge.stand import SOURCES
from probe.model.verdict import Verdict
from probe.model.words import Caveat, ControlSource, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from probe.judge.facts import RunFacts
    from probe.judge.outcome import Outcome
    from probe.judge.reading import Reading

MAX_WITNESSES = 64
"""Uids a verdict names; the measurements themselves hold the rest."""


def verdict_of(facts: RunFacts, reading: Reading, outcome: Outcome) -> Verdict:
    """Fill in the sentence, the times, the witnesses and the controls."""
    target, own = reading.target, reading.own
    rule = outcome.rule
    params = {name: outcome.params.get(name, "") for name in _names(rule.because)}
    sources = tuple(s for s in SOURCES if s in outcome.sources)
    everything = [*own, *reading.aside]
    notes = unique(outcome.notes)
    rates = outcome.rates
    return Verdict(
        target_id=target.target_id,
        service=target.service,
        category_code=target.category_code,
        input=target.input,
        state=rule.state,
        mechanism=outcome.mechanism,
        layer=outcome.layer,
        located=outcome.located,
        confirmed=outcome.confirmed,
        reason_code=rule.reason_code,
        caveats=tuple(_caveats(facts, reading, rule.state)),
        rule_id=rule.rule_id,
        rules_version=RULES_VERSION,
        because=rule.because.format_map(params),
        template=rule.because,
        params=tuple(params.items()),
        failure=outcome.failure,
        witnesses=tuple(sorted(outcome.witnesses)[:MAX_WITNESSES]),
        n_observations=sum(
            len(m.queries)
            + len(m.tcp_connect)
            + len(m.tls_handshakes)
            + len(m.requests)
            + len(m.quic_handshakes)
            + len(m.zone_answers)
            + len(m.store_answers)
            + len(m.vpn_exchanges)
            + len(m.who_answers)
            for m in own
        )
        + sum(len(m.transfers) for m in reading.aside),
        n_controls=outcome.n_controls,
        control_source=sources or (ControlSource.NONE,),
        dns_ms=_median(q.t - q.t0 for m in own for q in m.queries if q.is_system and q.answers),
        connect_ms=_median(c.t - c.t0 for m in own for c in m.tcp_connect if c.failure is None),
        tls_ms=_median(
            [h.t - h.t0 for m in own for h in m.tls_handshakes if h.completed]
            + [h.t - h.t0 for m in own for h in m.quic_handshakes if h.completed]
        ),
        ttfb_ms=_median(r.first_byte_s for m in own for r in m.requests if r.first_byte_s is not None),
        goodput_kbps=_kbps(rates.goodput_bps) if rates is not None else None,
        control_goodput_kbps=_kbps(rates.control_bps) if rates is not None else None,
        goodput_ratio=round(rates.ratio, 4) if rates is not None else None,
        started_utc=_stamp(min(m.measurement_start_time for m in own)) if own else "",
        ended_utc=_stamp(max(m.measurement_start_time + timedelta(seconds=m.runtime_s) for m in own))
        if own
        else "",
        measurement_uids=tuple(sorted(m.measurement_uid for m in everything)),
        notes=tuple(text_of(n) for n in notes),
        notes_apart=notes,
    )


@cache  # as many as there are rules
def _names(template: str) -> tuple[str, ...]:
    """Return the parameters of a sentence, sorted."""
    return tuple(sorted({name for _, name, _, _ in Formatter().parse(template) if name}))


def _caveats(facts: RunFacts, reading: Reading, state: State) -> Iterable[Caveat]:
    lookups = (q for found in reading.lookups.values() for _, q in found)
    if facts.vantage.bypass or any(is_bogon(ip) == FAKE_IP for q in lookups for ip in q.answers):
        yield Caveat.BYPASS_ACTIVE
    if state in {State.BLOCKED, State.THROTTLED} and facts.vantage.probe_asn == UNKNOWN_AS:
        yield Caveat.OPERATOR_UNCERTAIN


def _median(seconds: Iterable[float]) -> float | None:
    """Return the median in milliseconds to a hundredth, or None of nothing."""
    values = list(seconds)
    return round(median(values) * 1000, 2) if values else None


def _kbps(bps: float) -> float:
    return round(bps / 1000, 1)


def _stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
