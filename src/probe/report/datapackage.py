"""datapackage.json: a Data Package descriptor, so that any tool can read both tables with their types."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from probe.model.options import RunRecord
from probe.report.column import SCHEMA_VERSION, Column
from probe.report.columns import VERDICT_COLUMNS, WORD_LISTS
from probe.report.service_columns import SERVICE_COLUMNS
from probe.system.disk import write_whole

_DIALECT: Final = {
    "delimiter": ",",
    "lineTerminator": "\r\n",
    "quoteChar": '"',
    "doubleQuote": True,
    "header": True,
}


def write_datapackage(path: Path, record: RunRecord) -> None:
    """Write the descriptor of a run's verdicts.csv and services.csv; the same run gives the same bytes."""
    write_whole(path, encode_datapackage(record))


def encode_datapackage(record: RunRecord) -> bytes:
    """Return the descriptor as datapackage.json has it."""
    return msgspec.json.format(msgspec.json.encode(datapackage(record)), indent=2) + b"\n"


def datapackage(record: RunRecord) -> dict[str, Any]:
    """Return the descriptor, as specs.frictionlessdata.io describes data packages and table schemas."""
    return {
        "profile": "tabular-data-package",
        "name": record.run_id.lower(),
        "title": f"Network interference, run {record.run_id}",
        "created": record.ended_utc or record.started_utc,
        "version": SCHEMA_VERSION,
        "resources": [
            _resource("verdicts", "One row a target.", VERDICT_COLUMNS, "target_id"),
            _resource("services", "One row a service.", SERVICE_COLUMNS, "service"),
        ],
    }


def _resource(name: str, description: str, columns: Sequence[Column[Any]], key: str) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "name": name,
        "path": f"{name}.csv",
        "description": description,
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": _DIALECT,
        "schema": {
            "fields": [_field(column) for column in columns],
            "missingValues": [""],
            "primaryKey": ["run_id", key],
        },
    }


def _field(column: Column[Any]) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": column.type, "description": column.meaning}
    if column.type == "datetime":
        field["format"] = "default"  # ISO 8601 in UTC, with or without fractions of a second
    if column.type == "boolean":
        field |= {"trueValues": ["true"], "falseValues": ["false"]}
    constraints: dict[str, Any] = {"required": True} if column.required else {}
    if column.words:
        constraints["enum"] = [str(word) for word in column.words]
    if column.name in WORD_LISTS:
        field["words"] = [str(word) for word in WORD_LISTS[column.name]]
    return field | ({"constraints": constraints} if constraints else {})
