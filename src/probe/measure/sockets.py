"""What sockets and loops can do on one system and not on another."""

import asyncio
import socket
import sys
from typing import Final

_RECVTTL: Final = {"linux": 12, "darwin": 24}
"""IP_RECVTTL of linux/in.h and of macOS's netinet/in.h: not in Python's socket module before 3.14. Elsewhere
the same numbers mean something else."""


def can_watch(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether the loop tells when a socket may be read; Windows' does not, and reads by itself instead."""
    return type(loop).add_reader is not asyncio.AbstractEventLoop.add_reader


def ask_for_ttl(sock: socket.socket) -> None:
    """Ask for the IP TTL of datagrams, where the system tells it."""
    if sock.family == socket.AF_INET6:
        level, option = socket.IPPROTO_IPV6, getattr(socket, "IPV6_RECVHOPLIMIT", None)
    else:
        level, option = socket.IPPROTO_IP, getattr(socket, "IP_RECVTTL", _RECVTTL.get(sys.platform))
    if option is None:
        return
    try:
        sock.setsockopt(level, option, 1)
    except OSError:
        return


def datagram(sock: socket.socket, most: int) -> tuple[bytes, int | None]:
    """Take the next datagram, with its TTL where one was told. Raises BlockingIOError, OSError."""
    if sys.platform == "win32":
        return sock.recv(most), None
    data, ancillary, _, _ = sock.recvmsg(most, 256)
    # An int on Linux, and for IPv6 everywhere; one byte for IPv4 on macOS.
    told = next((item[:4] for _, _, item in ancillary if item), b"")
    return data, int.from_bytes(told, sys.byteorder) if told else None
