"""Join what was found over IPv4 and over IPv6, for experiments whose tables look at one family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.judge.note import FAMILY_FAILS, note
from probe.model.words import WORST_FIRST, ReasonCode, State

if TYPE_CHECKING:
    from probe.judge.outcome import Outcome


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
