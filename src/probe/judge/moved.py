"""Whether a run stayed on one network: what this machine told of itself, each time it was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from probe.model.observation import LocalFact

CLASSES: Final = frozenset({"link.ipv4", "link.ipv6", "resolver"})
"""Kinds of link and of resolver: words that mean the same in every run."""
IDS: Final = frozenset({"link.id.ipv4", "link.id.ipv6"})
"""`<salt's name>-<hash>` of a router: those of one salt can be compared, those of another say nothing."""
SAYS_NOTHING: Final = frozenset({"", "none", "unknown"})
"""A family that comes or goes is a line that wavers, not another line."""


def has_moved(asked: Iterable[tuple[LocalFact, ...]]) -> bool:
    """Say whether anything is another than before; each element is what one look at the machine told."""
    told: dict[tuple[str, str], set[frozenset[str]]] = {}
    for facts in asked:
        now: dict[tuple[str, str], set[str]] = {}
        for fact in facts:
            if fact.value in SAYS_NOTHING:
                continue
            if fact.name in CLASSES:
                now.setdefault((fact.name, ""), set()).add(fact.value)
            elif fact.name in IDS:
                salt, _, router = fact.value.partition("-")
                now.setdefault((fact.name, salt), set()).add(router)
        for key, values in now.items():
            told.setdefault(key, set()).add(frozenset(values))
    return any(len(values) > 1 for values in told.values())
