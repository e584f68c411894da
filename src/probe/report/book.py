"""The tables of a workbook: what each sheet holds of the runs, and how wide its columns stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

from probe.locale import N_
from probe.report.categories import CATEGORY_COLUMNS, Category, categories_of
from probe.report.column import Column
from probe.report.columns import VERDICT_COLUMNS, VerdictRow
from probe.report.csv import network_first
from probe.report.facts import lines
from probe.report.service_columns import SERVICE_COLUMNS, ServiceRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from probe.report.told import Told


class Sheet(Struct, frozen=True, kw_only=True):
    """One table of the book."""

    name: str
    columns: Sequence[Column[Any]]
    rows: Callable[[Sequence[Told]], Sequence[Any]]
    frozen: int = 0
    """Columns that stay in sight."""
    widths: Mapping[str, int] = field(default_factory=dict)
    """In characters, of columns that are wider or narrower than their names."""


class FactRow(Struct, frozen=True, kw_only=True):
    """One fact of a run, as a sentence in the language in use."""

    run_id: str
    input: str
    said: str


FACT_COLUMNS: Final[tuple[Column[FactRow], ...]] = (
    Column("run_id", "string", N_("The run."), lambda row: row.run_id, required=True),
    Column("input", "string", N_("What was asked about, or the path's end."), lambda row: row.input),
    Column("fact", "string", N_("What was seen, with source and date."), lambda row: row.said),
)


def verdict_rows(runs: Sequence[Told]) -> list[VerdictRow]:
    """Return a row a verdict: run by run as given, in each the network first, then by service and target."""
    return [
        VerdictRow(
            run_id=run.record.run_id,
            verdict=verdict,
            vantage=run.record.vantage,
            simulated=run.record.simulated,
        )
        for run in runs
        for verdict in network_first(run.verdicts)
    ]


def _service_rows(runs: Sequence[Told]) -> list[ServiceRow]:
    return [
        ServiceRow(run_id=run.record.run_id, service=service, vantage=run.record.vantage)
        for run in runs
        for service in sorted(run.services, key=lambda s: (s.service != "network", s.service))
    ]


def _category_rows(runs: Sequence[Told]) -> list[Category]:
    return [row for run in runs for row in categories_of(run.verdicts, run.record.run_id)]


def _fact_rows(runs: Sequence[Told]) -> list[FactRow]:
    return [
        FactRow(
            run_id=run.record.run_id,
            input=fact.measurement.input if fact.measurement else fact.input,
            said=said,
        )
        for run in runs
        for fact in run.facts
        for said in lines([fact])
    ]


_WIDTHS: Final = {
    "schema_version": 8,
    "run_id": 30,
    "target_id": 30,
    "input": 44,
    "state": 14,
    "mechanism": 24,
    "because": 60,
    "rule_id": 26,
    "failure": 26,
    "started_utc": 24,
    "ended_utc": 24,
    "measurement_uids": 40,
    "probe_network_name": 24,
    "category_description": 32,
    "fact": 110,
}

BOOK: Final = (
    Sheet(name="verdicts", columns=VERDICT_COLUMNS, rows=verdict_rows, frozen=5, widths=_WIDTHS),
    Sheet(name="services", columns=SERVICE_COLUMNS, rows=_service_rows, frozen=3, widths=_WIDTHS),
    Sheet(name="categories", columns=CATEGORY_COLUMNS, rows=_category_rows, frozen=2, widths=_WIDTHS),
    Sheet(name="facts", columns=FACT_COLUMNS, rows=_fact_rows, frozen=1, widths=_WIDTHS),
)
"""In the order of the tabs; the legend comes last."""
