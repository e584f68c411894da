"""Rows about a hop's rounds taken together, before any layer is asked."""

from __future__ import annotations

from msgspec import Struct

from probe.judge.rule import Rule, always
from probe.model.words import ReasonCode, State


class SeriesFacts(Struct, frozen=True, kw_only=True):
    """How many rounds of one family worked, failed, and in how many layers."""

    n_ok: int
    n_failed: int
    n_layers: int = 1


def tolerable(f: SeriesFacts) -> bool:
    """Say whether it works: always, or but for one failure that two further tries do not repeat."""
    return f.n_ok > 0 and (f.n_failed == 0 or (f.n_failed == 1 and f.n_ok >= 2))


SERIES: tuple[Rule[SeriesFacts], ...] = (
    Rule(
        "rounds.intermittent",
        lambda f: f.n_ok > 0 and not tolerable(f),
        State.INCONCLUSIVE,
        "{name}: it worked in {ok} of {all} rounds and failed in the others.",
        reason_code=ReasonCode.INTERMITTENT,
    ),
    Rule(
        "rounds.discordant",
        lambda f: f.n_ok == 0 and f.n_layers > 1,
        State.INCONCLUSIVE,
        "{name}: it failed in every round, but each time somewhere else ({failure}).",
        reason_code=ReasonCode.DISCORDANT_RERUN,
    ),
)
"""None of them holding, judging goes on: with the answer where it works, else with the layer that fails."""

OTHER_ADDRESS: Rule[object] = Rule(
    "rounds.other_address_answers",
    always,
    State.INCONCLUSIVE,
    "{name}: the addresses that this system's resolver gives fail, but another of its true addresses"
    " answers from"
    " here.",
    reason_code=ReasonCode.DISCORDANT_RERUN,
)
UNFINISHED: Rule[object] = Rule(
    "rounds.unfinished",
    always,
    State.INCONCLUSIVE,
    "{name}: no try of it was finished.",
    reason_code=ReasonCode.NOT_MEASURED,
)
