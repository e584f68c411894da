"""What is known while a run goes on, per service: what the live display and the plain lines draw from.

It keeps a few words a target, not verdicts: a list of ten thousand addresses must not grow the display.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from probe.model.words import State

if TYPE_CHECKING:
    from probe.model.measurement import Measurement
    from probe.model.target import Service, Step, Target
    from probe.model.verdict import Verdict

SUSPICIOUS: Final = (State.BLOCKED, State.THROTTLED, State.GEOBLOCKED, State.DOWN)
WAITING, MEASURING = "waiting", "measuring"


class ServiceBoard(Struct, kw_only=True):
    """One service: how many targets it has, which were begun, and what they look like so far."""

    service: str
    n_targets: int
    begun: set[str] = field(default_factory=set)
    states: dict[str, State] = field(default_factory=dict)
    """By target id; a target without an entry has no verdict that says anything yet."""
    settled: set[str] = field(default_factory=set)
    """Target ids whose verdict is final."""
    suspects: dict[str, str] = field(default_factory=dict)
    """Target id to mechanism, for suspicious targets only."""
    counts: Counter[State] = field(default_factory=Counter)

    def judged(self, target_id: str, state: State, mechanism: str, *, final: bool) -> bool:
        """Take a target's verdict; True if its state is news."""
        before = self.states.get(target_id)
        self.begun.add(target_id)
        self.states[target_id] = state
        self.suspects.pop(target_id, None)
        if state in SUSPICIOUS:
            self.suspects[target_id] = mechanism
        if before is not None:
            self.counts[before] -= 1
        self.counts[state] += 1
        if final:
            self.settled.add(target_id)
        return before is not state

    @property
    def state(self) -> str:
        """Return the worst state so far, or waiting, or measuring while nothing can be said."""
        for state in SUSPICIOUS:
            if self.counts[state]:
                return state
        if self.is_final and self.counts[State.INCONCLUSIVE]:
            return State.INCONCLUSIVE
        if self.counts[State.REACHABLE]:
            return State.REACHABLE
        return MEASURING if self.begun else WAITING

    @property
    def mechanism(self) -> str:
        """Return the mechanism of a target in the worst state."""
        worst = self.state
        return next((how for target, how in self.suspects.items() if self.states[target] == worst), "")

    @property
    def n_told(self) -> int:
        """Return how many targets have a verdict that says something, or else are settled."""
        if self.is_final:
            return self.n_targets
        return sum(n for state, n in self.counts.items() if state is not State.INCONCLUSIVE)

    @property
    def is_final(self) -> bool:
        """Whether every target's verdict is final."""
        return len(self.settled) >= self.n_targets


class Board(Struct):
    """All services, the network, and what the run has used."""

    services: dict[str, ServiceBoard] = field(default_factory=dict)
    network: Verdict | None = None
    n_measured: int = 0
    n_bytes: int = 0
    done: int = 0
    total: int = 0
    remaining_s: float | None = None
    transfer: Step | None = None
    """The comparison of speeds under way, once all targets' rounds are done."""
    transfer_wait_s: float = 0.0
    transfer_at_s: float = 0.0
    """How long it waits, and until when: seconds since the run began."""
    transfer_paced: bool = False
    """Whether it waits for room in the handshake budget."""

    def left_s(self, elapsed_s: float) -> float | None:
        """Return about how long it will yet take: as the run says, or by its pace once a quarter is done."""
        if self.remaining_s is not None or self.done < max(self.total / 4, 3):
            return self.remaining_s
        return elapsed_s / self.done * (self.total - self.done)

    def transferring(self, step: Step, now_s: float, wait_s: float, *, is_paced: bool) -> None:
        """Take the comparison of speeds that comes next; `now_s` is of the run."""
        self.transfer, self.transfer_wait_s, self.transfer_paced = step, wait_s, is_paced
        self.transfer_at_s = now_s + wait_s

    def planned(self, services: tuple[Service, ...]) -> None:
        """Take the services that will be measured."""
        for service in services:
            self.services[service.service] = ServiceBoard(
                service=service.service, n_targets=len(service.targets)
            )
        self.total = sum(len(service.targets) for service in services)

    def started(self, target: Target) -> None:
        """Take note that a target was begun."""
        if board := self.services.get(target.service):
            board.begun.add(target.target_id)

    def measured(self, measurement: Measurement) -> None:
        """Count a measurement and its bytes."""
        self.n_measured += 1
        self.n_bytes += measurement.bytes_sent + measurement.bytes_received

    def judged(self, verdict: Verdict, *, final: bool) -> bool:
        """Take a verdict; True if it is news: another state than the one known for this target."""
        board = self.services.get(verdict.service)
        if board is None:
            return False
        return board.judged(verdict.target_id, verdict.state, verdict.mechanism, final=final)

    def worst_first(self) -> list[ServiceBoard]:
        """Return the services: suspicious, undecided, being measured, working, waiting."""
        order = (*SUSPICIOUS, State.INCONCLUSIVE, MEASURING, State.REACHABLE, WAITING)
        return sorted(self.services.values(), key=lambda board: order.index(board.state))
