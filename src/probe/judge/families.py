"""A name, then IPv4 and IPv6 each, then both joined: for experiments whose tables look at one family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from probe.judge.dns import ARTEFACTS
from probe.judge.hop import families_of, rounds_of
from probe.judge.note import FAMILY_FAILS, note
from probe.judge.outcome import Outcome, Wants, conclude
from probe.judge.resolving import Names
from probe.judge.series import UNFINISHED
from probe.judge.unresolved import judge_failing_name
from probe.model.words import WORST_FIRST, Layer, ReasonCode, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.judge.hop import Hop, Round
    from probe.judge.rule import Rule


def judge_families(
    hop: Hop, layer: Layer, judge_family: Callable[[Hop, int, list[Round]], Outcome]
) -> Outcome:
    """Judge a target's name, then by `judge_family` the rounds of each family that it has addresses in."""
    names = Names(hop)
    families = families_of(hop.legs)
    own = {f: rounds_of(hop, f, hop.trust.own.__contains__) for f in families}
    works = any(r.ok for rounds in own.values() for r in rounds)
    dns = names.facts()
    artefact: Rule[Any] | None = next((rule for rule in ARTEFACTS if rule.when(dns)), None)
    if artefact is not None and not works:
        return names.artefact(artefact, dns)
    if names.failed and not names.resolved:
        return judge_failing_name(hop, names)
    found = [judge_family(hop, f, own[f]) for f in families if own[f]]
    if not found:
        return conclude(UNFINISHED, layer, hop=hop, wants=Wants(rounds=True))
    outcome = combined(found)
    outcome.notes += names.notes(artefact, dns)
    return outcome


def combined(found: list[Outcome]) -> Outcome:
    """Return the family that works, if any does; else of those that this link has at all the worst."""
    working = [o for o in found if o.state is State.REACHABLE]
    if working:
        best = working[0]
        best.notes += [note(FAMILY_FAILS, failure=o.failure) for o in found if o is not best and o.failure]
        return best
    had = [o for o in found if o.rule.reason_code is not ReasonCode.FAMILY_UNAVAILABLE] or found
    partly = [o for o in had if o.rule.reason_code is ReasonCode.INTERMITTENT]
    chosen = min(partly or had, key=lambda o: WORST_FIRST.index(o.state))
    for other in had:
        if other is not chosen:
            chosen.wants.join(other.wants)
    return chosen
