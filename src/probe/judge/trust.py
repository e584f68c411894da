"""Which addresses are truly the target's: a failure at any other says nothing of it (METHOD 5)."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from probe.judge.reading import Reading, Try
    from probe.judge.view import ControlView


class Trust:
    """Answers, for one name, whether an address is true and whether the user's own resolver gave it."""

    __slots__ = ("_asns", "_ranges", "_told", "_view_asns", "own", "shown", "true", "vouched")

    def __init__(
        self,
        reading: Reading,
        names: tuple[str, str],
        tries: Iterable[Try],
        views: Sequence[ControlView],
        ranges: Mapping[str, tuple[str, ...]],
    ) -> None:
        """Collect what vouches; `names` are the host and the name that the certificate has to hold."""
        target = reading.target
        name, sni = names
        literal = {reading.start.host} if reading.start.is_literal else set()
        start = reading.start.host.lower() in {name, ""} or reading.start.is_literal
        stated = {*literal, *(target.addresses if start else ())}
        self.own = frozenset(stated) | {
            ip
            for _, lookup in reading.lookups.get(name, ())
            if not lookup.checking_disabled
            for ip in lookup.answers
        }
        """Addresses that the user's own resolver, or the catalogue, gave for the name."""
        shown = {
            t.ip
            for t in tries
            if (h := t.tls or t.quic) is not None and t.tls_ok
            and h.verified_name.lower().rstrip(".") in {name, sni, t.ip}
        }  # fmt: skip
        self.shown = frozenset(shown)
        """Addresses that showed a certificate valid for the name."""
        by_control = {ip for v in views if v.usable for ip in v.addresses}
        self.vouched = frozenset(by_control)
        """Addresses that a control or the baseline resolved the name to."""
        self.true = frozenset(stated | shown | by_control)
        self._ranges = tuple(cidr for r in target.ranges for cidr in ranges.get(r, ()))
        self._view_asns = frozenset(asn for v in views if v.usable for asn in v.asns)
        self._told = {ip: asn for v in views if v.usable for ip, asn in v.address_asn.items()}
        self._asns: dict[str, bool] = {}

    def is_true(self, ip: str) -> bool:
        """Say whether anything vouches for the address."""
        if ip in self.true:
            return True
        known = self._asns.get(ip)
        if known is None:
            asn = self._told.get(ip)
            known = self._asns[ip] = (asn is not None and asn in self._view_asns) or any(
                within(ip, cidr) for cidr in self._ranges
            )
        return known


@lru_cache(maxsize=65536)
def within(ip: str, cidr: str) -> bool:
    """Say whether the literal address lies in the network; False for what is neither."""
    try:
        return ip_address(ip) in _network(cidr)
    except ValueError:
        return False


@lru_cache(maxsize=8192)
def _network(cidr: str) -> IPv4Network | IPv6Network:
    return ip_network(cidr)
