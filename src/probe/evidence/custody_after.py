"""What became of a bag after it was sealed: custody-after.csv, with the hash of what each act left."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.evidence import handling
from probe.evidence.outside import CUSTODY, SIGNATURE, TOKEN, TooLargeError, content_of

if TYPE_CHECKING:
    from pathlib import Path

    from probe.evidence.handling import Handling

HEAD: Final = f"{handling.HEAD},sha256"
SIGNED: Final = "signed"
STAMPED: Final = "stamped"
LEFT_BY: Final = {SIGNED: SIGNATURE, STAMPED: TOKEN}
"""Which file an action leaves: its SHA-256 stands in the line. Other actions leave none."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class Act(Struct, frozen=True, kw_only=True):
    """One line; `sha256` is empty where nothing was left."""

    handling: Handling
    sha256: str = ""


def written(acts: tuple[Act, ...]) -> bytes:
    """Return the table: RFC 4180, header first."""
    lines = (f"{act.handling.utc},{act.handling.role},{act.handling.action},{act.sha256}\r\n" for act in acts)
    return f"{HEAD}\r\n{''.join(lines)}".encode("ascii")


def read(content: bytes) -> tuple[Act, ...]:
    """Return the acts of such a table. Raises ValueError for anything that `written` would not write."""
    head, *lines = content.decode("ascii").split("\r\n")
    if head != HEAD or not lines or lines.pop():
        raise ValueError("not the table of what became of a bag")
    parts = [line.rpartition(",") for line in lines]
    without = "".join(f"{line}\r\n" for line in (handling.HEAD, *(part[0] for part in parts)))
    done = handling.read_custody(without.encode("ascii"))
    acts = tuple(Act(handling=each, sha256=part[2]) for each, part in zip(done, parts, strict=True))
    for act in acts:
        wanted = act.handling.action in LEFT_BY
        if bool(act.sha256) != wanted or (wanted and not _SHA256.fullmatch(act.sha256)):
            raise ValueError("a line lacks a hash, or has one too many")
    if written(acts) != content:
        raise ValueError("spelled in another way")
    return acts


def acts_of(bag: Path) -> tuple[Act, ...]:
    """Return what a bag's file notes; nothing where there is none. Raises ValueError for a broken one."""
    content = content_of(bag, CUSTODY)
    return read(content) if content is not None else ()


def bears_out(bag: Path, action: str, left: bytes) -> bool:
    """Whether the bag's file notes, last of its kind, this action with the hash of what it left.

    A file that is missing or broken bears nothing out.
    """
    try:
        acts = acts_of(bag)
    except (TooLargeError, ValueError):
        return False
    noted = [act.sha256 for act in acts if act.handling.action == action]
    return noted == [hashlib.sha256(left).hexdigest()]
