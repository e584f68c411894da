"""A report's sections on a terminal: the same that files are drawn from, as paragraphs and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich import box
from rich.table import Table as Drawn
from rich.text import Text

from probe.report.annex.blocks import Figure, Items, Paragraph, Table, Verbatim
from probe.report.console_text import WIDEST, paragraph, stuck, unpadded
from probe.report.show import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from probe.report.annex.blocks import Block, Document

LONGEST: Final = 300
NARROWEST: Final = 8
"""Columns that a cell gets at least: words break only where they are longer."""


def show_document(console: Console, document: Document) -> None:
    """Print a document, as wide as the terminal and never wider than is easy to read."""
    width = min(console.width, WIDEST)
    paragraph(console, Text(visible(document.title), style="bold"), "", width)
    paragraph(console, document.subtitle, "", width)
    for section in document.sections:
        console.print()
        paragraph(console, Text(visible(section.title), style="bold"), "", width)
        for block in section.blocks:
            _DRAWN[type(block)](console, block, width)


def _paragraph(console: Console, block: Paragraph, width: int) -> None:
    paragraph(console, block.text, "bold" if block.strong else "", width, 2)


def _items(console: Console, block: Items, width: int) -> None:
    for number, item in enumerate(block.items, 1):
        paragraph(console, f"{number}. {item}" if block.ordered else f"- {item}", "", width, 2)


def _table(console: Console, block: Table, width: int) -> None:
    drawn = Drawn(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), header_style="bold")
    room = width - 2 * len(block.head)
    for n, word in enumerate(block.head):
        justify: Any = "right" if n in block.right else "left"
        most = max(round(room * block.widths[n]), NARROWEST) if block.widths else None
        drawn.add_column(visible(word), overflow="fold", min_width=NARROWEST, max_width=most, justify=justify)
    for row in block.rows:
        drawn.add_row(*(Text(stuck(visible(cell, LONGEST))) for cell in row))
    unpadded(console, drawn, width)


def _figure(console: Console, block: Figure, width: int) -> None:
    paragraph(console, block.alt, "", width, 2)


def _verbatim(console: Console, block: Verbatim, width: int) -> None:
    for line in block.text.splitlines():
        paragraph(console, line, "", width, 4)


_DRAWN: Final[dict[type[Block], Callable[[Console, Any, int], None]]] = {
    Paragraph: _paragraph,
    Items: _items,
    Table: _table,
    Figure: _figure,
    Verbatim: _verbatim,
}
