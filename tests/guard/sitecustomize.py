"""Refuse every packet that a test would send beyond loopback; imported at start, in child processes too.

Inside a network namespace that a test made (another one than the tests were started in) everything is
allowed: there is no way out of it. Audit hooks see what the interpreter does, whichever library asks.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from typing import Any

HOME_NAMESPACE = "PROBE_TEST_HOME_NETNS"


class PacketRefusedError(BaseException):
    """A test tried to leave the machine; not an Exception, so that nothing swallows it."""


def namespace() -> str:
    """Name the network namespace of the calling thread; empty where there is no such thing."""
    try:
        return os.readlink("/proc/thread-self/ns/net")  # noqa: PTH115  # pathlib costs every child 10 ms
    except OSError:
        return ""


def _is_local(host: object) -> bool:
    if isinstance(host, bytes | bytearray):
        host = bytes(host).decode("ascii", "replace")
    if host in (None, "", "localhost", "localhost.localdomain"):
        return True
    if not isinstance(host, str):
        return False
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = args[1] if len(args) > 1 else None
        if not isinstance(address, tuple) or not address:
            return  # a Unix socket, or a datagram on a connected one
        host: object = address[0]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0]
    else:
        return
    if _is_local(host) or namespace() != os.environ.get(HOME_NAMESPACE):
        return
    message = f"{event} to {host!r} from the network namespace the tests were started in"
    os.write(2, f"\nREFUSED: {message}\n".encode())
    raise PacketRefusedError(message)


if HOME_NAMESPACE in os.environ:
    sys.addaudithook(_hook)
