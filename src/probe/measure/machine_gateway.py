"""Which router this machine's packets leave by, made unrecognisable: enough to see that it is another one.

Read from the kernel's routing tables, without a packet. What leaves this module is a hash with a random salt
that lives in this program's memory only: it tells whether two moments of one run lie on one link, and after
the run nobody, we included, can find a router by it or compare it with another run's.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from typing import TYPE_CHECKING, Final

from probe.measure.machine_link import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_TABLE: Final = 1 << 20
"""Bytes of a routing table; some machines hold thousands of routes."""
SALT: Final = secrets.token_bytes(16)
LETTERS: Final = str.maketrans("0123456789abcdef", "ghijklmnopabcdef")
"""Hex digits as letters: nothing in it looks like an address to whoever masks addresses."""
N_LETTERS: Final = 16
RTF_UP, RTF_GATEWAY = 0x1, 0x2
"""route.h"""
_V4_COLUMNS: Final = 8
_V6_COLUMNS: Final = 10
_NOWHERE: Final = "0" * 32


def link_ids(root: Path = ROOT, salt: bytes = SALT) -> dict[str, str]:
    """Return `link.id.ipv4` and `link.id.ipv6` as far as there is a router: `<salt's name>-<hash>`.

    IPv4: the router of the default route and the prefixes on its link. IPv6: the router alone, as prefixes
    change under a line that stays. Only ids with one salt's name can be compared.
    """
    tag = _letters(salt)
    found: dict[str, str] = {}
    for name, router_of in (("link.id.ipv4", _router_v4), ("link.id.ipv6", _router_v6)):
        with contextlib.suppress(ValueError):  # a table of another shape tells nothing
            if text := router_of(root):
                found[name] = f"{tag}-{_letters(salt + text.encode())}"
    return found


def _letters(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:N_LETTERS].translate(LETTERS)


def _router_v4(root: Path) -> str:
    """Name the router with the lowest metric and its link's prefixes; empty without a router."""
    rows = [row for row in _rows(root / "proc/net/route", _V4_COLUMNS) if int(row[3], 16) & RTF_UP]
    ways = sorted(
        (int(row[6]), row[2], row[0])
        for row in rows
        if (row[1], row[7]) == ("00000000", "00000000") and int(row[3], 16) & RTF_GATEWAY
    )
    if not ways:
        return ""
    _, router, link = ways[0]
    prefixes = sorted({f"{row[1]}/{row[7]}" for row in rows if row[0] == link and row[2] == "00000000"})
    return " ".join((router, *prefixes))


def _router_v6(root: Path) -> str:
    """Name the router with the lowest metric; empty without one."""
    ways = sorted(
        (int(row[5], 16), row[4])
        for row in _rows(root / "proc/net/ipv6_route", _V6_COLUMNS)
        if (row[0], row[1]) == (_NOWHERE, "00") and row[4] != _NOWHERE and int(row[8], 16) & RTF_GATEWAY
    )
    return ways[0][1] if ways else ""


def _rows(path: Path, columns: int) -> Iterator[list[str]]:
    """Yield the rows of a routing table, its heading left out; nothing where it cannot be read."""
    text = ""
    with contextlib.suppress(OSError), path.open("rb") as file:
        text = file.read(MAX_TABLE).decode("ascii", "replace")
    for line in text.splitlines():
        row = line.split()
        if len(row) >= columns and row[0] != "Iface":
            yield row
