"""Verdicts on another program's records: without neutrals, and never more than that program said itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from probe.judge.rule import Rule, always
from probe.model.words import Located, ReasonCode, State

if TYPE_CHECKING:
    from probe.model.verdict import Verdict

MEASURER_SAW_MORE: Rule[object] = Rule(
    "imported.measurer_saw_more",
    always,
    State.INCONCLUSIVE,
    "{name}: these records alone would make it {state}; the program that measured saw more than they"
    " hold, and did not say so.",
    reason_code=ReasonCode.UNCONFIRMED,
)
NO_NEUTRALS: Rule[object] = Rule(
    "imported.no_neutrals",
    always,
    State.INCONCLUSIVE,
    "{name}: {failure}; the records hold no try at a neutral site, and nobody can tell from them whether"
    " the line itself worked.",
    reason_code=ReasonCode.UNCONFIRMED,
)


class Claim(Struct, frozen=True, kw_only=True):
    """What the program that measured made of all it saw; words that are none of ours claim nothing."""

    input: str = ""
    state: str = ""
    mechanism: str = ""
    located: str = ""
    confirmed: bool = False
    reason_code: str = ""


def as_imported(verdict: Verdict, claim: Claim | None) -> Verdict:
    """Return the verdict, or what is left of it: records hold no neutrals, and their program may say less."""
    if verdict.reason_code is ReasonCode.FAMILY_UNAVAILABLE:
        return _instead(verdict, NO_NEUTRALS, {"failure": verdict.failure or ""})
    if claim is None or verdict.state is State.INCONCLUSIVE:
        return verdict
    if verdict.state.value != claim.state:
        known = {code.value: code for code in ReasonCode}
        left = _instead(verdict, MEASURER_SAW_MORE, {"state": verdict.state.value})
        return replace(left, reason_code=known.get(claim.reason_code, left.reason_code))
    return replace(
        verdict,
        confirmed=verdict.confirmed and claim.confirmed,
        located=verdict.located if verdict.located.value == claim.located else Located.UNKNOWN,
        mechanism=verdict.mechanism if verdict.mechanism == claim.mechanism else _untriggered(verdict, claim),
    )


def _instead(verdict: Verdict, rule: Rule[object], said: dict[str, str]) -> Verdict:
    params = {"name": verdict.input} | said
    return replace(
        verdict,
        state=rule.state,
        mechanism="",
        located=Located.UNKNOWN,
        confirmed=False,
        reason_code=rule.reason_code,
        rule_id=rule.rule_id,
        because=rule.because.format_map(params),
        template=rule.because,
        params=tuple(params.items()),
    )


def _untriggered(verdict: Verdict, claim: Claim) -> str:
    """Return the mechanism as far as both have it: without a trigger that only one names, or none at all."""
    ours, theirs = verdict.mechanism.split("."), claim.mechanism.split(".")
    return ".".join(ours[:2]) if ours[:2] == theirs[:2] else ""
