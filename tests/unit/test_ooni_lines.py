"""A stranger's file of OONI records is read by the line, and refused by the line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from probe.store import StoreError
from probe.store import ooni as reader
from unit import ooni_samples as o

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_is_no_file_of_records(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read: Is a directory"):
        list(reader.read_ooni(tmp_path))


def test_empty_lines_are_no_records_and_count_as_lines(tmp_path: Path) -> None:
    file = tmp_path / "ooni.jsonl"
    record = {"test_name": "signal", "measurement_start_time": "2026-11-21 12:00:00", "test_keys": {}}
    file.write_text("\n  \n" + json.dumps(record | {"probe_asn": "AS64500", "probe_cc": "RU"}) + "\n")
    assert [(number, offset) for number, offset, _ in reader.read_ooni(file)] == [(3, 4)]


def test_a_file_of_too_many_lines_is_refused_at_the_first_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MOST_LINES", 2)
    file = tmp_path / "ooni.jsonl"
    file.write_text("\n" * 3)
    with pytest.raises(StoreError, match="more than 2 lines") as refused:
        list(reader.read_ooni(file))
    assert refused.value.line == 3


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"test_keys": {"tcp_connect": [{"port": 10**400}]}}, r"at `\$.test_keys.tcp_connect"),
        ({"measurement_start_time": "9999-12-31 23:59:59"}, "is no time"),
    ],
)
def test_numbers_that_nobody_measured_are_refused_by_the_line(
    tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    file = o.written(tmp_path / "ooni.jsonl", o.a_record(), o.a_record(**changes))
    with pytest.raises(StoreError, match=problem) as refused:
        list(reader.read_ooni(file))
    assert refused.value.line == 2
