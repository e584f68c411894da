"""All scenarios of the wire by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wire.tables_innocent import INNOCENT
from wire.tables_network import NETWORK
from wire.tables_path import PATH
from wire.tables_resolver import RESOLVER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wire.scenario import Scenario

SCENARIOS: Final[Mapping[str, Scenario]] = {s.name: s for s in (*PATH, *RESOLVER, *INNOCENT, *NETWORK)}
