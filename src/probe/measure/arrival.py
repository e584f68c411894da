"""When a connection was answered, noted by a thread that has nothing else to do than wait for it.

The event loop learns of an answer when it has time: after the TLS handshakes, pages and messages that came
before it, 1 to 10 ms late. A thread in epoll_wait(2) is woken by the kernel at once, and has to wait for no
more than Python's switch interval before it may read the clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import sys
import threading
import time
from functools import cache
from typing import Final

SWITCH_S: Final = 0.0005
"""Python's switch interval while a run is timed: how long another thread may keep the interpreter busy."""

if sys.platform == "linux":

    class _Watch:
        """One thread and one epoll for the whole process, begun when first needed."""

        def __init__(self) -> None:
            self._poll = select.epoll()
            self._waiting: dict[int, tuple[asyncio.AbstractEventLoop, asyncio.Future[float]]] = {}
            threading.Thread(target=self._run, daemon=True, name="arrival").start()

        async def writable(self, sock: socket.socket) -> float:
            """Return the moment at which the socket became writable or failed."""
            loop = asyncio.get_running_loop()
            future: asyncio.Future[float] = loop.create_future()
            number = sock.fileno()
            self._waiting[number] = loop, future
            try:
                self._poll.register(number, select.EPOLLOUT | select.EPOLLONESHOT)
                return await future
            finally:
                self._waiting.pop(number, None)
                with contextlib.suppress(OSError, ValueError):
                    self._poll.unregister(number)

        def _run(self) -> None:
            while True:
                for number, _ in self._poll.poll():
                    moment = time.perf_counter()
                    loop, future = self._waiting.pop(number, (None, None))
                    if loop is not None and future is not None:
                        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                            loop.call_soon_threadsafe(_tell, future, moment)

    def _tell(future: asyncio.Future[float], moment: float) -> None:
        if not future.done():
            future.set_result(moment)

    @cache
    def the_watch() -> _Watch:
        """Return the process's own, begun now if need be."""
        return _Watch()

    async def _noted(sock: socket.socket, address: str, port: int) -> float:
        try:
            sock.connect((address, port))
        except (BlockingIOError, InterruptedError):
            pass
        else:
            return time.perf_counter()
        while True:
            moment = await the_watch().writable(sock)
            if error := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(error, os.strerror(error))
            if _is_connected(sock):
                return moment
            # The event was that of a socket which had this number before.


async def connect(sock: socket.socket, address: str, port: int) -> float | None:
    """Connect a non-blocking socket; return perf_counter at the answer, None where only the loop can tell.

    Raises OSError. A cancelled connect leaves the socket to its owner.
    """
    if sys.platform == "linux":
        return await _noted(sock, address, port)
    await asyncio.get_running_loop().sock_connect(sock, (address, port))
    return None


def _is_connected(sock: socket.socket) -> bool:
    try:
        sock.getpeername()
    except OSError:
        return False
    return True
