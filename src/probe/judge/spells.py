"""Spells within a run: all, or all abroad, were silent for a time, and answered before or afterwards."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from probe.judge.groups import (
    DOMESTIC_LISTED,
    DOMESTIC_UNLISTED,
    MIN_NEUTRALS,
    NO_ROUTE,
    TRY_GAP_S,
    group_state,
    rounds_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from probe.judge.digest import Witness
    from probe.judge.portal import PortalCheck

SpellKind = Literal["dark", "portal", "listed_only", "home_only"]

SPELL_ROUNDS: Final = 3
"""METHOD 4 wants three rounds of the whole run; of a part of it not less."""
NOTE_S: Final = 5.0
NOTE_TRIES: Final = 3
"""A shorter silence is told of, and changes nothing: two heartbeats and a third try."""
UNSEEN_S: Final = 60.0
"""While a run goes on somebody is tried every few seconds: longer than that nobody looked."""
TLS_PORT: Final = 443
PORTAL_PAGES: Final = 2


class Spell(Struct, frozen=True, kw_only=True):
    """A part of a run in which less answered than in another part of it."""

    kind: SpellKind
    begun_s: float
    """The first try that failed, in seconds since the run began."""
    seconds: float
    """From there to the first answer; where none came, to the end of the last try."""
    over: bool
    """Something answered again, or nobody looked any more."""
    n_rounds: int
    n_tries: int
    n_pages: int = 0
    """Check pages that another host or page answered meanwhile."""
    no_route: bool = False
    """The kernel knew no way at times: this machine's own link was gone."""
    unseen: bool = False
    """Nobody looked when it ended: the run was stopped, and taken up again later."""
    whole: bool = False
    """Two neutrals at home and two abroad failed, and not only by name."""

    @property
    def long(self) -> bool:
        """Whether it lasted over three rounds of tries."""
        return self.n_rounds >= SPELL_ROUNDS

    def covers(self, moment_s: float) -> bool:
        """Whether it lay in this part of the run, its ends included."""
        return self.begun_s <= moment_s <= self.begun_s + self.seconds


def spells_of(
    tries: Sequence[Witness], others: Iterable[float], caught: Sequence[PortalCheck]
) -> tuple[Spell, ...]:
    """Return the spells of a run, dark ones first, each kind in time's order.

    `tries` are those at neutrals in families that answer at all, `others` the moments at which anything else
    answered: a public resolver, a check page. Without one success nothing can be said of a part of the run.
    """
    answered = [w for w in tries if w.ok]
    if not answered:
        return ()
    failed = sorted((w for w in tries if not w.ok), key=lambda w: (w.t0_s, w.uid, w.t_s))
    dark = [
        _spell("dark", inside, end, unseen=unseen)
        for inside, end, unseen in _silences(failed, [*(w.t_s for w in answered), *others])
        if len({w.name for w in inside}) >= MIN_NEUTRALS and len(inside) >= NOTE_TRIES
    ]
    return (
        *(s for s in dark if s.seconds >= NOTE_S),
        *_portals(answered, failed, caught),
        *_abroad(tries, answered, failed),
    )


def _between(
    failed: Sequence[Witness], heard: Iterable[float]
) -> Iterable[tuple[Sequence[Witness], float | None]]:
    """Yield the failures that began between two answers, and when the second came."""
    moments = sorted(heard)
    starts = [w.t0_s for w in failed]
    for begin, end in pairwise((float("-inf"), *moments, float("inf"))):
        inside = failed[bisect_left(starts, begin) : bisect_left(starts, end)]
        if inside:
            yield inside, end if end != float("inf") else None


def _silences(
    failed: Sequence[Witness], heard: Iterable[float]
) -> Iterable[tuple[Sequence[Witness], float | None, bool]]:
    """Yield the same, parted where nobody was tried for over a minute, and whether nobody saw the end."""
    for inside, end in _between(failed, heard):
        *earlier, last = _watched(inside)
        for part in earlier:
            yield part, max(w.t_s for w in part), True
        yield last, end, False


def _watched(failed: Sequence[Witness]) -> list[list[Witness]]:
    """Part failures where nobody was tried for over a minute."""
    parts: list[list[Witness]] = [[]]
    until = float("inf")
    for w in failed:
        if w.t0_s - until > UNSEEN_S:
            parts.append([])
        until = max(w.t_s, until) if parts[-1] else w.t_s
        parts[-1].append(w)
    return parts


def _spell(
    kind: SpellKind,
    inside: Sequence[Witness],
    end: float | None,
    n_pages: int = 0,
    *,
    unseen: bool = False,
) -> Spell:
    begun = inside[0].t0_s
    last = max(w.t_s for w in inside) if end is None else end
    by_address = any(w.address for w in inside)
    names = {side: {w.name for w in inside if w.side == side} for side in ("domestic", "foreign")}
    return Spell(
        kind=kind,
        begun_s=begun,
        seconds=round(last - begun, 1),
        over=end is not None,
        unseen=unseen,
        n_rounds=rounds_of(inside),
        n_tries=len(inside),
        n_pages=n_pages,
        no_route=any(w.failure in NO_ROUTE for w in inside),
        whole=by_address and all(len(found) >= MIN_NEUTRALS for found in names.values()),
    )


def _portals(
    answered: Sequence[Witness], failed: Sequence[Witness], caught: Sequence[PortalCheck]
) -> Iterable[Spell]:
    """Yield the times in which check pages led elsewhere and TLS failed at neutrals that had shown it."""
    tls = [w for w in failed if w.port in {0, TLS_PORT}]
    for inside, end in _between(tls, (w.t_s for w in answered if w.port == TLS_PORT)):
        last = float("inf") if end is None else end
        pages = {c.url for c in caught if inside[0].t0_s - TRY_GAP_S <= c.t_s <= last}
        spell = _spell("portal", inside, end, len(pages))
        enough = len({w.name for w in inside}) >= MIN_NEUTRALS and spell.seconds >= TRY_GAP_S
        if enough and len(pages) >= PORTAL_PAGES:
            yield spell


def _abroad(
    tries: Sequence[Witness], answered: Sequence[Witness], failed: Sequence[Witness]
) -> Iterable[Spell]:
    """Yield the times in which nobody abroad answered and somebody at home did."""
    abroad = [w for w in failed if w.side == "foreign"]
    heard = [w.t_s for w in answered if w.side == "foreign"]
    if not heard:
        return
    for inside, end, _ in _silences(abroad, heard):
        begin, last = inside[0].t0_s, float("inf") if end is None else end
        if len({w.name for w in inside}) < MIN_NEUTRALS or rounds_of(inside) < SPELL_ROUNDS:
            continue
        home = [w for w in tries if w.side == "domestic" and begin <= w.t0_s < last]
        listed, unlisted = (group_state(home, (g,)) for g in (DOMESTIC_LISTED, DOMESTIC_UNLISTED))
        if (listed, unlisted) == ("passes", "fails") and _left_alone(home, {w.name for w in answered}):
            yield _spell("listed_only", inside, end)
        elif "passes" in {listed, unlisted}:
            yield _spell("home_only", inside, end)


def _left_alone(home: Sequence[Witness], known: set[str]) -> bool:
    """Say whether others, who are `known` to answer, failed for three rounds while listed ones answered."""
    moments = [w.t0_s for w in home if w.ok and w.neutral_group == DOMESTIC_LISTED]
    begin, end = min(moments) - TRY_GAP_S, max(moments) + TRY_GAP_S
    lost = [w for w in home if w.neutral_group == DOMESTIC_UNLISTED and w.name in known]
    return (
        len({w.name for w in lost}) >= MIN_NEUTRALS
        and rounds_of([w for w in lost if begin < w.t0_s < end]) >= SPELL_ROUNDS
    )
