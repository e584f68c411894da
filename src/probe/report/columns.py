"""The columns of verdicts.csv, once: name, type, meaning, and the value each takes from a verdict."""

from typing import Final

from msgspec import Struct

from probe.locale import N_
from probe.model.measurement import VantagePoint
from probe.model.verdict import Verdict
from probe.model.words import Caveat, ControlSource, Layer
from probe.report.column import FIRST, LOCATED, REASONS, STATES, Column
from probe.report.where_columns import HOW, WHERE


class VerdictRow(Struct, frozen=True, kw_only=True):
    """What a row of verdicts.csv is made from."""

    run_id: str
    verdict: Verdict
    vantage: VantagePoint
    simulated: bool = False


def _milliseconds(name: str, meaning: str) -> Column[VerdictRow]:
    return Column(
        f"{name}_ms", "number", meaning, lambda row: _rounded(getattr(row.verdict, f"{name}_ms"), 1)
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


VERDICT_COLUMNS: Final[tuple[Column[VerdictRow], ...]] = (
    *FIRST,
    Column(
        "service",
        "string",
        N_("The service that the target belongs to; `network` for the network's own finding."),
        lambda row: row.verdict.service,
        required=True,
    ),
    Column(
        "target_id",
        "string",
        N_("A stable name of the target, never an address."),
        lambda row: row.verdict.target_id,
        required=True,
    ),
    Column(
        "input",
        "string",
        N_("What was measured, exactly as the catalogue, the list or the user wrote it."),
        lambda row: row.verdict.input,
        required=True,
    ),
    Column("state", "string", N_("The verdict."), lambda row: row.verdict.state, STATES, required=True),
    Column(
        "mechanism",
        "string",
        N_("`<layer>.<what>[.<trigger>]`: how; empty where nothing interferes."),
        lambda row: row.verdict.mechanism,
    ),
    Column(
        "layer",
        "string",
        N_("Where the deciding fact showed."),
        lambda row: row.verdict.layer,
        tuple(Layer),
        required=True,
    ),
    Column(
        "located",
        "string",
        N_("Whose equipment the evidence points at."),
        lambda row: row.verdict.located,
        LOCATED,
        required=True,
    ),
    Column(
        "confirmed",
        "boolean",
        N_("Whether an artefact or a second, separate test settles it."),
        lambda row: row.verdict.confirmed,
        required=True,
    ),
    Column(
        "reason_code",
        "string",
        N_("Why the verdict is not stronger than it is."),
        lambda row: row.verdict.reason_code,
        REASONS,
    ),
    Column(
        "caveats",
        "string",
        N_("Said beside the state, joined by a space."),
        lambda row: " ".join(row.verdict.caveats),
    ),
    Column(
        "rule_id",
        "string",
        N_("The rule that decided; its meaning never changes."),
        lambda row: row.verdict.rule_id,
        required=True,
    ),
    Column("because", "string", N_("The reason in English."), lambda row: row.verdict.because, required=True),
    Column(
        "failure",
        "string",
        N_("The deciding failure string, in OONI's words where it has one."),
        lambda row: row.verdict.failure,
    ),
    Column(
        "n_observations",
        "integer",
        N_("Observations of the target that the verdict rests on."),
        lambda row: row.verdict.n_observations,
        required=True,
    ),
    Column(
        "n_controls",
        "integer",
        N_("Observations of controls that it rests on."),
        lambda row: row.verdict.n_controls,
        required=True,
    ),
    Column(
        "control_source",
        "string",
        N_("What it was compared with, joined by +."),
        lambda row: "+".join(row.verdict.control_source),
        required=True,
    ),
    _milliseconds("dns", N_("Name resolution, median of the tries that succeeded, milliseconds.")),
    _milliseconds("connect", N_("TCP connect, median, milliseconds.")),
    _milliseconds("tls", N_("TLS handshake, median, milliseconds.")),
    _milliseconds("ttfb", N_("Request sent to first byte of the answer, median, milliseconds.")),
    Column(
        "goodput_kbps",
        "number",
        N_("Rate of the target's transfers, median, 1000 bit/s."),
        lambda row: _rounded(row.verdict.goodput_kbps, 1),
    ),
    Column(
        "control_goodput_kbps",
        "number",
        N_("Rate of the control's transfers, median, 1000 bit/s."),
        lambda row: _rounded(row.verdict.control_goodput_kbps, 1),
    ),
    Column(
        "goodput_ratio",
        "number",
        N_("Median over pairs of target's rate by control's."),
        lambda row: _rounded(row.verdict.goodput_ratio, 3),
    ),
    *WHERE,
    Column(
        "started_utc", "datetime", N_("First try of the target, UTC."), lambda row: row.verdict.started_utc
    ),
    Column(
        "measurement_uids",
        "string",
        N_("The target's measurements in measurements.jsonl, joined by a space."),
        lambda row: " ".join(row.verdict.measurement_uids),
    ),
    Column(
        "simulated",
        "boolean",
        N_("Whether the run was made in the built-in lab: then it is evidence of nothing."),
        lambda row: row.simulated,
        required=True,
    ),
    *HOW,
    Column(
        "category_code",
        "string",
        N_("What kind of site it is, in Citizen Lab's codes, as the list or the catalogue says."),
        lambda row: row.verdict.category_code,
    ),
)

WORD_LISTS: Final = {"caveats": tuple(Caveat), "control_source": tuple(ControlSource)}
"""Vocabularies of the columns that join several words."""
