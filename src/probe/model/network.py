"""The seam: all that measuring may ask of the world. The real one is `measure.dial`, the lab has another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import socket
    from datetime import datetime

    from probe.model.observation import LocalFact
    from probe.model.options import TrustStore


class Clock(Protocol):
    """Time, twice: a counter that is never stepped, and the wall clock to be published."""

    def counter(self) -> float:
        """Return seconds on a monotonic counter with the best resolution there is."""
        ...

    def utc(self) -> datetime:
        """Return the aware UTC time of this machine's clock, right or wrong."""
        ...


class Network(Protocol):
    """Opens what an operation needs, at the address the catalogue states.

    Errors are what the operating system raises (OSError, socket.gaierror); naming them is the caller's.
    Deadlines are the caller's too: every coroutine here may be cancelled at any await.
    """

    @property
    def clock(self) -> Clock:
        """Return the clocks that everything is timed by."""
        ...

    def resolve_system(self, name: str) -> tuple[str, ...]:
        """Ask the system's resolver, blocking; called in a thread of a pool. Addresses of both families.

        Raises socket.gaierror.
        """
        ...

    def system_resolvers(self) -> tuple[str, ...]:
        """Return the addresses of the resolvers this system is configured with; empty when unknown."""
        ...

    def open_tcp(self, address: str) -> socket.socket:
        """Return a fresh non-blocking TCP socket of the address's family, not yet connected."""
        ...

    async def connect(self, sock: socket.socket, address: str, port: int) -> float | None:
        """Connect the socket to the literal address and port; the socket stays the caller's on failure.

        Returns the clock's counter at the moment of the answer, None where only the caller can note it.
        """
        ...

    def open_udp(self, address: str, port: int) -> socket.socket:
        """Return a non-blocking UDP socket connected to the literal address and port."""
        ...

    def interface_bytes(self) -> int | None:
        """Return the bytes that this machine has moved to and from elsewhere so far; None if unknown."""
        ...

    def trust(self) -> TrustStore:
        """Return the trust store that certificates are verified against."""
        ...

    def vantage(self) -> tuple[LocalFact, ...]:
        """Return what this machine tells without sending anything: routes, interfaces, hosts file, tools."""
        ...
