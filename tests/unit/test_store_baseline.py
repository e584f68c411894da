"""Baseline files: one target a line, checked with file and line."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from probe.model.baseline import Baseline, TargetBaseline
from probe.store import StoreError, decode_baseline, encode_baseline, read_baseline, write_baseline
from unit.a_run import START

FIRST = TargetBaseline(
    target_id="a/web", input="https://a.example/", n=3, n_ok=3, addresses=("192.0.2.7", "2001:db8::7")
)
SECOND = TargetBaseline(
    target_id="b/web", input="https://b.example/", n=3, n_ok=1, failures=(("eof_error", 2),)
)
BASELINE = Baseline(
    schema_version="1",
    recorded_utc=START,
    run_id="20261121T120000Z-AS64500-abcd",
    probe_asn="AS64500",
    probe_cc="DE",
    network_state="network.none",
    software="interference-probe 0.1.0",
    targets=(FIRST, SECOND),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "baseline.json"
    write_baseline(file, BASELINE)
    return file


def test_a_baseline_comes_back_and_gives_the_same_bytes(path: Path) -> None:
    assert read_baseline(path) == BASELINE
    assert encode_baseline(read_baseline(path)) == path.read_bytes()
    assert decode_baseline(path.read_bytes(), path) == BASELINE
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_baseline_without_targets_comes_back(tmp_path: Path) -> None:
    empty = replace(BASELINE, targets=())
    write_baseline(tmp_path / "empty.json", empty)
    assert read_baseline(tmp_path / "empty.json") == empty


def test_each_target_has_a_line_of_its_own(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[10] == '"targets":['
    assert lines[11].startswith('{"target_id":"a/web"')
    assert lines[12].startswith('{"target_id":"b/web"')


def test_a_file_of_before_tells_neither_the_recorders_clock_nor_the_name_of_its_pairs(path: Path) -> None:
    older = path.read_text().replace('"clock_offset_s":null,\n', "").replace(',"pair_name":""', "")
    assert "clock_offset_s" not in older
    assert "pair_name" not in older
    path.write_text(older)
    assert read_baseline(path) == BASELINE


def replacing(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


@pytest.mark.parametrize(
    ("change", "problem", "line"),
    [
        (replacing('"n":3,"n_ok":1', '"n":"3","n_ok":1'), "Expected `int`, got `str`", 13),
        (replacing('"target_id":"b/web"', '"target_id":"a/web"'), "duplicate target 'a/web'", 13),
        (replacing('"n":3,"n_ok":3', '"n":3,"n_ok":4'), "4 of 3 tries cannot have succeeded", 12),
        (replacing('"n_ok":1', '"n_ok":-1'), "-1 of 3 tries cannot have succeeded", 13),
        (replacing("192.0.2.7", "192.0.2.700"), "'192.0.2.700' is no address", 12),
        (replacing('"schema_version":"1"', '"schema_version":"9"'), "written for schema '9'", 0),
        (replacing("12:00:00Z", "12:00:00"), "recorded_utc has no time zone", 0),
        (replacing('"probe_cc":"DE"', '"probe_cc":7'), "Expected `str`, got `int`", 6),
        (lambda text: text[:-3], "Input data was truncated", 0),
        (replacing("],", "],,"), "JSON is malformed", 12),
        (replacing('"targets":[', '"targets":3,"x":['), "Expected `array`, got `int`", 11),
        (lambda _: "[]", "Expected `object`, got `array`", 0),
    ],
)
def test_a_malformed_baseline_is_refused_with_its_line(
    path: Path, change: Callable[[str], str], problem: str, line: int
) -> None:
    changed = change(path.read_text())
    assert changed != path.read_text()
    path.write_text(changed)
    with pytest.raises(StoreError) as caught:
        read_baseline(path)
    assert problem in caught.value.problem
    assert caught.value.line == line
    assert caught.value.path == str(path)
    assert caught.value.hint


def test_a_baseline_without_bound_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probe.store.baseline.MOST_TARGETS", 1)
    with pytest.raises(StoreError, match="more than 1 targets"):
        read_baseline(path)


def test_a_missing_baseline_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be read: No such file.*probe baseline record"):
        read_baseline(tmp_path / "none.json")


def test_a_baseline_that_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    bad = replace(BASELINE, targets=(replace(FIRST, rate_bps=float("inf")),))
    with pytest.raises(ValueError, match="a value changes when it is written"):
        write_baseline(tmp_path / "b.json", bad)
    assert not (tmp_path / "b.json").exists()


def test_a_naive_time_is_not_taken_for_utc(tmp_path: Path) -> None:
    naive = replace(BASELINE, recorded_utc=datetime(2026, 11, 21, 12))  # noqa: DTZ001 - without zone on purpose
    write_baseline(tmp_path / "b.json", naive)
    with pytest.raises(StoreError, match="has no time zone"):
        read_baseline(tmp_path / "b.json")
