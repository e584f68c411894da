"""Freezes: a transfer that falls silent after 8 to 70 kB, every time, here and not elsewhere (METHOD 7)."""

from __future__ import annotations

from statistics import mean, pstdev
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.judge.constants import (
    FREEZE_CV,
    FREEZE_LEAST_BYTES,
    FREEZE_MOST_BYTES,
    FREEZE_PASSED,
    FREEZE_SILENCE_RTTS,
    FREEZE_SILENCE_S,
    FREEZE_TRIALS,
    FREEZE_WITHIN_S,
)
from probe.judge.trial import INSTANT_S, begin, broke_off, falls_silent, is_complete, is_outstanding, silence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from probe.judge.pairs import Pair
    from probe.model.measurement import Measurement
    from probe.model.transfer import Purpose, Transfer
    from probe.model.words import ControlSource

SUSPECT_TRIALS: Final = 2
"""Trials of pairs that look like a freeze, before it is looked for."""


class Freeze(Struct, frozen=True, kw_only=True):
    """What the trials of a freeze showed; None is what nobody tried."""

    tried: int = 0
    """Trials without cap, and of them those that got as far as a request."""
    heard: int = 0
    stands: bool = False
    """Conditions one to three: declared bytes outstanding, silence to the end, alike totals of 8-70 kB."""
    n_bytes: int = 0
    """The most that came through, at the socket."""
    n_body: int = 0
    came: bool = False
    """A round of the same run got more of it from here: it pauses, or the silence was not for long."""
    elsewhere: bool | None = None
    """As many bytes came from another server in the same minute."""
    n_elsewhere: int = 0
    cured: bool | None = None
    """Smaller segments brought more: large packets are what is lost."""
    n_cured: int = 0
    completes: ControlSource | None = None
    """Who got more than that from it elsewhere."""
    uids: frozenset[str] = frozenset()

    @property
    def is_apart(self) -> bool:
        """The first five conditions: it is not the link's doing, nor the packets' size, nor a pause."""
        return self.stands and not self.came and self.elsewhere is True and self.cured is False

    @property
    def lacks_whole(self) -> bool:
        """Only the sixth is missing: nobody elsewhere is known to have got more."""
        return self.is_apart and self.completes is None

    @property
    def holds(self) -> bool:
        """All six conditions."""
        return self.is_apart and self.completes is not None


def looks_frozen(pairs: Iterable[Pair]) -> bool:
    """Say whether trials of pairs ended as a freeze would, often enough to look for one."""
    trials = [p.suspect for p in pairs if p.suspect is not None]
    return sum(_stalls(t) and falls_silent(t) for t in trials) >= SUSPECT_TRIALS


def freeze_of(
    measurements: Iterable[Measurement], controls: Sequence[tuple[ControlSource, float]], *, here: int
) -> Freeze:
    """Return what the trials say; `controls` are who got how many bytes of the target elsewhere.

    `here` is how many came whole, at the socket, in a round of this run.
    """
    ms = sorted(measurements, key=lambda m: (m.started_s, m.measurement_uid))
    trials = _of(ms, "freeze")
    heard = [(at, t) for at, t, _ in trials if t.requested is not None]
    totals = [t.n_socket_bytes for _, t in heard]
    most = max(totals, default=0)
    body = max((t.n_bytes for _, t in heard), default=0)
    stands = len(heard) >= FREEZE_TRIALS and all(_is_silent(t) for _, t in heard) and _alike(totals)
    others, smaller = _of(ms, "elsewhere"), _of(ms, "small_segments")
    return Freeze(
        tried=len(trials),
        heard=len(heard),
        stands=stands,
        n_bytes=most,
        n_body=body,
        came=here > most,
        elsewhere=_passes(others, most, [at for at, _ in heard]),
        n_elsewhere=len(others),
        cured=_cures([t for _, t, _ in smaller], most),
        n_cured=len(smaller),
        completes=next((source for source, n in controls if n > max(body, FREEZE_LEAST_BYTES)), None),
        uids=frozenset(uid for _, _, uid in (*trials, *others, *smaller)),
    )


def _of(measurements: Sequence[Measurement], purpose: Purpose) -> list[tuple[float, Transfer, str]]:
    """Return the transfers of one purpose, with when they began and where they stand."""
    return [
        (m.started_s + t.t0, t, m.measurement_uid)
        for m in measurements
        for t in m.transfers
        if t.purpose == purpose
    ]


def _stalls(t: Transfer) -> bool:
    return (
        is_outstanding(t) and not broke_off(t) and FREEZE_LEAST_BYTES <= t.n_socket_bytes <= FREEZE_MOST_BYTES
    )


def _is_silent(t: Transfer) -> bool:
    info = t.tcp_info
    rtt = info.rtt_us / 1e6 if info is not None else t.connect_s or 0.0
    return _stalls(t) and silence(t) >= max(FREEZE_SILENCE_S, FREEZE_SILENCE_RTTS * rtt)


def _alike(totals: Sequence[int]) -> bool:
    return pstdev(totals) < FREEZE_CV * mean(totals)


def _passes(others: Sequence[tuple[float, Transfer, str]], most: int, begins: Sequence[float]) -> bool | None:
    """Say whether another server brought more within a minute of a trial."""
    near = [t for at, t, _ in others if any(abs(at - begun) <= FREEZE_WITHIN_S for begun in begins)]
    return any(t.n_socket_bytes >= FREEZE_PASSED * most for t in near) if near else None


def _cures(smaller: Sequence[Transfer], most: int) -> bool | None:
    """Say whether a trial in small segments brought more; None where none was waited for as a page is.

    It is the one that a pausing server has time to go on in: given up sooner, it shows nothing.
    """
    heard = [t for t in smaller if t.requested is not None]
    if any(is_complete(t) or t.n_socket_bytes >= FREEZE_PASSED * most for t in heard):
        return True
    return False if any(t.t - begin(t) >= t.max_seconds - INSTANT_S for t in heard) else None
