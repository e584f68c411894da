"""How a server takes a port: its own again after it ended, and nobody else's meanwhile."""

import socket
import sys


def take_alone(sock: socket.socket) -> None:
    """Prepare a socket to be bound, before `bind`. Raises OSError.

    SO_REUSEADDR lets a server begin again while connections of the last one end. On Windows it lets any
    program share the port, which needs no such thing to begin again.
    """
    if sys.platform == "win32":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
