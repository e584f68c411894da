"""A lab without idle time: a run of three rounds, 10 s apart, is over in two seconds of a quiet machine."""

from __future__ import annotations

import asyncio
import selectors
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec.structs import replace

from probe.lab import open_lab
from probe.model.options import RunOptions
from probe.pipeline import RunRequest, RunResult, prepare
from probe.pipeline.folder import open_run
from probe.pipeline.run import concluded, measure
from probe.targets import Catalogue, read_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from probe.model.network import Network

T = TypeVar("T")
STEP_S: Final = 0.02
"""How much of an idle wait goes by at once."""
LOOK_S: Final = 0.001
"""How long nothing must come for that: on loopback an answer is there as soon as it is sent."""
SERVICES: Final = ("whatsapp-registration",)
"""What is measured unless a test says otherwise: one target, which the scenarios of one censor strike."""
SCENARIO: Final = "tls-reset-sni"
BLOCKED: Final = {"whatsapp-registration/register": ("blocked", "tls.reset.sni")}
"""What a run in this scenario finds, undisturbed."""


class HastyLoop(asyncio.SelectorEventLoop):
    """A loop that does not wait where nothing is under way: it goes on as if the time were over.

    Work takes as long as it takes, however busy the machine is; only idle time is cut short.
    """

    def __init__(self) -> None:
        """Begin with a selector of its own."""
        self.skipped_s = 0.0
        super().__init__(_Selector(self))

    def time(self) -> float:
        """Return seconds of the lab."""
        return super().time() + self.skipped_s


class _Selector(selectors.DefaultSelector):
    """Looks for a moment whether anything comes; if not, the loop's clock goes on by up to `STEP_S`."""

    def __init__(self, loop: HastyLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= LOOK_S:
            return super().select(timeout)
        found = super().select(LOOK_S)
        if not found:
            self._loop.skipped_s += min(timeout, STEP_S) - LOOK_S
        return found


@dataclass(slots=True)
class HastyClock:
    """Both clocks of the lab; `shift_s` is how wrong the wall clock is, and may be set on the way."""

    shift_s: float = 0.0
    loop: HastyLoop | None = None
    """Whose time it shows, in every thread."""

    def counter(self) -> float:
        """Return seconds of the lab."""
        return time.perf_counter() + self._skipped_s()

    def utc(self) -> datetime:
        """Return what this machine's clock shows."""
        return datetime.now(UTC) + timedelta(seconds=self.shift_s + self._skipped_s())

    def _skipped_s(self) -> float:
        return self.loop.skipped_s if self.loop else 0.0


class Nobody:
    """An observer who does not watch."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_args, **_kwargs: None


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Return the shipped catalogue, read once."""
    return read_catalogue()


def in_haste(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine by the lab's clock."""
    with asyncio.Runner(loop_factory=HastyLoop) as runner:
        return runner.run(work)


async def run_in_lab(
    results: Path,
    *,
    scenario: str = SCENARIO,
    services: tuple[str, ...] = SERVICES,
    resume: Path | None = None,
    observer: Any = None,
    clock: HastyClock | None = None,
    through: Callable[[Network], Network] = lambda inner: inner,
    simulated: bool = False,
    **options: Any,
) -> RunResult:
    """Measure and judge as on a real network; `through` may put faults before the lab.

    A run that says that it was simulated can be sealed, and not taken up again; another the other way round.
    """
    async with open_lab(scenario, catalogue()) as lab:
        clock = clock or HastyClock()
        loop = asyncio.get_running_loop()
        clock.loop = loop if isinstance(loop, HastyLoop) else None
        lab.network.clock = clock  # type: ignore[assignment]  # as a Network's it may be any Clock
        wanted = {"throughput": False, "timeout_s": 20.0, **options}
        request = RunRequest(
            services=services, results=results, resume=resume, options=replace(RunOptions(), **wanted)
        )
        prepared = prepare(request, catalogue=catalogue())
        opened = open_run(prepared, network := through(lab.network), simulated=simulated)
        with opened.folder:
            record = await measure(prepared, network, observer or Nobody(), opened)
            return concluded(opened.folder, record, observer or Nobody())


def states_of(result: RunResult) -> dict[str, tuple[str, str]]:
    """Return state and mechanism by target."""
    return {v.target_id: (str(v.state), v.mechanism) for v in result.verdicts}
