"""Not too many at once, not too fast: paced starts, connections per address, ClientHellos per name."""

from __future__ import annotations

import ipaddress
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from probe.model.network import Clock

START_GAP_S: Final = 0.0075
"""Between starts of measurements: packed starts cost 0.3-3 ms of timing error each (METHOD section 8)."""
PER_ADDRESS: Final = 2
"""Connections at once to one address."""
HELLO_GAP_S: Final = 0.5
"""Between ClientHellos of one name, over the whole run."""
HELLO_BURST: Final = 12
HELLO_WINDOW_S: Final = 120.0
"""ClientHellos per name and /24 or /48: a burst of one name starts a freeze of 120 s at some operators."""


@lru_cache(maxsize=2048)
def prefix(ip: str) -> str:
    """Return the /24 or /48 that an address lies in."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False))


class HelloBudget:
    """When a ClientHello of a name may leave. The whole run shares one."""

    def __init__(self, clock: Clock) -> None:
        """Start empty."""
        self._clock = clock
        self._last: dict[str, float] = {}
        self._sent: dict[tuple[str, str], tuple[float, ...]] = {}
        self._swept = clock.counter()

    def wait_s(self, name: str, ip: str, n: int = 1) -> float:
        """Return the seconds until this name may be sent `n` times to this address; 0 when it may be now."""
        now = self._clock.counter()
        waits = [0.0, self._last.get(name, now - HELLO_GAP_S) + HELLO_GAP_S - now]
        sent = self._sent.get((name, prefix(ip)))
        over = len(sent or ()) + n - HELLO_BURST
        if sent and over > 0:
            waits.append(sent[min(over, len(sent)) - 1] + HELLO_WINDOW_S - now)
        return max(waits)

    async def take(self, name: str, ip: str) -> float:
        """Wait for room and take it; return the seconds waited."""
        begun = self._clock.counter()
        while (wait := self.wait_s(name, ip)) > 0:  # noqa: ASYNC110  # nothing to be told of: time must pass
            await anyio.sleep(wait)
        now = self._clock.counter()
        self._last[name] = now
        key = name, prefix(ip)
        self._sent[key] = (*self._sent.get(key, ()), now)[-HELLO_BURST:]
        self._sweep(now)
        return now - begun

    def leaves(self, name: str) -> None:
        """Say that the hello that took its room leaves now: from here on the next one's distance counts."""
        self._last[name] = self._clock.counter()

    def _sweep(self, now: float) -> None:
        """Forget what no longer binds: ten thousand names must not pile up."""
        if now - self._swept < HELLO_WINDOW_S / 2:
            return
        self._swept = now
        self._last = {name: t for name, t in self._last.items() if now - t < HELLO_GAP_S}
        self._sent = {key: ts for key, ts in self._sent.items() if now - ts[-1] < HELLO_WINDOW_S}


async def sleep_until(now: Callable[[], float], moment: float) -> None:
    """Wait until a clock shows the moment: a loop's timers are up to a tick early, on Windows 15.6 ms."""
    while (wait := moment - now()) > 0:  # noqa: ASYNC110  # nothing to be told of: time must pass
        await anyio.sleep(wait)


class Pace:
    """The shared limits of a session."""

    def __init__(self, clock: Clock) -> None:
        """Start with everything free."""
        self._clock = clock
        self.hellos = HelloBudget(clock)
        self._last_start = clock.counter() - START_GAP_S
        self._gate = anyio.Lock()
        self._used: dict[str, int] = {}
        self._freed = anyio.Event()

    async def start(self) -> None:
        """Wait for this measurement's turn to begin."""
        async with self._gate:
            await sleep_until(self._clock.counter, self._last_start + START_GAP_S)
            self._last_start = self._clock.counter()

    @asynccontextmanager
    async def addresses(self, ips: Iterable[str]) -> AsyncIterator[float]:
        """Hold room for one connection at each address; give the seconds waited for it.

        Everybody takes addresses in one order and takes none while holding others, so nobody waits for
        somebody who waits for him.
        """
        begun = self._clock.counter()
        taken: list[str] = []
        try:
            for ip in sorted(set(ips)):
                while self._used.get(ip, 0) >= PER_ADDRESS:
                    await self._freed.wait()
                self._used[ip] = self._used.get(ip, 0) + 1
                taken.append(ip)
            yield self._clock.counter() - begun
        finally:
            for ip in taken:
                self._used[ip] -= 1
                if not self._used[ip]:
                    del self._used[ip]
            self._freed.set()
            self._freed = anyio.Event()
