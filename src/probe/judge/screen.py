"""Screening: did a page come so slowly, beside the neutrals' pages, that transfers are owed? (METHOD 7).

A page is short: most of its time is TCP's slow start, not the link. So its time is held against what slow
start and the link's rate, taken from the neutrals' pages of the same run, let one expect. To be `owed`
accuses nobody.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.judge.constants import (
    SCREEN_FASTER,
    SCREEN_LEAST_BYTES,
    SCREEN_NEUTRALS,
    SCREEN_SLACK_S,
    SCREEN_SLOWER,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

SEGMENT_BYTES: Final = 1448
"""What a TCP segment carries on an ordinary path with timestamps."""
FIRST_WINDOW: Final = 10 * SEGMENT_BYTES
"""RFC 6928: ten segments before the first acknowledgement."""
LEAST_RTT_S: Final = 0.001
FASTEST_BPS: Final = 1e10


class PageRate(Struct, frozen=True, kw_only=True):
    """What one answer moved, as seen at the socket."""

    n_bytes: int
    """From the request on, TLS records and headers included."""
    seconds: float
    """From the request's last byte to the answer's last, or to when it was given up."""
    rtt_s: float
    """Of the connect, before anything could have been slowed by name."""
    first_byte_s: float
    """From the request's last byte to the answer's first."""

    @property
    def bps(self) -> float:
        """Bits a second from the request on, whatever the server thought: the link carries no less."""
        return self.n_bytes * 8 / self.seconds if self.seconds > 0 else 0.0

    @property
    def body_s(self) -> float:
        """Seconds from the first byte on: a server that thinks long is not a slow path."""
        return max(0.0, self.seconds - self.first_byte_s)


def expected_seconds(n_bytes: int, rtt_s: float, link_bps: float) -> float:
    """Return the seconds from request to last byte over such a link, from a server that does not think.

    A window of ten segments, doubled every round trip, until a window takes longer to pass than its
    acknowledgement takes to come; from then on the link is never idle.
    """
    rtt, left, window, spent = max(rtt_s, LEAST_RTT_S), float(n_bytes), float(FIRST_WINDOW), 0.0
    while left > window and window * 8 / link_bps < rtt:
        left -= window
        spent += rtt
        window *= 2
    return rtt + spent + left * 8 / link_bps


def link_bps(neutrals: Sequence[PageRate]) -> float | None:
    """Return the link's rate in bit/s that the neutrals' pages show; None where too few moved enough bytes.

    Each page gives the rate at which slow start explains its time; a page that slow start alone explains
    gives `FASTEST_BPS`, "no limit seen". Of these the one stands above which a part of `SCREEN_FASTER` lies:
    a rate estimated too low would hide a slow page, one estimated too high only costs pairs.
    """
    rates = sorted(_rate(page) for page in neutrals if page.n_bytes >= SCREEN_LEAST_BYTES)
    if len(rates) < SCREEN_NEUTRALS:
        return None
    return rates[min(len(rates) - 1, int(len(rates) * (1 - SCREEN_FASTER)))]


def is_owed(page: PageRate, neutrals: Sequence[PageRate]) -> bool | None:
    """Say whether the page came too slowly to leave it at that; None where too few bytes were moved to tell.

    A page under `SCREEN_LEAST_BYTES` is never cleared: a policer's bucket, or a freeze after 16 kB, lets so
    much pass. What is missed, per censor and size of page, stands in `docs/throttling-errors.md`. A body that
    falls silent short of its declared length is owed its transfers anyway, and is not asked about here.
    """
    link = _link(tuple(neutrals))
    if link is None:
        return None
    expected = expected_seconds(page.n_bytes, page.rtt_s, link) - max(page.rtt_s, LEAST_RTT_S)
    if page.body_s > SCREEN_SLOWER * expected + SCREEN_SLACK_S:
        return True
    return None if page.n_bytes < SCREEN_LEAST_BYTES else False


@lru_cache(maxsize=8)
def _link(neutrals: tuple[PageRate, ...]) -> float | None:
    """Return the link's rate: every target of a run is held against the same pages."""
    return link_bps(neutrals)


def _rate(page: PageRate) -> float:
    """Return the rate at which the page's time after its first byte is what one expects."""
    rtt, left, window, spent = max(page.rtt_s, LEAST_RTT_S), float(page.n_bytes), float(FIRST_WINDOW), 0.0
    while page.body_s > spent:
        rate = left * 8 / (page.body_s - spent)
        if left <= window or window * 8 / rate >= rtt:
            return min(rate, FASTEST_BPS)
        left -= window
        spent += rtt
        window *= 2
    return FASTEST_BPS
