"""Where a URL leads: scheme, host as DNS spells it, port, request target; hostile text is a ValueError."""

from __future__ import annotations

import ipaddress
import re
import urllib.parse
from functools import lru_cache
from typing import Final

from msgspec import Struct

from probe.measure.verify import ascii_name
from probe.model.vpn import TUNNEL_PORTS

DEFAULT_PORTS: Final = {
    "http": 80,
    "https": 443,
    "dns+udp": 53,
    "dns+tcp": 53,
    "dns+tls": 853,
    "dns+quic": 853,
    "quic": 443,
    "zone": 53,
    "path": 443,
    **TUNNEL_PORTS,
}
MAX_URL: Final = 8192
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SAFE: Final = "/%:@!$&'()*+,;=~-._?"
_HOST: Final = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
_NAT64: Final = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_GLOBAL: Final = ipaddress.IPv6Network("2000::/3")
"""What is given out of IPv6; the rest leads nowhere, or into a network of the volunteer's own."""
_PROTOCOLS: Final = ipaddress.IPv4Network("192.0.0.0/24")
"""Answered by routers nearby; Python before 3.12 calls some of it global."""
_FAKE_IP: Final = ipaddress.IPv4Network("198.18.0.0/15")
"""RFC 2544: nobody's network. Tunnels on the user's machine give names addresses of it, and carry them on."""


class Place(Struct, frozen=True, kw_only=True):
    """What a connection and a request need of a URL."""

    url: str
    scheme: str
    host: str
    """ASCII, lower case, without brackets or trailing dot; or a literal address."""
    port: int
    target: str
    """Path and query, percent-encoded."""

    @property
    def authority(self) -> str:
        """The Host header: with the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if DEFAULT_PORTS.get(self.scheme) == self.port else f"{host}:{self.port}"

    @property
    def is_literal(self) -> bool:
        """Whether the host is an address already."""
        return is_address(self.host)


@lru_cache(maxsize=2048)
def place_of(url: str) -> Place:
    """Read a URL of any scheme that Target.input may bear. Raises ValueError for anything else."""
    if len(url) > MAX_URL:
        raise ValueError("URL too long")
    parts = urllib.parse.urlsplit(url)
    host = ascii_name(parts.hostname or "")
    port = parts.port if parts.port is not None else DEFAULT_PORTS.get(parts.scheme)
    if not host or not host.isascii() or port is None or not 0 < port < 65536:
        raise ValueError("URL without a usable host and port")
    if not is_address(host) and not (_HOST.fullmatch(host) and len(host) <= 253):
        raise ValueError("no host name")
    target = urllib.parse.quote(parts.path or "/", safe=_SAFE)
    if parts.query:
        target += "?" + urllib.parse.quote(parts.query, safe=_SAFE)
    return Place(url=url, scheme=parts.scheme, host=host, port=port, target=target)


def joined(url: str, location: str) -> str | None:
    """Return where a Location header leads, or None if no browser could go there."""
    try:
        if urllib.parse.urlsplit(location.strip())[:2] in (("http", ""), ("https", "")):
            return None
        there = urllib.parse.urldefrag(urllib.parse.urljoin(url, location.strip())).url
        place = place_of(there)
    except ValueError:
        return None
    return there if place.scheme in ("http", "https") else None


@lru_cache(maxsize=2048)
def is_address(text: str) -> bool:
    """Tell whether the text is a literal address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=2048)
def is_public(ip: str) -> bool:
    """Tell whether an address may be connected to on somebody's word.

    An answer or a redirect that points into loopback, link-local, private, shared, multicast or reserved
    ranges would make us probe the volunteer's own network; addresses embedded in IPv6 count as themselves. A
    fake address of a tunnel is where every program of this machine goes for the name.
    """
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and any(address in prefix for prefix in _NAT64):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None and address not in _GLOBAL:
            return False
        address = inner or address
    if isinstance(address, ipaddress.IPv4Address) and (address in _FAKE_IP or address in _PROTOCOLS):
        return address in _FAKE_IP
    return address.is_global and not address.is_multicast
