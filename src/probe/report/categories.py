"""Lists by category: how many addresses of each kind are in which state."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from rich import box
from rich.table import Table
from rich.text import Text

from probe.locale import N_, _
from probe.model.words import WORST_FIRST, State
from probe.report import words
from probe.report.column import Column
from probe.report.console_text import STYLES
from probe.report.show import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from probe.model.verdict import Verdict

LIST: Final = "list"
"""The service of what came by `--list`."""
NAMES: Final = {
    "ALDR": N_("Alcohol and drugs"),
    "ANON": N_("Anonymisation and circumvention"),
    "COMM": N_("Shopping"),
    "COMT": N_("Messengers and calls"),
    "CTRL": N_("Control content"),
    "CULTR": N_("Culture"),
    "DATE": N_("Online dating"),
    "ECON": N_("Economics"),
    "ENV": N_("Environment"),
    "FILE": N_("File sharing"),
    "GAME": N_("Games"),
    "GMB": N_("Gambling"),
    "GOVT": N_("Government"),
    "GRP": N_("Social networks"),
    "HACK": N_("Hacking tools"),
    "HATE": N_("Hate speech"),
    "HOST": N_("Hosting and blogging platforms"),
    "HUMR": N_("Human rights"),
    "IGO": N_("Intergovernmental organisations"),
    "LGBT": N_("LGBT"),
    "MILX": N_("Militants and extremists"),
    "MISC": N_("Other content"),
    "MMED": N_("Media sharing"),
    "NEWS": N_("News media"),
    "POLR": N_("Political criticism"),
    "PORN": N_("Pornography"),
    "PROV": N_("Provocative attire"),
    "PUBH": N_("Public health"),
    "REL": N_("Religion"),
    "SRCH": N_("Search engines"),
    "XED": N_("Sex education"),
}
"""What Citizen Lab's codes stand for."""


class Category(Struct, frozen=True, kw_only=True):
    """One category of a run."""

    run_id: str
    code: str
    counts: Mapping[State, int]

    @property
    def n(self) -> int:
        """How many targets it has."""
        return sum(self.counts.values())

    @property
    def name(self) -> str:
        """What the code stands for, in English; the code itself where it is none of Citizen Lab's."""
        return NAMES.get(self.code, self.code)


def categories_of(verdicts: Iterable[Verdict], run_id: str = "") -> tuple[Category, ...]:
    """Count targets by category and state, in the order of the codes; what has no category is left out."""
    counts: dict[str, Counter[State]] = {}
    for verdict in verdicts:
        if verdict.category_code:
            counts.setdefault(verdict.category_code, Counter())[verdict.state] += 1
    return tuple(Category(run_id=run_id, code=code, counts=counts[code]) for code in sorted(counts))


def _count(state: State) -> Column[Category]:
    return Column(f"n_{state}", "integer", words.STATES_COUNTED[state], lambda row: row.counts.get(state, 0))


CATEGORY_COLUMNS: Final[tuple[Column[Category], ...]] = (
    Column("run_id", "string", N_("The run."), lambda row: row.run_id),
    Column("category_code", "string", N_("Citizen Lab's code."), lambda row: row.code),
    Column("category_description", "string", N_("What the code stands for."), lambda row: row.name),
    Column("n_targets", "integer", N_("Targets of the category in this run."), lambda row: row.n),
    *(_count(state) for state in State),
)


def category_table(verdicts: Sequence[Verdict]) -> Table | None:
    """Return the table that is shown after a run of a list; None where there was no list."""
    rows = categories_of(verdict for verdict in verdicts if verdict.service == LIST)
    if not rows:
        return None
    states = [state for state in WORST_FIRST if any(row.counts.get(state) for row in rows)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column(_("category"), overflow="fold")
    for state in states:
        table.add_column(_(words.STATES[state]), justify="right", overflow="fold")
    for row in rows:
        name = _(row.name) if row.code in NAMES else ""
        cells = ((row.counts.get(state, 0), STYLES[state]) for state in states)
        shown = (Text(str(n) if n else "", style=style) for n, style in cells)
        table.add_row(Text(f"{visible(row.code, 6)} {name}".strip()), *shown)
    return table
