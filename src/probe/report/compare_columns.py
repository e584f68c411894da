"""What changed between two runs as a table: a row for each target that changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from probe.locale import N_
from probe.report.book import Sheet
from probe.report.column import LOCATED, REASONS, STATES, Column, Type
from probe.report.compare import Compared, Difference, TargetChange, compared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from probe.report.told import Told

SIDES: Final = ("before", "after")
_FIELDS: Final[tuple[tuple[str, Type, str, tuple[str, ...]], ...]] = (
    ("state", "string", N_("The verdict: `before` in the first run, `after` in the second."), STATES),
    ("mechanism", "string", N_("How, before and after; empty where nothing interferes."), ()),
    ("located", "string", N_("Whose equipment the evidence points at, before and after."), LOCATED),
    ("confirmed", "boolean", N_("Whether an artefact or a second test settles it, before and after."), ()),
    ("reason_code", "string", N_("Why the verdict is not stronger, before and after."), REASONS),
)
_STEPS: Final = {
    "dns_ms": N_("Name resolution before and after, median, milliseconds."),
    "connect_ms": N_("TCP connect before and after, median, milliseconds."),
    "tls_ms": N_("TLS handshake before and after, median, milliseconds."),
    "ttfb_ms": N_("Request sent to first byte, before and after, median, milliseconds."),
    "goodput_kbps": N_("Rate of the target's transfers before and after, median, 1000 bit/s."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One row: a target, and the two runs."""

    change: TargetChange
    between: Compared


def change_rows(runs: Sequence[Told]) -> list[ChangeRow]:
    """Return what changed between the first and the last of these."""
    between = compared(runs[0], runs[-1])
    return [ChangeRow(change=change, between=between) for change in between.targets]


def difference_rows(runs: Sequence[Told]) -> list[Difference]:
    """Return in what the runs themselves differ, networks first."""
    between = compared(runs[0], runs[-1])
    return [*between.networks, *between.measuring]


def _of(side: str, field: str) -> Callable[[ChangeRow], Any]:
    return lambda row: getattr(getattr(row.change, side), field, None)


def _rounded(side: str, step: str) -> Callable[[ChangeRow], float | None]:
    def value(row: ChangeRow) -> float | None:
        found = _of(side, step)(row)
        return None if found is None else round(float(found), 1)

    return value


def _both_sides() -> Iterator[Column[ChangeRow]]:
    for name, kind, meaning, known in _FIELDS:
        for side in SIDES:
            yield Column(f"{name}_{side}", kind, meaning, _of(side, name), known)
    for step, meaning in _STEPS.items():
        for side in SIDES:
            yield Column(f"{step}_{side}", "number", meaning, _rounded(side, step))


CHANGE_COLUMNS: Final[tuple[Column[ChangeRow], ...]] = (
    Column(
        "change",
        "string",
        N_("`changed`, `new` and `gone` by the verdict; `times` where only times moved beyond their spread."),
        lambda row: row.change.kind,
        ("changed", "new", "gone", "times"),
        required=True,
    ),
    Column(
        "changed_fields",
        "string",
        N_("Which of the columns differ, joined by a space; times and rates only beyond their spread."),
        lambda row: " ".join((*row.change.fields, *(t.step for t in row.change.times))),
    ),
    Column("service", "string", N_("The service."), lambda row: row.change.service, required=True),
    Column("target_id", "string", N_("The target."), lambda row: row.change.target_id, required=True),
    Column("input", "string", N_("What was measured."), lambda row: row.change.input, required=True),
    *_both_sides(),
)
DIFFERENCE_COLUMNS: Final[tuple[Column[Difference], ...]] = (
    Column("field", "string", N_("In what the runs differ."), lambda row: row.field, required=True),
    Column("before", "string", N_("In the first run."), lambda row: row.before),
    Column("after", "string", N_("In the second run."), lambda row: row.after),
)
CHANGES: Final = (
    Sheet(name="changes", columns=CHANGE_COLUMNS, rows=change_rows, frozen=5, widths={"input": 44}),
    Sheet(name="runs", columns=DIFFERENCE_COLUMNS, rows=difference_rows, widths={"before": 30, "after": 30}),
)
"""The sheets of a workbook."""
