"""`probe self-test` as a person sees it: what it would contact, what it says, and that no bound is nought."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console

from cli.command import probe
from probe import locale
from probe.cli import consent
from probe.cli.self_testing import floor_of, line_after_a_run, lines_of, percent, show
from probe.judge import NetworkHistory, SelfTest, self_test
from probe.pipeline import selftest
from probe.pipeline.inputs import inputs_of
from probe.pipeline.run import RunResult
from probe.pipeline.selftest import Errors
from probe.report.console import Outcome
from probe.report.console import show as show_run
from probe.store import RunFolder
from probe.targets import read_catalogue
from unit.outcomes import a_record, a_verdict
from unit.some_trials import a_measurement, a_transfer

EVEN = self_test([8e6] * 24)


def test_a_dry_run_names_neutral_sites_only_and_sends_nothing(tmp_path: Path) -> None:
    done = probe("self-test", "--dry-run", home=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "speedtest.selectel.ru" in done.stdout
    assert "to be measured" not in done.stdout
    assert "twitter" not in done.stdout
    assert done.stdout.splitlines()[-1] == "Nothing was sent."
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_as_json_counts_more_trials_as_more_bytes(tmp_path: Path) -> None:
    few, many = (
        probe("self-test", "--trials", n, "--max-mb", "90", "--dry-run", "--json", home=tmp_path)
        for n in ("12", "600")
    )
    assert {json.loads(line)["purpose"] for line in few.stdout.splitlines()} == {
        "neutral",
        "network",
        "resolver",
        "who",
    }
    megabytes = [float(done.stderr.partition(" MB;")[0].rpartition(" ")[2]) for done in (few, many)]
    assert megabytes[1] - megabytes[0] == pytest.approx((600 - 12) * 0.131072, abs=0.2)


def test_a_helper_that_is_given_is_named(tmp_path: Path) -> None:
    done = probe("self-test", "--dry-run", "--control", "https://helper.example/", home=tmp_path)
    assert "helper.example" in done.stdout


def test_consent_to_a_self_test_is_asked_each_time_and_leaves_what_is_remembered_of_runs() -> None:
    shown: list[str] = []
    facts = consent.Facts(
        command="probe self-test",
        inputs=(),
        n_services=0,
        n_hosts=0,
        n_neutrals=23,
        tiers=(),
        minutes=1.0,
        megabytes=6.0,
        controls=(),
        proxy="",
        network="AS0",
        resolvers=(),
        results="results",
    )
    person = consent.Person(show=shown.append, ask=lambda _: "y")
    assert consent.agreed(facts, person, None)
    assert shown[-1].splitlines()[1:] == [
        "This will contact 23 neutral sites and no other.",
        "About 1 min and 6 MB. Highest risk tier: low.",
        "`probe self-test --dry-run` with the same options names every host.",
    ]


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (1.0, "100 %"),
        (0.7763932, "78 %"),
        (0.0991, "10.0 %"),
        (0.0123, "1.3 %"),
        (0.01, "1.0 %"),
        (0.00031, "0.031 %"),
        (1e-7, "0.000010 %"),
    ],
)
def test_a_bound_is_said_with_two_digits_rounded_up_and_is_never_nought(share: float, said: str) -> None:
    assert percent(share) == said


def test_an_estimate_says_trials_spread_errors_bound_and_floor() -> None:
    assert lines_of(EVEN) == (
        "24 neutral trials, spread of their speeds 0.00: 2 comparisons that share none with another.",
        f"Called throttled though nothing is: 0 of {EVEN.n_permutations} ways of comparing them.",
        "So at most 78 % of comparisons here would be called so, with 95 % confidence.",
        "A slowdown of less than 4-fold could not have been seen here reliably.",
    )
    assert floor_of(replace(EVEN, floor_ratio=1 / 2.5)).startswith("A slowdown of less than 2.5-fold")


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ([], "No neutral trial could be made: nothing can be said of errors here."),
        ([8e6] * 10, "10 neutral trials: too few for one comparison, which takes twelve at one server."),
    ],
)
def test_too_few_trials_say_nothing_of_errors(rates: list[float], said: str) -> None:
    assert lines_of(self_test(rates)) == (said,)


def a_result(folder: Path, **network: Any) -> RunResult:
    found = a_verdict("network", **network)
    record = a_record(ended_utc="2026-11-21T10:01:00Z", network_mechanism="network.none")
    inputs = inputs_of((), read_catalogue(), None, NetworkHistory())
    return RunResult(
        run_id="x",
        folder=folder,
        record=record,
        verdicts=(),
        services=(),
        network=found,
        inputs=inputs,
        exit_code=0,
    )


def errors(here: SelfTest, pooled: SelfTest, earlier_runs: int) -> Errors:
    return Errors(
        schema_version="1",
        run_id="x",
        here=here,
        pooled=pooled,
        earlier_runs=earlier_runs,
        rates_bps={},
    )


def shown(result: RunResult, found: Errors) -> list[str]:
    out = io.StringIO()
    with redirect_stdout(out):
        show(result, found)
    return out.getvalue().splitlines()


def test_this_link_and_the_pool_of_earlier_runs_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    lines = shown(a_result(tmp_path), errors(EVEN, self_test([8e6] * 240), 7))
    heads = [line for line in lines if not line.startswith(" ")]
    assert heads[1:] == ["This link, now", "With 7 earlier runs here", "Files"]
    assert "  So at most 78 % of comparisons here would be called so, with 95 % confidence." in lines
    assert "  So at most 14 % of comparisons here would be called so, with 95 % confidence." in lines
    assert "With" not in "".join(shown(a_result(tmp_path), errors(EVEN, EVEN, 0)))


def test_it_is_said_in_russian_too() -> None:
    locale.use("ru")
    try:
        assert lines_of(EVEN)[2] == (
            "Значит, здесь так было бы названо не более 78 % сравнений, с достоверностью 95 %."
        )
    finally:
        locale.use("en")


def test_a_runs_own_controls_make_its_line_once_there_are_enough(tmp_path: Path) -> None:
    record = a_record(ended_utc="2026-11-21T10:01:00Z", network_mechanism="network.none")
    for name, wanted in (
        ("a", ""),
        ("b", "By 12 neutral trials of this and earlier runs here, at most 95 %"),
    ):
        own = replace(record, run_id=f"20261121T10000{name}Z-AS64500-0a1b")
        with RunFolder.create(tmp_path, own.run_id) as folder:
            folder.write_run(own)
            for number in range(6):
                pair = a_transfer("T", 140e3), a_transfer("C1", 0.8e6, t0=2.0)
                folder.append(a_measurement(10.0 * number, *pair))
        assert line_after_a_run(folder.path, own).startswith(wanted)
        assert bool(line_after_a_run(folder.path, own)) is bool(wanted)


def test_a_runs_summary_says_it_before_the_files() -> None:
    out = io.StringIO()
    told = Outcome(
        folder="results/x",
        record=a_record(),
        network=a_verdict("network"),
        services=(),
        verdicts=(a_verdict(goodput_ratio=0.98),),
        errors="By 48 neutral trials and so on.",
    )
    show_run(Console(file=out, width=100), told)
    lines = out.getvalue().splitlines()
    assert lines.index("By 48 neutral trials and so on.") < lines.index("Files")


def test_no_more_earlier_runs_are_read_than_the_pool_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selftest, "MOST_POOLED", 24)
    record = a_record(ended_utc="2026-11-21T10:01:00Z", network_mechanism="network.none")
    for number in range(4):
        own = replace(record, run_id=f"2026112{number}T100000Z-AS64500-0a1b")
        with RunFolder.create(tmp_path, own.run_id) as folder:
            folder.write_run(own)
            for n in range(6):
                pair = (a_transfer("N", 0.8e6, purpose="self_test", t0=2.0 * k) for k in range(2))
                folder.append(a_measurement(10.0 * n, *pair))
    found = selftest.errors_of(folder.path, own)
    assert (found.here.n_trials, found.pooled.n_trials, found.earlier_runs) == (12, 24, 1)
