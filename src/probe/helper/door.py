"""A listening socket that counts who comes in: hypercorn has no limit on connections of its own.

A connection counts until its socket is closed, and hypercorn closes one that its client has left only at its
idle time-out: without a limit, whoever opens and leaves them quickly would fill this machine.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.helper.limits import Clients

ABORT: Final = struct.pack("ii", 1, 0)


def abort(sock: socket.socket) -> None:
    """Let closing end the connection at once, whatever is still unsent."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)


class Guest(socket.socket):
    """An accepted connection that says when it is closed."""

    on_close: Callable[[], None] | None = None

    def close(self) -> None:
        """Close, and say so once."""
        told, self.on_close = self.on_close, None
        super().close()
        if told is not None:
            told()


class Door(socket.socket):
    """A listener that resets whoever comes beyond the limits."""

    clients: Clients

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept one. Raises ConnectionAbortedError for one too many, which asyncio passes over."""
        accepted, peer = super().accept()
        guest = Guest(fileno=accepted.detach())
        client = self.clients.of(str(peer[0]))
        if not self.clients.enter(client):
            abort(guest)
            guest.close()
            raise ConnectionAbortedError
        guest.on_close = lambda: self.clients.leave(client)
        return guest, peer


def door(listener: socket.socket, clients: Clients) -> Door:
    """Put a door into a listening socket, which it takes over."""
    made = Door(fileno=listener.detach())
    made.setblocking(False)
    made.clients = clients
    return made
