"""Paying for transfers: a fault of ours costs one target, and what a freeze owes is asked between them."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from probe.measure.runner import BudgetSpent
from probe.model.options import RunOptions
from probe.model.target import Target
from probe.model.words import Owed
from probe.pipeline.transfers import Owing, Transfers
from unit.factories import a_debt

BAD = Target(target_id="a/bad", service="a", input="https://bad.example/", experiment="web")
GOOD = Target(target_id="b/good", service="b", input="https://good.example/", experiment="web")


class OneStep(Transfers):
    """Owes one step a target, and none after it."""

    __slots__ = ()

    def _next(self, one: Owing, judged: Any = None) -> Any:
        return None if judged else SimpleNamespace(not_before_s=0.0, target=one.target)

    async def _pay_one(self, step: Any, one: Owing) -> Any:
        if one.target is BAD:
            raise cast("Exception", self.known)
        one.n_transfers += 1


def paid(error: Exception) -> tuple[list[str], list[int]]:
    faults: list[str] = []
    rest = cast("Any", None)
    transfers = OneStep(
        session=rest, recorder=rest, known=cast("Any", error), options=RunOptions(), observer=rest,
        neutrals=(), facts=rest, seed=1, elapsed_s=lambda: 0.0,
        fault=lambda target, fault: faults.append(f"{target.target_id} {type(fault).__name__}"),
    )  # fmt: skip
    owing = [Owing(target=target, measurements=[]) for target in (BAD, GOOD)]
    asyncio.run(transfers.pay(owing))
    return faults, [one.n_transfers for one in owing]


def test_a_fault_costs_the_target_at_which_it_happened_and_no_other() -> None:
    assert paid(KeyError("ours")) == (["a/bad KeyError"], [0, 1])


def test_a_spent_budget_ends_all_of_it() -> None:
    with pytest.raises(BudgetSpent):
        paid(BudgetSpent("time"))


def test_a_control_that_a_freeze_owes_is_asked_between_the_transfers_and_once() -> None:
    rest = cast("Any", None)
    transfers = Transfers(
        session=rest, recorder=rest, known=cast("Any", SimpleNamespace(addresses={})),
        options=RunOptions(controls=("https://helper.example/",)), observer=rest, neutrals=(), facts=rest,
        seed=1, elapsed_s=lambda: 0.0, fault=lambda _target, _fault: None,
    )  # fmt: skip
    debts = (
        a_debt(Owed.ROUND, target_id=GOOD.target_id),
        a_debt(Owed.CONTROL, target_id=GOOD.target_id, url="https://good.example/large.bin"),
    )
    owing, judged = Owing(target=GOOD, measurements=[]), cast("Any", SimpleNamespace(debts=debts))
    step = transfers._next(owing, judged)
    assert step is not None
    assert (step.experiment, step.target.input) == ("control", "https://good.example/large.bin")
    assert transfers._next(owing, judged) is None
