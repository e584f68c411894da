"""Every scenario of the lab, measured and judged by the whole flow: what it expects must come out, exactly.

A scenario takes half a minute, nearly all of it waiting between rounds: a batch runs side by side in one
loop. `pytest -k` picks a batch by the name of its first scenario.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from probe.lab import SCENARIOS
from probe.lab.records import Expected
from probe.lab.throttled import THROTTLED
from probe.model.verdict import ServiceVerdict, Verdict
from probe.pipeline.demo import simulate
from probe.pipeline.run import RunResult

BATCH = 5
"""More at once on two cores and timings fail for everybody: a degraded network, truly."""
SLOWED = tuple(scenario.name for scenario in THROTTLED)
"""These wait two minutes for the handshake budget of a name, and do little else: all at once."""
NAMES = tuple(name for name in SCENARIOS if name not in ("hostile", *SLOWED))
"""The hostile one is measured by `test_lab_hostile`."""


class Nobody:
    """An observer who does not watch."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_args, **_kwargs: None


def _batches() -> list[tuple[str, ...]]:
    return [SLOWED, *(NAMES[at : at + BATCH] for at in range(0, len(NAMES), BATCH))]


@pytest.mark.slow
@pytest.mark.parametrize("names", _batches(), ids=lambda names: names[0])
def test_a_scenario_comes_out_as_it_expects(names: tuple[str, ...], tmp_path: Path) -> None:
    results = asyncio.run(_side_by_side(names, tmp_path))
    wrong = [
        f"{name}: {said}"
        for name, result in zip(names, results, strict=True)
        for said in _differences(name, result)
    ]
    assert not wrong, "\n".join(wrong)


async def _side_by_side(names: tuple[str, ...], results: Path) -> list[RunResult]:
    return await asyncio.gather(*(simulate(name, results / name, Nobody()) for name in names))


def _differences(name: str, result: RunResult) -> list[str]:
    rows: dict[str, Verdict | ServiceVerdict] = {s.service: s for s in result.services}
    rows |= {v.input: v for v in result.verdicts}
    rows["network"] = result.network
    said = [f"fault of ours: {error}" for error in result.record.errors]
    for expected in SCENARIOS[name].expected:
        row = rows.get(expected.subject)
        if row is None:
            said.append(f"{expected.subject} has no row")
        elif not _meets(row, expected):
            said.append(
                f"{expected.subject} should be {expected.state} {expected.mechanism} {expected.located} "
                f"{expected.reason_code} {expected.confirmed}, is {row.state} {row.mechanism} {row.located} "
                f"{row.reason_code} {row.confirmed}: {row.because}"
            )
    return said


def _meets(row: Verdict | ServiceVerdict, expected: Expected) -> bool:
    return (
        (expected.state in ("*", row.state))
        and expected.allows(row.mechanism)
        and (expected.located in ("", "*", row.located))
        and (expected.reason_code in ("", "*", row.reason_code))
        and (expected.confirmed in (None, row.confirmed))
    )
