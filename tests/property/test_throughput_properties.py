"""What holds of judging transfers, whatever they did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cases.debts import measurements_of
from cases.script import TRUE_IP, a_target
from cases.transfers import a_pair, a_receipt, a_sample, a_transfer_measurement, a_trial
from cases.world import facts_of
from probe.judge import judge_target
from probe.judge.bench import Bench
from probe.model import failure as f
from probe.model.target import Debt, Target
from probe.model.transfer import Transfer
from probe.model.words import MECHANISMS, ControlSource, Owed, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.judge import Judged, RunFacts
    from probe.model.measurement import Measurement

TRIES = settings(max_examples=100, deadline=None)
PAGE = ["dns system 104.16.1.1", "tcp 104.16.1.1 ok", "tls 104.16.1.1 ok", "http 104.16.1.1 200"]
BROKEN = [*PAGE[:3], "http 104.16.1.1 timeout status=200 length=16000 declared=90000"]
NEARER = {State.REACHABLE: 0, State.INCONCLUSIVE: 0, State.THROTTLED: 1}
FATES: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"stall_at": 16_000},
    {"status_code": 404},
    {"requested": None, "failure": "alert", "stage": "tls"},
    {"failure": "reset", "stall_at": 9_000, "ended_by": "rst"},
    {"stall_at": 1, "status_code": None},
    {"foreign_bytes": 900_000},
    {"size": 9_000},
)
KBPS = st.sampled_from((0, 70, 140, 300, 700, 3000, 8000, 8000, 20000))


def a_row(draw: st.DrawFn) -> dict[str, Any]:
    """Return a target that answers, and the run around it."""
    return {
        "target": {
            "large_object": draw(st.sampled_from(("", "/large.bin"))),
            "paired": draw(st.sampled_from(("own", "name"))),
        },
        "rounds": draw(st.sampled_from((PAGE, PAGE, BROKEN))),
        "control": draw(st.sampled_from(([], [{"length": 90_000}], [{"failure": "timeout"}]))),
        "facts": draw(
            st.sampled_from(
                (
                    {},
                    {"baseline": {"calibration": 1.0, "rate": 20_000}},
                    {"baseline": {"calibration": 0.3}},
                    {"vantage": {"bypass": ["vpn"]}},
                )
            )
        ),
    }


@st.composite
def slow_runs(draw: st.DrawFn) -> dict[str, Any]:
    """Return a run with tests that look like real ones, most of them slow."""
    rows = []
    for at in range(draw(st.integers(0, 4))):
        suspect, control = draw(st.sampled_from(FATES)), draw(st.sampled_from(FATES[:3]))
        rows.append(
            {
                "arms": draw(st.sampled_from(("T/C1", "X/C2"))),
                "test": draw(st.sampled_from((0, 0, 1))),
                "number": draw(st.sampled_from((0, 0, 6))),
                "times": draw(st.integers(1, 7)),
                "kbps": draw(KBPS),
                "control": draw(KBPS),
                "suspect": suspect,
                "ctrl": control,
                "at": 120.0 + 60 * at,
                "helper": draw(st.sampled_from(("", "https://h.example/"))),
            }
        )
    frozen = {"trial": {"stall_at": draw(st.sampled_from((16_000, 36_000, 0)))}}
    rows += [{"purpose": "freeze", "times": draw(st.integers(0, 4)), **frozen}]
    rows += [{"purpose": "elsewhere", "times": draw(st.integers(0, 1))}]
    rows += [{"purpose": "small_segments", "times": draw(st.integers(0, 1)), **frozen}]
    return {**a_row(draw), "transfers": rows}


@st.composite
def hostile_transfers(draw: st.DrawFn) -> Transfer:
    """Return a record that no honest trial leaves."""
    numbers = st.sampled_from((0, 1, 2, 7, 10**6))
    times = st.floats(-5, 50, allow_nan=False)
    some = st.sampled_from(("", "", "https://h.example/"))
    return replace(
        a_trial(draw(st.sampled_from(("T", "C1", "X", "C2", "N"))), 8000),
        purpose=draw(st.sampled_from(("pair", "freeze", "elsewhere", "small_segments", "self_test"))),
        t0=draw(times),
        t=draw(times),
        failure=draw(st.sampled_from((None, f.TIMEOUT, f.CONNECTION_RESET, "x_own"))),
        test=draw(st.sampled_from((0, 1, 2, -1))),
        number=draw(numbers),
        requested=draw(st.one_of(st.none(), times)),
        first_byte=draw(st.one_of(st.none(), times)),
        status_code=draw(st.sampled_from((None, 200, 404, 9999))),
        declared_length=draw(st.sampled_from((None, 0, 10**12))),
        n_bytes=draw(st.sampled_from((0, 9_000, 10**9))),
        n_socket_bytes=draw(st.sampled_from((0, 9_000, 10**9))),
        series=tuple(draw(st.lists(st.tuples(times, st.integers(0, 10**9)), max_size=4))),
        samples=tuple(
            a_sample(t, rtt_us=draw(numbers), min_rtt_us=draw(st.one_of(st.none(), numbers)))
            for t in draw(st.lists(times, max_size=2))
        ),
        max_bytes=draw(st.sampled_from((0, 131_072))),
        max_seconds=draw(st.sampled_from((0.0, 2.8))),
        foreign_bytes=draw(st.one_of(st.none(), numbers)),
        helper=draw(some),
        certificate_sha256=draw(st.sampled_from(("", "aa", "bb"))),
        receipt=draw(st.sampled_from((None, a_receipt("x", n_bytes=10**7), a_receipt("x", n_bytes=9_000)))),
    )


@st.composite
def hostile_runs(draw: st.DrawFn) -> tuple[dict[str, Any], list[Measurement]]:
    row = a_row(draw)
    target = a_target(row)
    found = measurements_of(row, target)
    found += [
        a_transfer_measurement(
            f"h{n}", target, 120.0 + 6 * n, draw(st.lists(hostile_transfers(), max_size=3))
        )
        for n in range(draw(st.integers(0, 8)))
    ]
    return row, found


def judged(row: dict[str, Any], found: Sequence[Measurement] | None = None) -> Judged:
    target = a_target(row)
    return judge_target(
        facts_of(row, target), target, measurements_of(row, target) if found is None else found
    )


@pytest.mark.parametrize("rule", ["throughput.frozen", "throughput.slow_name_elsewhere"])
def test_these_runs_reach_accusations(rule: str) -> None:
    some = settings(max_examples=5_000, deadline=None, phases=[Phase.generate], derandomize=True)
    assert find(slow_runs(), lambda row: judged(row).verdict.rule_id == rule, settings=some)


@TRIES
@given(hostile_runs())
def test_whatever_transfers_say_some_rule_decides_and_a_page_that_answers_is_never_blocked(
    run: tuple[dict[str, Any], list[Measurement]],
) -> None:
    verdict = judged(*run).verdict
    assert verdict.state in NEARER
    assert verdict.mechanism in {"", *MECHANISMS}
    assert "{" not in verdict.because
    assert not any("{" in note for note in verdict.notes)


@TRIES
@given(slow_runs())
def test_an_accusation_has_its_pairs_or_its_freeze_its_control_and_its_place(row: dict[str, Any]) -> None:
    verdict = judged(row).verdict
    if verdict.state is not State.THROTTLED:
        return
    bypassed = "bypass" in str(row["facts"])
    assert verdict.located.value == ("unknown" if bypassed else "path")
    assert not (bypassed and verdict.confirmed)
    if verdict.rule_id != "throughput.frozen":
        assert {ControlSource.CROSS, ControlSource.TEST_HELPER}.intersection(verdict.control_source)
        assert len([uid for uid in verdict.witnesses if uid.startswith("t")]) >= 5
        assert verdict.goodput_ratio is not None
        assert verdict.goodput_ratio < 1 / 3


@TRIES
@given(slow_runs(), st.randoms(use_true_random=False))
def test_the_order_of_transfers_does_not_matter(row: dict[str, Any], chance: object) -> None:
    found = measurements_of(row, a_target(row))
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' random.Random
    assert judged(row, shuffled) == judged(row, found)


@TRIES
@given(slow_runs(), st.sampled_from([64.0, 1024.0]))
def test_a_shift_in_time_changes_nothing_but_when_a_debt_is_due(row: dict[str, Any], by: float) -> None:
    target = a_target(row)
    found = measurements_of(row, target)
    known = facts_of(row, target)
    digests = tuple(
        replace(
            d,
            started_s=d.started_s + by,
            witnesses=tuple(replace(w, t0_s=w.t0_s + by, t_s=w.t_s + by) for w in d.witnesses),
        )
        for d in known.digests
    )
    later = replace(known, digests=digests, bench=Bench(w for d in digests for w in d.witnesses))
    after = judge_target(later, target, [replace(m, started_s=m.started_s + by) for m in found])
    before = judge_target(known, target, found)
    assert after.verdict == before.verdict
    assert [replace(d, not_before_s=0.0) for d in after.debts] == [
        replace(d, not_before_s=0.0) for d in before.debts
    ]


@TRIES
@given(slow_runs())
def test_a_run_whose_controls_were_as_slow_is_never_throttled_by_name(row: dict[str, Any]) -> None:
    even = [
        {**one, "control": one["kbps"], "ctrl": one["suspect"]}
        for one in row["transfers"]
        if "purpose" not in one
    ]
    verdict = judged({**row, "transfers": even}).verdict
    assert verdict.state is not State.THROTTLED or verdict.rule_id == "throughput.slow_address"


@TRIES
@given(slow_runs(), st.sampled_from(FATES[2:]), st.sampled_from(("T/C1", "X/C2")), st.integers(0, 1))
def test_a_failing_control_never_makes_a_verdict_worse(
    row: dict[str, Any], fate: dict[str, Any], arms: str, test: int
) -> None:
    # An arm that never answered counts as soon as its name did: that is no doing of the control's.
    heard = [one for one in row["transfers"] if "status_code" not in one.get("suspect", {})]
    row = {**row, "transfers": heard}
    target = a_target(row)
    found = measurements_of(row, target)
    suspect, control = a_pair(arms, 8000, 8000, {"test": test, "number": 99, "ctrl": fate})
    lying = replace(control, helper="https://h.example/", receipt=a_receipt("x", n_bytes=1, is_valid=False))
    for failing in (control, lying):
        more = [*found, a_transfer_measurement("zz", target, 900.0, (suspect, failing))]
        before, after = judged(row, found).verdict, judged(row, more).verdict
        assert NEARER[after.state] <= NEARER[before.state]


@TRIES
@given(st.data())
def test_paying_every_debt_ends_within_forty_handshakes_and_fourteen_a_test(data: st.DataObject) -> None:
    row = data.draw(st.composite(a_row)())
    target = a_target(row)
    known = facts_of(row, target)
    found = measurements_of(row, target)
    asked: list[Debt] = []
    paid: set[tuple[object, ...]] = set()
    while debts := [d for d in _owed(known, target, found) if _key(d) not in paid]:
        debt = debts[0]
        paid.add(_key(debt))
        assert debt.addresses == (TRUE_IP,)
        asked.append(debt)
        assert len(asked) <= 40
        at = max(found[-1].started_s + 6.0, debt.not_before_s)
        found.append(a_transfer_measurement(f"p{len(asked):02}", target, at, _paid(data, debt)))
    made = [m for m in found if m.experiment == "throughput"]
    assert sum(len(m.transfers) for m in made) <= 40
    for arms, test in {(d.arms, d.test) for d in asked if d.purpose == "pair"}:
        assert sum((d.arms, d.test) == (arms, test) for d in asked) * 2 <= 14


def _owed(known: RunFacts, target: Target, found: Sequence[Measurement]) -> list[Debt]:
    return [d for d in judge_target(known, target, found).debts if d.what is Owed.TRANSFER]


def _key(debt: Debt) -> tuple[object, ...]:
    """Return by what a debt is known: none is paid twice."""
    return debt.purpose, debt.arms, debt.test, debt.number


def _paid(data: st.DataObject, debt: Debt) -> list[Transfer]:
    """Return what came of a debt: mostly slow, sometimes odd, sometimes nothing at all."""
    fate = data.draw(st.sampled_from(FATES))
    said = {"test": debt.test, "number": debt.number}
    if data.draw(st.integers(0, 19)) == 0:
        return []
    if debt.purpose == "pair":
        return list(a_pair(debt.arms, data.draw(KBPS), data.draw(KBPS), {**said, "suspect": fate}))
    return [a_trial("T", 8000, purpose=debt.purpose, **said, max_bytes=1_000_000, max_seconds=10.0, **fate)]
