"""Where a hop leads, by the words of its URL."""

from functools import lru_cache
from urllib.parse import urlsplit

from msgspec import Struct

from probe.model.vpn import TUNNEL_PORTS

PORTS = {
    "https": 443,
    "http": 80,
    "dns+udp": 53,
    "dns+tcp": 53,
    "dns+tls": 853,
    "dns+quic": 853,
    "quic": 443,
    "zone": 53,
    **TUNNEL_PORTS,
}


class Place(Struct, frozen=True, eq=False):
    """Where a hop leads: the words of its URL."""

    url: str
    scheme: str
    host: str
    port: int
    is_tls: bool
    is_literal: bool


@lru_cache(maxsize=256)  # a target's rounds lead to the same few
def place_of(url: str) -> Place:
    """Split a URL; what cannot be split leads nowhere (an empty host)."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return Place(url, "", "", 0, False, False)
    scheme = parts.scheme
    literal = ":" in host or (host.replace(".", "").isdigit() and host.count(".") == 3)
    return Place(url, scheme, host, port or PORTS.get(scheme, 443), scheme in {"https", "dns+tls"}, literal)
