"""httpcore's HTTP/2 connection for a single request, without the queue in which a hundred could wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import anyio
import httpcore

if TYPE_CHECKING:
    from httpcore import Request, Response


class _NobodyWaits:
    """Stands where httpcore counts streams: there is one."""

    async def acquire(self) -> None:
        """Take what nobody else wants."""

    async def release(self) -> None:
        """Give back what nobody waits for."""


_LOCKS: Final = ("_init_lock", "_state_lock", "_write_lock")


class OneRequest(httpcore.AsyncHTTP2Connection):
    """A connection that carries one request.

    httpcore takes 99 of its 100 slots one by one, each a turn of the event loop, before the first request of
    a connection leaves. Here that is every request, and the clocks of all measurements under way feel it.
    Its locks look for a module named sniffio on the disk, each when first used.
    """

    def __init__(self, **parts: Any) -> None:
        """Take `origin` and `stream`."""
        super().__init__(**parts)
        for name in _LOCKS:
            setattr(self, name, anyio.Lock(fast_acquire=True))
        # Not a fast one: frames that are in memory already must give others their turn, deadlines too.
        self._read_lock: Any = anyio.Lock()

    async def handle_async_request(self, request: Request) -> Response:
        """Send the connection's preface and the request; return when the headers are in."""
        await self._send_connection_init(request)
        self._sent_connection_init = True
        self._max_streams = 1
        self._max_streams_semaphore: Any = _NobodyWaits()
        return await super().handle_async_request(request)
