"""Judge one hop up to its answer: the resolver's word, address trust, then tcp, tls and http by count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from probe.judge.count_layer import judge_floor
from probe.judge.dns import ARTEFACTS
from probe.judge.hop import families_of, rounds_of
from probe.judge.note import ADDRESSES_FAILED, FAMILY_FAILS, ROUNDS_FAILED, note
from probe.judge.outcome import Outcome, Wants, conclude
from probe.judge.residual import fold_residual
from probe.judge.resolving import Names
from probe.judge.series import OTHER_ADDRESS, SERIES, UNFINISHED, SeriesFacts
from probe.judge.served import refusal_of
from probe.judge.server import judge_intercepted
from probe.judge.unresolved import judge_failing_name, judge_untrue
from probe.judge.who import judge_who, who_notes
from probe.model.words import WORST_FIRST, Layer, ReasonCode, State

if TYPE_CHECKING:
    from probe.judge.hop import Hop, Round
    from probe.judge.rule import Rule

ERROR = 400
"""Statuses from here on are refusals and errors."""


def judge_addresses(hop: Hop) -> Outcome:
    """Return the answers of this hop, or the rule by which it fails."""
    finding = hop.facts.finding
    if hop.place.scheme == "dns+udp" and finding is not None and finding.udp53_intercepted:
        return judge_intercepted(hop, frozenset(finding.witnesses))
    somebody_else = judge_who(hop)
    if somebody_else is not None:
        return somebody_else
    names = Names(hop)
    families = families_of(hop.legs)
    own = {f: rounds_of(hop, f, hop.trust.own.__contains__) for f in families}
    validated = any(r.answer is not None and r.answer.tls_ok for rounds in own.values() for r in rounds)
    facts = names.facts()
    artefact: Rule[Any] | None = next((rule for rule in ARTEFACTS if rule.when(facts)), None)
    if artefact is not None and not validated:
        return names.artefact(artefact, facts)
    if names.failed and not names.resolved:
        return judge_failing_name(hop, names)
    found = [_judge_family(hop, f, [*own[f], *names.failed]) for f in families if own[f]]
    if not found:
        return conclude(UNFINISHED, Layer.NETWORK, hop=hop, wants=Wants(rounds=True))
    outcome = _combine(found)
    if artefact is not None and artefact.state is State.BLOCKED and outcome.answers:
        outcome.mechanism = artefact.mechanism
        outcome.located = names.located(artefact, facts.notice)
    outcome.notes += [*names.notes(artefact, facts), *who_notes(hop)]
    return outcome


def _judge_family(hop: Hop, family: int, rounds: list[Round]) -> Outcome:
    """Judge one family at the addresses that the user's own resolver gave."""
    good = [r for r in rounds if r.ok]
    bad = [r for r in rounds if not r.ok]
    bad = bad if good else fold_residual(bad)
    layers = {r.layer for r in bad}
    facts = SeriesFacts(n_ok=len(good), n_failed=len(bad), n_layers=len(layers))
    row = next((rule for rule in SERIES if rule.when(facts)), None)
    if row is not None:
        return _of_series(hop, row, good, bad)
    if good:
        return _works(hop, family, good, bad)
    if layers == {Layer.TCP} and family not in hop.facts.bench.families:
        return judge_floor(hop, bad)
    trust = hop.trust
    true = rounds_of(hop, family, lambda ip: ip in trust.own and trust.is_true(ip))
    if not true:
        return judge_untrue(hop, bad)
    others = rounds_of(hop, family, lambda ip: ip not in trust.own and trust.is_true(ip))
    if any(r.ok for r in others) or _shakes_elsewhere(hop, family):
        return conclude(OTHER_ADDRESS, bad[0].layer, hop=hop, uids=_uids(rounds))
    return judge_floor(hop, fold_residual(true))


def _shakes_elsewhere(hop: Hop, family: int) -> bool:
    """Say whether another true address, as a later reply gives one, showed its certificate and no more."""
    tries = (t for leg in hop.legs for t in leg.tries if t.family == family and t.ip not in hop.trust.own)
    return any(t.layer is Layer.TLS and t.tls_ok and hop.trust.is_true(t.ip) for t in tries)


def _of_series(hop: Hop, row: Rule[Any], good: list[Round], bad: list[Round]) -> Outcome:
    failures = sorted({f.failure for r in bad for f in r.failures})
    params = {
        "ok": str(len(good)),
        "all": str(len(good) + len(bad)),
        "failure": ", ".join(failures),
    }
    deepest = max((r.layer for r in bad), key=list(Layer).index)
    outcome = conclude(
        row,
        deepest,
        hop=hop,
        params=params,
        uids=_uids([*good, *bad]),
        wants=Wants(rounds=len(bad) == 1 and len(good) == 1, control=not good),
    )
    outcome.failure = failures[0]
    outcome.answers = []
    return outcome


def _works(hop: Hop, family: int, good: list[Round], bad: list[Round]) -> Outcome:
    """Hand the answers on, with what is worth noting about the rest."""
    outcome = conclude(UNFINISHED, good[0].layer, hop=hop, uids=_uids(good))
    outcome.answers = good
    outcome.validated = all(r.answer is not None and r.answer.tls_ok for r in good) and not hop.tainted
    if bad:
        outcome.notes.append(
            note(ROUNDS_FAILED, n=len(bad), all=len(good) + len(bad), failure=bad[0].failures[0].failure)
        )
    tried = {t.ip for r in good for t in r.tries}
    dead = {t.ip for r in good for t in r.tries if t.kind is not None}
    dead -= {t.ip for r in good for t in r.tries if t.kind is None}
    if dead:
        outcome.notes.append(note(ADDRESSES_FAILED, family=f"IPv{family}", n=len(dead), all=len(tried)))
    return outcome


def _combine(found: list[Outcome]) -> Outcome:
    """Join families: any that works decides; then those that this link has at all, worst first."""
    working = [o for o in found if o.answers]
    if working:
        best = _best(working)
        best.notes += [
            note(FAMILY_FAILS, failure=o.failure) if o.failure else note(o.rule.because, o.params)
            for o in found
            if not o.answers
        ]
        return best
    had = [o for o in found if o.rule.reason_code is not ReasonCode.FAMILY_UNAVAILABLE] or found
    partly = [o for o in had if o.rule.reason_code is ReasonCode.INTERMITTENT]
    chosen = min(partly or had, key=lambda o: WORST_FIRST.index(o.state))
    for o in had:
        if o is not chosen:
            chosen.wants.join(o.wants)
    return chosen


def _best(working: list[Outcome]) -> Outcome:
    """Return the first, but where that may be the service's refusal one that was served."""
    first, *others = working
    if not others or not _is_final(first):
        return first
    return next((o for o in working if _is_served(o)), first)


def _is_final(outcome: Outcome) -> bool:
    """Say whether every answer came under a certificate that holds, whole, and leads no further."""
    pages = outcome.pages
    return outcome.validated and bool(pages) and all(a.failure is None and not a.location for a in pages)


def _is_served(outcome: Outcome) -> bool:
    """Say whether no answer is a refusal or an error."""
    return _is_final(outcome) and all(
        (a.status_code or 0) < ERROR and refusal_of(a) is None for a in outcome.pages
    )


def _uids(rounds: list[Round]) -> frozenset[str]:
    return frozenset(r.leg.measurement.measurement_uid for r in rounds)
