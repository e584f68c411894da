"""The network first: what its finding and an early end do to a target's verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.judge.note import APART, note
from probe.judge.rule import Rule, always
from probe.model.words import Located, Owed, ReasonCode, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.judge.facts import RunFacts
    from probe.judge.outcome import Outcome
    from probe.model.target import Debt

NOT_MEASURED: Rule[object] = Rule(
    "target.not_measured",
    always,
    State.INCONCLUSIVE,
    "{name}: it was not measured.",
    reason_code=ReasonCode.NOT_MEASURED,
)
NETWORK_NOT_FINE: Rule[object] = Rule(
    "target.network_not_fine",
    always,
    State.INCONCLUSIVE,
    "{name}: the network itself is not fine, and that is the finding.",
)
BUDGET_SPENT: Rule[object] = Rule(
    "target.budget_spent",
    always,
    State.INCONCLUSIVE,
    "{name}: the budget of bytes or time was spent before it could be judged.",
    reason_code=ReasonCode.BUDGET_SPENT,
)
INTERRUPTED: Rule[object] = Rule(
    "target.interrupted",
    always,
    State.INCONCLUSIVE,
    "{name}: measuring was interrupted before it could be judged.",
    reason_code=ReasonCode.NOT_MEASURED,
)
_SAYS_OF_OTHERS = frozenset({State.BLOCKED, State.DOWN})
"""States that what others see of the target may clear."""
_BY_OTHERS_WORD = frozenset({"dns.broken_dnssec", "dns.bogon", "dns.injected"})
"""Rules that confirm by what nobody else contradicted; a fingerprint settles it whoever is asked."""
_CLEARS = frozenset({Owed.CONTROL, Owed.RESOLVER, Owed.SMALL_SEGMENTS})
ENDED_BY = {"bytes": BUDGET_SPENT, "time": BUDGET_SPENT, "interrupted": INTERRUPTED}


def through_gate(facts: RunFacts, outcome: Outcome, debts: Sequence[Debt]) -> Outcome:
    """Return the outcome as it stands on this network; a validated answer stays reachable.

    What is still owed when a run ends early may have changed an inconclusive verdict, and a control or a
    resolver that nobody asked, or smaller segments, may have cleared what nothing confirms.
    """
    finding = facts.finding
    if outcome.state is State.REACHABLE and outcome.validated:
        return outcome
    if finding is not None and finding.reason_code is not None:
        return _instead(outcome, NETWORK_NOT_FINE, finding.reason_code)
    if facts.stopped and (_unheard(outcome, debts) or (outcome.state is State.INCONCLUSIVE and debts)):
        rule = ENDED_BY.get(facts.stopped, INTERRUPTED)
        return _instead(outcome, rule, rule.reason_code)
    return outcome


def _unheard(outcome: Outcome, debts: Sequence[Debt]) -> bool:
    """Say whether somebody who was not asked may have cleared this."""
    open_ = not outcome.confirmed or outcome.rule.rule_id in _BY_OTHERS_WORD
    return outcome.state in _SAYS_OF_OTHERS and open_ and any(debt.what in _CLEARS for debt in debts)


def _instead(outcome: Outcome, rule: Rule[object], reason: ReasonCode | None) -> Outcome:
    # What accuses is not said again as a sentence where the evidence does not carry it.
    telling = outcome.state is State.INCONCLUSIVE
    outcome.notes.append(
        note(outcome.rule.because, outcome.params) if telling else note(APART, state=outcome.state.value)
    )
    outcome.rule = rule if rule.reason_code is reason else _with_reason(rule, reason)
    outcome.mechanism, outcome.located, outcome.confirmed = "", Located.UNKNOWN, False
    return outcome


def _with_reason(rule: Rule[object], reason: ReasonCode | None) -> Rule[object]:
    return Rule(rule.rule_id, rule.when, rule.state, rule.because, reason_code=reason)
