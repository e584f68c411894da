"""What a report is made of: sections of text, tables and figures that each file format draws in its own way.

Every string is plain text in the report's language, never markup: escaping is the format's work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Paragraph(Struct, frozen=True, kw_only=True):
    """Running text."""

    text: str
    strong: bool = False


class Items(Struct, frozen=True, kw_only=True):
    """A list of short texts."""

    items: tuple[str, ...]
    ordered: bool = False


class Table(Struct, frozen=True, kw_only=True):
    """Rows under a header that repeats on every page."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """Each as long as the head."""
    caption: str = ""
    widths: tuple[float, ...] = ()
    """Shares of the page's width, one a column; empty lets the format choose."""
    code: tuple[int, ...] = ()
    """Columns that hold machine words, addresses or hashes: fixed-width, may break anywhere."""
    right: tuple[int, ...] = ()
    """Columns of numbers."""


class Figure(Struct, frozen=True, kw_only=True):
    """A drawing with the words that stand for it."""

    svg: str
    caption: str
    alt: str


class Verbatim(Struct, frozen=True, kw_only=True):
    """Lines to type, hashes, text of a block page: fixed-width, as they are."""

    text: str


Block = Paragraph | Items | Table | Figure | Verbatim


class Section(Struct, frozen=True, kw_only=True):
    """One statement."""

    number: int
    key: str
    """Its machine word, the same in every language and in the JSON: `summary`, `limits`."""
    title: str
    blocks: tuple[Block, ...]


class Attachment(Struct, frozen=True, kw_only=True):
    """A file that travels inside the report where the format can carry one."""

    name: str
    mime: str
    relationship: str
    """PDF/A-3's AFRelationship: `data` or `source`."""
    description: str
    content: bytes


class Document(Struct, frozen=True, kw_only=True):
    """A whole report, in one language."""

    lang: str
    title: str
    subtitle: str
    running_head: str
    """On every page: document id and the first digits of the root hash."""
    author: str
    generated: datetime
    """Aware, UTC: the end of the last run or what `--at` says, never the clock."""
    sections: tuple[Section, ...]
    labels: Mapping[str, str]
    """Words that formats themselves need in this language, by key: `page`, `contents`, `attached`."""
    attachments: tuple[Attachment, ...] = ()
