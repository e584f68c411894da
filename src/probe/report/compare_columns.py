"""What changed between two runs as a table: a row for each target that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from probe.locale import N_
from probe.report.book import Sheet
from probe.report.column import LOCATED, REASONS, STATES, Column, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from probe.report.compare import Compared, Difference, TargetChange

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


def _of(side: str, field: str) -> Callable[[TargetChange], Any]:
    return lambda row: getattr(getattr(row, side), field, None)


def _rounded(side: str, step: str) -> Callable[[TargetChange], float | None]:
    def value(row: TargetChange) -> float | None:
        found = _of(side, step)(row)
        return None if found is None else round(float(found), 1)

    return value


def _both_sides() -> Iterator[Column[TargetChange]]:
    for name, kind, meaning, known in _FIELDS:
        for side in SIDES:
            yield Column(f"{name}_{side}", kind, meaning, _of(side, name), known)
    for step, meaning in _STEPS.items():
        for side in SIDES:
            yield Column(f"{step}_{side}", "number", meaning, _rounded(side, step))


CHANGE_COLUMNS: Final[tuple[Column[TargetChange], ...]] = (
    Column(
        "change",
        "string",
        N_("`changed`, `new` and `gone` by the verdict; `times` where only times moved beyond their spread."),
        lambda row: row.kind,
        ("changed", "new", "gone", "times"),
        required=True,
    ),
    Column(
        "changed_fields",
        "string",
        N_("Which of the columns differ, joined by a space; times and rates only beyond their spread."),
        lambda row: " ".join((*row.fields, *(t.step for t in row.times))),
    ),
    Column("service", "string", N_("The service."), lambda row: row.service, required=True),
    Column("target_id", "string", N_("The target."), lambda row: row.target_id, required=True),
    Column("input", "string", N_("What was measured."), lambda row: row.input, required=True),
    *_both_sides(),
)
DIFFERENCE_COLUMNS: Final[tuple[Column[Difference], ...]] = (
    Column("field", "string", N_("In what the runs differ."), lambda row: row.field, required=True),
    Column("before", "string", N_("In the first run."), lambda row: row.before),
    Column("after", "string", N_("In the second run."), lambda row: row.after),
)


def book_of(between: Compared) -> tuple[Sheet, ...]:
    """Return the sheets of a workbook."""
    runs = (*between.networks, *between.measuring)
    wide = {"input": 44, "before": 30, "after": 30}
    return (
        Sheet(name="changes", columns=CHANGE_COLUMNS, rows=lambda _: between.targets, frozen=5, widths=wide),
        Sheet(name="runs", columns=DIFFERENCE_COLUMNS, rows=lambda _: runs, widths=wide),
    )
