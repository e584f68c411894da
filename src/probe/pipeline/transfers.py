"""The transfers, last of all: one at a time, with nothing else of this program's under way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from msgspec import Struct, field
from msgspec.structs import replace

from probe.judge import Judged, RunFacts, judge_target
from probe.measure.runner import BudgetSpent, Session
from probe.model.measurement import Measurement
from probe.model.observer import Observer
from probe.model.options import RunOptions
from probe.model.target import Debt, Step, Target
from probe.model.words import Owed
from probe.pipeline.neutrals import KnownNeutrals
from probe.pipeline.patience import until_due
from probe.pipeline.recorder import Recorder
from probe.plan import steps_for, transfer_step

MAX_TRANSFERS = 40
"""Of one target in one run (METHOD 7): both tests of both pairs, and a freeze's trials."""

PAID_HERE = frozenset({Owed.TRANSFER, Owed.CONTROL})
"""What a freeze leaves open a control elsewhere may have to tell."""


class Owing(Struct, kw_only=True):
    """A target that owes transfers, and all that was measured of it."""

    target: Target
    measurements: list[Measurement]
    paid: set[tuple[object, ...]] = field(default_factory=set)
    n_transfers: int = 0


def owes(judged: Judged) -> bool:
    """Say whether a verdict waits for transfers."""
    return any(debt.what is Owed.TRANSFER for debt in judged.debts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfers:
    """What paying debts of transfers needs."""

    session: Session
    recorder: Recorder
    known: KnownNeutrals
    options: RunOptions
    observer: Observer
    neutrals: Sequence[Target]
    facts: Callable[[], RunFacts]
    seed: int
    elapsed_s: Callable[[], float]
    fault: Callable[[Target, Exception], None]
    """Told of a fault of ours: it costs the target at which it happened, and no other."""

    async def pay(self, owing: Sequence[Owing]) -> None:
        """Return when no target owes a transfer that can be had. Raises BudgetSpent.

        Whichever is due first comes first, so that the wait for a confirmation is filled by other tests.
        """
        due = [(step, one) for one in owing if (step := self._next(one))]
        while due:
            due.sort(key=lambda entry: (entry[0].not_before_s, entry[1].target.target_id))
            step, one = due.pop(0)
            try:
                following = await self._pay_one(step, one)
            except BudgetSpent:
                raise
            except Exception as fault:  # noqa: BLE001  # named in run.json; the others' tests go on
                self.fault(one.target, fault)
                continue
            if following is not None:
                due.append((following, one))

    async def _pay_one(self, step: Step, one: Owing) -> Step | None:
        """Measure a step, judge again, and return what is owed next."""
        await until_due(step, session=self.session, observer=self.observer, elapsed_s=self.elapsed_s)
        stored = await self.recorder.keep(await self.session.measure(step))
        one.measurements.append(stored)
        one.n_transfers += max(len(stored.transfers), 1)
        judged = judge_target(self.facts(), one.target, one.measurements)
        self.observer.provisional(judged.verdict)
        return self._next(one, judged)

    def _next(self, one: Owing, judged: Judged | None = None) -> Step | None:
        """Return the first step owed that can be had and was not taken before."""
        if one.n_transfers >= MAX_TRANSFERS:
            return None
        judged = judged or judge_target(self.facts(), one.target, one.measurements)
        neutrals = [replace(t, addresses=self.known.addresses.get(t.target_id, ())) for t in self.neutrals]
        for debt in judged.debts:
            key = _key(debt)
            if debt.what not in PAID_HERE or key in one.paid:
                continue
            step = (
                next(iter(steps_for(debt, one.target, options=self.options, rounds_done=0)), None)
                if debt.what is Owed.CONTROL
                else transfer_step(debt, one.target, options=self.options, neutrals=neutrals, seed=self.seed)
            )
            if step is not None:
                one.paid.add(key)
                return step
        return None


def _key(debt: Debt) -> tuple[object, ...]:
    return debt.what, debt.url, debt.purpose, debt.arms, debt.test, debt.number, debt.addresses, debt.n_bytes
