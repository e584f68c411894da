"""When the heartbeat ails in mid-run: who else is silent, for how long, and whether it is over."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct, field

from probe.judge.link import SLOW_KBPS, link_kbps
from probe.measure.runner import BudgetSpent
from probe.model.measurement import Measurement
from probe.model.target import Step, Target
from probe.pipeline.heart import Heart
from probe.pipeline.neutrals import FINE_QUORUM, KnownNeutrals
from probe.pipeline.recorder import Recorder, passed
from probe.plan.beats import page_steps, unrest_steps

LOOKS_AT = (0, 1, 2, 4, 6)
"""When everybody is looked at, in gaps of a round: three looks for three rounds, then up to a minute."""
MOST_SPELLS = 3
"""A line that wavers all the time shows it in three."""
GROUPS = (("foreign", "foreign_frozen"), ("domestic_listed",), ("domestic_unlisted",))


class Unrest(Struct, kw_only=True):
    """Looks at the whole neutral set while the heartbeat ails; a task of its own."""

    ask: Callable[[Step], Awaitable[Measurement | None]]
    """Measures and keeps; None where a fault of ours cost the answer. Raises BudgetSpent."""
    recorder: Recorder
    known: KnownNeutrals
    heart: Heart
    neutrals: Sequence[Target]
    resolvers: Sequence[Target]
    network: Sequence[Target]
    gap_s: float
    first: int
    """The number of the first look: those before belong to the neutral set's own rounds."""
    elapsed_s: Callable[[], float]
    _looks: int = 0
    _heard: int = 0
    _over: bool = True
    _settled: bool = False
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """Wait for unrest and look into it, until cancelled, a few times at most."""
        for _ in range(MOST_SPELLS):
            await self.heart.ails.wait()
            if not self.known.quorum():
                # Ill from its beginning: the neutral set's own rounds tell that.
                return
            slow = self.heart.slow
            async with self._busy:
                if self._settled:
                    return
                await self._spell(slow=slow)
            if slow:
                return

    async def settle(self) -> None:
        """Let the spell under way be looked at to its end; look once more if it had none."""
        self._settled = True
        async with self._busy:
            if not self._over:
                self._over = await self._look(slow=False) is True

    async def _spell(self, *, slow: bool) -> None:
        began = self.elapsed_s()
        for gaps in LOOKS_AT:
            await asyncio.sleep(max(0.0, began + gaps * self.gap_s - self.elapsed_s()))
            found = await self._look(slow=slow)
            self._over = found is True
            if found is None or (self._over and not (slow and self._still_slow())):
                return

    def _still_slow(self) -> bool:
        """Say whether the pages of the last look came slowly indeed."""
        rate = link_kbps([page for digest in self.recorder.digests[self._heard :] for page in digest.pages])
        return rate is not None and rate < SLOW_KBPS

    async def _look(self, *, slow: bool) -> bool | None:
        """Try everybody once; say whether each group has two that pass, None where nothing may be sent."""
        number = self.first + self._looks
        self._looks += 1
        steps = unrest_steps(
            number,
            neutrals=self.neutrals,
            resolvers=self.resolvers,
            network=self.network,
            addresses=self.known.ever,
        )
        if slow:
            long = (d.target_id for d in self.recorder.digests if d.pages)
            steps = (*steps, *page_steps(self.neutrals, long))
        self._heard = len(self.recorder.digests)
        async with asyncio.TaskGroup() as group:
            tried = [(step.target, group.create_task(self._try(step))) for step in steps]
        told = [(target, task.result()) for target, task in tried]
        if all(ok is None for _, ok in told):
            return None
        well = {target.target_id: target.neutral_group for target, ok in told if ok}
        return all(sum(group in names for group in well.values()) >= FINE_QUORUM for names in GROUPS)

    async def _try(self, step: Step) -> bool | None:
        try:
            stored = await self.ask(step)
        except BudgetSpent:
            return None
        return None if stored is None else passed(stored)
