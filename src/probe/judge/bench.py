"""Neutral successes of a run, sorted: which of them stood just before and just after a failure."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from probe.judge.constants import BRACKET_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from probe.judge.digest import Witness

UDP53 = 53
DNS_KEY = (0, UDP53, True)
"""Resolvers have no side: one bench for all of UDP/53."""


class Bench:
    """All neutral successes of a run, sorted so that a bracket is found in a few steps."""

    __slots__ = ("_by", "families")

    def __init__(self, witnesses: Iterable[Witness]) -> None:
        """Sort the successes among them by family, port class and side, by begin and by end."""
        groups: dict[tuple[int, int, bool], list[Witness]] = {}
        families: set[int] = set()
        for w in witnesses:
            if w.ok and w.port == UDP53:
                groups.setdefault(DNS_KEY, []).append(w)
            elif w.ok and w.side:
                groups.setdefault((w.family, w.port, w.side == "domestic"), []).append(w)
                families.add(w.family)
        self.families = frozenset(families)
        """Those in which any neutral answered over TCP."""
        self._by = {
            key: (
                sorted((w.t_s, w.uid, w.address) for w in group),
                sorted((w.t0_s, w.uid, w.address) for w in group),
            )
            for key, group in groups.items()
        }

    def bracket(
        self, t0: float, t: float, *, family: int, port: int, sides: Sequence[bool], not_resolver: str = ""
    ) -> tuple[str, ...]:
        """Return the uids of successes just before `t0` and after `t`, a pair a side; empty if one lacks.

        `not_resolver` is the resolver that failed: over UDP/53 another one has to have answered.
        """
        found: list[str] = []
        if port == UDP53:
            keys = [DNS_KEY]
        else:
            keys = [(family, port if port in {80, 443} else 443, side) for side in sides]
        for key in keys:
            ends, begins = self._by.get(key, ((), ()))
            before = _within(ends, t0 - BRACKET_S, t0, not_resolver)
            after = _within(begins, t, t + BRACKET_S, not_resolver) or _within(
                ends, t, t + BRACKET_S, not_resolver
            )
            if not before or not after:
                return ()
            found += (before, after)
        return tuple(found)


def _within(events: Sequence[tuple[float, str, str]], low: float, high: float, not_resolver: str) -> str:
    """Return the uid of the first event in the closed interval that is not of that resolver."""
    for index in range(bisect_left(events, (low, "", "")), len(events)):
        t, uid, resolver = events[index]
        if t > high:
            break
        if not not_resolver or resolver != not_resolver:
            return uid
    return ""
