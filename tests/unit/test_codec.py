"""The codec: the same record gives the same bytes, and nothing else passes."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probe.model.measurement import Measurement
from probe.store import codec
from unit.a_run import a_full_measurement, a_measurement, a_verdict


def test_a_measurement_survives_with_every_kind_of_observation() -> None:
    measurement = a_full_measurement()
    assert codec.decode(codec.encode(measurement)) == measurement


def test_keys_stand_in_the_order_of_the_fields_without_spaces() -> None:
    line = codec.encode(a_measurement())
    assert line.startswith(b'{"measurement_uid":"uid-1","target_id":"twitter/web","service":"twitter"')
    assert list(json.loads(line)) == list(Measurement.__struct_fields__)
    assert b"\n" not in line


def test_a_time_is_written_in_utc_with_a_z() -> None:
    moment = datetime(2026, 11, 21, 12, 0, 0, 250000, tzinfo=UTC)
    line = codec.encode(a_measurement(measurement_start_time=moment))
    assert b'"measurement_start_time":"2026-11-21T12:00:00.250000Z"' in line


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="cannot be written so that it can be read again"):
        codec.encode(a_measurement(runtime_s=value))


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        codec.encode(a_measurement(input="\ud800"))


def test_a_value_that_changes_its_type_on_the_way_is_refused() -> None:
    with pytest.raises(ValueError, match="a value changes"):
        codec.encode(a_measurement(queries=[]))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"", "Input data was truncated"),
        (b"null", "Expected `object`, got `null`"),
        (b'{"measurement_uid":1}', "Expected `str`, got `int`"),
        (b'{"later":' + b"[" * 50_000, "recursion"),
        (b'{"measurement_uid":"\xff"}', "can't decode byte 0xff"),
        (b" " * (codec.LONGEST_LINE + 1), "longer than"),
    ],
)
def test_what_is_no_measurement_is_refused(line: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        codec.decode(line)


def test_unknown_keys_of_a_later_version_do_no_harm() -> None:
    line = codec.encode(a_measurement())
    assert codec.decode(b'{"later":[1,{"x":2}],' + line[1:]) == a_measurement()


def test_a_verdict_survives() -> None:
    assert codec.decode_verdict(codec.encode(a_verdict())) == a_verdict()


def test_a_document_is_indented_and_ends_with_a_line_feed(tmp_path: Path) -> None:
    content = codec.document(a_verdict())
    assert content.startswith(b'{\n  "target_id": "twitter/web",\n')
    assert content.endswith(b"\n}\n")
    path = tmp_path / "verdict.json"
    path.write_bytes(content)
    assert codec.read_document(path, type(a_verdict()), "") == a_verdict()


def test_a_verdict_longer_than_any_line_is_not_decoded() -> None:
    line = b'{"x":"' + b" " * codec.LONGEST_LINE + b'"}'
    with pytest.raises(ValueError, match=f"longer than {codec.LONGEST_LINE} bytes"):
        codec.decode_verdict(line)
