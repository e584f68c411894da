"""The whole flow inside the lab: the same code, other sockets, no network needed."""

import asyncio
import contextlib
import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from probe.model.baseline import Baseline, TargetBaseline
from probe.model.observer import Observer
from probe.model.options import RunOptions
from probe.pipeline.baselines import BASELINE_SCHEMA
from probe.pipeline.folder import NETWORK_IS_FINE, open_run
from probe.pipeline.request import Prepared, RunRequest, prepare
from probe.pipeline.run import RunResult, concluded, measure
from probe.targets import read_catalogue

DEMO = "demo"


def demo(scenario: str, results: Path, observer: Observer) -> RunResult:
    """Open a scenario, measure what it is about, judge, keep; the run says that it was simulated."""
    return asyncio.run(simulate(scenario or DEMO, results, observer))


async def simulate(scenario: str, results: Path, observer: Observer) -> RunResult:
    """Do the same in a loop that runs already. Raises KeyError for a scenario that nobody wrote."""
    from probe.lab import open_lab  # its servers are of no use to a real run

    catalogue = read_catalogue()
    async with contextlib.AsyncExitStack() as stack:
        lab = await stack.enter_async_context(open_lab(scenario, catalogue))
        overrides: dict[str, Any] = {"controls": lab.controls, **lab.options}
        request = RunRequest(
            services=lab.services,
            urls=lab.urls,
            results=results,
            options=replace(RunOptions(), **overrides),
            vantage=lab.vantage,
            include_elevated=True,
            include_high_risk=True,
        )
        prepared = prepare(request, catalogue=catalogue)
        if lab.calibration is not None:
            prepared = dataclasses.replace(prepared, baseline=_baseline(prepared, lab.calibration))
        opened = open_run(prepared, lab.network, simulated=True)
        stack.enter_context(opened.folder)
        record = await measure(prepared, lab.network, observer, opened)
        return concluded(opened.folder, record, observer, opened.inputs)


def _baseline(prepared: Prepared, calibration: float) -> Baseline:
    """Return what somebody elsewhere recorded a moment ago: how fast each target is beside a neutral name."""
    foreign = (t for t in prepared.catalogue.neutrals if t.neutral_group == "foreign")
    beside = next((urlsplit(t.input).hostname or "" for t in foreign), "")
    return Baseline(
        schema_version=BASELINE_SCHEMA,
        recorded_utc=datetime.now(UTC),
        run_id="",
        probe_asn="AS64496",
        probe_cc="",
        network_state=NETWORK_IS_FINE,
        software="lab",
        clock_offset_s=0.0,
        simulated=True,
        targets=tuple(
            TargetBaseline(
                target_id=t.target_id,
                input=t.input,
                n=3,
                n_ok=3,
                rate_bps=8e6,
                pair_calibration=calibration,
                pair_name=beside,
            )
            for t in prepared.targets
        ),
    )
