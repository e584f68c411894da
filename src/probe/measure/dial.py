"""The real network: sockets of this machine, its resolver, its clocks."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from probe.measure import arrival
from probe.measure.configured import system_resolvers
from probe.model.options import TrustStore

if TYPE_CHECKING:
    from probe.model.observation import LocalFact

MAX_ANSWERS: Final = 64


class SystemClock:
    """perf_counter, which ticks finely everywhere (monotonic: 15.6 ms on Windows), and the wall clock."""

    def counter(self) -> float:
        """Return seconds that are never stepped."""
        return time.perf_counter()

    def utc(self) -> datetime:
        """Return this machine's idea of UTC."""
        return datetime.now(UTC)


def family_of(address: str) -> socket.AddressFamily:
    """Return the family of a literal address."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class RealNetwork:
    """The Network that a run uses unless it runs in the lab."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self.clock = SystemClock()

    def resolve_system(self, name: str) -> tuple[str, ...]:
        """Ask getaddrinfo; addresses of both families, in its order, each once. Raises socket.gaierror."""
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        return tuple(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))[:MAX_ANSWERS]

    def system_resolvers(self) -> tuple[str, ...]:
        """Return the configured resolvers' addresses, without scope ids."""
        return system_resolvers()

    def open_tcp(self, address: str) -> socket.socket:
        """Return a fresh non-blocking socket that sends small writes at once."""
        sock = socket.socket(family_of(address), socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    async def connect(self, sock: socket.socket, address: str, port: int) -> float | None:
        """Connect; return the counter at the answer where a thread could note it. Raises OSError."""
        return await arrival.connect(sock, address, port)

    def open_udp(self, address: str, port: int) -> socket.socket:
        """Return a connected datagram socket: the kernel drops other senders and hands us ICMP errors."""
        sock = socket.socket(family_of(address), socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.connect((address, port))
        except OSError:
            sock.close()
            raise
        return sock

    def interface_bytes(self) -> int | None:
        """Return what the interfaces that packets leave by have moved; None where the kernel does not say."""
        from probe.measure.machine_link import moved_bytes

        return moved_bytes()

    def trust(self) -> TrustStore:
        """Return what SSL_CERT_FILE names, else certifi's bundle. Raises OSError if it cannot be read."""
        import certifi

        named = os.environ.get("SSL_CERT_FILE", "")
        path = named or certifi.where()
        digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        return TrustStore(source="SSL_CERT_FILE" if named else "certifi", path=path, sha256=digest)

    def vantage(self) -> tuple[LocalFact, ...]:
        """Return what this machine tells without a packet."""
        from probe.measure.machine import local_facts

        return local_facts()
