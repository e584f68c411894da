"""Addresses that no public name can truly have, by kind."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

FAKE_IP: Final = "fake_ip"
PRIVATE: Final = "private"
LOOPBACK: Final = "loopback"
UNSPECIFIED: Final = "unspecified"
LINK_LOCAL: Final = "link_local"
SHARED: Final = "shared"
DOCUMENTATION: Final = "documentation"
MULTICAST: Final = "multicast"
RESERVED: Final = "reserved"
NAT64: Final = "nat64"
NOT_AN_ADDRESS: Final = "not_an_address"

LOCAL_KINDS: Final = frozenset({FAKE_IP, PRIVATE, LOOPBACK, UNSPECIFIED, LINK_LOCAL, SHARED})
"""Kinds that a resolver, a hosts file or a tunnel of the user's own gives too: alone they accuse nobody."""

# RFC 6890 and the IANA special-purpose registries it points to; 198.18.0.0/15 (RFC 2544) is what
# tunnelling tools hand out as "fake IP" on the user's own machine. First match wins.
_V4: Final = tuple(
    (ip_network(prefix), kind)
    for prefix, kind in (
        ("0.0.0.0/8", UNSPECIFIED),
        ("10.0.0.0/8", PRIVATE),
        ("100.64.0.0/10", SHARED),
        ("127.0.0.0/8", LOOPBACK),
        ("169.254.0.0/16", LINK_LOCAL),
        ("172.16.0.0/12", PRIVATE),
        ("192.0.0.0/24", RESERVED),
        ("192.0.2.0/24", DOCUMENTATION),
        ("192.168.0.0/16", PRIVATE),
        ("198.18.0.0/15", FAKE_IP),
        ("198.51.100.0/24", DOCUMENTATION),
        ("203.0.113.0/24", DOCUMENTATION),
        ("224.0.0.0/4", MULTICAST),
        ("240.0.0.0/4", RESERVED),
    )
)
_V6: Final = tuple(
    (ip_network(prefix), kind)
    for prefix, kind in (
        ("::/128", UNSPECIFIED),
        ("::1/128", LOOPBACK),
        ("100::/64", RESERVED),
        ("2001:2::/48", FAKE_IP),
        ("2001:db8::/32", DOCUMENTATION),
        ("2001::/23", RESERVED),
        ("3fff::/20", DOCUMENTATION),
        ("fc00::/7", PRIVATE),
        ("fe80::/10", LINK_LOCAL),
        ("fec0::/10", PRIVATE),
        ("ff00::/8", MULTICAST),
    )
)
_GLOBAL_UNICAST: Final = ip_network("2000::/3")
_NAT64: Final = ip_network("64:ff9b::/96")
_NAT64_LOCAL: Final = ip_network("64:ff9b:1::/48")
_LOW_32: Final = 0xFFFFFFFF


@lru_cache(maxsize=2048)
def is_bogon(ip: str) -> str | None:
    """Return what kind of bogon the literal address is, or None for an ordinary public one.

    `nat64` is the well-known prefix of RFC 6052 around a public IPv4 address: DNS64 made it, nobody
    forged it. A bogon wrapped in it, or in an IPv4-mapped or 6to4 address, keeps its own kind.
    """
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return NOT_AN_ADDRESS
    return _kind_v4(address) if isinstance(address, IPv4Address) else _kind_v6(address)


def bare_address(ip: str) -> str | None:
    """Return the address in its shortest form, an IPv4 one out of its IPv6 wrapping; None for no address."""
    try:
        address = ip_address(ip)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address in _NAT64 or address in _NAT64_LOCAL:
            return str(IPv4Address(int(address) & _LOW_32))
        return str(address.ipv4_mapped or address)
    return str(address)


def _kind_v4(address: IPv4Address) -> str | None:
    return next((kind for prefix, kind in _V4 if address in prefix), None)


def _kind_v6(address: IPv6Address) -> str | None:
    if address in _NAT64 or address in _NAT64_LOCAL:
        return _kind_v4(IPv4Address(int(address) & _LOW_32)) or NAT64
    embedded = address.ipv4_mapped or address.sixtofour
    if embedded is not None:
        return _kind_v4(embedded)
    kind = next((kind for prefix, kind in _V6 if address in prefix), None)
    return kind or (None if address in _GLOBAL_UNICAST else RESERVED)
