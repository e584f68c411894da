"""Which resolvers this system is configured with: resolv.conf(5), or on Windows its registry."""

from __future__ import annotations

import ipaddress
import socket
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

RESOLV_CONF: Final = Path("/etc/resolv.conf")
MAX_RESOLV_CONF: Final = 65536
MAX_RESOLVERS: Final = 4
PLACEHOLDERS: Final = ipaddress.ip_network("fec0::/10")
"""Site-local addresses, which RFC 3879 retired: Windows lists three of them where no resolver has IPv6."""


def system_resolvers() -> tuple[str, ...]:
    """Return the configured resolvers' addresses, without scope ids."""
    if sys.platform == "win32":
        return _addresses(_of_registry())
    try:
        known = RESOLV_CONF.stat()
    except OSError:
        return ()
    return _of_file(known.st_ino, known.st_mtime_ns, known.st_size)


def _of_registry() -> tuple[str, ...]:
    import dns.exception
    import dns.resolver  # heavy, and only where there is no resolv.conf

    try:
        found = dns.resolver.Resolver(configure=True).nameservers
    except (dns.exception.DNSException, OSError, NotImplementedError):  # the last: a system it cannot read
        return ()
    return tuple(map(str, found))


@lru_cache(maxsize=1)
def _of_file(inode: int, mtime_ns: int, size: int) -> tuple[str, ...]:  # noqa: ARG001  # what a new file changes
    """Return the resolvers of resolv.conf(5), read again when it is another file."""
    with RESOLV_CONF.open("rb") as file:
        text = file.read(MAX_RESOLV_CONF).decode("utf-8", "replace")
    words = (line.split() for line in text.splitlines())
    return _addresses(w[1] for w in words if len(w) >= 2 and w[0] == "nameserver")


def _addresses(told: Iterable[str]) -> tuple[str, ...]:
    """Keep addresses, without scope ids, each once."""
    plain = (text.partition("%")[0] for text in told)
    return tuple(dict.fromkeys(text for text in plain if _is_address(text)))[:MAX_RESOLVERS]


def _is_address(text: str) -> bool:
    """Whether a text is an address as the system's own functions read it, and somebody may live there."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text)
        except OSError:
            continue
        return ipaddress.ip_address(text) not in PLACEHOLDERS
    return False
