"""Numbers that nobody measured: a run that holds them is not judged, and the file and line are said."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from probe.judge import judge_target
from probe.model.bounds import LONGEST_UID
from probe.pipeline.finish import finish
from probe.pipeline.rejudge import rejudge
from probe.store import RunFolder, StoreError, codec
from probe.store.journal import FIRST, chained
from unit.a_bag import a_run, faults_of, sealed
from unit.a_folder import raises
from unit.a_run import a_full_measurement, a_measurement, a_round_trip

JOURNAL = "measurements.jsonl"


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A finished run of the lab."""
    return a_run(tmp_path)


def test_what_a_wire_can_carry_in_64_bits_is_read_again() -> None:
    measurement = a_measurement(started_s=86_400.0, requests=(a_round_trip(body_length=2**62),))
    assert codec.decode(codec.encode(measurement)) == measurement


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b'"started_s":', b'"started_s":1e308,"x":', r"<= 10000000000.0 - at `\$.started_s`"),
        (b'"started_s":', b'"started_s":1e400,"x":', r"Number out of range - at `\$.started_s`"),
        (b'"runtime_s":', b'"runtime_s":-1e11,"x":', r">= -10000000000.0 - at `\$.runtime_s`"),
        (b'"bytes_sent":', b'"bytes_sent":1' + b"0" * 400 + b',"x":', r"at `\$.bytes_sent`"),
        (b'"loop_lag_ms":', b'"loop_lag_ms":1e16,"x":', r"at `\$.loop_lag_ms`"),
        (b'"t":', b'"t":1e308,"x":', r"<= 10000000000.0 - at `\$.queries"),
        (b'"uid-1"', b'"' + b"u" * 201 + b'"', r"length <= 200 - at `\$.measurement_uid`"),
        (b'Z","started_s"', b'","started_s"', r"timezone component - at `\$.measurement_start_time`"),
        (b'_time":"2026', b'_time":"9999', r"nobody measures - at `\$.measurement_start_time`"),
    ],
)
def test_what_nobody_measured_is_refused_with_its_place(old: bytes, new: bytes, problem: str) -> None:
    line = codec.encode(a_full_measurement())
    assert old in line
    with pytest.raises(ValueError, match=problem):
        codec.decode(line.replace(old, new, 1))


def test_a_number_that_nobody_measured_is_named_by_its_line_when_its_run_is_judged(stored: Path) -> None:
    records = records_of(stored)
    records[4]["started_s"] = 1e308
    write(stored, records)
    with raises("Expected `float` <= 10000000000.0 - at `$.started_s`", line=5):
        rejudge(stored, None, None)


def test_what_cannot_be_judged_is_named_by_the_first_line_of_its_target(
    stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target_id = judged_of(stored)

    def odd(_facts: Any, target: Any, _measurements: Any) -> Any:
        if target.target_id == target_id:
            raise OverflowError("int too large to convert to float")
        return judge_target(_facts, target, _measurements)

    monkeypatch.setattr("probe.pipeline.finish.judge_target", odd)
    first = [record["target_id"] for record in records_of(stored)].index(target_id) + 1
    problem = f"cannot be judged: {target_id}: OverflowError: int too large to convert to float"
    with raises(problem, line=first):
        rejudge(stored, None, None)
    with RunFolder.open(stored) as folder, pytest.raises(ValueError, match="OverflowError") as ours:
        finish(folder, folder.read_run())
    assert not isinstance(ours.value, StoreError)


def test_more_bytes_of_one_target_than_any_run_has_are_not_judged(stored: Path) -> None:
    target_id = judged_of(stored)
    big = codec.encode(a_measurement(target_id=target_id, input="x" * 3_000_000))
    records = records_of(stored)
    write(stored, [*records, *[msgspec.Raw(big)] * (codec.LARGEST_TARGET // len(big) + 1)])
    first = [record["target_id"] for record in records].index(target_id) + 1
    with raises(f"more than {codec.LARGEST_TARGET} bytes of '{target_id}'", line=first):
        rejudge(stored, None, None)


def test_the_longest_uid_is_read_again() -> None:
    measurement = a_measurement(measurement_uid="u" * LONGEST_UID)
    assert codec.decode(codec.encode(measurement)) == measurement


def records_of(run: Path) -> list[dict[str, Any]]:
    """Return the records of a run's journal, without the hashes that chain them."""
    records = [msgspec.json.decode(line) for line in (run / JOURNAL).read_bytes().splitlines()]
    for record in records:
        del record["prev_sha256"]
    return records


def write(run: Path, records: list[Any]) -> None:
    """Write a journal whose chain holds."""
    previous, lines = FIRST, []
    for record in records:
        line = chained(msgspec.json.encode(record), previous)
        previous = hashlib.sha256(line[:-1]).hexdigest()
        lines.append(line)
    (run / JOURNAL).write_bytes(b"".join(lines))


def judged_of(run: Path) -> str:
    """Return a target of a run that is judged."""
    with RunFolder.open(run) as folder:
        return [verdict.target_id for verdict in folder.read_verdicts()][-1]


def test_what_cannot_be_judged_in_a_bag_is_a_fault_with_its_line(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target_id = judged_of(stored)
    bag = sealed(stored, tmp_path / "out").bag
    first = [record["target_id"] for record in records_of(bag / "data")].index(target_id) + 1

    def odd(_facts: Any, target: Any, _measurements: Any) -> Any:
        if target.target_id == target_id:
            raise OverflowError("int too large to convert to float")
        return judge_target(_facts, target, _measurements)

    monkeypatch.setattr("probe.pipeline.finish.judge_target", odd)
    (fault,) = faults_of(bag)
    assert (fault.code, fault.file, fault.line) == ("unreadable", f"data/{JOURNAL}", first)
