"""What travels inside an annex: the verdicts as a table, and in full the measurements too."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from probe.locale import _
from probe.report.annex.blocks import Attachment
from probe.report.annex.veil import public_runs
from probe.report.columns import VERDICT_COLUMNS, VerdictRow
from probe.report.csv import as_csv, network_first

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from probe.report.annex.facts import Annex
    from probe.report.told import Told

VERDICTS: Final = "verdicts.csv"
MEASUREMENTS: Final = "measurements.jsonl"
MOST_ROWS: Final = 20_000
"""Rows of the attached table: a document that nobody can open helps nobody."""


def attachments(annex: Annex, runs: Sequence[Told]) -> tuple[Attachment, ...]:
    """Return the files that go with the annex, coarsened as far as the disclosure demands."""
    full = annex.letter.disclosure == "full"
    table = rows(runs if full else public_runs(runs, n_volunteers=annex.letter.n_volunteers))
    n = sum(len(one.verdicts) for one in runs)
    journals = tuple(_journals(runs)) if full else ()
    return (
        Attachment(
            name=VERDICTS,
            mime="text/csv",
            relationship="data",
            description=_("Every verdict, a row each")
            if n <= MOST_ROWS
            else _("The first {k} of {n} verdicts, a row each").format(k=MOST_ROWS, n=n),
            content=as_csv(VERDICT_COLUMNS, list(islice(table, MOST_ROWS))),
        ),
        *journals,
    )


def _journals(runs: Sequence[Told]) -> Iterator[Attachment]:
    """Yield the measurements of each run as they were written, where they fit into a document."""
    for one in runs:
        content = one.journal() if one.journal is not None else b""
        if content:
            name = MEASUREMENTS if len(runs) == 1 else f"{one.record.run_id}-{MEASUREMENTS}"
            yield Attachment(
                name=name,
                mime="application/x-ndjson",
                relationship="source",
                description=_("Every measurement, a line each, chained by hashes"),
                content=content,
            )


def rows(runs: Sequence[Told]) -> Iterator[VerdictRow]:
    """Yield a row for each verdict as it stands, by run, the network first, then by service and target."""
    for one in runs:
        for verdict in network_first(one.verdicts):
            yield VerdictRow(
                run_id=one.record.run_id,
                verdict=verdict,
                vantage=one.record.vantage,
                simulated=one.record.simulated,
            )


def public_rows(runs: Sequence[Told], *, n_volunteers: int | None = None) -> Iterator[VerdictRow]:
    """Yield the same rows without minutes, names of runs, and what else an annex made public leaves out."""
    return rows(public_runs(runs, n_volunteers=n_volunteers))
