"""Which scenario of the wire may be run a second time, and which never."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wire.again import said_less
from wire.harness import Outcome, difference
from wire.runner import Runner
from wire.scenario import Row, Scenario
from wire.tables import SCENARIOS

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

THROTTLED = Row("twitter/web", "throttled", "throughput.frozen.sni", confirmed=True)
FINE = Row("twitter/web", "reachable")


def an_outcome(state: str, mechanism: str = "", *, confirmed: bool = False, **more: Any) -> Outcome:
    row = {
        "state": state,
        "mechanism": mechanism,
        "located": "path",
        "reason_code": "",
        "confirmed": str(confirmed).lower(),
        "rule_id": "r",
        "because": "b",
    }
    return Outcome(exit_code=0, verdicts={"twitter/web": row}, **more)


def a_scenario(row: Row) -> Scenario:
    return Scenario(name="s", about="a", rows=(row,))


def test_what_was_found_and_not_confirmed_is_run_again() -> None:
    assert said_less(a_scenario(THROTTLED), an_outcome("throttled", "throughput.frozen.sni"))


def test_a_mechanism_whose_trigger_was_not_found_out_is_run_again() -> None:
    row = Row("twitter/web", "blocked", "tls.timeout.sni")
    assert said_less(a_scenario(row), an_outcome("blocked", "tls.timeout"))
    assert not said_less(a_scenario(row), an_outcome("blocked", "tls.reset"))
    assert not said_less(
        a_scenario(Row("twitter/web", "blocked", "tls.timeout")), an_outcome("blocked", "tls.timeout.sni")
    )


def test_another_place_than_the_tables_has_no_second_run() -> None:
    row = Row("twitter/web", "blocked", "tls.timeout.sni", "server")
    assert not said_less(a_scenario(row), an_outcome("blocked", "tls.timeout"))


def test_what_was_not_found_is_run_again() -> None:
    assert said_less(a_scenario(THROTTLED), an_outcome("inconclusive"))
    assert said_less(a_scenario(FINE), an_outcome("inconclusive"))


def test_a_run_as_it_should_be_is_not_run_again() -> None:
    right = an_outcome("throttled", "throughput.frozen.sni", confirmed=True)
    assert not said_less(a_scenario(THROTTLED), right)


def test_an_innocent_who_was_accused_has_no_second_run() -> None:
    for state in ("blocked", "throttled", "geoblocked", "down"):
        assert not said_less(a_scenario(FINE), an_outcome(state))


def test_an_accusation_of_another_thing_has_no_second_run() -> None:
    assert not said_less(a_scenario(THROTTLED), an_outcome("blocked", "tls.reset.sni"))
    assert not said_less(a_scenario(THROTTLED), an_outcome("throttled", "throughput.policed.sni"))


def test_what_is_confirmed_that_must_not_be_has_no_second_run() -> None:
    row = Row("twitter/web", "throttled", "throughput.frozen.sni", confirmed=False)
    assert not said_less(a_scenario(row), an_outcome("throttled", "throughput.frozen.sni", confirmed=True))


def test_a_run_whose_files_hold_the_volunteers_address_has_no_second_run() -> None:
    assert not said_less(a_scenario(THROTTLED), an_outcome("inconclusive", leaks=["run.json"]))


def test_a_name_that_is_slow_in_a_way_not_told_is_run_again() -> None:
    assert said_less(a_scenario(THROTTLED), an_outcome("throttled", "throughput.slow.sni", confirmed=True))
    assert said_less(a_scenario(THROTTLED), an_outcome("throttled", "throughput.slow", confirmed=True))
    blocked = Row("twitter/web", "blocked", "tls.reset.sni", confirmed=True)
    assert not said_less(a_scenario(blocked), an_outcome("blocked", "throughput.slow.sni", confirmed=True))


def test_a_row_that_is_missing_has_no_second_run() -> None:
    assert not said_less(a_scenario(THROTTLED), Outcome(exit_code=0))


def test_the_second_run_counts_and_the_first_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = {row.subject: row for row in SCENARIOS["clean"].rows}
    runs: list[str] = []

    def played(scenario: Scenario, folder: Path) -> Outcome:
        runs.append(folder.name)
        found = {
            subject: {
                "state": row.state.split("|")[0] if folder.name == "clean-again" else "inconclusive",
                "mechanism": (row.mechanism or "").split("|")[0],
                "located": row.located or "unknown",
                "reason_code": (row.reason or "").split("|")[0],
                "confirmed": str(bool(row.confirmed)).lower(),
                "because": "b",
            }
            for subject, row in right.items()
        }
        return Outcome(exit_code=0, verdicts=found)

    monkeypatch.setattr("wire.runner.safely", played)
    runner = Runner(tmp_path, ["clean"])
    outcome = runner.outcome("clean")
    told = runner.close()
    assert runs == ["clean", "clean-again"]
    assert [difference(row, outcome) for row in right.values()] == [""] * len(right)
    assert len(told) == 1
    assert told[0].startswith("clean was run again, alone; at first: ")
    assert "state 'inconclusive', expected 'reachable'" in told[0]


def test_an_outcome_that_could_not_be_kept_is_told_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_scenario: Scenario, _folder: Path) -> Outcome:
        (tmp_path / "wire-clean.part").mkdir()  # where the outcome's file would be
        return Outcome(exit_code=0, trouble="")

    monkeypatch.setattr("wire.runner.safely", full)
    monkeypatch.setattr("wire.runner.said_less", lambda *_: False)
    runner = Runner(tmp_path, ["clean"])
    assert runner.outcome("clean").trouble == "the scenarios ended without this one's outcome"
    runner.close()
