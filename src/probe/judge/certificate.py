"""What a completed handshake showed, with dates judged at corrected time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from probe.judge import kind as k
from probe.judge.constants import CLOCK_TOLERANCE_S
from probe.model import failure as f

if TYPE_CHECKING:
    from probe.model.observation import TLSHandshake
    from probe.model.quic import QUICHandshake


def certificate_kind(
    h: TLSHandshake | QUICHandshake, started: datetime, offset_s: float | None
) -> str | None:
    """Return None for a certificate that holds, else untrusted, mismatch, expired or clock (unknown).

    Only what depends on dates is judged anew; chain and name were verified without them.
    """
    if h.chain_failure is not None:
        return k.UNTRUSTED if h.chain_failure == f.TLS_UNKNOWN_AUTHORITY else k.OTHER
    if h.name_matches is False:
        return k.MISMATCH
    if h.failure is None and (offset_s is None or abs(offset_s) < CLOCK_TOLERANCE_S):
        return None
    if h.failure is not None and h.failure not in f.CERTIFICATE:
        return k.kind_of(h.failure)
    if offset_s is None:
        return k.CLOCK
    return None if _in_dates(h, started + timedelta(seconds=h.t + offset_s)) else k.EXPIRED


def _in_dates(h: TLSHandshake | QUICHandshake, now: datetime) -> bool:
    """Say whether all certificates of the chain stood at `now`; unreadable dates do not stand.

    A chain sent with a superfluous expired certificate was accepted by chain building, so only the
    leaf decides when the rest is not needed: the leaf alone is looked at.
    """
    if not h.certificates:
        return h.failure is None
    leaf = h.certificates[0]
    begin, end = _instant(leaf.not_before), _instant(leaf.not_after)
    return begin is not None and end is not None and begin <= now <= end


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
