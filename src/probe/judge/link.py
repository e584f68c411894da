"""How fast the whole link is, as neutrals' pages show it: now, and in the course of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.judge.groups import TRY_GAP_S
from probe.judge.screen import FASTEST_BPS, link_bps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.judge.screen import PageRate

FELL_TO: Final = 1 / 8
"""Neither a neighbour's film nor another radio cell alone takes seven eighths of a link, in three rounds."""
SLOW_KBPS: Final = 500.0
"""Above this the web works; METHOD 7 compares no speeds below 300."""
SLOW_ROUNDS: Final = 3


def link_kbps(pages: Sequence[PageRate]) -> float | None:
    """Return the rate in kbit/s; None where too few pages were long enough, or slow start alone shows."""
    bps = link_bps(pages)
    return None if bps is None or bps >= FASTEST_BPS else round(bps / 1000, 1)


def fell(now: float | None, before: float | None) -> bool:
    """Say whether a link is slow that was at least eight times as fast."""
    return now is not None and before is not None and now < SLOW_KBPS and now <= FELL_TO * before


def link_fell(pages: Sequence[tuple[float, PageRate]]) -> bool:
    """Say whether the link was fast in the first round of pages and slow in each of the last three.

    `pages` come with the seconds since the run began.
    """
    rounds: list[list[PageRate]] = []
    last = float("-inf")
    for at, page in sorted(pages, key=lambda one: (one[0], one[1].n_bytes, one[1].seconds)):
        if at - last >= TRY_GAP_S:
            rounds.append([])
            last = at
        rounds[-1].append(page)
    if len(rounds) <= SLOW_ROUNDS:
        return False
    first = link_bps(rounds[0])
    before = None if first is None else first / 1000
    return all(fell(link_kbps(late), before) for late in rounds[-SLOW_ROUNDS:])
