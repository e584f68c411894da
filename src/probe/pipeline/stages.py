"""The order of a run's work: the network, the heartbeat, the targets, and the neutrals again if need be."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct, field

from probe.judge import network_verdict
from probe.measure.runner import BudgetSpent, Session
from probe.model.fact import RegistryAnswer
from probe.model.measurement import Measurement
from probe.model.observer import Observer
from probe.model.target import Step, Target
from probe.pipeline.drive import Driver
from probe.pipeline.facts import FactsKeeper, home_of
from probe.pipeline.folder import Opened
from probe.pipeline.heart import Heart
from probe.pipeline.inputs import LOCAL
from probe.pipeline.neutrals import KnownNeutrals
from probe.pipeline.recorder import Recorder
from probe.pipeline.transfers import Owing, Transfers, owes
from probe.pipeline.unrest import Unrest
from probe.plan import interleave, network_steps, neutral_steps

WINDOW_PER_SLOT = 40
"""Targets in flight per slot: each waits 21 s between its rounds and holds a slot for less than one."""
SMALLEST_WINDOW = 64
NO_ROUTE = "network.no_route"
LOOK_S = 60.0
"""Between looks at what this machine tells of its network: somebody may carry it from one to another."""
NETWORK_ROUNDS = 3
"""One bad moment is no finding: neutrals are asked this often before the network is called unfit."""


class Work(Struct, kw_only=True):
    """All that a run does while it may send packets."""

    opened: Opened
    session: Session
    recorder: Recorder
    known: KnownNeutrals
    keeper: FactsKeeper
    observer: Observer
    earlier: Mapping[str, Sequence[Measurement]]
    addresses: Mapping[str, tuple[str, ...]]
    """To be tried beside those that names resolve to here."""
    saved: Mapping[str, tuple[RegistryAnswer, ...]]
    """Answers out of files, by target."""
    errors: list[str]
    elapsed_s: Callable[[], float]
    last: "Callable[[Work], Awaitable[None]] | None" = None
    """What else there is to do when nothing of the run is under way any more: a self-test's trials."""
    spent: str = ""
    """Which budget ended the run, if one did."""
    _done: int = 0
    _owing: list[Owing] = field(default_factory=list)

    async def everything(self) -> None:
        """Measure the network, then all targets; return when nothing is owed or a budget is spent."""
        controls = self.opened.inputs.controls
        targets = self.opened.inputs.targets()
        heart = Heart(
            ask=self._ask,
            known=self.known,
            neutrals=controls.neutrals,
            resolvers=controls.resolvers,
            home=home_of(controls.neutrals),
        )
        for target in targets:
            heart.want(target)
        async with asyncio.TaskGroup() as background:
            first = background.create_task(self._neutrals(0))
            first.add_done_callback(lambda _: self.known.all_asked.set())
            await self._until_known(first)
            self._tell_network()
            beating = background.create_task(self._apart("heartbeat", heart.run()))
            looking = background.create_task(self._look())
            unrest = self._unrest(heart)
            restless = background.create_task(self._apart("unrest", unrest.run()))
            later = background.create_task(self._neutrals_again(first))
            facts = background.create_task(self._facts())
            if await self._has_route(later):
                await self._targets(targets, heart)
            await facts
            beating.cancel()
            looking.cancel()
            await later
            await self._apart("unrest", unrest.settle())
            restless.cancel()
            await self._look_once()
            if self._owing:
                await self._transfers()
                await self._look_once()
            if self.last is not None:
                await self._apart("the last", self.last(self))
                await self._look_once()

    def _unrest(self, heart: Heart) -> Unrest:
        controls = self.opened.inputs.controls
        return Unrest(
            ask=self._ask,
            recorder=self.recorder,
            known=self.known,
            heart=heart,
            neutrals=controls.neutrals,
            resolvers=controls.resolvers,
            network=controls.network,
            gap_s=self.opened.record.options.round_gap_s,
            first=NETWORK_ROUNDS,
            elapsed_s=self.elapsed_s,
        )

    async def _targets(self, targets: tuple[Target, ...], heart: Heart) -> None:
        options = self.opened.record.options
        driver = Driver(
            session=self.session,
            recorder=self.recorder,
            heart=heart,
            known=self.known,
            options=options,
            observer=self.observer,
            neutrals=self.opened.inputs.controls.neutrals,
            facts=self.keeper.facts,
            elapsed_s=self.elapsed_s,
            addresses=self.addresses,
        )
        order = interleave(targets, self.opened.record.seed)
        window = asyncio.Semaphore(max(SMALLEST_WINDOW, options.concurrency * WINDOW_PER_SLOT))
        async with asyncio.TaskGroup() as group:
            for turn, target in enumerate(order):
                await window.acquire()
                task = group.create_task(self._target(driver, target, turn, len(order)))
                task.add_done_callback(lambda _: window.release())

    async def _facts(self) -> None:
        """Measure once what is not judged, each by itself."""
        async with asyncio.TaskGroup() as group:
            for target in self.opened.inputs.facts():
                if target.target_id not in self.earlier:
                    saved = self.saved.get(target.target_id, ())
                    step = Step(target=target, experiment=target.experiment, saved=saved)
                    group.create_task(self._apart(target.target_id, self._control(step)))

    async def _target(self, driver: Driver, target: Target, turn: int, total: int) -> None:
        """Drive one target; a fault of ours costs this target, never the run."""
        try:
            judged, measurements = await driver.drive(target, turn, self.earlier.get(target.target_id, ()))
            if owes(judged):
                self._owing.append(Owing(target=target, measurements=measurements))
        except BudgetSpent as spent:
            self.spent = spent.what
        except Exception as fault:  # noqa: BLE001  # named in run.json, and the target stays NOT_MEASURED
            self._fault(target.target_id, fault)
        self._done += 1
        self.observer.progress(
            done=self._done,
            total=total,
            bytes_used=self.session.spent.bytes_sent + self.session.spent.bytes_received,
            elapsed_s=self.elapsed_s(),
            remaining_s=None,
        )

    async def _transfers(self) -> None:
        """Pay what is owed in transfers: nothing else is under way now, not even the heartbeat."""
        transfers = Transfers(
            session=self.session,
            recorder=self.recorder,
            known=self.known,
            options=self.opened.record.options,
            observer=self.observer,
            neutrals=self.opened.inputs.controls.neutrals,
            facts=self.keeper.facts,
            seed=self.opened.record.seed,
            elapsed_s=self.elapsed_s,
            fault=lambda target, fault: self._fault(target.target_id, fault),
        )
        await self._apart("transfers", transfers.pay(self._owing))

    async def _apart(self, what: str, work: Awaitable[None]) -> None:
        """Do what is done by itself; a fault of ours costs what it would have told, never the run."""
        try:
            await work
        except BudgetSpent as spent:
            self.spent = spent.what
        except Exception as fault:  # noqa: BLE001  # named in run.json; what was judged without it stays
            self._fault(what, fault)

    def _fault(self, where: str, fault: Exception) -> None:
        """Name a fault of ours in run.json, and to whoever watches: once, however often a beat meets it."""
        text = fault_text(where, fault)
        if text not in self.errors:
            self.errors.append(text)
            self.observer.warning(f"A fault of this program, not of the network: {text}")

    async def _neutrals(self, number: int) -> None:
        """Measure the neutral set once; the first time also what answers to portal checks and nowhere."""
        controls = self.opened.inputs.controls
        steps = neutral_steps(
            controls.neutrals, controls.resolvers, number=number, not_before_s=self.elapsed_s()
        )
        if number == 0:
            steps = (*network_steps(controls.network), *steps)
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(self._control(step))

    async def _look(self) -> None:
        """Look now and then, until cancelled, whether this is the network that the run began on."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self._look_once()

    async def _look_once(self) -> None:
        """Ask this machine where it stands, without a packet; the run's first look is with the neutrals."""
        for target in self.opened.inputs.controls.network:
            if target.experiment == LOCAL.experiment:
                await self._control(Step(target=target, experiment=target.experiment))

    async def _control(self, step: Step) -> None:
        """Ask beside the targets, while the budget lasts."""
        with suppress(BudgetSpent):
            await self._ask(step)

    async def _ask(self, step: Step) -> Measurement | None:
        """Measure what is asked beside the targets, and keep it. Raises BudgetSpent.

        A fault of ours costs this answer, never the run: then None.
        """
        try:
            return await self.recorder.keep(await self.session.measure(step))
        except BudgetSpent:
            raise
        except Exception as fault:  # noqa: BLE001  # named in run.json, as one at a target is
            self._fault(step.target.target_id, fault)
            return None

    async def _neutrals_again(self, first: "asyncio.Task[None]") -> None:
        """Ask the neutrals again, twice at most, while the network does not look fine."""
        began = self.elapsed_s()
        await first
        for number in range(1, NETWORK_ROUNDS):
            self._tell_network()
            if self.keeper.finding().reason_code is None:
                return
            due = began + number * self.opened.record.options.round_gap_s
            await asyncio.sleep(max(due - self.elapsed_s(), 0))
            await self._neutrals(number)
        self._tell_network()

    async def _has_route(self, later: "asyncio.Task[None]") -> bool:
        """Say whether trying targets has a point: a link may come back while neutrals are asked."""
        if self.keeper.finding().rule_id != NO_ROUTE:
            return True
        await asyncio.shield(later)
        return self.keeper.finding().rule_id != NO_ROUTE

    async def _until_known(self, first: "asyncio.Task[None]") -> None:
        """Return when home and abroad were seen to answer, or when all neutrals were tried."""
        while not first.done() and not self.known.quorum():
            await asyncio.wait({first}, timeout=0.02)

    def _tell_network(self) -> None:
        self.observer.network_found(network_verdict(self.keeper.finding()))


def fault_text(where: str, fault: BaseException) -> str:
    """Name a fault of ours by place and kind; its own text may quote a stranger's bytes and stays out."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    return f"{where}: {type(fault).__name__} at {place}"
