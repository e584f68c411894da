"""The columns that say where the probe stood: in every row of both tables, wherever rows are pasted to."""

from collections.abc import Sequence
from typing import Any, Final

from probe.locale import N_
from probe.report.column import Column

SOURCES: Final = ("declared", "helper", "detected", "none")

WHERE: Final[Sequence[Column[Any]]] = (
    Column(
        "probe_cc",
        "string",
        N_("Country of the probe, ISO 3166-1; ZZ when unknown."),
        lambda row: row.vantage.probe_cc,
    ),
    Column(
        "probe_asn",
        "string",
        N_("The probe's autonomous system, as AS12389; AS0 when unknown."),
        lambda row: row.vantage.probe_asn,
    ),
    Column(
        "probe_network_name",
        "string",
        N_("The operator as the volunteer named it."),
        lambda row: row.vantage.probe_network_name,
    ),
    Column(
        "region",
        "string",
        N_("ISO 3166-2 as finely as the volunteer chose, or `withheld`."),
        lambda row: row.vantage.region,
    ),
)

HOW: Final[Sequence[Column[Any]]] = (
    Column(
        "asn_source",
        "string",
        N_("Who says the AS: the volunteer, a helper, or a table of AS numbers."),
        lambda row: row.vantage.asn_source,
        SOURCES,
        required=True,
    ),
    Column(
        "access_type",
        "string",
        N_("fixed, mobile or wifi, as the volunteer said; empty where nothing was said."),
        lambda row: row.vantage.access_type,
        ("fixed", "mobile", "wifi"),
    ),
)
