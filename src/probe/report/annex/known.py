"""What the annex states beside the runs: operators by AS number, the numbers that decide, this program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOT_A_LETTER: Final = re.compile(r"[\W_]+")


class Operator(Struct, frozen=True, kw_only=True):
    """One AS number of an operator."""

    asn: str
    """`AS12389`."""
    registered_name: str
    commercial_name: str
    country: str
    spellings: tuple[str, ...] = ()
    """As volunteers may type the commercial name."""

    def is_called(self, name: str) -> bool:
        """Say whether a name that somebody typed fits this operator: whatever its case, dots and dashes."""
        return bool(name) and _plain(name) in {
            _plain(one) for one in (self.asn, self.commercial_name, self.registered_name, *self.spellings)
        }


class Known(Struct, frozen=True, kw_only=True):
    """Handed in by whoever may read files and rules."""

    operators: tuple[Operator, ...] = ()
    operators_dated: str = ""
    """ISO day; the oldest, where several tables were read."""
    operators_source: str = ""
    thresholds: tuple[tuple[str, str], ...] = ()
    """Numbers that decide, by name, as they stand in the rules of `rules_version`."""
    rules_version: int = 0
    rules_dated: str = ""
    software_version: str = ""
    software_sha256: str = ""
    """Of this program's own files: it compiled the annex; who measured ran what run.json says."""

    def operator(self, asn: str) -> Operator | None:
        """Return the operator of an AS number, if the table has it."""
        return next((one for one in self.operators if one.asn == asn), None)

    def called(self, name: str) -> Iterator[Operator]:
        """Yield the AS numbers of the operator that a name fits, or of the one AS number that it is."""
        yield from (one for one in self.operators if one.is_called(name))


def _plain(name: str) -> str:
    return _NOT_A_LETTER.sub("", name.casefold())
