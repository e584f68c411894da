"""All scenarios of the wire by name, those that take longest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wire.tables_innocent import INNOCENT
from wire.tables_network import NETWORK
from wire.tables_path import PATH
from wire.tables_quic import QUIC
from wire.tables_resolver import RESOLVER
from wire.tables_services import OFFICE, SERVICES
from wire.tables_stores import STORES
from wire.tables_throughput import THROUGHPUT
from wire.tables_vpn import VPN
from wire.tables_who import WHO
from wire.tables_within import WITHIN
from wire.tables_zone import ZONE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wire.scenario import Scenario

LONGEST: Final = (
    "shutdown-midway",
    "dropout",
    "unplugged",
    "slowed-link",
    "shutdown",
    "down",
    "white-list",
    "white-list-data",
    "cable-cut",
    "dark",
    "dns-all",
    "dns-one",
)
_ALL: Final = {
    s.name: s
    for s in (*PATH, *RESOLVER, *INNOCENT, *NETWORK, *ZONE, *QUIC, *WHO, *SERVICES, *STORES, *WITHIN, *VPN)
}
BLOCKING: Final[Mapping[str, Scenario]] = {name: _ALL[name] for name in (*LONGEST, *_ALL)}
"""What is reached, and what is not."""
SPEED: Final[Mapping[str, Scenario]] = {s.name: s for s in (*THROUGHPUT, *OFFICE)}
SCENARIOS: Final[Mapping[str, Scenario]] = {**BLOCKING, **SPEED}
GRID_ONLY: Final = frozenset(
    {"policed-bucket", "policed-video", "black-hole-page", "unpaid-midway", "slowed-midway"}
)
"""Left to `benchmarks.wire_grid`: near twins of others."""
TESTED: Final[Mapping[str, Scenario]] = {n: s for n, s in SCENARIOS.items() if n not in GRID_ONLY}
