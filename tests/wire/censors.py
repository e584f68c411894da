"""All censors by the kind that a JSON table names; a new one is a function and a line here.

A censor is a function of the wire, a packet and its direction; it answers with a Fate, or with the packet
that goes on in its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wire.by_address import by_address, redirect
from wire.by_name import READERS, by_name
from wire.by_question import by_question
from wire.by_quic import by_quic

if TYPE_CHECKING:
    from collections.abc import Callable

    from wire.censor import Censor, Count, Table

MAKERS: Final[dict[str, Callable[[Table, object, Count], Censor]]] = {
    **dict.fromkeys(READERS, by_name),
    "address": by_address,
    "redirect": redirect,
    "dns": by_question,
    "quic": by_quic,
}


def make_censors(tables: list[Table], seed: object, counts: Count) -> list[Censor]:
    """Make each table's censor; `kind` says which, and counts are kept under `label` or else the kind."""
    return [MAKERS[table["kind"]](table, seed, counts) for table in tables]
