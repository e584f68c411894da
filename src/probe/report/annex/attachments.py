"""What travels inside an annex: the verdicts as a table, and in full the measurements too."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from probe.locale import _
from probe.report.annex.blocks import Attachment
from probe.report.annex.disclosure import hour, minutes_removed, own_tunnel_hidden, run_names, uid
from probe.report.columns import VERDICT_COLUMNS, VerdictRow
from probe.report.csv import as_csv

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from probe.model.verdict import Verdict
    from probe.report.annex.facts import Annex
    from probe.report.told import Told

VERDICTS: Final = "verdicts.csv"
MEASUREMENTS: Final = "measurements.jsonl"
MOST_ROWS: Final = 20_000
"""Rows of the attached table: a document that nobody can open helps nobody."""


def attachments(annex: Annex, runs: Sequence[Told]) -> tuple[Attachment, ...]:
    """Return the files that go with the annex, coarsened as far as the disclosure demands."""
    full = annex.letter.disclosure == "full"
    rows = full_rows(runs) if full else public_rows(runs, n_volunteers=annex.letter.n_volunteers)
    journals = tuple(_journals(runs)) if full else ()
    return (
        Attachment(
            name=VERDICTS,
            mime="text/csv",
            relationship="data",
            description=_("Every verdict, a row each"),
            content=as_csv(VERDICT_COLUMNS, list(islice(rows, MOST_ROWS))),
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


def full_rows(runs: Sequence[Told]) -> Iterator[VerdictRow]:
    """Yield a row for each verdict as it stands, by run, the network first, then by service and target."""
    for one in runs:
        for verdict in _ordered(one.verdicts):
            yield VerdictRow(
                run_id=one.record.run_id,
                verdict=verdict,
                vantage=one.record.vantage,
                simulated=one.record.simulated,
            )


def public_rows(runs: Sequence[Told], *, n_volunteers: int | None = None) -> Iterator[VerdictRow]:
    """Yield the same rows without minutes, names of runs, and what else an annex made public leaves out."""
    alone = len(runs) == 1 or n_volunteers == 1
    for name, one in zip(run_names(runs), runs, strict=True):
        vantage = replace(
            one.record.vantage,
            probe_network_name="",
            region=one.record.vantage.region if alone else "",
        )
        for verdict in _ordered(one.verdicts):
            yield VerdictRow(
                run_id=name,
                verdict=public_verdict(name, verdict),
                vantage=vantage,
                simulated=one.record.simulated,
            )


def public_verdict(name: str, verdict: Verdict) -> Verdict:
    """Return a verdict as it may be shown to anybody; `name` is what its run is called in public."""
    text = own_tunnel_hidden(verdict.service, verdict.input)
    is_hidden = text != verdict.input
    return replace(
        verdict,
        input=text,
        because="" if is_hidden else minutes_removed(verdict.because),
        template="" if is_hidden else verdict.template,
        params=() if is_hidden else tuple((key, minutes_removed(value)) for key, value in verdict.params),
        failure=minutes_removed(verdict.failure) if verdict.failure else None,
        notes=() if is_hidden else tuple(map(minutes_removed, verdict.notes)),
        notes_apart=(),
        started_utc=hour(verdict.started_utc),
        ended_utc=hour(verdict.ended_utc),
        measurement_uids=tuple(uid(name, one) for one in verdict.measurement_uids),
        witnesses=tuple(uid(name, one) for one in verdict.witnesses),
    )


def _ordered(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return sorted(verdicts, key=lambda v: (v.service != "network", v.service, v.target_id))
