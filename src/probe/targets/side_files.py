"""What lies beside the TOML files: published address ranges and private authorities, each dated."""

import datetime as dt
import ipaddress
import re
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.targets.error import CatalogueError
from probe.targets.toml_file import read_text

if TYPE_CHECKING:
    from cryptography import x509

_DATED: Final = re.compile(r"(?:#\s*)?dated:\s*(\d{4}-\d{2}-\d{2})\s*")
_PEM: Final = re.compile(
    r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----\n?", re.ASCII
)

_ASN: Final = re.compile(r"#\s*asn:(.*)")
_NUMBER: Final = re.compile(r"(?:AS)?([1-9]\d{0,6})?", re.ASCII)

Files = list[tuple[str, bytes]]


class Ranges(Struct, frozen=True, kw_only=True):
    """The prefixes that are shipped, by the name of their owner."""

    prefixes: Mapping[str, tuple[str, ...]]
    asns: tuple[tuple[int, tuple[str, ...]], ...]
    """AS numbers with those prefixes of which it is known that they are announced by it."""
    dated: str
    """The oldest date among the files."""
    files: Files


def read_ranges(folder: Path) -> Ranges:
    """Read `<name>.txt` files of one prefix a line; `# asn: 13335` holds for the lines below it."""
    ranges: dict[str, tuple[str, ...]] = {}
    asns: list[tuple[int, tuple[str, ...]]] = []
    dates: list[str] = []
    files: Files = []
    for path in sorted(folder.glob("*.txt")):
        content, text = read_text(path)
        dates.append(_date(path, text))
        files.append((f"ranges/{path.name}", content))
        numbers = _prefixes(path, text)
        ranges[path.stem] = tuple(numbers)
        asns += [
            (number, tuple(prefix for prefix, asn in numbers.items() if asn == number))
            for number in sorted({*numbers.values()} - {0})
        ]
    return Ranges(prefixes=ranges, asns=tuple(asns), dated=min(dates, default=""), files=files)


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
        try:
            readable_certificates("".join(certificates))
        except ValueError:
            hint = "Copy the whole of it from where it is published."
            raise CatalogueError(str(path), 1, "a certificate cannot be read", hint) from None
        found[path.stem] = "".join(certificates)
        files.append((f"private-ca/{path.name}", content))
    return found, files


def readable_certificates(pem: str) -> tuple["x509.Certificate", ...]:
    """Return the certificates of a PEM text. Raises ValueError, whatever is wrong with one of them."""
    from cryptography import x509

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an oddity that the library still reads
            return tuple(x509.load_pem_x509_certificates(pem.encode()))
    except x509.InvalidVersion as error:  # of all that the library raises the one that is no ValueError
        raise ValueError(str(error)) from None


def date_in(text: str) -> tuple[int, str]:
    """Return the line near the top that says when a file was made, and the day; 0 and "" without one."""
    for number, line in enumerate(text.split("\n")[:10], 1):
        if dated := _DATED.fullmatch(line):
            with suppress(ValueError):  # the thirtieth of February
                return number, str(dt.date.fromisoformat(dated[1]))
    return 0, ""


def _date(path: Path, text: str) -> str:
    _, dated = date_in(text)
    if not dated:
        raise CatalogueError(str(path), 1, "no date", "Add a line near the top: # dated: YYYY-MM-DD")
    return dated


def _prefixes(path: Path, text: str) -> dict[str, int]:
    """Return each prefix with its AS number, 0 where none is told."""
    prefixes: dict[str, int] = {}
    numbers: dict[str, int] = {}
    asn = 0
    for number, line in enumerate(text.split("\n"), 1):
        if told := _ASN.match(line):
            asn = _asn(path, number, told[1].strip())
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
        numbers[prefix] = asn
    return numbers


def _asn(path: Path, line: int, text: str) -> int:
    found = _NUMBER.fullmatch(text)
    if found is None:
        hint = "Write the number, as in # asn: 13335, or nothing where the lines below are of several."
        raise CatalogueError(str(path), line, f"{text[:80]!r} is no AS number", hint)
    return int(found[1] or 0)
