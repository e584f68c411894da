"""The corpus of hostile peers: every row of every layer, where it lives in the lab, and what it is asked."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from probe.lab.hostile import (
    bodies,
    chains,
    dns,
    dns_streams,
    helpers,
    http1,
    http2,
    http3,
    quic,
    redirects,
    tcp,
    tls,
)
from probe.lab.quic_server import has_quic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from probe.lab.hostile.records import Misbehaviour

__all__ = ["ADDRESSES", "CORPUS", "HONEST", "url_of"]

_OVER_QUIC: Final = frozenset({"doq", "quic", "h3"})
CORPUS: Final[tuple[Misbehaviour, ...]] = tuple(
    row
    for rows in (
        dns.ROWS,
        dns_streams.ROWS,
        tcp.ROWS,
        tls.ROWS,
        chains.ROWS,
        http1.ROWS,
        bodies.ROWS,
        redirects.ROWS,
        http2.ROWS,
        quic.ROWS,
        http3.ROWS,
        helpers.ROWS,
    )
    for row in rows
    if has_quic() or row.door not in _OVER_QUIC
)

HONEST: Final = "honest.probe-lab.example"
"""A host that does as it should, beside them."""
_BLOCK: Final = ipaddress.ip_network("199.232.0.0/16")
"""A public block that nobody else in the lab lives in."""
_APART: Final = 250
"""How many of its /24 they are spread over: a name has a budget of ClientHellos in each, and waits for it."""
ADDRESSES: Final[Mapping[str, str]] = {
    host: str(_BLOCK[256 * (1 + n % _APART) + 1 + n // _APART])
    for n, host in enumerate((HONEST, *(row.host for row in CORPUS)))
}
"""Host → its one address."""

_URLS: Final[Mapping[str, str]] = {
    "dns": "dns+udp://{address}:53",
    "dns-tcp": "dns+tcp://{address}:53",
    "dot": "dns+tls://{address}:853",
    "doh": "https://{host}/dns-query",
    "doq": "dns+quic://{address}:853",
    "syn": "tcp://{address}:443",
    "quic": "quic://{host}/",
    "h3": "quic://{host}/",
    "accept": "http://{host}{path}",
    "http": "http://{host}{path}",
}
"""How a target is typed, by door; the doors that are not named here open with TLS."""


def url_of(row: Misbehaviour) -> str:
    """Return the input that leads to a row's peer in the lab."""
    form = _URLS.get(row.door, "https://{host}{path}")
    return form.format(host=row.host, address=ADDRESSES[row.host], path=row.path)
