"""What changed between two runs: verdicts, services, networks, and times only beyond their spread."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from probe.model.measurement import Measurement, VantagePoint
from probe.model.observation import TCPConnect
from probe.model.target import Target
from probe.model.verdict import Verdict
from probe.model.words import Located, ReasonCode, State
from probe.report.compare import TargetChange, compared
from probe.report.compare_columns import CHANGE_COLUMNS
from probe.report.compare_document import document
from probe.report.compare_json import as_json
from probe.report.compare_public import veiled
from probe.report.csv import as_csv
from probe.report.told import Seal, Told
from unit.a_run import a_measurement, a_record, a_service_verdict, a_verdict

WEB = Target(target_id="twitter/web", service="twitter", input="https://x.com/", experiment="web")


def a_told(*verdicts: Verdict, connects_ms: Sequence[float] = (), root: str = "", **record: Any) -> Told:
    """Return a run of these verdicts; every connect of the first target took so long."""
    connects = tuple(
        TCPConnect(t0=0.0, t=ms / 1000, failure=None, ip="93.184.216.34", port=443) for ms in connects_ms
    )
    measured: tuple[Measurement, ...] = (a_measurement(tcp_connect=connects),)
    return Told(
        record=a_record(**record),
        verdicts=verdicts or (a_verdict(),),
        services=(a_service_verdict(),),
        trials=(),
        facts=(),
        targets=(WEB,),
        controls=(),
        baseline=None,
        seal=Seal(root_sha256=root, n_files=1, n_bytes=1, signature="none", token="none") if root else None,
        measurements=lambda: measured,
    )


def the_change(before: Told, after: Told) -> TargetChange:
    """Return the one target that changed."""
    (change,) = compared(before, after).targets
    return change


def test_a_run_compared_with_itself_changes_nothing() -> None:
    run = a_told(connects_ms=(20, 21, 22))
    found = compared(run, run)
    assert not found.changed
    assert found.n_same == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", State.DOWN),
        ("mechanism", "tls.timeout"),
        ("located", Located.UNKNOWN),
        ("confirmed", True),
        ("reason_code", ReasonCode.UNCONFIRMED),
    ],
)
def test_each_part_of_a_verdict_that_changes_is_named(field: str, value: object) -> None:
    change = the_change(a_told(), a_told(a_verdict(**{field: value})))
    assert (change.kind, change.fields) == ("changed", (field,))


def test_another_sentence_alone_is_no_change() -> None:
    assert not compared(a_told(), a_told(a_verdict(because="Four of four.", rule_id="tls.other"))).changed


def test_new_and_gone_targets_are_told_apart() -> None:
    other = a_verdict(target_id="twitter/app", input="https://api.x.com/")
    assert the_change(a_told(), a_told(a_verdict(), other)).kind == "new"
    assert the_change(a_told(a_verdict(), other), a_told()).kind == "gone"


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ((20, 21, 22), (60, 61, 62), True),
        ((20, 21, 22), (24, 25, 26), False),  # less than 10 ms
        ((20, 40, 60), (60, 80, 100), False),  # within the spreads
        ((20, 21), (60, 61), False),  # too few to have a spread
        ((60, 61, 62), (20, 21, 22), True),
    ],
)
def test_times_count_only_beyond_both_spreads(
    before: Sequence[float], after: Sequence[float], moved: bool
) -> None:
    found = compared(a_told(connects_ms=before), a_told(connects_ms=after))
    assert [[t.step for t in c.times] for c in found.targets] == ([["connect_ms"]] if moved else [])


def test_another_network_is_said_first_and_a_service_too() -> None:
    elsewhere = VantagePoint(probe_asn="AS64501", probe_cc="RU", probe_network_name="Other")
    after = a_told(vantage=elsewhere, rules_version=2)
    after = replace(
        after, services=(a_service_verdict(state=State.REACHABLE, mechanism="", confirmed=False),)
    )
    found = compared(a_told(), after)
    assert [d.field for d in found.networks] == ["probe_asn", "probe_network_name"]
    assert [d.field for d in found.measuring] == ["rules_version"]
    assert [(s.service, s.fields) for s in found.services] == [
        ("twitter", ("state", "mechanism", "confirmed"))
    ]
    said = document(found, public=False)
    first = [getattr(block, "text", "") for block in said.sections[0].blocks]
    assert first[0].startswith("The two runs were not made in the same place")


def test_a_public_comparison_tells_neither_minutes_nor_the_runs_own_names() -> None:
    before = a_told(root="0123456789abcdef" * 4)
    after = a_told(
        started_utc="2026-11-21T13:37:42Z",
        ended_utc="2026-11-21T13:40:11Z",
        run_id="20261121T133742Z-AS64500-beef",
    )
    found = compared(before, replace(after, record=replace(after.record, imported_from="a file")))
    for text in (repr(document(veiled(found), public=True)), as_json(veiled(found), public=True).decode()):
        assert "01234567" in text
        assert "unsealed-1" in text
        assert "2026-11-21T13:00Z" in text
        assert not [word for word in ("13:37", "13:40", "133742", "a file") if word in text]
    assert "13:37" in repr(document(found, public=False))


def test_the_table_has_a_row_for_each_target_that_changed() -> None:
    before = a_told(connects_ms=(20, 21, 22))
    after = a_told(a_verdict(input="=cmd()", state=State.DOWN, connect_ms=60.26), connects_ms=(60, 61, 62))
    header, row, end = as_csv(CHANGE_COLUMNS, compared(before, after).targets).decode().split("\r\n")
    cells = dict(zip(header.split(","), row.split(","), strict=True))
    assert end == ""
    assert cells["input"] == "'=cmd()"
    assert cells["changed_fields"] == "state connect_ms"
    assert (cells["state_before"], cells["state_after"]) == ("blocked", "down")
    assert (cells["connect_ms_before"], cells["connect_ms_after"]) == ("", "60.3")


def test_the_json_has_what_the_document_has() -> None:
    after = a_told(a_verdict(state=State.DOWN), connects_ms=(60, 61, 62))
    found = json.loads(as_json(compared(a_told(connects_ms=(20, 21, 22)), after), public=False))
    (target,) = found["targets"]
    assert (target["before"]["state"], target["after"]["state"]) == ("blocked", "down")
    assert target["times"] == [
        {
            "step": "connect_ms",
            "before": {"median": 21.0, "lowest": 20.0, "highest": 22.0, "n": 3},
            "after": {"median": 61.0, "lowest": 60.0, "highest": 62.0, "n": 3},
        }
    ]
