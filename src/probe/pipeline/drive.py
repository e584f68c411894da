"""One target from its first try to the last debt of its verdict."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext

from msgspec import Struct, field
from msgspec.structs import replace

from probe.judge import Judged, RunFacts, judge_target
from probe.measure.runner import Session
from probe.model.measurement import Measurement
from probe.model.observer import Observer
from probe.model.options import RunOptions
from probe.model.target import Debt, Step, Target
from probe.model.words import Owed
from probe.pipeline.heart import Heart
from probe.pipeline.neutrals import KnownNeutrals
from probe.pipeline.recorder import Recorder, passed
from probe.plan import cross_arms, quic_arms, round_steps, steps_for
from probe.plan.debts import CROSS_AT_ONCE, MAX_STEPS_PER_TARGET, cross_allowed


class Driver(Struct, frozen=True, kw_only=True):
    """What driving any target of a run needs."""

    session: Session
    recorder: Recorder
    heart: Heart
    known: KnownNeutrals
    options: RunOptions
    observer: Observer
    neutrals: Sequence[Target]
    facts: Callable[[], RunFacts]
    elapsed_s: Callable[[], float]
    addresses: Mapping[str, tuple[str, ...]]
    """To be tried beside those that names resolve to here, by target."""
    crosses: Counter[str] = field(default_factory=Counter)
    """Cross experiments so far, by service."""
    crossing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CROSS_AT_ONCE))

    async def drive(
        self, target: Target, turn: int, earlier: Sequence[Measurement] = ()
    ) -> tuple[Judged, list[Measurement]]:
        """Measure until nothing is owed but transfers, or nothing more can be paid.

        Return the last judgement, and what it was made of.

        Raises BudgetSpent when a budget ends it first. `earlier` are measurements of an interrupted run
        that is taken up again.
        """
        measurements = list(earlier)
        own = [m for m in measurements if m.experiment == target.experiment]
        steps = list(
            round_steps(
                target,
                self.options,
                started_s=self.elapsed_s(),
                done=len(own),
                addresses=self.addresses.get(target.target_id, ()),
            )
        )
        paid: set[tuple[object, ...]] = set()
        judged: Judged | None = None
        if earlier:  # all rounds may lie behind us, and what they owe may not
            judged = judge_target(self.facts(), target, measurements)
            steps += self._paying(judged.debts, target, measurements, planned=steps, paid=paid, turn=turn)
        self.observer.target_started(target)
        n_steps = sum(not m.transfers for m in measurements)
        while steps and n_steps < MAX_STEPS_PER_TARGET:
            steps.sort(key=lambda s: s.not_before_s)
            step = steps.pop(0)
            if step.experiment == target.experiment and step.reason is None:
                step = self._spaced(step, measurements)
            if step.experiment == "quic":
                await self.known.all_asked.wait()
                arms = quic_arms(self.neutrals, self.known.addresses, turn=turn)
                step = replace(step, neutrals=arms)
            stored = await self._kept(step)
            n_steps += 1
            measurements.append(stored)
            self.heart.learn(target, stored)
            if not passed(stored):
                await self.heart.next()
            judged = judge_target(self.facts(), target, measurements)
            self.observer.provisional(judged.verdict)
            steps += self._paying(judged.debts, target, measurements, planned=steps, paid=paid, turn=turn)
        return judged or judge_target(self.facts(), target, measurements), measurements

    async def _kept(self, step: Step) -> Measurement:
        async with self.crossing if step.experiment == "cross" else nullcontext():
            return await self.recorder.keep(await self.session.measure(step))

    def _spaced(self, step: Step, measurements: Sequence[Measurement]) -> Step:
        """Keep a round at its distance from the one before, which may have started late."""
        starts = [m.started_s for m in measurements if m.experiment == step.experiment]
        if not starts:
            return step
        return replace(step, not_before_s=max(step.not_before_s, max(starts) + self.options.round_gap_s))

    def _paying(
        self,
        debts: Sequence[Debt],
        target: Target,
        measurements: Sequence[Measurement],
        *,
        planned: Sequence[Step],
        paid: set[tuple[object, ...]],
        turn: int,
    ) -> list[Step]:
        finding = self.facts().finding
        if finding is not None and finding.reason_code is not None:
            return []  # the network is the finding; asking more about this target would tell nothing
        done = sum(m.experiment == target.experiment for m in measurements)
        rounds_planned = any(s.experiment == target.experiment for s in planned)
        fresh: list[Step] = []
        for debt in debts:
            if debt.what is Owed.TRANSFER:
                continue  # when nothing else is under way: `pipeline.transfers`
            again = done if debt.what in (Owed.ROUND, Owed.ADDRESSES) else 0
            key = (debt.what, debt.url, debt.server_name, debt.addresses, again)
            if key in paid or (debt.what is Owed.ROUND and rounds_planned):
                continue
            neutrals: tuple[Target, ...] = ()
            if debt.what is Owed.CROSS and debt.addresses:
                if not cross_allowed(target, self.options, so_far=self.crosses[target.service]):
                    continue
                neutrals = cross_arms(
                    self.neutrals,
                    self.known.addresses,
                    family=6 if ":" in debt.addresses[0] else 4,
                    turn=turn,
                )
            steps = steps_for(debt, target, options=self.options, rounds_done=done, neutrals=neutrals)
            if steps:
                paid.add(key)
                self.crosses[target.service] += debt.what is Owed.CROSS
            fresh += steps
        return fresh
