"""The columns of services.csv, once: name, type, meaning, and the value each takes from a roll-up."""

from typing import Final

from msgspec import Struct

from probe.locale import N_
from probe.model.measurement import VantagePoint
from probe.model.verdict import ServiceVerdict
from probe.model.words import State
from probe.report import words
from probe.report.column import FIRST, LOCATED, REASONS, STATES, Column
from probe.report.where_columns import HOW, WHERE


class ServiceRow(Struct, frozen=True, kw_only=True):
    """What a row of services.csv is made from."""

    run_id: str
    service: ServiceVerdict
    vantage: VantagePoint


def _count(state: State) -> Column[ServiceRow]:
    name = f"n_{state}"
    return Column(
        name, "integer", words.STATES_COUNTED[state], lambda row: getattr(row.service, name), required=True
    )


SERVICE_COLUMNS: Final[tuple[Column[ServiceRow], ...]] = (
    *FIRST,
    Column(
        "service",
        "string",
        N_("The service; `network` for the network's own finding."),
        lambda row: row.service.service,
        required=True,
    ),
    Column(
        "state",
        "string",
        N_("The verdict, by the service's own rule over its targets."),
        lambda row: row.service.state,
        STATES,
        required=True,
    ),
    Column(
        "mechanism",
        "string",
        N_("`<layer>.<what>[.<trigger>]`: how; empty where nothing interferes."),
        lambda row: row.service.mechanism,
    ),
    Column(
        "located",
        "string",
        N_("Whose equipment the evidence points at."),
        lambda row: row.service.located,
        LOCATED,
        required=True,
    ),
    Column(
        "confirmed",
        "boolean",
        N_("Whether an artefact or a second, separate test settles it."),
        lambda row: row.service.confirmed,
        required=True,
    ),
    Column(
        "reason_code",
        "string",
        N_("Why the verdict is not stronger than it is."),
        lambda row: row.service.reason_code,
        REASONS,
    ),
    Column("because", "string", N_("The reason in English."), lambda row: row.service.because, required=True),
    Column(
        "n_targets",
        "integer",
        N_("Targets of the service in this run."),
        lambda row: row.service.n_targets,
        required=True,
    ),
    _count(State.REACHABLE),
    _count(State.THROTTLED),
    _count(State.BLOCKED),
    _count(State.GEOBLOCKED),
    _count(State.DOWN),
    _count(State.INCONCLUSIVE),
    Column(
        "started_utc",
        "datetime",
        N_("First try of any of its targets, UTC."),
        lambda row: row.service.started_utc,
    ),
    Column("ended_utc", "datetime", N_("End of the last try, UTC."), lambda row: row.service.ended_utc),
    *WHERE,
    *HOW,
)
