"""What lies beside the TOML files: published address ranges and private authorities, each dated."""

import ipaddress
import re
from pathlib import Path
from typing import Final

from probe.targets.error import CatalogueError
from probe.targets.toml_file import read_text

_DATED: Final = re.compile(r"(?:#\s*)?dated:\s*(\d{4}-\d{2}-\d{2})\s*")
_PEM: Final = re.compile(
    r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----\n?", re.ASCII
)

Files = list[tuple[str, bytes]]


def read_ranges(folder: Path) -> tuple[dict[str, tuple[str, ...]], str, Files]:
    """Read `<name>.txt` files of one prefix a line. Returns prefixes by name, the oldest date, the files."""
    ranges: dict[str, tuple[str, ...]] = {}
    dates: list[str] = []
    files: Files = []
    for path in sorted(folder.glob("*.txt")):
        content, text = read_text(path)
        dates.append(_date(path, text))
        files.append((f"ranges/{path.name}", content))
        ranges[path.stem] = _prefixes(path, text)
    return ranges, min(dates, default=""), files


def read_private_cas(folder: Path) -> tuple[dict[str, str], Files]:
    """Read `<name>.pem` files. Returns the certificates' PEM text by name, and the files."""
    found: dict[str, str] = {}
    files: Files = []
    for path in sorted(folder.glob("*.pem")):
        content, text = read_text(path)
        _date(path, text)
        certificates = _PEM.findall(text)
        if not certificates or len(certificates) != text.count("-----BEGIN"):
            hint = "Write each between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----."
            raise CatalogueError(str(path), 1, "a certificate is not PEM", hint)
        found[path.stem] = "".join(certificates)
        files.append((f"private-ca/{path.name}", content))
    return found, files


def _date(path: Path, text: str) -> str:
    for line in text.split("\n")[:10]:
        if dated := _DATED.fullmatch(line):
            return dated[1]
    raise CatalogueError(str(path), 1, "no date", "Add a line near the top: # dated: YYYY-MM-DD")


def _prefixes(path: Path, text: str) -> tuple[str, ...]:
    prefixes: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        written = line.split("#")[0].strip()
        if not written:
            continue
        try:
            prefix = str(ipaddress.ip_network(written))
        except ValueError:
            hint = "Write one prefix a line, as in 149.154.160.0/20."
            raise CatalogueError(str(path), number, f"{written[:80]!r} is no prefix", hint) from None
        if prefix in prefixes:
            problem = f"duplicate prefix {prefix}, first on line {prefixes[prefix]}"
            raise CatalogueError(str(path), number, problem, "Delete one of them.")
        prefixes[prefix] = number
    return tuple(prefixes)
