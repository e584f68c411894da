"""Other systems, acted on this one: their event loop, their clock, and what their sockets cannot do."""

from __future__ import annotations

import asyncio
import select
import socket
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

TICK_S = 0.015625
"""Of Windows' clock."""


class Proactor(asyncio.SelectorEventLoop):
    """A loop that watches no socket for others, only for itself; its clock ticks 64 times a second."""

    add_reader = asyncio.AbstractEventLoop.add_reader
    add_writer = asyncio.AbstractEventLoop.add_writer
    add_signal_handler = asyncio.AbstractEventLoop.add_signal_handler

    def __init__(self) -> None:
        super().__init__()
        self._clock_resolution = TICK_S

    def time(self) -> float:
        """Return what the clock showed at its last tick."""
        return super().time() // TICK_S * TICK_S


class Policy(asyncio.DefaultEventLoopPolicy):
    """Gives such a loop to whoever asks for one."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return Proactor()


@contextmanager
def windows(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take away what Windows lacks, in this process, until the block ends; libraries stay as they were."""
    before: Any = asyncio.get_event_loop_policy()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", "win32")
        for name in ("recvmsg", "sendmsg", "recvmsg_into"):
            patched.setattr(socket.socket, name, property(_missing), raising=False)
        for name in ("TCP_MAXSEG", "AF_NETLINK", "IPV6_RECVHOPLIMIT"):
            patched.delattr(socket, name)
        patched.setattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_KEEPALIVE, raising=False)
        patched.delattr(select, "epoll")
        asyncio.set_event_loop_policy(Policy())
        try:
            yield
        finally:
            asyncio.set_event_loop_policy(before)


@contextmanager
def macos(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take away what macOS lacks, in this process, until the block ends."""
    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", "darwin")
        patched.delattr(socket, "AF_NETLINK")
        patched.delattr(select, "epoll")
        yield


def _missing(_sock: object) -> None:
    raise AttributeError


SYSTEMS = {"windows": windows, "macos": macos}
