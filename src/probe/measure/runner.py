"""The session: how many at once, how fast, until when, and one measurement for every step that began."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Self

import anyio
from msgspec import Struct, field

from probe.measure.asn_table import AsnTable
from probe.measure.calendar import Calendar
from probe.measure.experiments import EXPERIMENTS, Recipe
from probe.measure.memory import memory_for
from probe.measure.pace import HelloBudget, Pace, sleep_until
from probe.measure.throughput import room_wait_s
from probe.measure.trace import Context
from probe.measure.verify import Verifier
from probe.model.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from types import TracebackType

    from anyio.abc import TaskGroup

    from probe.model.network import Network
    from probe.model.options import RunOptions
    from probe.model.target import Step, Target
    from probe.model.vpn import Keys

STEP_TIMEOUTS: Final = 12.0
"""A whole step may take this many times the time-out of one operation, our own pacing not counted."""
LAG_EVERY_S: Final = 0.02

Budget = Literal["bytes", "time"]


class BudgetSpent(Exception):  # noqa: N818  # no error: the run has had what the user allowed
    """The run may not begin another measurement."""

    def __init__(self, what: Budget) -> None:
        """Say what is used up: bytes or time."""
        super().__init__(what)
        self.what: Budget = what


class Spent(Struct):
    """What the run has used so far; grows while measurements are under way."""

    bytes_sent: int = 0
    bytes_received: int = 0
    seconds: float = 0.0


class Measured(Struct, frozen=True, kw_only=True):
    """A measurement, and by SHA-256 the certificates and bodies it names."""

    measurement: Measurement
    blobs: Mapping[str, bytes] = field(default_factory=dict)


class _Begun(Struct, frozen=True, kw_only=True):
    uid: str
    utc: datetime
    zero: float


class Session:
    """All measuring of one run; an async context manager, entered and left by the same task.

    `started` is the counter of `network.clock` when the run began, `began_utc` the time then; `first_uid`
    goes on where a run was interrupted. `on_interrupted` gets what a cancelled step had seen.
    """

    def __init__(
        self,
        network: Network,
        *,
        options: RunOptions,
        run_id: str,
        started: float,
        resolvers: tuple[Target, ...] = (),
        private_cas: Mapping[str, str] | None = None,
        keys: Mapping[str, Keys] | None = None,
        own_asn: int = 0,
        ranges: Mapping[str, tuple[str, ...]] | None = None,
        proxy: str = "",
        first_uid: int = 0,
        asn_table: AsnTable | None = None,
        began_utc: datetime | None = None,
    ) -> None:
        """Load the trust store; nothing is sent yet."""
        self.on_interrupted: Callable[[Measured], None] = lambda _: None
        self._network = network
        self._options = options
        self._run_id = run_id
        self._started = started
        self._resolvers = resolvers
        self._private_cas = dict(private_cas or {})
        self._keys = dict(keys or {})
        self._own_asn = own_asn
        self._ranges = dict(ranges or {})
        self._proxy = proxy
        self._next_uid = first_uid
        self._asn_table = asn_table or AsnTable()
        self._calendar = Calendar(
            clock=network.clock,
            last_utc=began_utc or network.clock.utc(),
            last_counter=started if began_utc else network.clock.counter(),
        )
        self._verifier = Verifier(network.trust(), self.utc)
        self._pace = Pace(network.clock)
        self._slots = anyio.CapacityLimiter(options.concurrency)
        self._underway: set[Context] = set()
        self._finished = Spent()
        self._tasks: TaskGroup | None = None

    async def __aenter__(self) -> Self:
        """Begin to watch the loop's lag."""
        memory_for(self._pace).keeps_lines = True
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._tasks.start_soon(self._watch_lag)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """Stop watching and hang up on the helpers."""
        memory_for(self._pace).hang_up()
        if self._tasks is None:
            return None
        self._tasks.cancel_scope.cancel()
        return await self._tasks.__aexit__(kind, error, trace)

    @property
    def hello_budget(self) -> HelloBudget:
        """The ClientHellos of the run: `await take(name, ip)` before sending one elsewhere."""
        return self._pace.hellos

    @property
    def spent(self) -> Spent:
        """Bytes of payload, finished and under way, and seconds since the run began."""
        return Spent(
            bytes_sent=self._finished.bytes_sent + sum(c.bytes_sent for c in self._underway),
            bytes_received=self._finished.bytes_received + sum(c.bytes_received for c in self._underway),
            seconds=self._network.clock.counter() - self._started,
        )

    def utc(self) -> datetime:
        """Return the wall time of this run, aware, which never goes back."""
        return self._calendar.utc()

    def pacing_s(self, step: Step) -> float:
        """Return how long a step of transfers would wait for its names' turn in the handshake budget."""
        return 0.0 if step.transfer is None else room_wait_s(self._pace, step.transfer)

    def _refuse_if_spent(self) -> None:
        spent = self.spent
        if spent.seconds >= self._options.max_seconds:
            raise BudgetSpent("time")
        if spent.bytes_sent + spent.bytes_received >= self._options.max_bytes:
            raise BudgetSpent("bytes")

    async def measure(self, step: Step) -> Measured:
        """Wait for the step's time and a free slot, then measure.

        Raises BudgetSpent before anything is begun, never in the middle; KeyError for an experiment that
        is not known; faults of our own. A cancelled step is handed to `on_interrupted` on its way out.
        """
        recipe = EXPERIMENTS[step.experiment]
        self._refuse_if_spent()
        await sleep_until(self._network.clock.counter, self._started + step.not_before_s)
        slot = object()
        await self._slots.acquire_on_behalf_of(slot)
        try:
            self._refuse_if_spent()
            await self._pace.start()
        except BaseException:
            self._slots.release_on_behalf_of(slot)
            raise
        return await self._run(recipe, step, slot)

    async def _run(self, recipe: Recipe, step: Step, slot: object) -> Measured:
        """Run the recipe in its slot, then, outside of it, wait for what it left listening."""
        limit = STEP_TIMEOUTS * self._options.timeout_s
        scope = anyio.CancelScope(deadline=anyio.current_time() + limit)
        begun = _Begun(uid=self._uid(), utc=self.utc(), zero=self._network.clock.counter())
        tasks = anyio.create_task_group()
        ctx = self._context(begun, tasks, scope, step)
        self._underway.add(ctx)
        try:
            async with tasks:
                try:
                    with scope:
                        await recipe(ctx, step)
                finally:
                    self._slots.release_on_behalf_of(slot)
                    ctx.close()
        except anyio.get_cancelled_exc_class():
            self.on_interrupted(self._measured(begun, ctx, step, interrupted=True))
            raise
        except BaseExceptionGroup as group:
            raise _only(group) from None
        finally:
            ctx.close()
            self._underway.discard(ctx)
            self._finished.bytes_sent += ctx.bytes_sent
            self._finished.bytes_received += ctx.bytes_received
        return self._measured(begun, ctx, step, interrupted=False)

    def _uid(self) -> str:
        number = self._next_uid
        self._next_uid += 1
        return f"{self._run_id}-{number:06d}"

    def _context(self, begun: _Begun, tasks: TaskGroup, scope: anyio.CancelScope, step: Step) -> Context:
        return Context(
            network=self._network,
            options=self._options,
            pace=self._pace,
            verifier=self._verifier,
            zero=begun.zero,
            run_zero=self._started,
            resolvers=self._resolvers,
            private_cas=self._private_cas,
            keys=self._keys,
            own_asn=self._own_asn,
            ranges=self._ranges,
            proxy=self._proxy,
            asn_table=self._asn_table,
            keep_series=step.round == 0,
            tasks=tasks,
            scope=scope,
        )

    def _measured(self, begun: _Begun, ctx: Context, step: Step, *, interrupted: bool) -> Measured:
        measurement = Measurement(
            measurement_uid=begun.uid,
            target_id=step.target.target_id,
            service=step.target.service,
            input=step.target.input,
            experiment=step.experiment,
            round=step.round,
            is_control=step.target.is_control,
            measurement_start_time=begun.utc,
            started_s=begun.zero - self._started,
            runtime_s=ctx.now(),
            loop_lag_ms=round(ctx.loop_lag_ms, 3),
            bytes_sent=ctx.bytes_sent,
            bytes_received=ctx.bytes_received,
            interrupted=interrupted,
            queries=tuple(sorted(ctx.queries, key=lambda lookup: lookup.t0)),
            tcp_connect=tuple(ctx.tcp_connect),
            tls_handshakes=tuple(ctx.tls_handshakes),
            requests=tuple(ctx.requests),
            network_events=tuple(ctx.network_events),
            controls=tuple(ctx.controls),
            transfers=tuple(ctx.transfers),
            quic_handshakes=tuple(ctx.quic_handshakes),
            zone_answers=tuple(ctx.zone_answers),
            zone_chains=tuple(ctx.zone_chains),
            vpn_exchanges=tuple(ctx.vpn_exchanges),
            registry_answers=tuple(ctx.registry_answers),
            path_traces=tuple(ctx.path_traces),
            store_answers=tuple(ctx.store_answers),
            who_answers=tuple(ctx.who_answers),
            local=tuple(ctx.local),
        )
        return Measured(measurement=measurement, blobs=ctx.blobs)

    async def _watch_lag(self) -> None:
        """Note in every measurement under way how late the loop wakes: its times are no better than that."""
        while True:
            before = self._network.clock.counter()
            await anyio.sleep(LAG_EVERY_S)
            late_ms = (self._network.clock.counter() - before - LAG_EVERY_S) * 1000
            for ctx in self._underway:
                ctx.loop_lag_ms = max(ctx.loop_lag_ms, late_ms)


def _only(error: BaseException) -> BaseException:
    """Unwrap a fault of ours from the groups that tasks put round it, if it is one."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
