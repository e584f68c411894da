"""The grids' bookkeeping: which cells there are, what may be said in them, and how results are counted."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

import pytest
from benchmarks.wire_cells import ACCUSING, BLOCKING_LINES, SPEED_LINES, Line, cells
from benchmarks.wire_grid import chosen, report

from wire.tables import BLOCKING, SPEED
from wire.tables_throughput import BAD_HELPERS

if TYPE_CHECKING:
    from pathlib import Path


def asked(**more: Any) -> argparse.Namespace:
    given = {"grid": "throughput", "innocents": 0, "sample": 0, "only": "", "seed": 1, "resume": None}
    return argparse.Namespace(**{**given, **more})


def a_result(**more: Any) -> dict[str, Any]:
    row = {"subject": "s", "state": "reachable", "label": "exact", "told": "", "confirmed": "true"}
    given = {"key": "k", "scenario": "fair", "innocent": True, "seconds": 30.0, "trouble": "", "accused": []}
    return {**given, "rows": [row], **more}


def test_every_world_meets_every_link_once() -> None:
    assert len(SPEED_LINES) == 3 * 4 * 3
    speed = [name for name in SPEED if name not in {s.name for s in BAD_HELPERS}]
    for grid, table, lines in (("blocked", BLOCKING, BLOCKING_LINES), ("throughput", speed, SPEED_LINES)):
        keys = [cell.key for cell in cells(grid)]
        assert len(keys) == len(set(keys)) == len(table) * len(lines)


def test_no_link_excuses_an_accusation_of_an_innocent() -> None:
    for grid in ("blocked", "throughput"):
        for cell in cells(grid):
            if cell.is_innocent:
                assert not any(cell.allowed(row) & ACCUSING for row in cell.scenario.rows), cell.key


def test_a_policer_must_be_found_on_a_good_link_and_may_be_missed_on_a_bad_one() -> None:
    allowed = {
        cell.line.name: cell.allowed(cell.scenario.rows[0])
        for cell in cells("throughput")
        if cell.scenario.name == "policed-name"
    }
    assert allowed["20 ms, 0%, 8 Mbit/s"] == {"throttled"}
    assert allowed["150 ms, 5%, 1 Mbit/s"] >= {"throttled", "inconclusive"}
    assert sum(states == {"throttled"} for states in allowed.values()) >= 12


def test_loss_and_distance_bound_what_a_trial_gets() -> None:
    assert Line(name="", rtt_s=0.02, rate_bps=8e6).capacity_bps() == 8e6
    assert 300e3 < Line(name="", rtt_s=0.15, loss=0.05, rate_bps=8e6).capacity_bps() < 500e3


def test_innocents_are_drawn_alike_by_the_same_seed_and_no_run_twice() -> None:
    drawn = [cell.key for cell in chosen(asked(innocents=900))]
    assert len(set(drawn)) == len(drawn) == 900
    assert drawn == [cell.key for cell in chosen(asked(innocents=900))]
    assert drawn != [cell.key for cell in chosen(asked(innocents=900, seed=2))]


@pytest.mark.parametrize(
    ("confirmed", "n", "broken"), [("true", 1, 1), ("false", 2, 0), ("false", 3, 1), ("false", 0, 0)]
)
def test_one_confirmed_accusation_of_an_innocent_breaks_the_promise_or_three_unconfirmed(
    capsys: pytest.CaptureFixture[str], confirmed: str, n: int, broken: int
) -> None:
    accused = [{"target_id": "t", "state": "throttled", "confirmed": confirmed}]
    results = [a_result(key=str(i), accused=accused if i < n else []) for i in range(300)]
    assert report(results) == broken
    sure, unsure = (n, 0) if confirmed == "true" else (0, n)
    assert (
        f"innocent runs: 300; with a throttled or blocked verdict: {sure} confirmed, {unsure} unconfirmed"
        in capsys.readouterr().out
    )


def test_a_grid_that_was_cut_knows_its_results_and_runs_what_failed_again(tmp_path: Path) -> None:
    from benchmarks.wire_grid import stored

    file = tmp_path / "results.jsonl"
    lines = (a_result(key="a"), a_result(key="b", trouble="no tun"), a_result(key="elsewhere"))
    file.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"key": "torn')
    assert set(stored(file, {"a", "b"})) == {"a"}
