"""Evaluate the matrix of names and addresses: the name, the address, or only both together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from probe.judge.constants import (
    CROSS_GAP_SLACK_S,
    CROSS_NEUTRALS,
    CROSS_PASS_WITHIN_S,
    CROSS_TRIES,
    CROSS_TRY_GAP_S,
)
from probe.model import failure as f

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from probe.model.measurement import Measurement

TARGET = "target"
NEUTRAL = "neutral"


class CrossTry(Struct, eq=False):
    """One cell tried once; tries that say nothing (a fault of this machine) are left out."""

    name_kind: str
    name: str
    ip_kind: str
    ip: str
    t0: float
    t: float
    passed: bool


class Cross(Struct, frozen=True, kw_only=True):
    """What a cross experiment has shown."""

    by_name: bool = False
    """The target's name fails at every address and neutral names pass at every one: `.sni` or `.host`."""
    by_address: bool = False
    """Every name fails at the target's address and passes elsewhere: `.ip`."""
    conjunction: bool = False
    """It fails only when the target's name and address come together."""
    residual: bool = False
    """Neutral names failed at addresses right before the target's: a block lingered; no suffix."""
    target_address_lives: bool = False
    """A neutral name passed at the target's address."""
    uids: tuple[str, ...] = ()


NOTHING = Cross()


def evaluate(measurements: Iterable[Measurement], name: str, *, plain: bool) -> Cross:
    """Weigh all cross experiments on this name, over TLS or over plain HTTP."""
    shown = [
        cross
        for m in measurements
        if m.experiment == "cross" and (cross := _one(m, name, plain=plain)) is not None
    ]
    if not shown:
        return NOTHING
    return Cross(
        by_name=all(c.by_name for c in shown),
        by_address=all(c.by_address for c in shown),
        conjunction=all(c.conjunction for c in shown),
        residual=any(c.residual for c in shown),
        target_address_lives=any(c.target_address_lives for c in shown),
        uids=tuple(sorted(uid for c in shown for uid in c.uids)),
    )


def _one(m: Measurement, name: str, *, plain: bool) -> Cross | None:
    tries = sorted(_tries(m, plain=plain), key=lambda c: (c.t0, c.name_kind, c.name, c.ip))
    if not any(c.name_kind == TARGET and c.name == name for c in tries):
        return None
    used = [c for c in tries if c.name_kind != TARGET or c.name == name]
    broken = _broken(m, used)
    away: dict[str, list[CrossTry]] = {}
    for c in used:
        if c.ip_kind != TARGET:
            away.setdefault(c.ip, []).append(c)
    clean = {ip for ip, found in away.items() if ip not in broken and _is_full(found)}
    here = _cells(c for c in used if c.ip_kind == TARGET)
    there = _cells(c for c in used if c.ip in clean)
    enough = len(clean) >= CROSS_NEUTRALS and len(_names(here)) >= CROSS_NEUTRALS
    ours_here, ours_there = _all(here, TARGET), _all(there, TARGET)
    others_here, others_there = _all(here, NEUTRAL), _all(there, NEUTRAL)
    # What an address that is out has shown carries nothing, but it may speak against what the others show.
    denied = any(c.name_kind == TARGET and c.passed != ours_there for ip in away for c in away[ip])
    saw = (ours_here, ours_there, others_here, others_there) if enough and not denied else None
    return Cross(
        by_name=saw == (False, False, True, True),
        by_address=saw == (False, True, False, True),
        conjunction=saw == (False, True, True, True),
        residual=any(_lingers(failed, away.get(ip, ())) for ip, failed in broken.items()),
        target_address_lives=any(c.ip_kind == TARGET and c.name_kind != TARGET and c.passed for c in used),
        uids=(m.measurement_uid,),
    )


def _broken(m: Measurement, tries: Sequence[CrossTry]) -> dict[str, float]:
    """Return the neutral addresses that are out for what happened there, and when it first did.

    A neutral name failed, no connection opened (which bears no name, so it can be held against none), or the
    target's name was said without a neutral pass right before it.
    """
    events = [
        (c.ip, c.t0)
        for c in tries
        if c.ip_kind != TARGET and (not c.passed if c.name_kind != TARGET else _unaccompanied(c, tries))
    ]
    events += [
        (c.ip, m.started_s + c.t0)
        for c in m.tcp_connect
        if c.arm and not c.arm.endswith("@" + TARGET) and _passed(c.failure, spoke=False) is False
    ]
    first: dict[str, float] = {}
    for ip, t0 in events:
        first[ip] = min(t0, first.get(ip, t0))
    return first


def _is_full(tries: Sequence[CrossTry]) -> bool:
    """Say whether a neutral address saw the target's name and two neutral ones, each often enough."""
    cells = _cells(tries)
    return (
        len(_names(cells)) >= CROSS_NEUTRALS
        and any(kind == TARGET for kind, *_ in cells)
        and all(_spaced(found) >= CROSS_TRIES for found in cells.values())
    )


def _lingers(failed: float, tries: Sequence[CrossTry]) -> bool:
    """Say whether an address broke after the target's name had been said there: a block may linger."""
    return any(c.name_kind == TARGET and c.t0 <= failed for c in tries)


Cells = dict[tuple[str, str, str], list[CrossTry]]
"""Tries by kind of name, name and address."""


def _cells(tries: Iterable[CrossTry]) -> Cells:
    cells: Cells = {}
    for c in tries:
        cells.setdefault((c.name_kind, c.name, c.ip), []).append(c)
    return cells


def _names(cells: Cells) -> set[str]:
    """Return the neutral names."""
    return {name for kind, name, _ in cells if kind != TARGET}


def _tries(m: Measurement, *, plain: bool) -> Iterable[CrossTry]:
    observed: Sequence[tuple[str, str, str, float, float, bool | None]]
    if plain:
        observed = [
            (r.arm, r.host or "", r.ip, r.t0, r.t, _passed(r.failure, spoke=r.status_code is not None))
            for r in m.requests
            if r.arm and not r.is_tls
        ]
    else:
        observed = [
            (
                h.arm,
                h.server_name or "",
                h.ip,
                h.t0,
                h.t,
                _passed(h.failure, spoke=h.server_spoke or h.completed),
            )
            for h in m.tls_handshakes
            if h.arm
        ]
    for arm, name, ip, t0, t, passed in observed:
        name_kind, _, ip_kind = arm.partition("@")
        if name and passed is not None:
            yield CrossTry(
                name_kind if name_kind == TARGET else NEUTRAL,
                name.lower().rstrip("."),
                ip_kind if ip_kind == TARGET else NEUTRAL,
                ip,
                m.started_s + t0,
                m.started_s + t,
                passed,
            )


def _passed(failure: str | None, *, spoke: bool) -> bool | None:
    """Return whether the other side answered; None for what this machine did to itself."""
    if spoke:
        return True
    return None if failure in f.LOCAL else failure is None


def _unaccompanied(c: CrossTry, tries: Sequence[CrossTry]) -> bool:
    """Say whether a try of the target's name at a neutral address lacks the neutral pass just before it."""
    return (
        c.name_kind == TARGET
        and c.ip_kind != TARGET
        and not any(
            o.passed and o.name_kind != TARGET and o.ip == c.ip and 0 <= c.t0 - o.t <= CROSS_PASS_WITHIN_S
            for o in tries
        )
    )


def _spaced(tries: Sequence[CrossTry]) -> int:
    """Count tries at least 2 s apart."""
    spaced = 0
    last = float("-inf")
    for c in tries:
        if c.t0 - last >= CROSS_TRY_GAP_S - CROSS_GAP_SLACK_S:
            spaced += 1
            last = c.t0
    return spaced


def _cell(tries: Sequence[CrossTry]) -> bool | None:
    """Return whether a cell passes or fails: three tries at least 2 s apart, all alike; else None."""
    if _spaced(tries) < CROSS_TRIES or len({c.passed for c in tries}) > 1:
        return None
    return tries[0].passed


def _all(cells: Cells, kind: str) -> bool | None:
    """Return what all cells of a kind of name have in common; None when nothing."""
    values = {_cell(found) for key, found in cells.items() if key[0] == kind}
    return next(iter(values)) if len(values) == 1 else None
