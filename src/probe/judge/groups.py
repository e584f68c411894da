"""Neutrals by group: which pass, which fail, and in how many rounds they were tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from probe.model import failure as failures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.judge.digest import Witness

GroupState = Literal["passes", "fails", "split", "untested"]

QUORUM_NUMERATOR: Final = 2
QUORUM_DENOMINATOR: Final = 3
"""METHOD 3: two of three."""
MIN_NEUTRALS: Final = 2
"""A group of one neutral has no quorum: that one site may be down."""
TRY_GAP_S: Final = 10.0
"""Tries closer than this belong to one round; `RunOptions.round_gap_s` is a little more."""

DOMESTIC_LISTED: Final = "domestic_listed"
DOMESTIC_UNLISTED: Final = "domestic_unlisted"
FOREIGN_GROUPS: Final = ("foreign", "foreign_frozen")
NO_ROUTE: Final = frozenset({failures.NETWORK_UNREACHABLE, failures.NETWORK_DOWN})
"""What the kernel says at once, without a packet, where it has no route."""


def group_state(tries: Sequence[Witness], groups: Sequence[str]) -> GroupState:
    """Say whether two of three neutrals of the groups pass, in one family at least, or fail in every try."""
    said: dict[str, dict[int, list[bool]]] = {}
    for w in tries:
        if w.neutral_group in groups:
            said.setdefault(w.name, {}).setdefault(w.family, []).append(w.ok)
    if len(said) < MIN_NEUTRALS:
        return "untested"
    passing = sum(any(2 * sum(oks) >= len(oks) for oks in family.values()) for family in said.values())
    failing = sum(not any(any(oks) for oks in family.values()) for family in said.values())
    if passing * QUORUM_DENOMINATOR >= len(said) * QUORUM_NUMERATOR:
        return "passes"
    return "fails" if failing * QUORUM_DENOMINATOR >= len(said) * QUORUM_NUMERATOR else "split"


def foreign_state(tries: Sequence[Witness]) -> GroupState:
    """Foreign hosts pass if those of either group do: hosters known to be frozen fail for themselves."""
    states = {group_state(tries, (group,)) for group in FOREIGN_GROUPS}
    if "passes" in states:
        return "passes"
    return group_state(tries, FOREIGN_GROUPS)


def rounds_of(tries: Sequence[Witness]) -> int:
    """Count tries at least 10 s apart, from the first on."""
    count, last = 0, float("-inf")
    for begin in sorted(w.t0_s for w in tries):
        if begin - last >= TRY_GAP_S:
            count, last = count + 1, begin
    return count
