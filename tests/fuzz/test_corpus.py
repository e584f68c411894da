"""Every seed, and every input that once broke something, is read without a fault: no fuzzer is needed."""

from __future__ import annotations

import json
import random

import pytest

from fuzz.harness import FOUND, SlowError, found_before, joined, parts_of, timed
from fuzz.mutate import changed
from fuzz.table import HARNESSES


@pytest.mark.parametrize("name", HARNESSES)
def test_what_a_harness_begins_with_and_what_broke_it_once_is_read(name: str) -> None:
    harness = HARNESSES[name]
    read = harness.make()
    seeds = list(harness.seeds())
    assert seeds
    assert max(map(len, seeds)) > 1
    for data in (b"", *seeds, *(path.read_bytes() for path in found_before(name))):
        timed(read, data)


def test_every_input_that_was_found_belongs_to_a_harness() -> None:
    assert {path.name for path in FOUND.iterdir() if path.is_dir()} <= HARNESSES.keys()


def test_an_input_that_takes_too_long_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz.harness.SLOW_S", 0.0)
    with pytest.raises(SlowError, match="for 3 bytes"):
        timed(lambda data: print(data, end=""), b"abc")


def test_a_changed_document_is_mostly_json_and_never_too_long() -> None:
    document = b"x" + json.dumps({"a": [1, 2.5, "b", None], "c": {"d": True}}).encode()
    made = [changed(document, 200, seed, head=1, plain=lambda data, _most: data) for seed in range(400)]
    assert len(set(made)) > 150
    for data in made:
        assert len(data) <= 200
        assert data[:1] == b"x"
        json.loads(data[1:])


def test_what_is_made_of_a_document_does_not_depend_on_what_was_made_before() -> None:
    def made() -> list[bytes]:
        return [changed(b"[]", 2000, seed, head=0, plain=lambda data, _most: data) for seed in range(3000)]

    assert made() == made()


def test_pieces_come_back_as_they_were_joined() -> None:
    chance = random.Random(6)
    pieces = [chance.randbytes(chance.randrange(40)) for _ in range(20)]
    assert parts_of(joined(*pieces)) == pieces
    assert parts_of(b"\0\5abc") == [b"abc"]
