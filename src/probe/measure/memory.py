"""What one session remembers between measurements: retired addresses, tired helpers, names in flight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import anyio
from msgspec import Struct, field

if TYPE_CHECKING:
    from probe.measure.helper_line import Line
    from probe.measure.pace import Pace
    from probe.measure.trace import Context
    from probe.measure.transfer_helper import Served

RETIRED_S: Final = 420.0
"""Longest residual block known (METHOD section 6): an address that failed a neutral name waits it out."""
TIRED_S: Final = 120.0
TIRED_AFTER: Final = 2
"""Failures in a row after which a helper is left alone for TIRED_S."""
PARALLEL_HELPER: Final = 2
"""Requests at once to one public helper."""
PARALLEL_NAME: Final = 3
"""Handshakes at once that say one name: more were seen to start a freeze (METHOD section 9)."""


class Memory(Struct):
    """Times are those of the network's counter."""

    retired: dict[str, float] = field(default_factory=dict)
    """Address and when it failed a neutral name."""
    helper_failures: dict[str, int] = field(default_factory=dict)
    helper_rests_until: dict[str, float] = field(default_factory=dict)
    helpers: dict[str, anyio.Semaphore] = field(default_factory=dict)
    names: dict[str, anyio.Semaphore] = field(default_factory=dict)
    helper_addresses: dict[str, str] = field(default_factory=dict)
    """Where a helper was reached last."""
    served: dict[str, Served] = field(default_factory=dict)
    """What helpers announced of their transfers."""
    lines: dict[str, list[Line]] = field(default_factory=dict)
    """Idle connections to a helper."""
    callers: dict[str, int] = field(default_factory=dict)
    """How many are about to ask it."""
    keeps_lines: bool = False
    """Whether idle connections outlive the questions: somebody then calls `hang_up`."""
    mute_resolvers: set[tuple[str, str]] = field(default_factory=set)
    """Scheme and address of comparison resolvers that did not answer when asked last."""
    asking: dict[str, anyio.Semaphore] = field(default_factory=dict)
    resolver_turn: int = 0
    """Searches begun: each begins with another resolver."""

    def hang_up(self) -> None:
        """Close every idle connection to a helper."""
        for idle in self.lines.values():
            while idle:
                idle.pop().close()

    def retire(self, ip: str, now: float) -> None:
        """Leave an address out of experiments and heartbeats for a while."""
        self.retired[ip] = now

    def is_retired(self, ip: str, now: float) -> bool:
        """Say whether the address is still left out."""
        return now - self.retired.get(ip, -RETIRED_S) < RETIRED_S

    def helper(self, url: str) -> anyio.Semaphore:
        """Return what bounds the requests at once to a helper."""
        return self.helpers.setdefault(url, anyio.Semaphore(PARALLEL_HELPER))

    def name(self, name: str) -> anyio.Semaphore:
        """Return what bounds the handshakes at once that say a name."""
        return self.names.setdefault(name, anyio.Semaphore(PARALLEL_NAME))

    def alone(self, ip: str) -> anyio.Semaphore:
        """Return what lets one connection at a time ask the resolver at this address."""
        return self.asking.setdefault(ip, anyio.Semaphore(1))

    def helper_rests(self, url: str, now: float) -> bool:
        """Say whether a helper failed so often that it is left alone now."""
        return now < self.helper_rests_until.get(url, now)

    def note_helper(self, url: str, now: float, *, failed: bool) -> None:
        """Count a failure, or forget those before a success."""
        count = self.helper_failures.get(url, 0) + 1 if failed else 0
        if count >= TIRED_AFTER:
            self.helper_rests_until[url] = now + TIRED_S
            count = 0
        self.helper_failures[url] = count


_OF_SESSION: Final[WeakKeyDictionary[Pace, Memory]] = WeakKeyDictionary()


def memory_of(ctx: Context) -> Memory:
    """Return the session's memory; a session is known by the limits that its measurements share."""
    return memory_for(ctx.pace)


def memory_for(pace: Pace) -> Memory:
    """Return the memory of the session with these limits."""
    return _OF_SESSION.setdefault(pace, Memory())
