"""What a page tells of a run, piece by piece: what its templates are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probe.report.html_step import Step


class Row(Struct, frozen=True, kw_only=True):
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


class Table(Struct, frozen=True, kw_only=True):
    """Rows of one service, a thousand at most."""

    title: str
    counts: str
    is_open: bool
    rows: Iterator[Row]


class Link(Struct, frozen=True, kw_only=True):
    """A measurement told of elsewhere on the page."""

    anchor: str
    """Empty where it is not."""
    text: str


class Tried(Struct, frozen=True, kw_only=True):
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


class Path(Struct, frozen=True, kw_only=True):
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


class RuleTold(Struct, frozen=True, kw_only=True):
    """A rule that decided here."""

    anchor: str
    rule_id: str
    version: int
    says: tuple[str, ...]
    counts: str
