"""Who had the run in hand, by role and in UTC: never a name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

WITHIN: Final = "custody.csv"
"""Below data/, under seal: from the first packet to the seal."""
HEAD: Final = "utc,role,action"
ROLES: Final = ("volunteer", "holder", "coalition", "authority")
"""Who runs the program where the network is; whoever has the run and seals it; who signs; who stamps."""
ACTIONS: Final = ("measurement_began", "measurement_ended", "sealed", "handed_over", "signed", "stamped")
_UTC: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class Handling(Struct, frozen=True, kw_only=True):
    """One line."""

    utc: str
    role: str
    action: str


def custody_csv(handlings: Iterable[Handling]) -> bytes:
    """Return the table: RFC 4180, header first."""
    lines = [HEAD, *(f"{one.utc},{one.role},{one.action}" for one in handlings)]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def read_custody(content: bytes) -> tuple[Handling, ...]:
    """Return the lines of such a table. Raises ValueError for anything that `custody_csv` would not write."""
    head, *lines = content.decode("ascii").split("\r\n")
    if head != HEAD or not lines or lines.pop():
        raise ValueError("not the table of who had the run in hand")
    return tuple(map(_handling, lines))


def _handling(line: str) -> Handling:
    utc, role, action, *more = (*line.split(","), "", "")
    if any(more) or not _UTC.fullmatch(utc) or role not in ROLES or action not in ACTIONS:
        raise ValueError("a line says something else than a time, a role and an action")
    return Handling(utc=utc, role=role, action=action)
