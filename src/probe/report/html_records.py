"""What a page tells of a run, piece by piece: what its templates are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probe.report.html_step import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One verdict in a table."""

    anchor: str
    """Where it is followed back; empty where it is not."""
    input: str
    state: str
    how: str
    rule: str
    """Anchor of its rule."""
    rule_id: str
    tries: str
    times: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of one service, a thousand at most."""

    title: str
    counts: str
    is_open: bool
    rows: Iterator[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A measurement told of elsewhere on the page."""

    anchor: str
    """Empty where it is not."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One measurement."""

    anchor: str
    uid: str
    title: str
    where: str
    """Its line in measurements.jsonl, and when it began."""
    is_witness: bool
    end: Step | None
    steps: tuple[Step, ...]
    is_timed: bool
    """Whether the moments of the steps are told."""
    beside: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One verdict, followed back."""

    anchor: str
    input: str
    state: str
    how: str
    why: str
    facts: tuple[str, ...]
    rule: str
    rule_id: str
    mechanism: str
    failure: str
    values: tuple[tuple[str, str], ...]
    tried: tuple[Tried, ...]
    others: tuple[Link, ...]
    """Measurements of others that it rests on."""
    n_more: int
    """Witnesses that are not listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTold:
    """A rule that decided here."""

    anchor: str
    rule_id: str
    version: int
    says: tuple[str, ...]
    counts: str
