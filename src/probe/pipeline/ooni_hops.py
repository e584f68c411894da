"""Where OONI's observations belong: the hops of a page, by tag, name, port and address."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from probe.store.ooni import Transaction

LONGEST_URL: Final = 2048
MOST_HOPS: Final = 11
DEFAULT_PORTS: Final = {"http": 80, "https": 443, "quic": 443}


class Hop(Struct, frozen=True, kw_only=True):
    """Where a redirect led."""

    scheme: str
    host: str
    port: int


class Ground:
    """The hops of one page, and the addresses that its names were given at each."""

    def __init__(self, hops: Mapping[int, Hop], *, one_of_many: bool) -> None:
        """`one_of_many`: the lists hold other targets' tries too, and a depth alone says nothing."""
        self.hops = hops
        self._one_of_many = one_of_many
        self._ips: dict[int, set[str]] = {}

    def learn(self, hop: int, ips: Iterable[str]) -> None:
        """Take note of what a hop's name resolved to."""
        self._ips.setdefault(hop, set()).update(ips)

    def of_host(self, host: str, tags: Sequence[str] | None) -> int | None:
        """Return the hop that a name belongs to; look-ups of other names are the client's own business."""
        name, depth = host.rstrip(".").lower(), depth_of(tags)
        fits = [hop for hop, where in self.hops.items() if where.host == name]
        return depth if depth in fits else min(fits, default=None)

    def of_endpoint(self, ip: str, port: int, name: str, tags: Sequence[str] | None) -> int | None:
        """Return the hop that an endpoint belongs to: the one tagged, else the first that fits."""
        fits = [hop for hop, where in self.hops.items() if where.port == port]
        depth = depth_of(tags)
        known = {name.rstrip(".").lower(), ip}
        named = [hop for hop in fits if self.hops[hop].host in known]
        at = named or [hop for hop in fits if ip in self._ips.get(hop, ())]
        if depth is None or self._one_of_many:
            return min(at, default=None)
        return depth if depth in fits else None


def place(url: str) -> Hop | None:
    """Take a URL apart; None for what leads nowhere."""
    try:
        parts = urlsplit(url[:LONGEST_URL])
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    host = (parts.hostname or "").rstrip(".").lower()
    return Hop(scheme=parts.scheme, host=host, port=port) if host and port else None


def hops_of(chain: Sequence[Transaction], start: Hop) -> dict[int, Hop]:
    """Return where each hop leads: by its tag or its place in the chain; the last by its redirect."""
    found = {0: start}
    next_ones: dict[int, Hop] = {}
    for number, transaction in enumerate(chain):
        depth = depth_of(transaction.tags)
        hop = number if depth is None else depth
        where = place(transaction.request.url)
        if where is not None:
            found.setdefault(hop, where)
        goal = location_of(transaction)
        if goal and (led := place(goal)) is not None:
            next_ones.setdefault(hop + 1, led)
    found = next_ones | found
    return {hop: where for hop, where in found.items() if hop < MOST_HOPS}


def location_of(transaction: Transaction) -> str | None:
    """Return where a redirect leads, joined with its URL; None for what is no redirect."""
    response = transaction.response
    if response is None or not 300 <= (response.code or 0) < 400:
        return None
    pairs = response.headers_list or list((response.headers or {}).items())
    said = [value for name, value in pairs if name.lower() == "location" and isinstance(value, str)]
    said += response.locations or []
    try:
        return urljoin(transaction.request.url, said[0])[:LONGEST_URL] if said else None
    except ValueError:
        return None


def depth_of(tags: Sequence[str] | None) -> int | None:
    """Return the hop that a tag tells; None without one."""
    return number_of(tags, "depth=")


def number_of(tags: Sequence[str] | None, key: str) -> int | None:
    """Return the number that follows this key in a tag; None without one."""
    digits = next((tag.removeprefix(key) for tag in tags or () if tag.startswith(key)), "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 4 else None
