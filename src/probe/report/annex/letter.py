"""What the person who makes a report says of it: the letter it goes with, to whom, who measured."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import datetime

Disclosure = Literal["public", "full"]
Kind = Literal["operator", "government", "service"]
KINDS: Final[tuple[Kind, ...]] = ("operator", "government", "service")
LONGEST: Final = 300
"""Characters of what a person says: a heading, a role, an address to answer to."""
_AS: Final = re.compile(r"(?:AS)?([1-9]\d{0,9})", re.IGNORECASE | re.ASCII)


class Addressee(Struct, frozen=True, kw_only=True):
    """Whom the letter asks."""

    kind: Kind
    name: str = ""
    """`AS12389` or an operator's name; a service's id or company; a government's country."""

    @property
    def asn(self) -> str:
        """The AS number that names an operator, as `AS12389`; empty where a name does."""
        found = _AS.fullmatch(self.name) if self.kind == "operator" else None
        return f"AS{int(found[1])}" if found else ""


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened, by somebody else's account: told apart from what was measured."""

    date: str
    """ISO 8601: a day or a time in UTC."""
    what: str
    source: str


class Letter(Struct, frozen=True, kw_only=True):
    """All that the compiler states; what is empty is printed as not stated."""

    title: str = ""
    addressees: tuple[Addressee, ...] = ()
    requests: bool = False
    measured_by: str = ""
    compiled_by: str = ""
    contact: str = ""
    key_fingerprint: str = ""
    n_volunteers: int | None = None
    at: datetime | None = None
    """Aware, UTC: printed as the time of making instead of the last run's end."""
    events: tuple[Event, ...] = ()
    disclosure: Disclosure = "public"


def addressee_of(text: str) -> Addressee:
    """Read `operator:AS12389`, `operator:MTS`, `government`, `government:RU`, `service:twitter`, `AS12389`.

    Raises ValueError with what to type.
    """
    kind, _colon, name = text.strip().partition(":")
    kind, name = kind.strip(), " ".join(name.split())
    if _AS.fullmatch(kind) and kind[:2].upper() == "AS" and not name:
        kind, name = "operator", kind
    for known in KINDS:
        if kind.lower() == known and (name or known == "government") and len(name) <= LONGEST:
            return Addressee(kind=known, name=name)
    raise ValueError(f"{text[:80]!r} is none of operator:AS12389, operator:NAME, government, service:NAME")
