"""What a rule is, and how an ordered table of them decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from probe.model.words import Located, ReasonCode, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RULES_VERSION = 2
"""Goes up whenever a rule is added or retired; what a rule_id means never changes.

From the first release on also with whatever else can change a verdict: bags of before are then judged as made
by other rules. Until then there are none.
"""
RULES_DATED = "2026-11-21"
"""The day on which this version came to be."""

F = TypeVar("F")


class Rule(Struct, Generic[F], frozen=True):
    """One row of a layer's table.

    `mechanism` and `because` may hold `{named}` parameters, filled in from the params that the facts
    give. `confirmed` None means: when a second kind of control agrees.
    """

    rule_id: str
    when: Callable[[F], object]
    state: State
    because: str
    mechanism: str = ""
    located: Located = Located.UNKNOWN
    confirmed: bool | None = False
    reason_code: ReasonCode | None = None


def first_match(rules: Sequence[Rule[F]], facts: F) -> Rule[F]:
    """Return the first rule that holds. Tables are total: the last row always does."""
    return next(rule for rule in rules if rule.when(facts))


def always(_facts: object) -> bool:
    """Hold, whatever the facts: the condition of a table's last row."""
    return True
