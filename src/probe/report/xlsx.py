"""Verdicts, services, categories and facts as one workbook: the cells of the CSV, typed, and a legend.

XlsxWriter makes the book around the rows. The rows are written here: it takes a text such as `<r>…</r>` for
markup of its own, and a hundred thousand rows would take it a minute.
"""

from __future__ import annotations

import math
import re
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from msgspec import Struct

from probe.locale import _
from probe.report.book import BOOK, Sheet
from probe.report.csv import guarded
from probe.report.legend import legend
from probe.report.letters.libraries import needed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from probe.report.column import Column
    from probe.report.told import Told

MOST_ROWS: Final = 1_048_575
"""Of a sheet in every program that reads this format, the header left out."""
LONGEST: Final = 32_000
"""UTF-16 units of a cell; 32,767 are what these programs take."""
_WIDEST: Final = 60
_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""What every member of the file is dated: the earliest that a zip can say."""
_END_OF_ROWS: Final = b"</sheetData>"
_CODED: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
"""`_x003D_` is read as `=`: its first sign is coded itself."""
_REMEMBERED: Final = 1000
"""Texts of a column that are made into a cell once: most columns say the same in every row."""


class _Part(Struct, frozen=True, kw_only=True):
    """Rows of one sheet, as many as it takes."""

    name: str
    sheet: Sheet
    first: int
    n: int


def write_xlsx(handle: IO[bytes], runs: Sequence[Told], sheets: Sequence[Sheet] = BOOK) -> None:
    """Write the runs as a workbook; the same runs give the same bytes. Raises MissingLibraryError."""
    tables = {sheet.name: (sheet, sheet.rows(runs)) for sheet in sheets}
    parts = [part for sheet, rows in tables.values() for part in _parts(sheet, len(rows))]
    with zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as book:
        skeleton = zipfile.ZipFile(BytesIO(_skeleton(runs, parts, sheets)))
        for info in skeleton.infolist():
            content = skeleton.read(info)
            part = _part_of(info.filename, parts)
            fresh = zipfile.ZipInfo(info.filename, _DATE)
            fresh.compress_type = zipfile.ZIP_DEFLATED
            fresh.external_attr = 0o600 << 16
            if part is None:
                book.writestr(fresh, content)
                continue
            before, end, after = content.partition(_END_OF_ROWS)
            if not end:  # a sheet without a header row: not what was asked for
                raise ValueError(f"XlsxWriter wrote {info.filename} without rows")
            rows = tables[part.sheet.name][1][part.first : part.first + part.n]
            with book.open(fresh, "w", force_zip64=True) as member:
                member.write(before)
                for block in _blocks(part.sheet.columns, rows):
                    member.write(block)
                member.write(end + after)


def _parts(sheet: Sheet, n: int) -> Iterator[_Part]:
    """Yield the sheets that a table takes: one, unless it has more rows than one holds."""
    for number, first in enumerate(range(0, max(n, 1), MOST_ROWS), 1):
        name = sheet.name if number == 1 else f"{sheet.name}-{number}"
        yield _Part(name=name, sheet=sheet, first=first, n=min(n - first, MOST_ROWS))


def _part_of(member: str, parts: Sequence[_Part]) -> _Part | None:
    found = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", member)
    number = int(found[1]) if found else 0
    return parts[number - 1] if 1 <= number <= len(parts) else None


def _skeleton(runs: Sequence[Told], parts: Sequence[_Part], sheets: Sequence[Sheet]) -> bytes:
    """Return the book with header rows, filters, widths and the legend, and no other row."""
    with needed("xlsx"):
        import xlsxwriter

    whole = BytesIO()
    never = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(whole, {"in_memory": True, **never})
    book.set_properties({"title": _("Network interference: verdicts"), "created": _created(runs)})
    bold = book.add_format({"bold": True, "bottom": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for part in parts:
        sheet = book.add_worksheet(part.name)
        for n, column in enumerate(part.sheet.columns):
            sheet.write_string(0, n, column.name, bold)
            sheet.set_column(n, n, part.sheet.widths.get(column.name, min(len(column.name) + 4, _WIDEST)))
        sheet.freeze_panes(1, part.sheet.frozen)
        sheet.autofilter(0, 0, max(part.n, 1), len(part.sheet.columns) - 1)
    sheet = book.add_worksheet("legend")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 28)
    sheet.set_column(2, 2, 90)
    for row, entry in enumerate(legend(runs, sheets)):
        for n, text in enumerate(entry):
            sheet.write_string(row, n, text, wrapped if row else bold)
    sheet.freeze_panes(1, 0)
    book.close()
    return whole.getvalue()


def _created(runs: Sequence[Told]) -> datetime:
    """Return the end of the last run: a book made of the same runs says the same."""
    ends = sorted(run.record.ended_utc or run.record.started_utc for run in runs)
    with suppress(ValueError, IndexError):
        return datetime.fromisoformat(ends[-1]).astimezone(UTC).replace(tzinfo=None)
    return datetime(*_DATE)  # noqa: DTZ001  # the format knows no zone; its readers take UTC


def _blocks(columns: Sequence[Column[Any]], rows: Iterable[Any]) -> Iterator[bytes]:
    """Yield the XML of the rows, a thousand at a time; the header is row 1."""
    made: list[tuple[Callable[[Any], Any], str, dict[str, str]]] = [
        (column.value, f'<c r="{_column_name(n)}', {}) for n, column in enumerate(columns)
    ]
    block: list[str] = []
    for number, row in enumerate(rows, 2):
        block.append(f'<row r="{number}">')
        for value_of, begin, known in made:
            value = value_of(row)
            if value is None or value == "":
                continue
            cell = known.get(value) if isinstance(value, str) else _typed(value)
            if cell is None:
                cell = _text(value)
                if len(known) < _REMEMBERED:
                    known[value] = cell
            block.append(f'{begin}{number}"{cell}')
        block.append("</row>")
        if number % 1000 == 0:
            yield "".join(block).encode()
            block.clear()
    yield "".join(block).encode()


def _typed(value: Any) -> str:
    """Return the rest of a cell of the value's own type; never a formula, which has an element of its own."""
    if isinstance(value, bool):
        return f' t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float) and math.isfinite(value):
        return f"><v>{value:.15g}</v></c>"
    return _text(str(value))


def _text(text: str) -> str:
    """Return the rest of a cell that holds a text as the CSV has it, no longer than a cell may be."""
    cell = guarded(text)
    if len(cell) > LONGEST // 2 and len(cell.encode("utf-16-le")) // 2 > LONGEST:
        cell = f"{cell.encode('utf-16-le')[: 2 * LONGEST].decode('utf-16-le', 'ignore')}[+]"
    if "_x" in cell:
        cell = _CODED.sub("_x005F_", cell)
    return f' t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'


def _column_name(n: int) -> str:
    """Return the letters of a column: A, …, Z, AA."""
    first, last = divmod(n, 26)
    return (chr(64 + first) if first else "") + chr(65 + last)
