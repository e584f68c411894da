"""Where a helper may connect to for others: public addresses, few ports, and never itself.

It is asked three times: of the URL, of every address that a name resolves to, and last by the network seam
itself, of the very address that is connected to. Names are resolved once, so none can change in between.
"""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
from collections import OrderedDict
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from probe.helper.limits import Bucket
from probe.measure.urls import Place, place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.model.network import Clock, Network
    from probe.model.observation import LocalFact
    from probe.model.options import TrustStore

PORTS: Final = frozenset({53, 80, 443, 853, 5222, 9201})
"""The web's, a resolver's, and what else the catalogue's endpoints listen on."""
QUIC_PORT: Final = 443
NOT_FOR_HTTP: Final = frozenset({53, 853})
PER_ADDRESS: Final = 1200
"""Connections to one address in a minute, whoever asks: no client's wish becomes anybody's burden."""
ADDRESSES: Final = 4096
"""Remembered for that."""

FORBIDDEN: Final = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8",  # this network, RFC 791
        "10.0.0.0/8",  # private, RFC 1918
        "100.64.0.0/10",  # carrier-grade NAT, RFC 6598; a cloud's metadata lives at 100.100.100.200
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's metadata at a public address (Azure)
        "169.254.0.0/16",  # link-local, RFC 3927; metadata at 169.254.169.254
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "192.0.2.0/24",  # documentation, RFC 5737
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks, RFC 2544
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocol assignments, Teredo within
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation, RFC 9637
    )
)
"""What the IANA special-purpose registries keep from being public. Of IPv6 only 2000::/3 is allowed at all:
not ::1, mapped or translated IPv4, unique local (metadata at fd00:ec2::254), link-local, multicast."""
GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")

_NAME: Final = re.compile(r"(?:[a-z0-9_-]{1,63}\.)+[a-z][a-z0-9-]{1,62}")
"""At least two labels, the last no number in anybody's spelling: 0x7f.1 and 2130706433 are no names."""
_PRIVATE_NAMES: Final = frozenset(
    {"arpa", "corp", "home", "internal", "intranet", "lan", "local", "localhost", "onion", "private"}
)
"""Last labels that lead nowhere in public DNS (RFC 6761, 6762, 7686, 9476), and somewhere inside."""


class NotAllowedError(ValueError):
    """The helper does not go there."""


class Guard:
    """Says where may be connected to.

    `own` tells whether an address is this machine's. `only`, if given, is the whole of what is allowed, and
    nothing else of this class is asked: for tests on loopback. No option of the command line leads there.
    """

    def __init__(
        self,
        *,
        own: Callable[[str], bool] | None = None,
        only: frozenset[tuple[str, int]] | None = None,
    ) -> None:
        """Take what differs."""
        self._own = own or is_of_this_machine
        self._only = only

    def allows(self, ip: str, port: int) -> bool:
        """Tell whether a connection to this literal address and port may be made."""
        if self._only is not None:
            return (ip, port) in self._only
        return port in PORTS and is_public(ip) and not self._own(ip)

    def place(self, url: str) -> Place:
        """Read a URL that may be asked for. Raises NotAllowedError for any other.

        User names, odd spellings of addresses and names without a public top-level domain are refused
        before anything is resolved.
        """
        if any(character <= " " or character in "\\\x7f" for character in url):
            raise NotAllowedError("no URL")
        try:
            place, authority = place_of(url), urlsplit(url).netloc
        except ValueError as error:
            raise NotAllowedError("no URL") from error
        if place.scheme not in ("http", "https") or "@" in authority:
            raise NotAllowedError("no plain web address")
        if place.is_literal:
            if not self.allows(place.host, place.port):
                raise NotAllowedError("no public address, or another port")
        elif not _is_public_name(place.host):
            raise NotAllowedError("no public name")
        elif self._only is None and place.port not in PORTS:
            raise NotAllowedError("another port")
        return place


def _is_public_name(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and name.rpartition(".")[2] not in _PRIVATE_NAMES


def is_public(ip: str) -> bool:
    """Tell whether the text is the plain spelling of an address of the public internet."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    if "%" in ip or any(address in block for block in FORBIDDEN if block.version == address.version):
        return False
    return address.version == 4 or address in GLOBAL_UNICAST


def is_of_this_machine(ip: str) -> bool:
    """Tell whether an interface bears the address: nothing else can be bound to. Nothing is sent."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.bind((ip, 0))
    except OSError:
        return False
    return True


class GuardedNetwork:
    """A Network that connects nowhere else than the guard allows."""

    def __init__(self, inner: Network, guard: Guard) -> None:
        """Put the guard before the network."""
        self._inner = inner
        self._guard = guard
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    @property
    def clock(self) -> Clock:
        """The clocks of the network below."""
        return self._inner.clock

    def resolve_system(self, name: str) -> tuple[str, ...]:
        """Ask the system's resolver. Raises socket.gaierror."""
        return self._inner.resolve_system(name)

    def system_resolvers(self) -> tuple[str, ...]:
        """Tell nobody: no query of our own is sent to it."""
        return ()

    def open_tcp(self, address: str) -> socket.socket:
        """Return a socket that is not connected yet."""
        return self._inner.open_tcp(address)

    async def connect(self, sock: socket.socket, address: str, port: int) -> float | None:
        """Connect to what is allowed, not too often. Raises OSError, PermissionError where it is refused."""
        if not self._guard.allows(address, port) or not self._has_room(address):
            raise PermissionError(errno.EPERM, "the helper's guard")
        return await self._inner.connect(sock, address, port)

    def _has_room(self, address: str) -> bool:
        now = self._inner.clock.counter()
        bucket = self._buckets.setdefault(address, Bucket(PER_ADDRESS, now))
        self._buckets.move_to_end(address)
        if len(self._buckets) > ADDRESSES:
            self._buckets.popitem(last=False)
        return bucket.take(1, now)

    def open_udp(self, address: str, port: int) -> socket.socket:
        """Return a socket to UDP/443 of what is allowed, not too often: QUIC, and nothing else for others.

        Raises OSError, PermissionError where it is refused.
        """
        if port != QUIC_PORT or not self._guard.allows(address, port) or not self._has_room(address):
            raise PermissionError(errno.EPERM, f"the helper's guard: {address} {port}")
        return self._inner.open_udp(address, port)

    def interface_bytes(self) -> int | None:
        """Tell nothing of this machine."""
        return None

    def trust(self) -> TrustStore:
        """Return the trust store of the network below."""
        return self._inner.trust()

    def vantage(self) -> tuple[LocalFact, ...]:
        """Tell nothing of this machine."""
        return ()
