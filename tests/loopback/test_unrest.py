"""Runs in the lab in whose course a censor wakes: what else is silent, since when, and is it over?"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from probe.lab import open_lab
from probe.model.options import RunOptions
from probe.model.words import ReasonCode, State
from probe.pipeline import RunRequest, prepare
from probe.pipeline.finish import finish
from probe.pipeline.folder import open_run
from probe.pipeline.run import measure, result_of
from probe.targets import read_catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from probe.pipeline.run import RunResult

WAKES_S = 6.0
"""After the neutral set and the first round, before the second."""


class Nobody:
    """An observer who does not watch."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_args, **_kwargs: None


async def _run(scenario: str, results: Path, *, sleeps_s: float = 1e6) -> RunResult:
    """Run in a world whose censor wakes in mid-run and, at `sleeps_s`, sleeps again."""
    catalogue = read_catalogue()
    async with open_lab(scenario, catalogue) as lab:
        world = lab.network.world
        world.censored = False
        loop = asyncio.get_running_loop()
        for when, censored in ((WAKES_S, True), (sleeps_s, False)):
            loop.call_later(when, setattr, world, "censored", censored)
        options = replace(RunOptions(), timeout_s=2.0, throughput=False)
        request = RunRequest(services=("signal",), results=results, options=options)
        opened = open_run(prepared := prepare(request, catalogue=catalogue), lab.network)
        with opened.folder:
            record = await measure(prepared, lab.network, Nobody(), opened)
            return result_of(opened.folder.path, finish(opened.folder, record), interrupted=False)


@pytest.mark.slow
def test_a_white_list_that_begins_and_a_silence_that_ends_in_mid_run_are_told_apart(tmp_path: Path) -> None:
    async def both() -> list[RunResult]:
        runs = (
            _run("white-list", tmp_path / "listed"),
            _run("shutdown", tmp_path / "silent", sleeps_s=WAKES_S + 32),
            _run("shutdown", tmp_path / "short", sleeps_s=WAKES_S + 9),
        )
        return list(await asyncio.gather(*runs))

    listed, silent, short = (run.network for run in asyncio.run(both()))
    assert (listed.rule_id, listed.state, listed.reason_code) == (
        "network.listed_only_within",
        State.BLOCKED,
        ReasonCode.DOMESTIC_ONLY,
    )
    assert listed.notes[-1] == "it had not ended when the run did"
    assert (silent.rule_id, silent.reason_code) == ("network.silent_within", ReasonCode.NETWORK_CHANGED)
    assert silent.notes[-1] == "before the run ended it was over"
    assert (short.rule_id, short.reason_code) == ("network.fine", None)
    assert "no neutral site answered for" in short.notes[-1]
