"""A column of a table: name, type, meaning, and the value it takes from a record."""

from collections.abc import Callable
from typing import Any, Final, Generic, Literal, TypeVar

from msgspec import Struct

from probe.locale import N_
from probe.model.words import Located, ReasonCode, State

SCHEMA_VERSION: Final = "1"
"""Of both tables. More columns may follow under the same version; a changed meaning is a new one."""

Type = Literal["string", "integer", "number", "boolean", "datetime"]
"""Types of the Table Schema specification."""
R = TypeVar("R")


class Column(Struct, Generic[R], frozen=True):
    """One column. `value` returns text, a number, a truth value, or None where there is none."""

    name: str
    type: Type
    meaning: str
    value: Callable[[R], Any]
    words: tuple[str, ...] = ()
    """The closed vocabulary, where there is one."""
    required: bool = False


STATES: Final = tuple(State)
LOCATED: Final = tuple(Located)
REASONS: Final = tuple(ReasonCode)


FIRST: Final[tuple[Column[Any], ...]] = (
    Column(
        "schema_version",
        "string",
        N_("Version of this table's meaning."),
        lambda _: SCHEMA_VERSION,
        required=True,
    ),
    Column(
        "run_id",
        "string",
        N_("The run: start in UTC, declared AS, four hex digits."),
        lambda row: row.run_id,
        required=True,
    ),
)
"""How both tables begin."""
