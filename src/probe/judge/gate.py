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
ENDED_BY = {"bytes": BUDGET_SPENT, "time": BUDGET_SPENT, "interrupted": INTERRUPTED}


def through_gate(facts: RunFacts, outcome: Outcome, debts: Sequence[Debt]) -> Outcome:
    """Return the outcome as it stands on this network; a validated answer stays reachable.

    What is still owed when a run ends early may have changed an inconclusive verdict, and a control that
    nobody asked, or smaller segments, may have cleared the path of an accusation that nothing confirms.
    """
    finding = facts.finding
    if outcome.state is State.REACHABLE and outcome.validated:
        return outcome
    if finding is not None and finding.reason_code is not None:
        return _instead(outcome, NETWORK_NOT_FINE, finding.reason_code)
    unheard = outcome.state is State.BLOCKED and not outcome.confirmed and _may_clear(debts)
    if facts.stopped and (unheard or (outcome.state is State.INCONCLUSIVE and debts)):
        rule = ENDED_BY.get(facts.stopped, INTERRUPTED)
        return _instead(outcome, rule, rule.reason_code)
    return outcome


def _may_clear(debts: Sequence[Debt]) -> bool:
    return any(debt.what in {Owed.CONTROL, Owed.SMALL_SEGMENTS} for debt in debts)


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
