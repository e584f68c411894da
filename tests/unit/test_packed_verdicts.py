"""Packed verdicts are the verdicts that were put in, in their order, in a tenth of the memory."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from probe.model.words import Caveat, State
from probe.store import PackedVerdicts, RunFolder
from probe.store.codec import encode
from unit.outcomes import a_blocked_verdict, a_verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from probe.model.verdict import Verdict

SOME = (
    a_verdict("a/web", because="\x00 ж \u2028 \U0001f600" * 900),
    a_blocked_verdict("b/web", caveats=(Caveat.BYPASS_ACTIVE,), params=(("p_value", "0.01"),)),
    a_verdict("c/web", state=State.INCONCLUSIVE, dns_ms=0.1 + 0.2),
)


def test_what_is_taken_out_is_what_was_put_in() -> None:
    packed = PackedVerdicts(SOME)
    assert (tuple(packed), len(packed)) == (SOME, 3)
    assert [packed[n] for n in range(-3, 3)] == [*SOME, *SOME]
    assert (packed[1:], packed[::-1]) == (SOME[1:], SOME[::-1])
    with pytest.raises(IndexError):
        packed[3]


def test_nothing_packed_is_an_empty_sequence() -> None:
    assert (tuple(PackedVerdicts()), tuple(PackedVerdicts().lines())) == ((), ())
    assert tuple(PackedVerdicts().behind(SOME[1])) == SOME[1:2]


def test_one_can_stand_in_anothers_place_even_the_first_that_all_are_packed_against() -> None:
    packed = PackedVerdicts(SOME)
    packed.put(0, other := replace(SOME[1], confirmed=True))
    assert tuple(packed) == (other, *SOME[1:])
    with pytest.raises(IndexError):
        packed.put(3, other)


def test_those_behind_another_verdict_leave_the_first_ones_as_they_were() -> None:
    packed = PackedVerdicts(SOME[1:])
    assert tuple(packed.behind(SOME[0])) == SOME
    assert tuple(packed) == SOME[1:]


def test_their_lines_are_those_of_the_file(tmp_path: Path) -> None:
    packed = PackedVerdicts(SOME)
    lines = [encode(verdict) + b"\n" for verdict in SOME]
    assert list(packed.lines()) == lines
    with RunFolder.create(tmp_path, "r") as run:
        run.write_verdicts(packed)
        assert (run.path / "verdicts.jsonl").read_bytes() == b"".join(lines)
        run.write_verdicts(SOME)
        assert (run.path / "verdicts.jsonl").read_bytes() == b"".join(lines)


def test_what_could_not_be_read_again_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        PackedVerdicts((a_verdict(because="\ud800"),))


def test_ten_thousand_take_a_fifth_of_a_kilobyte_each() -> None:
    def one_by_one() -> Iterator[Verdict]:
        for n in range(10_000):
            uids = tuple(f"20261122T192406Z-AS12389-6706-{n * 3 + k:06}" for k in range(3))
            yield a_verdict(f"list/site-{n:05}", measurement_uids=uids, witnesses=uids, dns_ms=n / 7)

    tracemalloc.start()
    try:
        packed = PackedVerdicts(one_by_one())
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(packed) == 10_000
    assert most / 10_000 < 250
