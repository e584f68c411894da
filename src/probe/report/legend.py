"""What the columns and the words of the tables mean, in the language in use: the legend of a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.locale import N_, _
from probe.report import words
from probe.report.book import BOOK
from probe.report.categories import NAMES
from probe.report.columns import VERDICT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from probe.report.book import Sheet
    from probe.report.told import Told

SIMULATED: Final = N_("This run was made in the built-in lab: it is evidence of nothing.")
GUARD: Final = N_(
    "Cells hold what the CSV files hold: invisible signs are written \\u200b, a backslash \\\\, and a text "
    "that a spreadsheet could take for a formula begins with an apostrophe."
)
_PLAIN: Final = {
    "reachable": N_("A validated answer came, as a browser would get it."),
    "blocked": N_("Interference at the resolver or on the path keeps it from answering."),
}
_STATES: Final = {state: _PLAIN.get(state) or words.STATES_MEAN[state] for state in words.STATES}
_WORDS: Final[tuple[tuple[str, Mapping[str, str]], ...]] = (
    ("state", _STATES),
    ("mechanism", words.MECHANISMS),
    ("located", words.LOCATED),
    ("reason_code", words.REASONS),
    ("caveats", words.CAVEATS),
    ("control_source", words.CONTROLS),
    ("category_code", NAMES),
)


def legend(runs: Sequence[Told], sheets: Sequence[Sheet] = BOOK) -> Iterator[tuple[str, str, str]]:
    """Yield rows of three: where it stands, the column or word as it is written, and what it means."""
    yield _("Where"), _("Word"), _("Meaning")
    if any(run.record.simulated for run in runs):
        yield "", "", _(SIMULATED)
    yield "", "", _(GUARD)
    for sheet in sheets:
        for column in sheet.columns:
            if sheet.columns is VERDICT_COLUMNS or sheets is not BOOK or column.name not in _KNOWN:
                yield sheet.name, column.name, _(column.meaning)
    for where, table in _WORDS:
        for word, meaning in table.items():
            yield where, word, _(meaning)


_KNOWN: Final = frozenset(column.name for column in VERDICT_COLUMNS)
