"""The lab's Network: real names and addresses on the outside, a handful of loopback sockets on the inside."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from probe.lab.names import SYSTEM_RESOLVERS, version_of
from probe.lab.records import Place
from probe.lab.resolver import SLOW_S, lookup
from probe.model.observation import LocalFact
from probe.model.options import TrustStore

if TYPE_CHECKING:
    from probe.lab.world import World

GETADDRINFO_TIMEOUT_S = 5.0
"""One try of a stub resolver whose server is silent."""
GAI = {
    "nxdomain": (socket.EAI_NONAME, "Name or service not known"),
    "empty": (getattr(socket, "EAI_NODATA", socket.EAI_NONAME), "No address associated with hostname"),
}
TEMPORARY = (socket.EAI_AGAIN, "Temporary failure in name resolution")


class LabClock(Struct, frozen=True, kw_only=True):
    """Real time, with the wall clock as wrong as the scenario wants it."""

    shift_s: float = 0.0

    def counter(self) -> float:
        """Return seconds on the best monotonic counter."""
        return time.perf_counter()

    def utc(self) -> datetime:
        """Return what this machine's clock shows."""
        return datetime.now(UTC) + timedelta(seconds=self.shift_s)


class Meant:
    """Which place each client socket was meant for, by its loopback address."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._places: dict[tuple[str, int], Place] = {}

    def note(self, sock: socket.socket, place: Place) -> None:
        """Remember where a bound client socket is going."""
        host, port, *_ = sock.getsockname()
        self._places[host, port] = place

    def of(self, peer: tuple[Any, ...]) -> Place | None:
        """Return where the client at this loopback address was going."""
        return self._places.get((peer[0], peer[1]))

    def of_tcp(self, sock: socket.socket) -> Place | None:
        """Return where the client of an accepted connection was going, once: its port will be reused."""
        host, port, *_ = sock.getpeername()
        return self._places.pop((host, port), None)

    def forget(self, sock: socket.socket) -> None:
        """Forget a socket that came to nothing."""
        with contextlib.suppress(OSError):
            host, port, *_ = sock.getsockname()
            self._places.pop((host, port), None)


class Ports(Struct, frozen=True, kw_only=True):
    """The loopback sockets of one family that stand for the whole internet."""

    host: str
    tcp: int
    udp: int
    closed: int
    """Bound and not listening: a connect is refused by the kernel itself."""


class LabNetwork:
    """`probe.model.network.Network` inside the lab."""

    def __init__(self, world: World, ports: dict[int, Ports], meant: Meant) -> None:
        """`ports` are by IP version; where there is no ::1, version 6 goes over 127.0.0.1."""
        self.world = world
        self.clock = LabClock(shift_s=world.scenario.clock_shift_s)
        self._ports = ports
        self._meant = meant

    def _host(self, address: str) -> Ports:
        return self._ports[version_of(address)]

    def _socket(self, address: str, kind: socket.SocketKind) -> socket.socket:
        host = self._host(address).host
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
        sock.setblocking(False)
        return sock

    def resolve_system(self, name: str) -> tuple[str, ...]:
        """Answer as getaddrinfo does here, blocking as long. Raises socket.gaierror."""
        name = name.rstrip(".").lower()
        rule = self.world.on_query(name, SYSTEM_RESOLVERS[0], "udp")
        what = rule.what if rule else ""
        time.sleep({"silence": GETADDRINFO_TIMEOUT_S, "slow": SLOW_S}.get(what, 0.0) + self.world.rtt_s)
        failure, addresses = lookup(self.world, name, SYSTEM_RESOLVERS[0])
        if rule and what in ("forge", "forge_first", "intercept") and rule.detail:
            failure, addresses = "", tuple(rule.detail.split())
        elif what in ("nxdomain", "empty", "refused", "servfail", "silence"):
            failure = what
        if failure:
            raise socket.gaierror(*GAI.get(failure, TEMPORARY))
        return addresses

    def system_resolvers(self) -> tuple[str, ...]:
        """Return the operator's resolver, by the families there are."""
        return tuple(a for a in SYSTEM_RESOLVERS if version_of(a) in self.world.scenario.families)

    def open_tcp(self, address: str) -> socket.socket:
        """Return a fresh non-blocking TCP socket."""
        return self._socket(address, socket.SOCK_STREAM)

    async def connect(self, sock: socket.socket, address: str, port: int) -> float | None:
        """Connect, or fail as the scenario has it. Raises OSError; silence lasts until cancelled."""
        place = Place(address=address, port=port)
        what = self.world.on_syn(place)
        if what == "no_route":
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
        if what == "drop":
            await asyncio.Event().wait()
        await asyncio.sleep(self.world.rtt_s)
        if what == "unreachable":
            raise OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))
        ports = self._host(address)
        loop = asyncio.get_running_loop()
        if what == "reset":
            await loop.sock_connect(sock, (ports.host, ports.closed))
            return None
        sock.bind((ports.host, 0))
        self._meant.note(sock, place)
        try:
            await loop.sock_connect(sock, (ports.host, ports.tcp))
        except BaseException:
            self._meant.forget(sock)
            raise
        return None

    def open_udp(self, address: str, port: int) -> socket.socket:
        """Return a non-blocking UDP socket connected to the literal address and port. Raises OSError."""
        if version_of(address) not in self.world.scenario.families:
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
        sock = self._socket(address, socket.SOCK_DGRAM)
        try:
            ports = self._host(address)
            sock.bind((ports.host, 0))
            self._meant.note(sock, Place(address=address, port=port))
            sock.connect((ports.host, ports.udp))
        except OSError:
            sock.close()
            raise
        return sock

    def interface_bytes(self) -> int | None:
        """Return None: on loopback nobody can tell whose bytes they are."""
        return None

    def trust(self) -> TrustStore:
        """Return the lab's own authority."""
        return TrustStore(source="lab", path=str(self.world.ca.path), sha256=self.world.ca.sha256)

    def vantage(self) -> tuple[LocalFact, ...]:
        """Return what a volunteer's laptop would tell of itself here."""
        kinds = {v: "ethernet" if v in self.world.scenario.families else "none" for v in (4, 6)}
        facts = (
            LocalFact(name="link.ipv4", value=kinds[4]),
            LocalFact(name="link.ipv6", value=kinds[6]),
            LocalFact(name="resolver", value="operator"),
            LocalFact(name="hosts_entries", value="0"),
            LocalFact(name="proxy_variables", value=""),
            LocalFact(name="clock_synchronised", value="unknown"),
        )
        fake = (LocalFact(name="bypass", value="fake-ip"),) if self.world.scenario.fake_ip else ()
        return (*facts, *fake)
