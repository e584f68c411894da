"""registry.toml: the services that are asked about a prefix or AS number which the user names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from probe.model.fact import REGISTRIES
from probe.targets.inputs import parse_input
from probe.targets.toml_file import Kind, TomlFile, day, one_of, read_toml, text

FILE: Final = "registry.toml"


def _url(value: Any) -> str:
    """Accept an https:// address without a query: the question is put behind it."""
    found = text(value)
    try:
        parsed = parse_input(found)
    except ValueError as error:
        raise ValueError(str(error), "Write https://host/path.") from None
    if parsed.scheme != "https" or "?" in found or "#" in found:
        raise ValueError("an https:// address without a query is needed", "Write https://host/path.")
    return found


_TOP: Final[Mapping[str, Kind]] = {"dated": day, "source": text}
_ROW: Final[Mapping[str, Kind]] = {"kind": one_of(*REGISTRIES), "url": _url}


def read_registries(path: Path) -> tuple[tuple[str, ...], str, TomlFile]:
    """Return `kind URL` of each, when somebody looked at them, and the file. Raises CatalogueError."""
    file = read_toml(path, "registry")
    top = file.top.take(_TOP, required=("dated", "source"))
    rows = [section.take(_ROW, required=("kind", "url")) for section in file.tables]
    kinds = [row["kind"] for row in rows]
    for section, kind in zip(file.tables, kinds, strict=True):
        if kinds.count(kind) > 1:
            raise section.error("kind", f"{kind} is there twice", "Delete one of them.")
    for row, section in zip(rows, file.tables, strict=True):
        if row["kind"] == "rdap" and not row["url"].endswith("/"):
            raise section.error("url", "the address does not end with a slash", f"Write {row['url']}/")
    return tuple(f"{row['kind']} {row['url']}" for row in rows), top["dated"], file
