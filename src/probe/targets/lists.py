"""Lists in Citizen Lab's format: url, category_code, category_description, date_added, source, notes."""

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from sys import intern
from typing import Final

from probe.model.target import Target
from probe.targets.error import CatalogueError
from probe.targets.inputs import SCHEMES, parse_input, target_of_input

HEADER: Final = ("url", "category_code", "category_description", "date_added", "source", "notes")
MOST_ROWS: Final = 200_000
LONGEST_LINE: Final = 65_536
_CATEGORY: Final = re.compile(r"[A-Z]{2,6}")


def read_list(path: Path, heard: Callable[[bytes], object] = bool) -> tuple[Target, ...]:
    """Read a CSV file with that header; more columns may follow. Raises CatalogueError with file and line.

    UTF-8 with or without BOM, LF or CRLF, quoted or not; at most 200,000 rows. `heard` is given every byte in
    its turn: a pipe can be read but once.
    """
    file = str(path)
    targets: list[Target] = []
    seen: dict[object, int] = {}
    for line, row in _rows(path, heard):
        if len(targets) == MOST_ROWS:
            raise CatalogueError(file, line, f"more than {MOST_ROWS} rows", "Split the list.")
        url = row["url"].strip()
        try:
            parsed = parse_input(url)
        except ValueError as error:
            hint = f"Write the whole URL, beginning with {SCHEMES}."
            raise CatalogueError(file, line, f"{url[:200]!r}: {error}", hint) from None
        if (first := seen.setdefault(parsed.key, line)) != line:
            problem = f"duplicate URL {url[:200]!r}, first on line {first}"
            raise CatalogueError(file, line, problem, "Delete one of the two lines.")
        category = row["category_code"].strip() or "MISC"
        if not _CATEGORY.fullmatch(category):
            hint = "Write Citizen Lab's code, as in NEWS, or leave it empty."
            raise CatalogueError(file, line, f"{category[:40]!r} is no category code", hint)
        targets.append(
            target_of_input(parsed, service="list", category_code=intern(category), source=path.name)
        )
    if not targets:
        raise CatalogueError(
            file, 1, "the list holds no URL", "Add a line below the header: https://…,MISC,,,,"
        )
    return tuple(targets)


def _rows(path: Path, heard: Callable[[bytes], object]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line on which each row begins, and its fields by name."""
    file = str(path)
    reader = csv.reader(_lines(path, heard), strict=True)
    begin = 1
    try:
        header = [name.strip() for name in next(reader, [])]
        missing = [name for name in HEADER if name not in header]
        if missing:
            hint = f"Make the first line: {','.join(HEADER)}"
            raise CatalogueError(file, 1, f"the header lacks {', '.join(missing)}", hint)
        begin = reader.line_num + 1
        for row in reader:
            line, begin = begin, reader.line_num + 1
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                hint = "Put text that holds a comma between double quotes."
                raise CatalogueError(file, line, f"{len(row)} fields instead of {len(header)}", hint)
            yield line, dict(zip(header, row, strict=True))
    except csv.Error as error:
        hint = 'Check the double quotes: inside a quoted field they are written twice ("").'
        raise CatalogueError(file, begin, f"not CSV: {error}", hint) from None


def _lines(path: Path, heard: Callable[[bytes], object]) -> Iterator[str]:
    """Yield the lines of a file, each bounded, decoded with its number in the error."""
    try:
        handle = path.open("rb")
    except OSError as error:
        hint = "Check the path given to --list."
        raise CatalogueError(str(path), 0, f"cannot be read: {error.strerror}", hint) from None
    with handle:
        number = 0
        while raw := handle.readline(LONGEST_LINE + 1):
            number += 1
            heard(raw)
            if len(raw) > LONGEST_LINE:
                raise CatalogueError(
                    str(path), number, f"a line longer than {LONGEST_LINE} bytes", "Is this a list of URLs?"
                )
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                raise CatalogueError(str(path), number, "not UTF-8 text", "Save the list as UTF-8.") from None
            yield line
