"""Which scenarios are run once more, alone: those that said less than they should beside many others.

A run that accuses where it must not, or of another thing, is never given a second chance: that fault is what
the tests are for. What a crowded machine does to a run is the opposite: it finds less, or confirms less.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from wire.harness import difference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wire.harness import Outcome
    from wire.scenario import Row, Scenario

MODEST: Final = frozenset({"reachable", "inconclusive"})
"""States that accuse nobody."""
SHAPE: Final = re.compile(r"throughput\.(policed|shaped|frozen|lossy)")


def said_less(scenario: Scenario, outcome: Outcome) -> bool:
    """Say whether a run fell short of its rows, and only short of them; its files must be in order."""
    if outcome.leaks:
        return False
    if outcome.trouble:
        return True
    wrong = [row for row in scenario.rows if difference(row, outcome)]
    found = [outcome.verdicts.get(row.subject) or outcome.services.get(row.subject) for row in wrong]
    return bool(wrong) and all(_is_less(row, one) for row, one in zip(wrong, found, strict=True))


def _is_less(row: Row, found: Mapping[str, str] | None) -> bool:
    """Say whether a row accuses nobody, or accuses as the table does, with less beside it."""
    if found is None:
        return False
    if found["state"] not in row.state.split("|"):
        return found["state"] in MODEST
    if row.confirmed is False and found["confirmed"].lower() == "true":
        return False
    located = row.located is None or found["located"] in {*row.located.split("|"), "unknown"}
    return located and (row.mechanism is None or _is_part(found["mechanism"], row.mechanism.split("|")))


def _is_part(found: str, expected: list[str]) -> bool:
    """Say whether a mechanism is one expected, or one without its trigger, or without how it was slow."""
    less = [SHAPE.sub("throughput.slow", one) for one in expected]
    return any(found == one or one.startswith(f"{found}.") for one in (*expected, *less))
