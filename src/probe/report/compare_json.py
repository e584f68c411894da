"""What changed between two runs as one JSON object: machine words, no language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from probe.report.compare import FIELDS, STEPS, Compared, Difference, TimeChange
from probe.report.compare_public import UNTOLD_IN_PUBLIC

if TYPE_CHECKING:
    from collections.abc import Iterable

    from probe.model.verdict import ServiceVerdict, Verdict

SCHEMA: Final = "1"


def as_json(between: Compared, *, public: bool) -> bytes:
    """Return it indented; a public one tells hours, and names runs by their root hash."""
    told = (between.before, between.after)
    found = {
        "schema_version": SCHEMA,
        "runs": [
            {
                "run": t.record.run_id,
                "started_utc": t.record.started_utc,
                "probe_asn": t.record.vantage.probe_asn,
                "probe_cc": t.record.vantage.probe_cc,
                "simulated": t.record.simulated,
            }
            for t in told
        ],
        "changed": between.changed,
        "networks": [_difference(d, public=public) for d in between.networks],
        "measuring": [_difference(d, public=public) for d in between.measuring],
        "services": [
            {
                "service": c.service,
                "change": c.kind,
                "changed_fields": list(c.fields),
                "before": _said(c.before, ()),
                "after": _said(c.after, ()),
            }
            for c in between.services
        ],
        "targets": [
            {
                "target_id": c.target_id,
                "service": c.service,
                "input": c.input,
                "change": c.kind,
                "changed_fields": list(c.fields),
                "before": _said(c.before, STEPS),
                "after": _said(c.after, STEPS),
                "times": [_times(t) for t in c.times],
            }
            for c in between.targets
        ],
        "n_same": between.n_same,
    }
    return msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"


def _difference(difference: Difference, *, public: bool) -> dict[str, str]:
    if public and difference.field in UNTOLD_IN_PUBLIC:
        return {"field": difference.field}
    return {"field": difference.field, "before": difference.before, "after": difference.after}


def _said(found: Verdict | ServiceVerdict | None, steps: Iterable[str]) -> dict[str, Any] | None:
    if found is None:
        return None
    times = {step: value for step in steps if (value := getattr(found, step)) is not None}
    return {field: getattr(found, field) for field in FIELDS} | times


def _times(change: TimeChange) -> dict[str, Any]:
    sides = {
        side: {
            "median": round(t.middle, 2),
            "lowest": round(t.lowest, 2),
            "highest": round(t.highest, 2),
            "n": t.n,
        }
        for side, t in (("before", change.before), ("after", change.after))
    }
    return {"step": change.step, **sides}
