"""Which AS an address belongs to, by a file the user brings: pyasn's text, `prefix,asn`, a MaxMind DB."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib
import ipaddress
import re
import socket
from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, MutableSequence
    from pathlib import Path

MAX_LINES: Final = 4_000_000
"""Four times the routes of today's Internet."""
LONGEST_LINE: Final = 1000
MAX_ASN: Final = 2**32 - 1
LARGEST_TOLD: Final = 9_999_999
"""Beyond lie private numbers only (RFC 6996), and clients take nothing longer for an AS."""
STALE_AFTER_DAYS: Final = 180
DATED_IN: Final = 10
"""Lines at the top that may tell when the table was made."""
MMDB: Final = ".mmdb"
FIELDS: Final = ("autonomous_system_number", "asn")
"""What GeoLite2-ASN and DB-IP call the number, and what IPinfo does."""
HINT: Final = "Each line is a prefix and its AS number: 192.0.2.0/24,64500 (pyasn: a tab between them)"
HINT_MMDB: Final = "Take a MaxMind DB that tells AS numbers, such as GeoLite2-ASN.mmdb, or pyasn's text."

_SEPARATOR: Final = re.compile(r"[,;\t ]+")
_ISO: Final = re.compile(r"\b(\d{4})-?(\d{2})-?(\d{2})\b")
_SPOKEN: Final = re.compile(r"\b([A-Z][a-z]{2}) +(\d{1,2}) \d{2}:\d{2}:\d{2} (\d{4})\b")
_MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_BITS: Final = {socket.AF_INET: 32, socket.AF_INET6: 128}


class TableError(Exception):
    """A table that cannot be used, with the line."""

    def __init__(self, file: Path, line: int, problem: str, hint: str = HINT) -> None:
        """Take the place, what is wrong there, and what to type next."""
        super().__init__(problem)
        self.file = str(file)
        self.line = line
        self.problem = problem
        self.hint = hint


class _Prefixes:
    """Prefixes of one length in 12 bytes each: a dictionary of all routes would take a hundred megabytes."""

    __slots__ = ("_is_sorted", "_keys", "_numbers")

    def __init__(self, length: int) -> None:
        self._keys: MutableSequence[int] = array("Q") if length <= 64 else []
        self._numbers = array("I")
        self._is_sorted = True

    def add(self, key: int, number: int) -> None:
        self._is_sorted = self._is_sorted and (not self._keys or self._keys[-1] <= key)
        self._keys.append(key)
        self._numbers.append(number)

    def get(self, key: int) -> int | None:
        """Return the number that was added last for the key."""
        if not self._is_sorted:
            order = sorted(range(len(self._keys)), key=self._keys.__getitem__)
            keys = [self._keys[i] for i in order]
            self._keys = array("Q", keys) if isinstance(self._keys, array) else keys
            self._numbers = array("I", (self._numbers[i] for i in order))
            self._is_sorted = True
        at = bisect_right(self._keys, key) - 1
        return self._numbers[at] if at >= 0 and self._keys[at] == key else None


class AsnTable:
    """The longest prefix that holds an address tells its AS number."""

    def __init__(self, *, dated: dt.date | None = None, sha256: str = "") -> None:
        """Hold nothing yet; `dated` is when the table was made, `sha256` that of its file."""
        self.dated = dated
        self.sha256 = sha256
        self._levels: dict[int, dict[int, _Prefixes]] = {4: {}, 6: {}}
        """Version to prefix length."""
        self.database: Callable[[str], Any] | None = None
        """Asked instead, where the file is a database."""

    def add(self, prefix: str, number: int) -> None:
        """Add one prefix; bits behind its length do not count. Raises ValueError for what is none."""
        written, slash, bits = prefix.partition("/")
        family = socket.AF_INET6 if ":" in written else socket.AF_INET
        try:
            packed = socket.inet_pton(family, written)
        except OSError:
            raise ValueError("no address") from None
        whole = _BITS[family]
        length = int(bits) if slash else whole
        if not 0 <= length <= whole:
            raise ValueError("no prefix length")
        levels = self._levels[6 if family == socket.AF_INET6 else 4]
        if length not in levels:
            levels[length] = _Prefixes(length)
        levels[length].add(int.from_bytes(packed) >> (whole - length), number)

    def lookup(self, ip: str) -> int | None:
        """Return the AS number of an address, or None where the table has nothing."""
        try:
            address = ipaddress.ip_address(ip.partition("%")[0])
        except ValueError:
            return None
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if self.database is not None:
            return _number_in(self.database(str(address)))
        levels = self._levels[address.version]
        for length in sorted(levels, reverse=True):
            number = levels[length].get(int(address) >> (address.max_prefixlen - length))
            if number is not None:
                return number or None
        return None

    def name_of(self, ip: str) -> str:
        """Return the AS as receipts write it, `AS12389`, or ""."""
        number = self.lookup(ip)
        return f"AS{number}" if number and number <= LARGEST_TOLD else ""

    def is_stale(self, today: dt.date) -> bool:
        """Say whether the table is so old that networks may have changed hands since."""
        return self.dated is not None and (today - self.dated).days > STALE_AFTER_DAYS


def table_of(ranges: Iterable[tuple[int, Iterable[str]]], dated: str = "") -> AsnTable:
    """Return a table of published ranges: AS number and prefixes. Raises ValueError for what is none."""
    table = AsnTable(dated=dt.date.fromisoformat(dated) if dated else None)
    for number, prefixes in ranges:
        for prefix in prefixes:
            table.add(prefix, number)
    return table


def read_table(path: Path) -> AsnTable:
    """Read a MaxMind DB (`.mmdb`), or text: a prefix and an AS number a line, comments behind # or ;.

    It is dated by its own build date, or a date in its first lines, or else by its file's. Raises OSError,
    and TableError with the line that cannot be read.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if path.suffix == MMDB:
        return _read_database(path, digest)
    table = AsnTable(sha256=digest)
    dates = []
    n_rows = 0
    for count, line in _lines(path):
        if not line or line[0] in "#;":
            dates += _dates(line) if count <= DATED_IN else []
            continue
        row = _SEPARATOR.split(line)
        if count == 1 and not row[0][:1].isdigit():
            continue  # headings
        try:
            table.add(row[0], _number(row[1]))
        except (ValueError, IndexError) as error:
            raise TableError(path, count, "no prefix and AS number") from error
        n_rows += 1
    if not n_rows:
        raise TableError(path, 0, "the table is empty")
    table.dated = min(dates, default=None) or _changed(path)
    return table


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        for count in range(1, MAX_LINES + 2):
            line = file.readline(LONGEST_LINE)
            if not line:
                return
            if count > MAX_LINES:
                raise TableError(path, count, f"more than {MAX_LINES} lines")
            if len(line) == LONGEST_LINE:
                raise TableError(path, count, "a line without end: this is no text")
            yield count, line.strip()


def _number(text: str) -> int:
    number = int(text.strip('"').upper().removeprefix("AS"))
    if not 0 <= number <= MAX_ASN:
        raise ValueError("no AS number")
    return number


def _dates(line: str) -> list[dt.date]:
    """Return the days that a comment names: 2026-11-01, rib.20261101, or `Sun Nov  1 00:00:00 2026`."""
    named = [(int(y), int(m), int(d)) for y, m, d in _ISO.findall(line)]
    named += [(int(y), _MONTHS.index(m) + 1, int(d)) for m, d, y in _SPOKEN.findall(line) if m in _MONTHS]
    found = []
    for day in named:
        try:
            found.append(dt.date(*day))
        except ValueError:
            continue
    return found


def _changed(path: Path) -> dt.date:
    return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC).date()


def _read_database(path: Path, digest: str) -> AsnTable:
    try:
        maxminddb: Any = importlib.import_module("maxminddb")
    except ImportError:
        hint = "Type: pipx install 'interference-probe[asn]'; or take pyasn's text, which needs none."
        raise TableError(path, 0, "a MaxMind DB needs a library that is not installed", hint) from None
    try:
        # Its own Python, not its C: a file from anywhere may be damaged on purpose.
        database = maxminddb.open_database(path, mode=maxminddb.MODE_MMAP)
        built = dt.datetime.fromtimestamp(database.metadata().build_epoch, dt.UTC).date()
    except (maxminddb.InvalidDatabaseError, ValueError, TypeError, OverflowError, RecursionError):
        raise TableError(path, 0, "no MaxMind DB", HINT_MMDB) from None
    if "asn" not in str(database.metadata().database_type).lower():
        database.close()
        raise TableError(path, 0, "a MaxMind DB without AS numbers", HINT_MMDB)
    table = AsnTable(dated=built, sha256=digest)

    def find(ip: str) -> Any:
        try:
            return database.get(ip)
        except (maxminddb.InvalidDatabaseError, ValueError, TypeError, RecursionError):
            return None  # damaged there, or a family that it does not hold

    table.database = find
    return table


def _number_in(found: Any) -> int | None:
    """Read the AS number out of a database's record, however it is called there."""
    said = next((found[name] for name in FIELDS if name in found), None) if isinstance(found, dict) else None
    try:
        number = _number(str(said)) if isinstance(said, int | str) else 0
    except ValueError:
        return None
    return number or None
