"""The heartbeat: neutrals asked all the while, so that every failure stands between two successes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from statistics import median

from msgspec import Struct, field

from probe.measure.runner import BudgetSpent
from probe.model.measurement import Measurement
from probe.model.target import Step, Target
from probe.pipeline.neutrals import KnownNeutrals
from probe.pipeline.recorder import name_failed, passed
from probe.plan.beats import BEAT_GAP_S, UDP53, BeatClass, beat_classes, beat_kinds, beat_step, name_step

PLAIN = 80
NEVER_AGAIN = 1 << 62
"""Past every beat that anybody waits for: the budget is spent."""
BRACKET_S = 5.0
"""METHOD section 2: a success later than this after a failure says nothing about it."""
SHORTEST_GAP_S = 1.0
"""Between beats asked for: one serves everybody whose failure came before it."""
LATELY = 4
LEAST_S = 1e-6
SLOW_S, SLOWER = 0.1, 2.5
"""Four handshakes that take so long, and so much longer than the first with the same server, make us look at
the link's rate: at 128 kbit/s one takes a quarter of a second."""
RETRIES = 2
"""A beat that fails is tried at other neutrals at once: one dead neutral must not cost a bracket."""


class Heart(Struct, kw_only=True):
    """Beats every `BEAT_GAP_S` for each class in need, and at once when asked."""

    ask: Callable[[Step], Awaitable[Measurement | None]]
    """Measures and keeps; None where a fault of ours cost the answer. Raises BudgetSpent."""
    known: KnownNeutrals
    neutrals: Sequence[Target]
    resolvers: Sequence[Target]
    home: str
    _kinds: set[tuple[int, bool]] = field(default_factory=set)
    _numbers: dict[BeatClass, int] = field(default_factory=dict)
    _name_failed: bool = False
    """A name failed since the system's resolver was last asked for a neutral's."""
    _names: int = 0
    _asking: "asyncio.Task[None] | None" = None
    _began: int = 0
    _ended: int = 0
    _soon: asyncio.Event = field(default_factory=asyncio.Event)
    _done: asyncio.Condition = field(default_factory=asyncio.Condition)
    ails: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while nobody at home or nobody abroad answers, or everybody does far later than at first."""
    slow: bool = False
    """It is the latter."""
    _took: list[tuple[float, float]] = field(default_factory=list)
    """Seconds of the last handshakes, and how many times as long as the first at that address."""

    def want(self, target: Target) -> None:
        """Beat for what this target will be held against."""
        self._kinds |= beat_kinds(target, self.home)

    def learn(self, target: Target, measurement: Measurement) -> None:
        """Beat on port 80 too once a redirect has led to a plain page; for names once one has failed."""
        self._name_failed = self._name_failed or name_failed(measurement)
        if any(trip.port == PLAIN for trip in measurement.requests):
            self._kinds |= {
                (PLAIN, abroad) for port, abroad in beat_kinds(target, self.home) if port != PLAIN
            }

    async def run(self) -> None:
        """Beat until cancelled, or until the budget is spent."""
        async with asyncio.TaskGroup() as aside:
            while await self._once(aside):
                await asyncio.sleep(SHORTEST_GAP_S)
                with suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_GAP_S - SHORTEST_GAP_S):
                        await self._soon.wait()

    async def _once(self, aside: asyncio.TaskGroup) -> bool:
        """Beat once; say whether the budget allows another."""
        self._soon.clear()
        self._began += 1
        mine = self._began
        if self._name_failed and (self._asking is None or self._asking.done()):
            self._name_failed = False
            # Aside: a resolver that is silent must not hold up the brackets of everybody else.
            self._asking = aside.create_task(self._ask_name())
        spent = False
        classes = beat_classes(self._kinds, self.known.families() or (4,))
        try:
            async with asyncio.TaskGroup() as group:
                beats = [group.create_task(self._beat(beat)) for beat in classes]
        except* BudgetSpent:
            spent = True
        else:
            self._feel({c: b.result() for c, b in zip(classes, beats, strict=True)})
        async with self._done:
            self._ended = NEVER_AGAIN if spent else mine
            self._done.notify_all()
        return not spent

    async def _ask_name(self) -> None:
        """Ask the system's resolver for the name of a neutral: the other name may fail, or the resolver."""
        step = name_step(self._names, self.neutrals)
        self._names += 1
        if step is not None:
            with suppress(BudgetSpent):
                await self.ask(step)

    async def next(self) -> None:
        """Return when a beat that began after this call has ended, or would come too late to count."""
        wanted = self._began + 1
        self._soon.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(BRACKET_S), self._done:
                await self._done.wait_for(lambda: self._ended >= wanted)

    def _feel(self, beats: Mapping[BeatClass, bool | None]) -> None:
        """Note whether home and abroad answered, each at any port, and how long handshakes take by now.

        Three neutrals of a side were silent then, one after the other.
        """
        told = {
            side: [ok for c, ok in beats.items() if c.port != UDP53 and c.foreign is side]
            for side in (True, False)
        }
        silent = any(False in oks and True not in oks for oks in told.values())
        seconds, times = (
            (median(column) for column in zip(*self._took, strict=True)) if self._took else (0, 0)
        )
        self.slow = len(self._took) == LATELY and seconds > SLOW_S and times > SLOWER
        if silent or self.slow:
            self.ails.set()
        else:
            self.ails.clear()

    async def _beat(self, beat: BeatClass) -> bool | None:
        """Beat for one class; say whether it passed, None where there was nobody to try."""
        tried = None
        for _ in range(RETRIES + 1):
            number = self._numbers[beat] = self._numbers.get(beat, -1) + 1
            step = beat_step(
                beat,
                number,
                neutrals=self.neutrals,
                resolvers=self.resolvers,
                addresses=self.known.addresses,
            )
            if step is None:
                break
            stored = await self.ask(step)
            if stored is None:  # nothing was observed, and nothing is held against anybody
                continue
            if passed(stored):
                for shake in stored.tls_handshakes[:1]:
                    seconds = shake.t - shake.t0
                    self._took.append(
                        (seconds, seconds / max(self.known.first_s.get(shake.ip, seconds), LEAST_S))
                    )
                del self._took[:-LATELY]
                return True
            # Where our own pace forbade it nothing was observed.
            tried = False if stored.tcp_connect else tried
        return tried
