"""How wide the columns of a table are drawn: as said, or as their words ask; a number is never cut short."""

from __future__ import annotations

from itertools import islice
from math import sqrt
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from probe.report.annex.blocks import Table

ROWS: Final = 500
"""Rows that are looked at."""
LEAST: Final = 4
MOST: Final = 24
"""Characters: bounds of what one word may ask for."""
WORD: Final = 13
"""Characters of a word that is not broken without need: `заблокировано`; of a code, `unsealed-1`."""
CELL: Final = 200
"""Characters of a cell that count: a page of text in one cell does not starve its neighbours."""
LINE: Final = 100
"""Characters of the smallest type that a line of a table surely holds."""
BETWEEN: Final = 2.5
"""Characters that the room between columns takes."""


def shares(table: Table) -> tuple[float, ...]:
    """Return each column's share of the page's width; their sum is 1.

    Those that the table brings, if there is one for each column and all are above 0; else a column asks for
    its longest word and for the square root of its text, which balances the heights of a row's cells. No
    column of numbers becomes narrower than its longest number, where the page holds them all: a number that
    runs into its neighbour would read as another number. Nor are words of usual length broken where there
    is room elsewhere.
    """
    rows = (table.head, *islice(table.rows, ROWS))
    columns = [[row[n] for row in rows] for n in range(len(table.head))]
    given = table.widths
    if len(given) != len(columns) or not all(0 < width < float("inf") for width in given):
        given = tuple(map(_asked, columns))
    wanted = [width / sum(given) for width in given]
    floors = [_floor(cells, n, table) for n, cells in enumerate(columns)]
    lifted = [max(pair) for pair in zip(wanted, floors, strict=True)]
    spare = sum(lifted) - sum(floors)
    if sum(floors) > 1 or not spare:
        return tuple(floor / sum(floors) for floor in floors)
    kept = (1 - sum(floors)) / spare
    return tuple(floor + (one - floor) * kept for one, floor in zip(lifted, floors, strict=True))


def _floor(cells: list[str], n: int, table: Table) -> float:
    """Return the least share of a column: that of its longest number, of a word of usual length."""
    longest = max((len(word) for cell in cells[1:] for word in cell[:CELL].split()), default=0)
    return (min(max(longest, LEAST), MOST if n in table.right else WORD) + BETWEEN) / LINE


def _asked(cells: list[str]) -> float:
    longest_word = max((len(word) for cell in cells for word in cell[:CELL].split()), default=0)
    text = max(min(len(cell), CELL) for cell in cells)
    return max(min(max(longest_word, LEAST), MOST), 3 * sqrt(text)) + 1
