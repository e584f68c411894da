"""A row of routers: namespaces joined by cables, each forwarding to the next, as a path is."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from wire.netns import PREFIX, _ip, _set, delete, inside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

CLIENT: Final = "100.72.13.37"
CLIENT6: Final = "2a00:1fa0:42d8:61a7::5d"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Chain:
    """An open row: the client's namespace at one end, the server's at the other."""

    client: str
    server: str

    def inside(self, call: Callable[[], _T]) -> _T:
        """Call a function where the client stands."""
        return inside(self.client, call)


@contextlib.contextmanager
def a_chain(
    routers: Sequence[str], server: str, *, silent: Sequence[str] = (), port: int = 0
) -> Iterator[Chain]:
    """Join the client, a router for each address and the server; `silent` routers forward, and say nothing.

    With a port the server accepts there; without one it refuses connections.
    """
    addresses = [CLIENT6 if ":" in server else CLIENT, *routers, server]
    names = [f"{PREFIX}-{os.getpid()}-hop{number}" for number in range(len(addresses))]
    try:
        for name in names:
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
            inside(name, _forwarding)
        for number in range(len(names) - 1):
            _join(names, addresses, number)
        for number, name in enumerate(names):
            _route(name, addresses, number)
            if addresses[number] in silent:
                _ip("-n", name, "rule", "add", "pref", "10", "iif", "lo", "to", addresses[0], "blackhole")
        with contextlib.ExitStack() as stack:
            if port:
                listener = inside(names[-1], lambda: _listener(server, port))
                stack.enter_context(_accepting(listener))
            yield Chain(names[0], names[-1])
    finally:
        for name in names:
            delete(name)


def _forwarding() -> None:
    """Forward both families; use IPv6 addresses at once, without two seconds of asking who else has them."""
    _set("ipv4/ip_forward", "ipv6/conf/all/forwarding")
    (Path("/proc/sys/net") / "ipv6/conf/default/dad_transmits").write_text("0")


def _join(names: Sequence[str], addresses: Sequence[str], number: int) -> None:
    """Lay a cable between two neighbours; its far end bears an address, and the client's own."""
    near, far = names[number], names[number + 1]
    at_once = ("nodad",) if ":" in addresses[0] else ()
    _ip("-n", near, "link", "add", "right", "type", "veth", "peer", "name", "left", "netns", far)
    _ip("-n", near, "link", "set", "right", "up")
    _ip("-n", far, "link", "set", "left", "up")
    _ip("-n", far, "addr", "add", addresses[number + 1], "dev", "left", *at_once)
    if not number or ":" in addresses[0]:  # over IPv6 a neighbour answers for what the cable's end bears only
        _ip("-n", near, "addr", "add", addresses[number], "dev", "right", *at_once)


def _route(name: str, addresses: Sequence[str], number: int) -> None:
    """Lead everything to the right, and what is for the client and nearer routers back to the left."""
    if number < len(addresses) - 1:
        following = addresses[number + 1]
        _ip("-n", name, "route", "add", "default", "via", following, "dev", "right", "onlink")
    for back in addresses[:number]:
        _ip("-n", name, "route", "add", back, "via", addresses[number - 1], "dev", "left", "onlink")


def _listener(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, port), family=family)


@contextlib.contextmanager
def _accepting(server: socket.socket) -> Iterator[None]:
    thread = threading.Thread(target=_accept, args=(server,), daemon=True)
    thread.start()
    with server:
        yield
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _accept(server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            server.accept()[0].close()
