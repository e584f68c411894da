"""How much a helper gives to everybody and to one client, and who has had how much. No address is kept."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import time
from collections import OrderedDict
from typing import Final

from msgspec import Struct

MINUTE_S: Final = 60.0
CLIENTS: Final = 20_000
"""Clients remembered; of more, the one unseen for the longest is forgotten."""
V6_PREFIX: Final = 48
"""What one subscriber of IPv6 may have all of."""


class Limits(Struct, frozen=True, kw_only=True):
    """What is given at most; bytes are of bodies, seconds from the accepted connection to its end."""

    max_bytes: int = 262_144
    max_seconds: float = 10.0
    connections: int = 512
    connections_per_client: int = 32
    """Many volunteers share one address behind an operator's NAT."""
    bytes_per_minute: int = 32_000_000
    requests_per_minute: int = 600
    receipts: int = 20_000
    receipt_s: float = 300.0


class Bucket:
    """So much a minute: full at the start, filled again evenly. Times are seconds on one clock."""

    __slots__ = ("_at", "_left", "_size")

    def __init__(self, size: float, now: float) -> None:
        """Start full."""
        self._size = size
        self._left = size
        self._at = now

    def take(self, amount: float, now: float) -> bool:
        """Take the amount if it is there."""
        self._left = min(self._size, self._left + (now - self._at) * self._size / MINUTE_S)
        self._at = now
        if amount > self._left:
            return False
        self._left -= amount
        return True

    def give_back(self, amount: float) -> None:
        """Return what was taken and not used."""
        self._left = min(self._size, self._left + amount)


class Client:
    """What one client has had of late."""

    __slots__ = ("bytes", "connections", "requests")

    def __init__(self, limits: Limits, now: float) -> None:
        """Start with everything free."""
        self.connections = 0
        self.bytes = Bucket(limits.bytes_per_minute, now)
        self.requests = Bucket(limits.requests_per_minute, now)


class Clients:
    """The clients of late, each under a keyed hash of its address or, for IPv6, of its /48.

    The key is made at start and never leaves this process.
    """

    def __init__(self, limits: Limits) -> None:
        """Know nobody."""
        self.limits = limits
        self.connections = 0
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, Client] = OrderedDict()

    def of(self, address: str) -> Client:
        """Return the client behind an address; what is no address is one client of its own."""
        who = hashlib.blake2b(_packed(address), key=self._key, digest_size=12).digest()
        found = self._known.get(who)
        if found is None:
            found = self._known[who] = Client(self.limits, time.monotonic())
            if len(self._known) > CLIENTS:
                self._forget_one()
        self._known.move_to_end(who)
        return found

    def _forget_one(self) -> None:
        """Forget whoever was unseen for the longest and holds no connection."""
        idle = next((who for who, client in self._known.items() if not client.connections), None)
        if idle is not None:
            del self._known[idle]

    def enter(self, client: Client) -> bool:
        """Count a connection in, if there is room; whoever entered must leave."""
        if (
            self.connections >= self.limits.connections
            or client.connections >= self.limits.connections_per_client
        ):
            return False
        self.connections += 1
        client.connections += 1
        return True

    def leave(self, client: Client) -> None:
        """Count a connection out."""
        self.connections -= 1
        client.connections -= 1


def _packed(address: str) -> bytes:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return b""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is None:
            return ip.packed[: V6_PREFIX // 8]
        ip = ip.ipv4_mapped
    return ip.packed
