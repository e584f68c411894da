"""How wide the columns of a table are drawn where nobody said: as wide as their words ask, none starved."""

from __future__ import annotations

from itertools import islice
from math import sqrt
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from probe.report.annex.blocks import Table

ROWS: Final = 200
"""Rows that are looked at."""
LEAST: Final = 4
MOST: Final = 24
"""Characters: bounds of what one word may ask for."""
CELL: Final = 200
"""Characters of a cell that count: a page of text in one cell does not starve its neighbours."""


def shares(table: Table) -> tuple[float, ...]:
    """Return each column's share of the page's width; their sum is 1.

    Those that the table brings, if there is one for each column and all are above 0; else a column asks for
    its longest word and for the square root of its text, which balances the heights of a row's cells.
    """
    given = table.widths
    if len(given) == len(table.head) and all(0 < width < float("inf") for width in given):
        return tuple(width / sum(given) for width in given)
    rows = (table.head, *islice(table.rows, ROWS))
    asked = [_asked([row[n] for row in rows]) for n in range(len(table.head))]
    return tuple(one / sum(asked) for one in asked)


def _asked(cells: list[str]) -> float:
    longest_word = max((len(word) for cell in cells for word in cell[:CELL].split()), default=0)
    text = max(min(len(cell), CELL) for cell in cells)
    return max(min(max(longest_word, LEAST), MOST), 3 * sqrt(text)) + 1
