"""A comparison of speeds that waits says so every second, and begins when nothing is left to wait for."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from probe.measure.pace import Pace
from probe.measure.throughput import room_wait_s
from probe.model.transfer import ArmPlan, TransferPlan
from probe.pipeline import patience


def told(
    monkeypatch: pytest.MonkeyPatch, *, not_before_s: float, elapsed_s: list[float], pacing_s: list[float]
) -> list[tuple[float, bool]]:
    """Return what an observer is told, look by look; the clock and the budget move as the lists say."""
    monkeypatch.setattr(patience, "TELL_EVERY_S", 0.0)
    seen: list[tuple[float, bool]] = []
    times, rooms = iter(elapsed_s), iter(pacing_s)
    session = SimpleNamespace(pacing_s=lambda _step: next(rooms))
    observer = SimpleNamespace(
        transferring=lambda _step, *, wait_s, is_paced: seen.append((wait_s, is_paced))
    )
    step = SimpleNamespace(not_before_s=not_before_s)
    asyncio.run(
        patience.until_due(
            cast("Any", step),
            session=cast("Any", session),
            observer=cast("Any", observer),
            elapsed_s=lambda: next(times),
        )
    )
    return seen


def test_a_step_that_is_due_begins_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, not_before_s=5.0, elapsed_s=[9.0], pacing_s=[0.0]) == [(0.0, False)]


def test_the_wait_for_the_handshake_budget_is_told_until_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    found = told(monkeypatch, not_before_s=0.0, elapsed_s=[9.0, 10.0, 11.0], pacing_s=[2.0, 1.0, 0.0])
    assert found == [(2.0, True), (1.0, True), (0.0, False)]


def test_whichever_is_longer_is_waited_for_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = told(monkeypatch, not_before_s=12.0, elapsed_s=[9.0, 10.0, 12.5], pacing_s=[1.0, 3.0, 0.0])
    assert found == [(3.0, False), (3.0, True), (0.0, False)]


class AClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def counter(self) -> float:
        return self.now


def test_the_budget_has_room_for_a_pair_when_both_of_its_names_do() -> None:
    clock = AClock()
    pace = Pace(cast("Any", clock))

    async def twelve() -> None:
        for _ in range(12):
            clock.now += 1.0
            await pace.hellos.take("target.example", "192.0.2.1")

    asyncio.run(twelve())
    clock.now = 20.0
    own = ArmPlan(arm="T", server_name="target.example", ip="192.0.2.7")
    plan = TransferPlan(arms=(own, ArmPlan(arm="C1", server_name="neutral.example", ip="192.0.2.7")))
    assert room_wait_s(pace, plan) == 101.0
    clock.now = 121.0
    assert room_wait_s(pace, plan) == 0.0
