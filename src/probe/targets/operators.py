"""operators/*.csv: whose network an AS number is, by its registered and commercial names."""

import csv
import io
from pathlib import Path
from typing import Final

from msgspec import Struct

from probe.targets.catalogue import catalogue_folder
from probe.targets.error import CatalogueError
from probe.targets.side_files import date_in
from probe.targets.toml_file import read_text

COLUMNS: Final = ("asn", "registered_name", "commercial_name", "country", "spellings")
SOURCE: Final = "# source:"


class OperatorTable(Struct, frozen=True, kw_only=True):
    """One file."""

    rows: tuple[tuple[str, str, str, str, tuple[str, ...]], ...]
    """`AS12389`, registered name, commercial name, country, other spellings."""
    dated: str
    source: str


def operator_files(folder: Path | None = None) -> tuple[Path, ...]:
    """Return the shipped tables."""
    return tuple(sorted(((folder or catalogue_folder()) / "operators").glob("*.csv")))


def read_operators(path: Path) -> OperatorTable:
    """Read a table: a comment with date and source, a header, an AS number a row. Raises CatalogueError."""
    _, text = read_text(path)
    _, dated = date_in(text)
    if not dated:
        raise CatalogueError(str(path), 1, "no date", "Add a line near the top: # dated: YYYY-MM-DD")
    lines = text.split("\n")
    source = next((line.removeprefix(SOURCE).strip() for line in lines if line.startswith(SOURCE)), "")
    n_comments = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
    rows = csv.DictReader(io.StringIO("\n".join(lines[n_comments:])), strict=True)
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise CatalogueError(str(path), n_comments + 1, "another header", f"Write {','.join(COLUMNS)}")
    found: dict[str, tuple[str, str, str, str, tuple[str, ...]]] = {}
    try:
        for row in rows:
            line = n_comments + rows.line_num
            number = str(row["asn"] or "")
            if not number.isdecimal() or not row["commercial_name"]:
                hint = "Write a number, as in 12389, and the names."
                raise CatalogueError(str(path), line, "no AS number, or no commercial name", hint)
            if f"AS{int(number)}" in found:
                raise CatalogueError(str(path), line, f"AS{number} is there twice", "Delete one of them.")
            spellings = tuple(one for one in str(row["spellings"] or "").split("|") if one)
            asn = f"AS{int(number)}"
            registered, commercial, country = (
                str(row[name] or "") for name in ("registered_name", "commercial_name", "country")
            )
            found[asn] = (asn, registered, commercial, country, spellings)
    except csv.Error as error:
        raise CatalogueError(str(path), n_comments + rows.line_num, str(error), "Write CSV.") from None
    return OperatorTable(rows=tuple(found.values()), dated=dated, source=source)
