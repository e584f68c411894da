"""Every scenario of the lab, measured and judged by the whole flow: what it expects must come out, exactly.

A scenario takes half a minute, nearly all of it waiting between rounds: a batch runs side by side in one
loop. `pytest -k` picks a batch by the name of its first scenario. What says less than it should beside the
others is run once more, alone; what accuses wrongly never is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from probe.lab import SCENARIOS
from probe.lab.records import Expected
from probe.lab.throttled import THROTTLED
from probe.model.verdict import ServiceVerdict, Verdict
from probe.pipeline.demo import simulate
from probe.pipeline.run import RunResult
from stillness import AGAIN
from unit.outcomes import a_verdict
from wire.again import MODEST

Row = Verdict | ServiceVerdict
BATCH = 5
"""More at once on two cores and timings fail for everybody: a degraded network, truly."""
MOST_AGAIN = 2
"""Of a batch. Where more fall short, it is no chance."""
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
def test_a_scenario_comes_out_as_it_expects(
    names: tuple[str, ...], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    results = dict(zip(names, asyncio.run(_side_by_side(names, tmp_path)), strict=True))
    short = [name for name in names if _said_less(name, results[name])]
    for name in short if len(short) <= MOST_AGAIN else ():
        record_property(AGAIN, f"{name}, alone; at first: {'; '.join(_differences(name, results[name]))}")
        results[name] = asyncio.run(simulate(name, tmp_path / "again" / name, Nobody()))
    wrong = [f"{name}: {said}" for name in names for said in _differences(name, results[name])]
    assert not wrong, "\n".join(wrong)


async def _side_by_side(names: tuple[str, ...], results: Path) -> list[RunResult]:
    return await asyncio.gather(*(simulate(name, results / name, Nobody()) for name in names))


def _rows(result: RunResult) -> dict[str, Row]:
    rows: dict[str, Row] = {s.service: s for s in result.services}
    rows |= {v.input: v for v in result.verdicts}
    return rows | {"network": result.network}


def _said_less(name: str, result: RunResult) -> bool:
    """Say whether a run fell short of what is expected, and only short of it: it accuses nobody else."""
    rows = _rows(result)
    wrong = [(rows.get(e.subject), e) for e in SCENARIOS[name].expected]
    wrong = [(row, e) for row, e in wrong if row is None or not _meets(row, e)]
    return not result.record.errors and bool(wrong) and all(row and _is_less(row, e) for row, e in wrong)


def _is_less(row: Row, expected: Expected) -> bool:
    """Say whether a row accuses nobody, or accuses as it should, with less beside it."""
    if row.state != expected.state:
        return row.state in MODEST
    located = expected.located in ("", "*", row.located) or row.located == "unknown"
    part = expected.allows(row.mechanism) or expected.mechanism.startswith(f"{row.mechanism}.")
    return located and part and not (expected.confirmed is False and row.confirmed)


def _differences(name: str, result: RunResult) -> list[str]:
    rows = _rows(result)
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


def _meets(row: Row, expected: Expected) -> bool:
    return (
        (expected.state in ("*", row.state))
        and expected.allows(row.mechanism)
        and (expected.located in ("", "*", row.located))
        and (expected.reason_code in ("", "*", row.reason_code))
        and (expected.confirmed in (None, row.confirmed))
    )


def _found(**more: Any) -> Verdict:
    fields = {"state": "blocked", "mechanism": "tls.reset.sni", "located": "path", "confirmed": True, **more}
    return a_verdict(**fields)


@pytest.mark.parametrize(
    ("found", "is_less"),
    [
        ({"state": "inconclusive", "mechanism": ""}, True),
        ({"state": "reachable", "mechanism": ""}, True),
        ({"mechanism": "tls.reset"}, True),
        ({"located": "unknown"}, True),
        ({"state": "throttled"}, False),
        ({"state": "down", "mechanism": ""}, False),
        ({"mechanism": "tls.timeout.sni"}, False),
        ({"located": "server"}, False),
    ],
)
def test_only_what_accuses_nobody_else_is_less(found: dict[str, Any], is_less: bool) -> None:
    expected = Expected(subject="x", state="blocked", mechanism="tls.reset.sni", located="path")
    assert _is_less(_found(**found), expected) == is_less


def test_what_is_confirmed_that_must_not_be_is_more() -> None:
    expected = Expected(subject="x", state="blocked", mechanism="tls.reset.sni", confirmed=False)
    assert not _is_less(_found(), expected)
    assert _is_less(_found(mechanism="tls.reset", confirmed=False), expected)


def test_an_innocent_who_is_accused_is_more() -> None:
    assert not _is_less(_found(), Expected(subject="x", state="reachable"))
    assert _is_less(_found(state="inconclusive", mechanism=""), Expected(subject="x", state="reachable"))
