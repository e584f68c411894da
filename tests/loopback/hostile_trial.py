"""Puts a probe before a hostile peer of the lab, an honest page beside it and one after it, and looks on."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import time
import tracemalloc
from typing import TYPE_CHECKING, Any, Final

import aioquic.asyncio.server  # loaded now, not while a peer is met
import aioquic.h3.connection  # noqa: F401  # loaded now, not while a peer is met
import anyio
from msgspec import structs

from loopback.lab_clients import catalogue
from loopback.settings import QUICK, a_session, a_target
from probe.lab import Lab, open_lab
from probe.lab.hostile import ADDRESSES, CORPUS, HONEST, url_of
from probe.lab.hostile.doors import peer
from probe.measure.dns import ARM
from probe.model.quic import OWN
from probe.model.target import Step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from probe.lab.hostile.records import Misbehaviour
    from probe.measure.runner import Session
    from probe.model.measurement import Measurement

PAGE: Final = f"http://{ADDRESSES[HONEST]}/"
BUSY_MS: Final = 250.0
STEP_S: Final = 6.0
"""Of a whole step, with its lookups and what they wait for after the first answer."""

SEEN_BY: Final[Mapping[str, str]] = {
    "dns": "queries",
    "dns-tcp": "queries",
    "dot": "queries",
    "doh": "queries",
    "doq": "queries",
    "syn": "tcp_connect",
    "hello": "tls_handshakes",
    "certificate": "tls_handshakes",
    "quic": "quic_handshakes",
    "h3": "quic_handshakes",
    "helper": "controls",
}
"""Which observations of a measurement tell of the peer, by its door; `requests` for the rest."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of it."""

    row: Misbehaviour
    seen: tuple[Any, ...]
    """Observations of the peer, in order."""
    step_s: float
    memory: int
    """Bytes that Python held at most, above what it held before."""
    neighbours: tuple[str | None, ...]
    """Failures of the honest page's requests: beside the peer, and after it."""
    lag_ms: float
    """How late the loop woke at worst, while the peer was met."""

    @property
    def failure(self) -> str | None:
        """What is said of the peer last."""
        return self.seen[-1].failure if self.seen else "nothing was seen"

    @property
    def lasted_s(self) -> float:
        """How long the longest observation took."""
        return max((o.t - o.t0 for o in self.seen), default=0.0)

    def faults(self) -> list[str]:
        """Return what is not as the row says, in words."""
        row = self.row
        last = self.seen[-1] if self.seen else None
        said = {name: getattr(last, name, "no such field") for name in row.facts}
        checks = {
            f"failure {self.failure!r}, not {row.failure!r}": self.failure == row.failure,
            f"{said!r}, not {dict(row.facts)!r}": said == dict(row.facts),
            f"{self.lasted_s:.2f} s, more than {row.within_s}": self.lasted_s <= row.within_s,
            f"a step of {self.step_s:.2f} s": self.step_s <= STEP_S,
            f"{self.memory:,} bytes, more than {row.memory:,}": self.memory <= row.memory,
            f"the neighbours: {self.neighbours!r}": self.neighbours == (None, None),
        }
        return [said for said, holds in checks.items() if not holds]


def step_of(row: Misbehaviour) -> Step:
    """Return the step that leads to the row's peer."""
    url = url_of(row)
    if row.door == "helper":
        return Step(target=a_target(PAGE), experiment="control", addresses=(ADDRESSES[HONEST],))
    experiment = {"doh": "doh", "syn": "tcp", "quic": "quic", "h3": "quic"}.get(row.door, "web")
    if url.startswith("dns+"):
        experiment = "dns"
    addresses = (ADDRESSES[row.host],) if row.door == "doh" else ()
    target = a_target(url, experiment=experiment, addresses=addresses, question="www.example.org A")
    return Step(target=target, experiment=experiment)


@contextlib.asynccontextmanager
async def a_hostile_lab() -> AsyncIterator[Lab]:
    """Open the world of all hostile peers, without delays."""
    async with open_lab("hostile", catalogue(), rtt_s=0.0) as lab:
        # Names by getaddrinfo alone: whoever asks over UDP listens 0.8 s longer, for forgeries.
        lab.network.system_resolvers = tuple  # type: ignore[method-assign]  # of this one network
        async with a_session(lab.network) as session:
            await _page(session)  # what is loaded or made once counts for nobody
        for row in CORPUS:
            if row.door == "certificate":
                peer(row)(lab.network.world.ca, row.host)
        yield lab


async def meet(lab: Lab, row: Misbehaviour) -> Trial:
    """Meet the peer; once more if something was wrong while the loop had no turn for a quarter of a second.

    That is a machine with other things to do, or the peer's work: then it is wrong again.
    """
    trial = await _met(lab, row)
    return await _met(lab, row) if trial.faults() and trial.lag_ms > BUSY_MS else trial


async def _met(lab: Lab, row: Misbehaviour) -> Trial:
    """Measure the peer and the honest page at once, then the page again, in one session."""
    options = structs.replace(QUICK, controls=(url_of(row),)) if row.door == "helper" else QUICK
    async with a_session(lab.network, options=options) as session:
        gc.collect()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            found: list[Measurement] = []
            beside: list[str | None] = []
            begun = time.perf_counter()
            async with anyio.create_task_group() as group:
                group.start_soon(_put, session.measure, step_of(row), found)
                group.start_soon(_beside, session, beside)
            step_s = time.perf_counter() - begun
            memory = tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()
        after = await _page(session)
    seen = getattr(found[0], row.seen_in or SEEN_BY.get(row.door, "requests"))
    seen = tuple(one for one in seen if getattr(one, "arm", "") in ("", OWN, ARM))  # its own
    return Trial(
        row=row,
        seen=seen,
        step_s=step_s,
        memory=memory,
        neighbours=(*beside, after),
        lag_ms=found[0].loop_lag_ms,
    )


async def _put(measure: Any, step: Step, found: list[Measurement]) -> None:
    found.append((await measure(step)).measurement)


async def _beside(session: Session, beside: list[str | None]) -> None:
    beside.append(await _page(session))


async def _page(session: Session) -> str | None:
    """Return the failure of one honest page; a body that is not its own counts as one."""
    measured = (await session.measure(Step(target=a_target(PAGE), experiment="web"))).measurement
    failures = [request.failure for request in measured.requests if request.failure]
    if not any(f"Welcome to {HONEST}" in request.body for request in measured.requests):
        failures.append("not its page")
    return failures[0] if failures else None
