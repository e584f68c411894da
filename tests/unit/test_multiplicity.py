"""Among many tests some confirm by chance: Holm's adjustment takes back what their number may have made."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import pytest

from cases.debts import measurements_of
from cases.script import a_target
from cases.world import facts_of
from probe.judge import judge_target, multiplicity
from probe.model.verdict import Verdict
from probe.model.words import Layer, State
from unit.outcomes import a_verdict

ALL_SLOW = "0.000244140625"
"""Twelve pairs of twelve."""
ELEVEN = "0.003173828125"


def a_throttled(number: int, p_value: str | None = ALL_SLOW, *, confirmed: bool = True) -> Verdict:
    return a_verdict(
        f"s/{number}",
        state=State.THROTTLED,
        layer=Layer.THROUGHPUT,
        confirmed=confirmed,
        goodput_ratio=0.02,
        params=(("ratio", "0.02"), *(() if p_value is None else (("p_value", p_value),))),
    )


def a_clear(number: int) -> Verdict:
    return a_verdict(f"clear/{number}", goodput_ratio=0.98)


STALLED = {"stall_at": 16_000}
FROZEN: dict[str, Any] = {
    "target": {"large_object": "/large.bin", "paired": "own"},
    "rounds": ["dns system 104.16.1.1", "tcp 104.16.1.1 ok", "tls 104.16.1.1 ok", "http 104.16.1.1 200"],
    "transfers": [
        {"times": 5, "suspect": STALLED, "kbps": 8000},
        {"number": 5, "kbps": 9000},
        {"purpose": "freeze", "times": 3, "trial": STALLED},
        {"purpose": "elsewhere"},
        {"purpose": "small_segments", "trial": STALLED},
        {"arms": "X/C2", "times": 6, "suspect": STALLED, "kbps": 8000},
        {"times": 6, "test": 1, "suspect": STALLED, "kbps": 8000, "at": 320},
    ],
}
"""Eleven pairs of twelve fall silent under its name, here and at a neutral server."""


def judged(row: dict[str, Any]) -> Verdict:
    target = a_target(row)
    return judge_target(facts_of(row, target), target, measurements_of(row, target)).verdict


def adjusted(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    changed = multiplicity(verdicts)
    return tuple(changed.get(place, verdict) for place, verdict in enumerate(verdicts))


def confirmed(verdicts: tuple[Verdict, ...]) -> set[str]:
    return {v.target_id for v in verdicts if v.confirmed}


def test_one_confirmed_target_alone_stays_confirmed() -> None:
    assert adjusted([a_throttled(0)]) == (a_throttled(0),)


def test_twelve_slow_pairs_of_twelve_hold_among_forty_targets_and_not_among_forty_one() -> None:
    forty = [a_throttled(0), *map(a_clear, range(39))]
    assert adjusted(forty) == tuple(forty)
    (taken_back, *rest) = adjusted([*forty, a_clear(39)])
    assert (taken_back.state, taken_back.confirmed) == (State.THROTTLED, False)
    assert taken_back.notes == (
        (
            "41 targets were tested in this run: corrected for their number, chance brings this about with a "
            "probability of 0.01001, which is too much to call it confirmed"
        ),
    )
    assert dict(taken_back.notes_apart[0].params) == {"n": "41", "p": "0.01001"}
    assert rest == [*map(a_clear, range(40))]


def test_the_weakest_falls_first_and_the_strong_ones_stay() -> None:
    verdicts = [a_throttled(0, ELEVEN), *(a_throttled(n) for n in range(1, 4)), *map(a_clear, range(3))]
    assert confirmed(adjusted(verdicts)) == {"s/1", "s/2", "s/3"}
    assert confirmed(adjusted(verdicts[:4])) == {"s/0", "s/1", "s/2", "s/3"}


def test_what_was_not_tested_by_transfers_does_not_count() -> None:
    pages = [a_verdict(f"page/{n}") for n in range(1000)]
    assert confirmed(adjusted([*pages, a_throttled(0)])) == {"s/0"}


def test_what_was_not_confirmed_by_counting_stays() -> None:
    verdicts = [a_throttled(0, None), *map(a_clear, range(100))]
    assert adjusted(verdicts) == tuple(verdicts)


@pytest.mark.parametrize("known", [True, False], ids=["frozen", "slow_by_name"])
def test_a_freeze_that_pairs_confirm_is_counted_like_any_pairs(*, known: bool) -> None:
    frozen = judged(FROZEN | ({"facts": {"baseline": {"rate": 9_000}}} if known else {}))
    assert frozen.rule_id == ("throughput.frozen" if known else "throughput.slow_by_name")
    assert (frozen.mechanism, frozen.confirmed) == ("throughput.frozen.sni", True)
    assert dict(frozen.params)["p_value"] == "0.00317"
    assert adjusted([frozen]) == (frozen,)
    (among_many, *_) = adjusted([frozen, *map(a_clear, range(40))])
    assert (among_many.state, among_many.confirmed) == (State.THROTTLED, False)
    assert dict(among_many.notes_apart[-1].params) == {"n": "41", "p": "0.13"}


def test_a_blocked_verdict_is_nobodys_to_take_back() -> None:
    blocked = a_verdict("s/9", state=State.BLOCKED, confirmed=True, params=(("p_value", "0.9"),))
    assert adjusted([blocked]) == (blocked,)


def test_what_was_unconfirmed_stays_as_it_is_and_is_counted() -> None:
    once = [a_throttled(n, "0.015625", confirmed=False) for n in range(1, 41)]
    strong, *others = adjusted([a_throttled(0), *once])
    assert (strong.confirmed, others) == (False, once)


@pytest.mark.parametrize("told", ["", "nan", "inf", "-1", "two", "1e999"])
def test_a_p_value_that_makes_no_sense_confirms_nothing(told: str) -> None:
    (verdict,) = adjusted([a_throttled(0, told)])
    assert not verdict.confirmed


def test_the_order_of_the_verdicts_changes_nothing() -> None:
    p_values = [ALL_SLOW, ELEVEN, "0.0001", ELEVEN, ALL_SLOW, "0.00002"]
    verdicts = [*(a_throttled(n, p) for n, p in enumerate(p_values)), *map(a_clear, range(30))]
    expected = {v.target_id: v for v in adjusted(verdicts)}
    for seed in range(20):
        Random(seed).shuffle(verdicts)
        found = adjusted(verdicts)
        assert [v.target_id for v in found] == [v.target_id for v in verdicts]
        assert {v.target_id: v for v in found} == expected
    assert 0 < len(confirmed(tuple(expected.values()))) < len(p_values)


def test_ten_thousand_verdicts_cost_their_places_and_no_second_copy() -> None:
    verdicts = [a_throttled(0), *(a_clear(n) for n in range(9_999))]

    def one_by_one() -> Iterator[Verdict]:
        yield from verdicts

    tracemalloc.start()
    try:
        changed = multiplicity(one_by_one())
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1_000_000
    assert list(changed) == [0]
    assert not changed[0].confirmed
