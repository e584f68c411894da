"""A lab's network behind faults of this machine: a link that goes, a resolver that dies, no more sockets."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.model.network import Network


def never(_seconds: float) -> bool:
    """Say that this is not the time."""
    return False


def between(begin_s: float, end_s: float = float("inf")) -> Callable[[float], bool]:
    """Say of which seconds of a run it is true."""
    return lambda seconds: begin_s <= seconds < end_s


@dataclass(slots=True)
class Faulty:
    """A network that fails, as a machine's own does, at the times that are named, in seconds of the run."""

    inner: Network
    is_away: Callable[[float], bool] = never
    """The link is down: no route anywhere."""
    is_dumb: Callable[[float], bool] = never
    """The system's resolver does not answer; the stub gives up at once."""
    is_exhausted: Callable[[float], bool] = never
    """This process has no descriptor left."""
    _began: float = -1.0

    def _now(self) -> float:
        counter = self.inner.clock.counter()
        if self._began < 0:
            self._began = counter
        return counter - self._began

    def _refuse(self, now: float) -> None:
        for fails, number in ((self.is_away, errno.ENETUNREACH), (self.is_exhausted, errno.EMFILE)):
            if fails(now):
                raise OSError(number, os.strerror(number))

    def resolve_system(self, name: str) -> tuple[str, ...]:
        now = self._now()
        if self.is_away(now) or self.is_dumb(now):
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        if self.is_exhausted(now):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return self.inner.resolve_system(name)

    def open_tcp(self, address: str) -> socket.socket:
        if self.is_exhausted(self._now()):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return self.inner.open_tcp(address)

    async def connect(self, sock: socket.socket, address: str, port: int) -> float | None:
        self._refuse(self._now())
        return await self.inner.connect(sock, address, port)

    def open_udp(self, address: str, port: int) -> socket.socket:
        self._refuse(self._now())
        return self.inner.open_udp(address, port)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)
