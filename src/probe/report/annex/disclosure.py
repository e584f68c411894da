"""What an annex made public leaves out: minutes, names of runs, cells of few. Pure functions.

Public: times to the hour, runs by eight digits of their root hash, helpers and neutrals by role and AS, and
across volunteers no cell of region and hour that fewer than three runs share. AS, state and counts stay.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from probe.model.vpn import TUNNELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from probe.model.observation import Certificate, TLSHandshake
    from probe.model.quic import QUICHandshake
    from probe.report.told import Told

LEAST_IN_A_CELL: Final = 3
NAME_DIGITS: Final = 8
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MERGED: Final = "merged"
"""Stands for a region, or a country, that too few runs share."""
WHOLE_PERIOD: Final = "whole_period"
"""Stands for an hour or a day that too few runs share."""
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d):\d\d(?::\d\d(?:\.\d{1,9})?)?Z")
_TIMES: Final = re.compile(
    r"(\d{4}-\d\d-\d\d[T ]\d\d):\d\d(?::\d\d(?:\.\d{1,9})?)?(?![\d:])"
    r"|(?<![\w:.])(\d\d):\d\d:\d\d(?:\.\d{1,9})?(?![\w:])",
    re.ASCII,
)
"""A moment as judging, a register or a stranger writes it; of a stranger's date and time the time alone."""
_OWN_TUNNEL: Final = re.compile(r"((?:wireguard|openvpn\+udp|openvpn\+tcp|obfs4)://).*", re.DOTALL)
_RUN_ID: Final = re.compile(r"\d{8}T\d{6}Z-AS\d{1,10}-[0-9a-f]{4}")


def hour(text: str) -> str:
    """Return the begin of the hour in which a time in UTC falls: `2026-11-21T12:00Z`; "" for none."""
    found = _TIME.search(text)
    return f"{found[1]}:00Z" if found else ""


def minutes_removed(text: str) -> str:
    """Return a text with every time in it cut to its hour, and every run's own name taken out."""
    return _RUN_ID.sub("[run]", _TIMES.sub(_to_the_hour, text))


def without_query(url: str) -> str:
    """Return a URL without what follows its path: redirects bear tokens and times there."""
    return re.split(r"[?#]", url, maxsplit=1)[0]


def public_certificate(one: Certificate, shown: TLSHandshake | QUICHandshake) -> Certificate:
    """Return a certificate as it may be told: one that was made for this very connection tells its second.

    So does its hash to whoever made it; one that authorities vouch for is everybody's.
    """
    begin, end = (
        text.replace(found[0], f"{found[1]}:00:00Z") if (found := _TIME.search(text)) else text
        for text in (one.not_before, one.not_after)
    )
    return replace(one, not_before=begin, not_after=end, sha256="" if shown.chain_failure else one.sha256)


def _to_the_hour(found: re.Match[str]) -> str:
    return f"{found[1] or found[2]}:00"


def end_of_hour(moment: datetime) -> datetime:
    """Return the end of the hour in which a moment falls; a full hour stays."""
    begin = moment.replace(minute=0, second=0, microsecond=0)
    try:
        return moment if moment == begin else begin + timedelta(hours=1)
    except OverflowError:  # the last hour that a date can name, in a run that somebody wrote
        return moment


def hours_rounded_up(seconds: float) -> int:
    """Return a duration in full hours, never shorter than it was."""
    return max(ceil(seconds / 3600), 0)


def run_names(runs: Sequence[Told]) -> tuple[str, ...]:
    """Return what each run is called in public: digits of its root hash, else its place among the unsealed.

    A name is never made of a run's own: that holds its second. Of two with the same digits, both get more.
    """
    roots = [one.seal.root_sha256 if one.seal else "" for one in runs]
    digits = NAME_DIGITS
    while len({root[:digits] for root in roots if root}) < len({root for root in roots if root}):
        digits += NAME_DIGITS
    unsealed = [n for n, root in enumerate(roots) if not root]
    return tuple(
        root[:digits] if root else f"unsealed-{unsealed.index(n) + 1}" for n, root in enumerate(roots)
    )


def uid(name: str, measurement_uid: str) -> str:
    """Return what a measurement is called in public: the run's public name and the number within the run."""
    return f"{name}-{measurement_uid.rpartition('-')[2]}"


class Cell(Struct, frozen=True, kw_only=True):
    """Runs that are told of together by where and when they were made."""

    region: str
    """ISO 3166-2, a country, `withheld`, or `merged`."""
    hour: str
    """`2026-11-21T12:00Z`, a day, or `whole_period`."""
    n_runs: int


class Stood(Struct, frozen=True, kw_only=True):
    """Where and when one run began, as far as its volunteer let it be told."""

    region: str
    country: str
    started_utc: str


Level = tuple["Callable[[Stood], str]", "Callable[[Stood], str]"]
LEVELS: Final[tuple[Level, ...]] = (
    (lambda s: s.region, lambda s: hour(s.started_utc)),
    (lambda s: s.region, lambda s: s.started_utc[:10]),
    (lambda s: s.country, lambda s: s.started_utc[:10]),
    (lambda s: s.country, lambda _: WHOLE_PERIOD),
)
"""Ever coarser; what no level makes three of is told of as one cell."""


def cells(stood: Iterable[Stood], *, least: int = LEAST_IN_A_CELL) -> tuple[Cell, ...]:
    """Return cells of region and hour, those under `least` merged, first over the day, then the country.

    What is left at the end is one cell without region and hour; where even that is under `least`, the
    smallest cell is merged into it, as long as there is one: nobody can take the others off the total then.
    """
    left = list(stood)
    found: list[Cell] = []
    for where, when in LEVELS:
        groups: dict[tuple[str, str], list[Stood]] = defaultdict(list)
        for one in left:
            groups[where(one), when(one)].append(one)
        found += [
            Cell(region=region, hour=time, n_runs=len(group))
            for (region, time), group in groups.items()
            if len(group) >= least
        ]
        left = [one for group in groups.values() if len(group) < least for one in group]
    n_left = len(left)
    found.sort(key=lambda cell: (cell.n_runs, cell.region, cell.hour))
    while found and 0 < n_left < least:
        n_left += found.pop(0).n_runs
    if n_left:
        found.append(Cell(region=MERGED, hour=WHOLE_PERIOD, n_runs=n_left))
    return tuple(sorted(found, key=lambda cell: (cell.region == MERGED, cell.region, cell.hour)))


def moment(text: str) -> datetime:
    """Return a time in UTC as run folders write it; of a stranger's text that is none, the begin of 1970."""
    found = _TIME.fullmatch(text)
    try:
        return datetime.fromisoformat(text) if found else EPOCH
    except ValueError:  # the thirtieth of February
        return EPOCH


def own_tunnel_id(service: str, target_id: str) -> str:
    """Return a target's id without the host of such a tunnel, which it is made of; its digits stay."""
    return f"{TUNNELS}/own-{target_id.rpartition('-')[2]}" if service == TUNNELS else target_id


def own_tunnel_hidden(service: str, text: str) -> str:
    """Return an input without the host of a tunnel that the volunteer's own file named."""
    return _OWN_TUNNEL.sub(r"\1[own]", text) if service == TUNNELS else text
