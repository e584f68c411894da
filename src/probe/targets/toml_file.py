"""A TOML file whose faults can be pointed at: every table and key knows its line."""

import datetime as dt
import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from probe.targets.error import CatalogueError

LARGEST_FILE: Final = 1_000_000
_MOST_PARTS: Final = 100
"""Dots before the first equals sign of a line: parts of a key, or of a table's name."""
_MOST_DOTS: Final = 1_000
"""Dots of a line in all, with those of addresses in its texts."""
_DIGITS: Final = re.compile(r"[0-9_]{4300}")
_HEADER: Final = re.compile(r"\s*\[\[\s*([A-Za-z0-9_-]+)\s*\]\]")
_KEY: Final = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_TOML_LINE: Final = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")

Kind = Callable[[Any], Any]
"""Takes a decoded value, returns what the record needs; raises ValueError(problem) or (problem, hint)."""


class Section(Struct, frozen=True, kw_only=True):
    """One table of a file, with the lines on which it and its keys begin."""

    file: str
    line: int
    keys: Mapping[str, int]
    data: Mapping[str, Any]

    def error(self, key: str, problem: str, hint: str) -> CatalogueError:
        """Return an error that points at a key, or at the table where the key is missing."""
        return CatalogueError(self.file, self.keys.get(key, self.line), problem, hint)

    def take(self, fields: Mapping[str, Kind], *, required: tuple[str, ...]) -> dict[str, Any]:
        """Return the values of the fields that are present, checked. Raises CatalogueError."""
        for key in self.data:
            if key not in fields:
                close = difflib.get_close_matches(key, fields, 1)
                hint = f"Did you mean {close[0]!r}?" if close else f"Known fields: {', '.join(fields)}."
                raise self.error(key, f"unknown field {key!r}", hint)
        for key in required:
            if key not in self.data:
                raise self.error(key, f"{key!r} is missing", f"Add a line: {key} = …")
        taken = {}
        for key, value in self.data.items():
            try:
                taken[key] = fields[key](value)
            except ValueError as error:
                problem, hint = error.args if len(error.args) == 2 else (str(error), "Correct this line.")
                raise self.error(key, f"{key}: {problem}", hint) from None
        return taken


class TomlFile(Struct, frozen=True, kw_only=True):
    """The top of a file, and the tables of its one kind of array."""

    file: str
    content: bytes
    top: Section
    tables: tuple[Section, ...]


def read_toml(path: Path, table: str) -> TomlFile:
    """Read a file that holds keys at the top and an array of tables named `table`. Raises CatalogueError."""
    content, text = read_text(path)
    file = str(path)
    data = parsed(file, text)
    top_keys, tables = _lines(text, table)
    rows = data.pop(table, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CatalogueError(file, top_keys.get(table, 1), f"{table!r} is no table", f"Write [[{table}]].")
    places = tables + [(1, {})] * (len(rows) - len(tables))
    return TomlFile(
        file=file,
        content=content,
        top=Section(file=file, line=1, keys=top_keys, data=data),
        tables=tuple(
            Section(file=file, line=line, keys=keys, data=row)
            for (line, keys), row in zip(places, rows, strict=False)
        ),
    )


def parsed(file: str, text: str) -> dict[str, Any]:
    """Return what TOML says, within bounds of depth. Raises CatalogueError with the line."""
    for number, line in enumerate(text.split("\n"), 1):
        # The library takes the square of a key's parts, and goes through a table's name for each key of it.
        n_dots = line.count(".")
        if n_dots > _MOST_PARTS and (n_dots > _MOST_DOTS or line.partition("=")[0].count(".") > _MOST_PARTS):
            raise CatalogueError(file, number, "nested too deeply", "Compare with a file beside it.")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _TOML_LINE.search(str(error))
        at = int(found[1]) if found and found[1] else text.count("\n") + 1
        problem = _TOML_LINE.sub("", str(error)).strip()
        raise CatalogueError(file, at, f"not TOML: {problem}", "Compare with a file beside it.") from None
    except RecursionError:
        raise CatalogueError(file, 0, "nested too deeply", "Compare with a file beside it.") from None
    except ValueError:  # more digits than Python makes a number of
        digits = _DIGITS.search(text)
        at = text.count("\n", 0, digits.start()) + 1 if digits else 0
        raise CatalogueError(file, at, "not TOML: a number without end", "Write a shorter one.") from None


def read_text(path: Path) -> tuple[bytes, str]:
    """Read a small file as bytes and as UTF-8 text. Raises CatalogueError."""
    try:
        with path.open("rb") as handle:
            content = handle.read(LARGEST_FILE + 1)
    except OSError as error:
        hint = "Check the path; `probe targets list` shows what is shipped."
        raise CatalogueError(str(path), 0, f"cannot be read: {error.strerror}", hint) from None
    if len(content) > LARGEST_FILE:
        raise CatalogueError(str(path), 0, f"larger than {LARGEST_FILE} bytes", "Split it, or use --list.")
    try:
        return content, content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CatalogueError(str(path), line, "not UTF-8 text", "Save the file as UTF-8.") from None


def _lines(text: str, table: str) -> tuple[dict[str, int], list[tuple[int, dict[str, int]]]]:
    """Find the lines of the keys at the top, and of each table with its keys."""
    top: dict[str, int] = {}
    tables: list[tuple[int, dict[str, int]]] = []
    keys = top
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.match(line):
            keys = {}
            if header[1] == table:
                tables.append((number, keys))
            else:
                top.setdefault(header[1], number)
        elif key := _KEY.match(line):
            keys.setdefault(key[1], number)
    return top, tables


# The kinds of value a field may have.


def text(value: Any) -> str:
    """Accept one line of text of at most 500 characters."""
    if not isinstance(value, str):
        raise ValueError("must be text", 'Write it between quotes: "…".')  # noqa: TRY004 - one kind of error here
    if len(value) > 500 or not value.isprintable():
        raise ValueError("must be one line of at most 500 characters", "Shorten it.")
    return value


def flag(value: Any) -> bool:
    """Accept true or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false", "Write true or false, without quotes.")  # noqa: TRY004 - as above
    return value


def texts(value: Any) -> tuple[str, ...]:
    """Accept an array of at most 64 texts."""
    if not isinstance(value, list) or len(value) > 64:
        raise ValueError("must be an array of texts", 'Write ["…", "…"].')
    return tuple(text(item) for item in value)


def day(value: Any) -> str:
    """Accept a TOML date or the same as text; return YYYY-MM-DD."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    try:
        return dt.date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise ValueError("must be a date", "Write YYYY-MM-DD, as in 2026-08-22.") from None


def one_of(*words: str) -> Kind:
    """Return a kind that accepts one of these words."""

    def kind(value: Any) -> str:
        if value not in words:
            close = difflib.get_close_matches(str(value), map(str, words), 1)
            hint = f"Did you mean {close[0]!r}?" if close else f"One of: {', '.join(words)}."
            raise ValueError(f"{value!r} is not known", hint)
        return str(value)

    return kind


def matching(pattern: str, hint: str) -> Kind:
    """Return a kind that accepts text of this form."""
    compiled = re.compile(pattern)

    def kind(value: Any) -> str:
        if not compiled.fullmatch(text(value)):
            raise ValueError(f"{value!r} has not the form needed", hint)
        return str(value)

    return kind
