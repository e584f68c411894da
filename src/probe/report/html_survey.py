"""What a page must know of all measurements of a run before it tells of some: gathered in one reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from msgspec import Struct

from probe.model.words import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from probe.report.told import Told

ACCUSING: Final = (State.BLOCKED, State.THROTTLED)
MOST_ADDRESSES: Final = 20_000
"""More than all neutral sites of the catalogue have at all content networks."""
When = tuple[float, float, str]
"""Begin and end in seconds since the run began, and the measurement's uid."""


class Survey(Struct, frozen=True, kw_only=True):
    """Of one run."""

    sites: tuple[When, ...]
    """Measurements of neutral sites."""
    tries: tuple[When, ...]
    """Measurements of accused targets."""
    neutral_addresses: Mapping[str, str]
    """Addresses where neutral sites were met, that no target's name led to; and whose, by target_id."""
    helpers: frozenset[str]
    """Hosts of test helpers, proxies and helpers of transfers."""


def surveyed(run: Told) -> Survey:
    """Read the measurements once. Raises StoreError."""
    neutral = {target.target_id for target in run.controls if target.neutral_group}
    names = {host_of(target.input): target.target_id for target in run.controls if target.neutral_group}
    accused = {v.target_id for v in run.verdicts if v.state in ACCUSING}
    of_targets = {address for target in run.targets for address in target.addresses}
    helpers = {host_of(url) for url in (*run.record.options.controls, run.record.options.control_proxy)}
    sites: list[When] = []
    tries: list[When] = []
    met: dict[str, str] = {}
    for m in run.measurements():
        when = m.started_s, m.started_s + m.runtime_s, m.measurement_uid
        if m.target_id in neutral:
            sites.append(when)
            if len(met) < MOST_ADDRESSES:
                met |= dict.fromkeys((connect.ip for connect in m.tcp_connect), m.target_id)
                met |= dict.fromkeys((handshake.ip for handshake in m.quic_handshakes), m.target_id)
        elif m.target_id in accused:
            tries.append(when)
        for query in m.queries:
            asked = names.get(query.hostname.lower().rstrip("."))
            if (
                asked is not None and len(met) < MOST_ADDRESSES
            ):  # a resolver that was tried with it is no target that it belongs to
                met |= dict.fromkeys(query.answers, asked)
            elif not m.is_control:
                of_targets.update(query.answers)
        helpers.update(host_of(answer.control) for answer in m.controls)
        helpers.update(host_of(transfer.helper) for transfer in m.transfers)
    return Survey(
        sites=tuple(sites),
        tries=tuple(tries),
        neutral_addresses={ip: target_id for ip, target_id in met.items() if ip not in of_targets},
        helpers=frozenset(helpers - {""}),
    )


def host_of(url: str) -> str:
    """Return the host of a URL; empty where there is none."""
    try:
        return (urlsplit(url).hostname or "") if "://" in url else ""
    except ValueError:
        return ""
