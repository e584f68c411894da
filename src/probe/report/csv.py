"""verdicts.csv and services.csv: RFC 4180, UTF-8, safe in a spreadsheet, the same bytes each time."""

import csv
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from probe.model.measurement import VantagePoint
from probe.model.verdict import ServiceVerdict, Verdict
from probe.report.column import Column
from probe.report.columns import VERDICT_COLUMNS, VerdictRow
from probe.report.service_columns import SERVICE_COLUMNS, ServiceRow
from probe.system.disk import write_whole

if TYPE_CHECKING:
    import pandas as pd

R = TypeVar("R")

_DTYPES: Final[Mapping[str, Any]] = {
    "string": "string",
    "datetime": "string",
    "integer": "Int64",
    "number": "Float64",
    "boolean": "string",
}
_FORMULA: Final = frozenset("=+-@'\t\r\n\0\uff1d\uff0b\uff0d\uff20\uff07")
"""First characters by which spreadsheets take a text for a formula, in full width too; and the guard."""
_UNSEEN: Final = re.compile(
    r"[\\\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\ufffe\uffff]"
    r"|;(?=[\s\"]*[=+\-@\uff1d\uff0b\uff0d\uff20])"
)
"""Controls, signs that turn the direction of writing, fillers, lone surrogates, what XML may not hold; the
backslash itself; and a semicolon before a formula: where it is the list separator, it begins a cell."""
LONGEST_CELL: Final = 4 * 1024 * 1024
"""Characters; a verdict's line has no more."""
LARGEST_TABLE: Final = 256 * 1024 * 1024
"""Bytes: more than half a million rows, read whole."""
_AT_ONCE: Final = 200
"""Rows."""
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.ASCII)
_ESCAPED: Final = re.compile(r"\\(?:\\|u([0-9a-f]{4}))")


def write_verdicts_csv(
    path: Path,
    run_id: str,
    verdicts: Sequence[Verdict],
    vantage: VantagePoint,
    *,
    simulated: bool = False,
    sync: bool = True,
) -> None:
    """Write one row a target, the network first, then by service and target."""
    places = [_place(verdict) for verdict in verdicts]  # the verdicts themselves may be packed
    rows = (
        VerdictRow(run_id=run_id, verdict=verdicts[n], vantage=vantage, simulated=simulated)
        for n in sorted(range(len(places)), key=places.__getitem__)
    )
    write_whole(path, _pieces(VERDICT_COLUMNS, rows), sync=sync)


def network_first(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return verdicts in the order of every table: the network's own, then by service and target."""
    return sorted(verdicts, key=_place)


def _place(verdict: Verdict) -> tuple[bool, str, str]:
    return verdict.service != "network", sys.intern(verdict.service), verdict.target_id


def write_services_csv(
    path: Path,
    run_id: str,
    services: Iterable[ServiceVerdict],
    vantage: VantagePoint,
    *,
    sync: bool = True,
) -> None:
    """Write one row a service, the network first, then by name."""
    ordered = sorted(services, key=lambda s: (s.service != "network", s.service))
    rows = (ServiceRow(run_id=run_id, service=service, vantage=vantage) for service in ordered)
    write_whole(path, _pieces(SERVICE_COLUMNS, rows), sync=sync)


def read_csv(path: Path, columns: Sequence[Column[Any]]) -> "pd.DataFrame":
    """Read such a table back, texts as they were before they were made safe; missing cells are NA."""
    import pandas as pd

    frame = pd.read_csv(
        path,
        dtype={column.name: _DTYPES[column.type] for column in columns},
        keep_default_na=False,
        na_values={column.name: [""] for column in columns},
        encoding="utf-8",
    )
    for column in columns:
        if _DTYPES[column.type] == "string":
            frame[column.name] = frame[column.name].map(unguarded, na_action="ignore").astype("string")
    return frame


def guarded(text: str) -> str:
    """Return a text as a cell: invisible characters as backslash, u, four digits; formulas behind a '."""
    plain = text.isascii() and text.isprintable() and "\\" not in text and ";" not in text
    shown = text if plain else _UNSEEN.sub(_escape, text)  # nearly all are plain, and tables hold millions
    return f"'{shown}" if text[:1] in _FORMULA and text else shown


def unguarded(cell: str) -> str:
    """Return the text that `guarded` made a cell of."""
    text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)) if match[1] else "\\", cell)
    return text.removeprefix("'")


def safe_table(path: Path) -> bytes:
    """Return a table on disk as `safe_again` does. Raises ValueError also for one too large for any run."""
    if path.stat().st_size > LARGEST_TABLE:
        raise ValueError(f"larger than {LARGEST_TABLE} bytes")
    return safe_again(path.read_bytes())


def safe_again(content: bytes) -> bytes:
    """Return a table that somebody hands in, each cell that is not safe in a spreadsheet made so.

    What this program wrote comes back byte for byte. Raises ValueError with the line for what is no table.
    """
    numbers = {column.name for column in VERDICT_COLUMNS if _DTYPES[column.type] in ("Int64", "Float64")}
    csv.field_size_limit(LONGEST_CELL)
    whole = StringIO(newline="")
    writer = csv.writer(whole, lineterminator="\r\n")
    reader = csv.reader(StringIO(content.decode("utf-8"), newline=""), strict=True)
    try:
        header = next(reader, [])
        writer.writerow(map(_safe, header))
        for row in reader:
            if len(row) != len(header):
                raise ValueError(f"line {reader.line_num}: {len(row)} cells under {len(header)} headings")
            writer.writerow(
                cell if name in numbers and _NUMBER.fullmatch(cell) else _safe(cell)
                for name, cell in zip(header, row, strict=True)
            )
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from None
    return whole.getvalue().encode("utf-8", "surrogatepass")


def _safe(cell: str) -> str:
    return cell if cell.isalnum() else guarded(unguarded(cell))


def _escape(match: re.Match[str]) -> str:
    return "\\\\" if match[0] == "\\" else f"\\u{ord(match[0]):04x}"


def as_csv(columns: Sequence[Column[R]], rows: Iterable[R]) -> bytes:
    """Return a table as the bytes of a file, safe in a spreadsheet."""
    return b"".join(_pieces(columns, rows))


def _pieces(columns: Sequence[Column[R]], rows: Iterable[R]) -> Iterator[bytes]:
    """Yield the same a few rows at a time: that of a long list need not be in memory whole."""
    cells = ([_cell(column, row) for column in columns] for row in rows)
    some: list[Any] = [[column.name for column in columns]]
    while some:
        text = StringIO()
        csv.writer(text, lineterminator="\r\n").writerows(some)
        yield text.getvalue().encode("utf-8")
        some = list(islice(cells, _AT_ONCE))


def _cell(column: Column[R], row: R) -> str | int | float | None:
    """Return a cell as pandas writes it: half of a second is too long for its import at the end of a run."""
    value: Any = column.value(row)
    if value is None or value == "" or value != value:  # noqa: PLR0124  # a NaN is no number
        return None
    match column.type:
        case "boolean":
            return "true" if value else "false"
        case "integer":
            return int(value)
        case "number":
            return float(value)
    return guarded(str(value))
