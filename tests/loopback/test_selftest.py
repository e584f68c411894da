"""The self-test through the lab: neutral against neutral, kept as a run, judged again, pooled with others."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from probe.cli.self_testing import lines_of
from probe.judge.selftest import upper_bound
from probe.lab import open_lab
from probe.model.options import RunOptions
from probe.pipeline import RunRequest, RunResult, UsageError, baseline_from_run, prepare, rejudge
from probe.pipeline import selftest as pipeline
from probe.pipeline.folder import open_run
from probe.pipeline.run import concluded, measure
from probe.store import RunFolder
from probe.targets import read_catalogue

pytestmark = pytest.mark.slow

SELECTEL = "down speedtest.selectel.ru/100MB"
FUNET = "down ftp.funet.fi/pub/Linux/kernel/v2.6/patch-2.6.39.bz2"

HELPER = "https://helper-a.probe-lab.example/"


class Nobody:
    """An observer who does not watch."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_args, **_kwargs: None


class Stopping(Nobody):
    """An observer that stops the program at a trial."""

    def __init__(self, at: int) -> None:
        """Count trials' pairs from 0."""
        self._at = at

    def transferring(self, step: Any, *, wait_s: float, is_paced: bool) -> None:
        if step.round == self._at:
            os.kill(os.getpid(), signal.SIGINT)


async def _run(scenario: str, trials: int, results: Path, *, observer: Any, **options: Any) -> RunResult:
    catalogue = read_catalogue()
    async with open_lab(scenario, catalogue) as lab:
        overrides = {**{name: value for name, value in lab.options.items() if name == "timeout_s"}, **options}
        request = RunRequest(
            results=results,
            trials=trials,
            vantage=lab.vantage,
            options=replace(RunOptions(), **overrides),
        )
        opened = open_run(prepared := prepare(request, catalogue=catalogue), lab.network)
        with opened.folder:
            record = await measure(prepared, lab.network, observer, opened, pipeline.trials(trials))
            return concluded(opened.folder, record, observer)


def self_tested(
    scenario: str, trials: int, results: Path, *, observer: Any = None, **options: Any
) -> tuple[RunResult, pipeline.Errors]:
    return pipeline.concluded(
        asyncio.run(_run(scenario, trials, results, observer=observer or Nobody(), **options))
    )


def test_a_link_where_nothing_is_slowed_shows_no_error_and_a_bound_that_is_not_nought(
    tmp_path: Path,
) -> None:
    result, errors = self_tested("clean", 24, tmp_path)
    assert result.exit_code == 0
    assert (result.network.rule_id, tuple(result.verdicts)) == ("network.fine", ())
    here = errors.here
    assert (here.n_trials, here.n_tests, here.n_false) == (24, 2, 0)
    assert here.bound == upper_bound(0, here.n_independent) > 0.5
    assert {server: len(rates) for server, rates in errors.rates_bps.items()} == {SELECTEL: 24}
    assert (errors.pooled, errors.earlier_runs) == (here, 0)
    kept = result.folder / "self-test.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept.read_text())["here"]["n_trials"] == 24

    transfers = [t for m in RunFolder.open(result.folder).of_experiment("throughput") for t in m.transfers]
    assert {(t.arm, t.purpose, t.status_code, t.failure) for t in transfers} == {
        ("N", "self_test", 200, None)
    }
    assert max(Counter(t.server_name for t in transfers).values()) <= 6
    assert all(a.t <= b.t0 for a, b in zip(transfers[::2], transfers[1::2], strict=True))


def test_a_self_test_is_a_run_like_any_other_and_is_judged_again_to_its_own_bytes(tmp_path: Path) -> None:
    result, _ = self_tested("clean", 12, tmp_path)
    files = ("run.json", "measurements.jsonl", "verdicts.jsonl", "verdicts.csv", "services.csv")
    before = {name: (result.folder / name).read_bytes() for name in files}
    again = rejudge(result.folder, None, None)
    assert {name: (result.folder / name).read_bytes() for name in files} == before
    assert again.network == result.network
    with pytest.raises(UsageError, match="is a self-test: it has no targets"):
        prepare(RunRequest(results=tmp_path, resume=result.folder))
    with pytest.raises(UsageError, match="is a self-test: it has no targets"):
        baseline_from_run(result.folder, tmp_path / "elsewhere.json")
    assert not (tmp_path / "elsewhere.json").exists()


def test_earlier_runs_on_this_network_add_their_trials_and_others_do_not(tmp_path: Path) -> None:
    first, _ = self_tested("clean", 12, tmp_path)
    second, errors = self_tested("clean", 12, tmp_path)
    assert (errors.here.n_trials, errors.pooled.n_trials, errors.earlier_runs) == (12, 24, 1)
    assert errors.pooled.bound < errors.here.bound
    elsewhere = replace(second.record, vantage=replace(second.record.vantage, access_type="mobile"))
    alone = pipeline.errors_of(second.folder, elsewhere)
    assert (alone.pooled, alone.earlier_runs) == (alone.here, 0)
    (first.folder / "measurements.jsonl").write_bytes(b'{"experiment":"throughput"}\n')
    spoiled = pipeline.errors_of(second.folder, second.record)
    assert (spoiled.pooled, spoiled.earlier_runs) == (spoiled.here, 0)


def test_a_campaigns_helper_serves_the_trials_by_turns_with_a_neutral_site(tmp_path: Path) -> None:
    _, errors = self_tested("fast", 24, tmp_path, controls=(HELPER,))
    assert {server: len(rates) for server, rates in errors.rates_bps.items()} == {
        f"down {HELPER}": 12,
        SELECTEL: 12,
    }


@pytest.mark.parametrize("scenario", ["transfers-none", "transfers-down", "transfers-cut", "transfers-lies"])
def test_a_helper_that_serves_no_true_transfers_is_left_alone(scenario: str, tmp_path: Path) -> None:
    result, errors = self_tested(scenario, 12, tmp_path, controls=(HELPER,))
    assert result.exit_code == 0
    assert {server: len(rates) for server, rates in errors.rates_bps.items()} == {SELECTEL: 12}


def test_on_a_link_too_slow_to_compare_nothing_would_have_been_seen_and_it_says_so(tmp_path: Path) -> None:
    _, errors = self_tested("slow-link", 12, tmp_path)
    assert (errors.here.n_trials, errors.here.n_false, errors.here.floor_ratio) == (12, 0, None)
    assert lines_of(errors.here)[-1] == "Even a slowdown to a thirtieth would not have been seen here."


def test_without_a_network_there_is_no_trial_and_it_ends_with_3_and_all_files(tmp_path: Path) -> None:
    result, errors = self_tested("shutdown", 12, tmp_path, timeout_s=0.5)
    assert result.exit_code == 3
    assert (errors.here.n_trials, errors.here.bound) == (0, 1.0)
    assert {path.name for path in result.folder.iterdir() if path.is_file()} >= {
        "self-test.json",
        "verdicts.csv",
        "run.json",
    }


def test_a_budget_ends_the_trials_and_what_there_is_is_told(tmp_path: Path) -> None:
    result, errors = self_tested("clean", 600, tmp_path, max_bytes=4_000_000)
    assert (result.exit_code, result.record.stopped) == (0, "bytes")
    assert 0 < errors.here.n_trials < 40


def test_ctrl_c_keeps_the_trials_that_were_made_and_ends_with_130(tmp_path: Path) -> None:
    result, errors = self_tested("clean", 24, tmp_path, observer=Stopping(3))
    assert (result.exit_code, result.record.stopped) == (130, "interrupted")
    assert errors.here.n_trials == 6
    assert (result.folder / "self-test.json").is_file()
