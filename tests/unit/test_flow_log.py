"""How many subscribers an operator with a flow log can still mean after it has read an annex."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from unit import flow_log
from unit.flow_log import CASES, MEASURING, NEUTRALS, clues, log_of, possible, told_of
from unit.told_runs import BEGAN

ROOT = Path(__file__).parents[2]
VOLUNTEER = 0


@pytest.mark.parametrize("title", CASES)
def test_a_full_annex_leads_to_the_volunteer_alone_and_a_public_one_to_all_who_did_the_same_that_hour(
    title: str,
) -> None:
    case = CASES[title]
    log, runs = log_of(case, BEGAN), (told_of(case, BEGAN),)
    full, public = possible(log, clues(runs, "full")[0]), possible(log, clues(runs, "public")[0])
    assert full == {VOLUNTEER}
    within = {
        subscriber
        for subscriber in range(MEASURING + 1)
        if all(
            any(12 * 3600 <= second < 13 * 3600 for second in log[name].get(subscriber, ())) for name in case
        )
    }
    assert VOLUNTEER in within
    assert within <= public
    assert len(within) > 1  # otherwise the hour would be as good as the minute


def test_what_the_documents_say_of_it_is_what_comes_out() -> None:
    text = (ROOT / "docs" / "evidence.md").read_text()
    printed = text.partition("<!-- flow-log: made by tests/unit/flow_log.py -->\n")[2]
    assert printed.partition("\n<!-- /flow-log -->")[0] == flow_log.table()


def test_a_public_annex_and_what_travels_in_it_names_no_neutral_site_no_minute_and_no_run() -> None:
    case = CASES["three everyday pages"]
    runs = (told_of(case, BEGAN),)
    known, text = clues(runs, "public")
    assert {clue.name for clue in known} == set(case)
    assert [name for name in NEUTRALS if name in text] == []
    assert set(re.findall(r"T\d\d:(\d\d(?::\d\d)?)", text)) == {"00", "00:00"}
    assert runs[0].record.run_id not in text
    assert re.findall(r"\d{8}T\d{6}Z", text) == []


def test_a_full_annex_tells_each_of_these() -> None:
    case = CASES["three everyday pages"]
    run = told_of(case, BEGAN)
    known, text = clues((run,), "full")
    assert {clue.name for clue in known} == {*case, *NEUTRALS}
    assert run.record.run_id in text
    assert "2026-11-21T12:05:33" in text


def test_the_log_is_the_same_every_time_and_searching_it_for_nothing_finds_nobody() -> None:
    case = CASES["one page that few visit"]
    assert log_of(case, BEGAN) == log_of(case, BEGAN)
    assert possible(log_of(case, BEGAN), []) == set()
