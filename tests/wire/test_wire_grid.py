"""The grids' bookkeeping: which cells there are, what may be said in them, and how results are counted."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

import pytest
from benchmarks import wire_grid
from benchmarks.wire_cells import (
    ACCUSING,
    BLOCKING_LINES,
    COVERING,
    EVERYWHERE,
    SPEED_LINES,
    Cell,
    Line,
    cells,
)
from benchmarks.wire_grid import chosen, report, stored

from wire.tables import BLOCKING
from wire.tables_throughput import CENSORED, KNOWN, SPED

if TYPE_CHECKING:
    from pathlib import Path


def asked(**more: Any) -> argparse.Namespace:
    given = {"grid": "throughput", "innocents": 0, "sample": 0, "only": "", "seed": 1, "resume": None}
    return argparse.Namespace(**{**given, **more})


def a_result(**more: Any) -> dict[str, Any]:
    row = {"subject": "s", "state": "reachable", "label": "exact", "told": "", "confirmed": "true"}
    given = {
        "key": "k",
        "scenario": "fair",
        "line": "60 ms",
        "innocent": True,
        "seconds": 30.0,
        "trouble": "",
        "accused": [],
    }
    return {**given, "rows": [row], **more}


def test_every_world_of_blocking_meets_every_link_once() -> None:
    keys = [cell.key for cell in cells("blocked")]
    assert len(keys) == len(set(keys)) == len(BLOCKING) * len(BLOCKING_LINES)


def test_one_world_of_speed_of_each_kind_meets_every_link_and_the_others_the_covering_ones() -> None:
    assert len(SPEED_LINES) == 3 * 4 * 3
    speed = {s.name for s in (*CENSORED, *KNOWN, *SPED)}
    met: dict[str, list[str]] = {}
    for cell in cells("throughput"):
        met.setdefault(cell.scenario.name, []).append(cell.line.name)
    assert met.keys() == speed > EVERYWHERE
    every = [line.name for line in SPEED_LINES]
    for name, lines in met.items():
        assert lines == [line for line in every if name in EVERYWHERE or line in COVERING]
    innocent = [cell for cell in cells("throughput") if cell.is_innocent]
    assert len(innocent) >= 300


def test_the_covering_links_have_every_round_trip_loss_and_rate() -> None:
    some = [line for line in SPEED_LINES if line.name in COVERING]
    assert len(some) == len(COVERING) == 6
    for part in ("rtt_s", "loss", "rate_bps"):
        assert {getattr(line, part) for line in some} == {getattr(line, part) for line in SPEED_LINES}


def test_a_grid_is_shuffled_by_its_seed_so_that_its_beginning_is_a_sample_of_all() -> None:
    every = {cell.key for cell in cells("throughput")}
    drawn = [cell.key for cell in chosen(asked())]
    assert len(drawn) == len(every)
    assert set(drawn) == every
    assert drawn == [cell.key for cell in chosen(asked())]
    first = drawn[: len(drawn) // 4]
    assert len({key.split("/")[1] for key in first}) >= 25
    assert len({key.split("/")[2] for key in first}) == len(SPEED_LINES)
    assert chosen(asked(sample=5)) == chosen(asked())[:5]


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
    file = tmp_path / "results.jsonl"
    lines = (a_result(key="a"), a_result(key="b", trouble="no tun"), a_result(key="elsewhere"))
    file.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"key": "torn')
    assert set(stored(file, {"a", "b"})) == {"a"}


def test_a_run_that_breaks_the_grids_own_bookkeeping_is_a_fault_of_the_lab_and_no_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(cell: Cell, kept: Path | None) -> dict[str, Any]:
        if cell.line.name == "60 ms":
            raise KeyError(kept or "no such row")
        return a_result(key=cell.key)

    monkeypatch.setattr(wire_grid, "measured", broken)
    wanted = [cell for cell in cells("blocked") if cell.scenario.name == "plain"]
    given = asked(resume=tmp_path / "results.jsonl", jobs=2, keep=None)
    assert sorted(r["trouble"] for r in wire_grid.run(wanted, given)) == ["", "", "KeyError: 'no such row'"]
    assert len(stored(given.resume, {cell.key for cell in wanted})) == 2
    assert "3 runs, 0 of them known, 2 at once" in capsys.readouterr().out


@pytest.mark.parametrize(
    "torn",
    [
        '{"key": "a", "trouble": ""}',
        json.dumps(a_result(key="a")) + json.dumps(a_result(key="b")),
        json.dumps(a_result(key="a"))[:40] + "}",
        '["a"]',
        "[" * 5000,
        "\x00\udcff",
        "",
    ],
)
def test_a_line_that_was_torn_is_skipped_and_its_cell_run_again(tmp_path: Path, torn: str) -> None:
    file = tmp_path / "results.jsonl"
    file.write_bytes(f"{torn}\n{json.dumps(a_result(key='c'))}\n".encode("utf-8", "surrogateescape"))
    assert set(stored(file, {"a", "b", "c"})) == {"c"}


def test_the_end_tells_how_often_each_label_was_given_by_world_and_by_link(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong = {"subject": "s", "state": "down", "label": "wrong", "told": "", "confirmed": "false"}
    results = [
        a_result(key="1"),
        a_result(key="2", line="20 ms"),
        a_result(key="3", scenario="shaped-name", innocent=False, rows=[wrong]),
    ]
    assert report(results) == 1
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[lines.index("innocent runs reachable exact allowed differs wrong") + 1] == "fair 2 2 2 0 0 0"
    by_link = lines.index("innocent, by link runs reachable exact allowed differs wrong")
    assert lines[by_link + 1 : by_link + 3] == ["20 ms 1 1 1 0 0 0", "60 ms 1 1 1 0 0 0"]
    assert "interferes, by link runs down exact allowed differs wrong" in lines
