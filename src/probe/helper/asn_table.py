"""Which AS an address belongs to, by a table the operator of the helper brings: `prefix,asn` lines."""

from __future__ import annotations

import csv
import ipaddress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

MAX_LINES: Final = 4_000_000
MAX_ASN: Final = 2**32 - 1
LARGEST_TOLD: Final = 9_999_999
"""Beyond lie private numbers only (RFC 6996), and clients take nothing longer for an AS."""


class TableError(Exception):
    """A line that is no `prefix,asn`."""

    def __init__(self, file: Path, line: int, problem: str) -> None:
        """Take the place and what is wrong there."""
        super().__init__(problem)
        self.file = str(file)
        self.line = line
        self.problem = problem
        self.hint = "Each line is a prefix and its AS number: 192.0.2.0/24,64500"


class AsnTable:
    """The longest prefix that holds an address tells its AS number."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._prefixes: dict[int, dict[int, dict[int, int]]] = {4: {}, 6: {}}
        """Version to prefix length to the prefix's bits to the number."""

    def add(self, prefix: str, number: int) -> None:
        """Add one prefix. Raises ValueError for what is none."""
        network = ipaddress.ip_network(prefix, strict=False)
        bits = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
        self._prefixes[network.version].setdefault(network.prefixlen, {})[bits] = number

    def number_of(self, address: str) -> int | None:
        """Return the AS number, or None where the table has nothing."""
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return None
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        lengths = self._prefixes[ip.version]
        for length in sorted(lengths, reverse=True):
            number = lengths[length].get(int(ip) >> (ip.max_prefixlen - length))
            if number is not None:
                return number
        return None

    def name_of(self, address: str) -> str:
        """Return the AS as receipts write it, `AS12389`, or ""."""
        number = self.number_of(address)
        return f"AS{number}" if number and number <= LARGEST_TOLD else ""


def read_table(path: Path) -> AsnTable:
    """Read a CSV of `prefix,asn`; a first line of headings and empty lines are passed over.

    Raises OSError, and TableError with the line that cannot be read.
    """
    table = AsnTable()
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        for count, row in enumerate(csv.reader(file), 1):
            if count > MAX_LINES:
                raise TableError(path, count, f"more than {MAX_LINES} lines")
            if not row or row[0].startswith("#") or (count == 1 and not row[0][:1].isdigit()):
                continue
            try:
                table.add(row[0].strip(), _number(row))
            except (ValueError, IndexError) as error:
                raise TableError(path, count, "no prefix and AS number") from error
    return table


def _number(row: list[str]) -> int:
    number = int(row[1].strip().upper().removeprefix("AS"))
    if not 0 <= number <= MAX_ASN:
        raise ValueError("no AS number")
    return number
