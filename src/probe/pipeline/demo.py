"""The whole flow inside the lab: the same code, other sockets, no network needed."""

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from probe.model.observer import Observer
from probe.model.options import RunOptions
from probe.pipeline.folder import open_run
from probe.pipeline.request import RunRequest, prepare
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
        opened = open_run(prepared := prepare(request, catalogue=catalogue), lab.network, simulated=True)
        stack.enter_context(opened.folder)
        record = await measure(prepared, lab.network, observer, opened)
        return concluded(opened.folder, record, observer)
