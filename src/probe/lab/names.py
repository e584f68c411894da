"""Where the lab's names live: every name has stable public addresses, and every address knows its names."""

from __future__ import annotations

import hashlib
import ipaddress
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from probe.lab.zones import Zones

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from probe.lab.records import CatalogueLike
    from probe.model.target import Target

HELPERS = {
    f"helper-{letter}.probe-lab.example": (f"185.199.{108 + n}.40", f"2606:50c0:800{n}::40")
    for n, letter in enumerate("abcd")
}
"""The lab's test helpers. A probe greets each at most 12 times in two minutes, so there are several."""
SYSTEM_RESOLVERS = ("212.48.193.36", "2a01:540:1::53")
"""The volunteer's resolver, at the operator, by either family."""
NOTICE_HOST = "warning.rt.ru"
NOTICE_ADDRESS = "95.167.13.50"
"""The operator's server of legal notices, as public collections of block pages have it."""
STRANGER = "185.76.144.9"
"""A public address in nobody's range where nobody listens, but for a gateway that a scenario puts there."""
BOGON = "10.7.45.91"
PORTAL_NAME = "login.portal.probe-lab.example"
PORTAL_ADDRESS = "95.167.77.1"
SINKHOLE = "192.0.2.1"

HOSTING: Mapping[str, tuple[str, str]] = {
    "RU": ("77.88.0.0/18", "2a02:6b8::/32"),
    "": ("151.101.0.0/16", "2a04:4e42::/32"),
}
"""Public blocks, by country, for names whose service has no range of its own."""

ASNS = {"google": 15169, "meta": 32934, "x": 13414, "telegram": 62041, "cloudflare": 13335}
"""AS numbers by the names of the catalogue's ranges."""

FAKE_BLOCK = ipaddress.ip_network("198.18.0.0/15")
"""What a fake-IP proxy on the user's machine answers with."""
NAT64_PREFIX = ipaddress.ip_network("64:ff9b::/96")
V4_PER_NAME = 2
NOWHERE: Mapping[str, str] = MappingProxyType({})


def host_of(target: Target) -> str:
    """Return the host of a target's input, without brackets; empty when there is none."""
    return (urlsplit(target.input).hostname or "").rstrip(".").lower()


def is_address(text: str) -> bool:
    """Tell whether the text is a literal IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def version_of(address: str) -> int:
    """Return 4 or 6."""
    return ipaddress.ip_address(address).version


def covers(pattern: str, name: str) -> bool:
    """Tell whether the name is the pattern or below it."""
    return name == pattern or name.endswith("." + pattern)


def pick(block: str, key: str) -> str:
    """Return the address within a CIDR that the key hashes to: never the first or last of a block."""
    network = ipaddress.ip_network(block)
    digest = int.from_bytes(hashlib.sha256(key.encode()).digest()[:12], "big")
    size = network.num_addresses
    return str(network[1 + digest % (size - 2)] if size > 2 else network[digest % size])


class Names:
    """Name → addresses and back, for a whole catalogue and for any name a list may bring."""

    def __init__(
        self, catalogue: CatalogueLike, urls: Iterable[str] = (), fixed: Mapping[str, str] = NOWHERE
    ) -> None:
        """Settle the names of the catalogue and of `urls`; others are settled when first asked for.

        `fixed` are names with one address each, which their certificates bear as well.
        """
        self.ranges = {
            name: tuple(b for b in blocks if ipaddress.ip_network(b).num_addresses >= 16)
            for name, blocks in catalogue.ranges.items()
        }
        self._addresses: dict[str, tuple[str, ...]] = {}
        self._names: dict[str, list[str]] = {}
        self.groups: dict[str, list[str]] = {}
        self.resolvers: set[str] = set(SYSTEM_RESOLVERS)
        self.askers: dict[str, str] = {}
        """From which address the resolvers of an owner with ranges ask other servers."""
        self.on_certificates: dict[str, list[str]] = {}
        """Addresses that the certificates of resolvers bear beside their names."""
        self.zones = Zones()
        self.plain: set[str] = set()
        """Names that serve their page over plain HTTP rather than redirect to TLS."""
        self.relays: set[str] = set()
        """Addresses that speak Tor's link protocol within TLS."""
        self.cleartext: set[str] = set()
        """Addresses that speak HTTP without TLS on every port."""
        self.large: dict[str, str] = {}
        self.countries: dict[str, str] = {}
        for name, addresses in (
            *HELPERS.items(),
            (NOTICE_HOST, (NOTICE_ADDRESS,)),
            (PORTAL_NAME, (PORTAL_ADDRESS,)),
            *((name, (address,)) for name, address in fixed.items()),
        ):
            self._settle(name, addresses)
        self.on_certificates |= {name: [address] for name, address in fixed.items()}
        self.helper_names = set(HELPERS) | {urlsplit(url).hostname or "" for url in catalogue.helpers}
        for target in self._targets(catalogue):
            (self._take_zone if target.experiment == "zone" else self._take)(target)
        for url in (*urls, *catalogue.helpers):
            parts = urlsplit(url)
            if (parts.hostname or "") not in fixed.values():
                self.addresses(parts.hostname or "")
            self.plain.update([parts.hostname or ""] if parts.scheme == "http" else [])

    @staticmethod
    def _targets(catalogue: CatalogueLike) -> Iterator[Target]:
        for service in catalogue.services:
            yield from service.targets
        yield from catalogue.neutrals
        yield from catalogue.network
        yield from catalogue.resolvers

    def _take_zone(self, target: Target) -> None:
        for address, server in self.zones.take(target).items():
            self._settle(server, (address,))
            self.resolvers.add(address)

    def _take(self, target: Target) -> None:
        host = host_of(target)
        for group in (f"@{target.service}", f"@{target.neutral_group}", f"@{target.target_id}"):
            if group != "@" and host:
                self.groups.setdefault(group, []).append(host)
        scheme = urlsplit(target.input).scheme
        if (scheme.startswith("dns+") or target.experiment in ("dns", "doh")) and host:
            mine = target.addresses or ((host,) if is_address(host) else ())
            self.resolvers.update(mine)
            if target.server_name:
                self.on_certificates.setdefault(target.server_name, []).extend(mine)
            four = [b for name in target.ranges for b in self.ranges.get(name, ()) if ":" not in b]
            self.askers |= {address: pick(four[-1], address) for address in mine if four}
        if target.experiment == "sinkhole" or host == SINKHOLE or not host:
            return
        if target.experiment == "http_any":
            self.cleartext.add(target.server_name or host)
        {"http": self.plain, "tor": self.relays}.get(scheme, set()).add(host)
        if target.large_object:
            self.large[host] = target.large_object
        if is_address(host):
            self._settle(target.server_name or host, (host,))
            return
        self.countries.setdefault(host, target.country)
        blocks = tuple(b for name in target.ranges for b in self.ranges.get(name, ()))
        self._settle(host, target.addresses or self._hashed(host, blocks))

    def _hashed(self, name: str, blocks: Iterable[str] = ()) -> tuple[str, ...]:
        country = self.countries.get(name, "RU" if name.endswith((".ru", ".xn--p1ai")) else "")
        default = HOSTING.get(country, HOSTING[""])
        four = tuple(b for b in blocks if ":" not in b) or (default[0],)
        six = tuple(b for b in blocks if ":" in b) or (default[1],)
        digest = hashlib.sha256(name.encode()).digest()
        block4, block6 = four[digest[0] % len(four)], six[digest[1] % len(six)]
        fours = dict.fromkeys(pick(block4, f"{name}/{n}") for n in range(V4_PER_NAME))
        return (*fours, pick(block6, name))

    def _settle(self, name: str, addresses: Iterable[str]) -> tuple[str, ...]:
        """Add addresses to a name; a name stated twice keeps all of them."""
        merged = tuple(dict.fromkeys((*self._addresses.get(name, ()), *addresses)))
        self._addresses[name] = merged
        for address in merged:
            names = self._names.setdefault(str(ipaddress.ip_address(address)), [])
            if name not in names:
                names.append(name)
        return merged

    def addresses(self, name: str) -> tuple[str, ...]:
        """Return the true addresses of a name, both families, the same in every run."""
        name = name.rstrip(".").lower()
        return self._addresses.get(name) or self._settle(name, self._hashed(name))

    def other_addresses(self, name: str, where: str) -> tuple[str, ...]:
        """Return addresses that a CDN gives for the name elsewhere: as true as the first, and different."""
        six = {a for a in self.addresses(name) if ":" in a}
        near = [
            str(ipaddress.ip_network(f"{a}/24", strict=False)) for a in self.addresses(name) if a not in six
        ]
        shifted = tuple(dict.fromkeys(pick(block, f"{name}/{where}") for block in near))
        self._settle(name, shifted)
        return (*shifted, *sorted(six))

    def names_at(self, address: str) -> tuple[str, ...]:
        """Return the names that live at an address; empty when nobody does."""
        return tuple(self._names.get(str(ipaddress.ip_address(address)), ()))

    def all_addresses(self) -> tuple[str, ...]:
        """Return every address that somebody lives at so far."""
        return tuple(self._names)

    def is_at(self, name: str, address: str) -> bool:
        """Tell whether the servers at the address serve the name."""
        return name in self.names_at(address)

    def matches(self, pattern: str, name: str) -> bool:
        """Tell whether a rule's pattern (`*`, `@group`, a host with its subdomains) covers the name."""
        if pattern == "*":
            return True
        if pattern.startswith("@"):
            return name in self.groups.get(pattern, ())
        return covers(pattern, name)

    def asn(self, address: str) -> int:
        """Return the AS number that announces an address in this world."""
        parsed = ipaddress.ip_address(address)
        for name, blocks in self.ranges.items():
            if any(parsed in ipaddress.ip_network(block) for block in blocks):
                return ASNS.get(name, 64496)
        for country, blocks in HOSTING.items():
            if any(parsed in ipaddress.ip_network(block) for block in blocks):
                return 13238 if country == "RU" else 54113
        return 64496

    def asker(self, resolver: str) -> str:
        """Return the address from which a resolver asks other servers."""
        if resolver in SYSTEM_RESOLVERS:
            return SYSTEM_RESOLVERS[0]
        return self.askers.get(resolver) or pick(HOSTING[""][0], resolver)

    def fake(self, name: str) -> str:
        """Return the fake-IP address of a name."""
        address = pick(str(FAKE_BLOCK), name)
        self._names.setdefault(address, [name])
        return address
