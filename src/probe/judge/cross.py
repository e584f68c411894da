"""Evaluate the matrix of names and addresses: the name, the address, or only both together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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


@dataclass(frozen=True, slots=True)
class CrossTry:
    """One cell tried once; `passed` None when the try says nothing (a fault of this machine)."""

    name_kind: str
    name: str
    ip_kind: str
    ip: str
    t0: float
    t: float
    passed: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cross:
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
    retired = {c.ip for c in used if _unaccompanied(c, used)}
    cells: dict[tuple[str, str, str, str], list[CrossTry]] = {}
    for c in used:
        if c.ip not in retired:
            cells.setdefault((c.name_kind, c.name, c.ip_kind, c.ip), []).append(c)
    cell = {key: _cell(found) for key, found in cells.items()}
    here = {key: v for key, v in cell.items() if key[2] == TARGET}
    there = {key: v for key, v in cell.items() if key[2] != TARGET}
    enough = (
        len({key[3] for key in there}) >= CROSS_NEUTRALS
        and len({key[1] for key in cell if key[0] != TARGET}) >= CROSS_NEUTRALS
        and all(any(key[0] == kind for key in side) for side in (here, there) for kind in (TARGET, "neutral"))
    )
    ours_here, ours_there = _all(here, TARGET), _all(there, TARGET)
    others_here, others_there = _all(here, "neutral"), _all(there, "neutral")
    return Cross(
        by_name=enough and (ours_here, ours_there, others_here, others_there) == (False, False, True, True),
        by_address=enough
        and (ours_here, ours_there, others_here, others_there) == (False, True, False, True),
        conjunction=enough
        and (ours_here, ours_there, others_here, others_there) == (False, True, True, True),
        residual=bool(retired),
        target_address_lives=any(c.ip_kind == TARGET and c.name_kind != TARGET and c.passed for c in used),
        uids=(m.measurement_uid,),
    )


def _tries(m: Measurement, *, plain: bool) -> Iterable[CrossTry]:
    observed: Sequence[tuple[str, str, str, float, float, bool | None]]
    if plain:
        observed = [
            (r.arm, r.host or "", r.ip, r.t0, r.t, _passed(r.failure, spoke=r.status_code is not None))
            for r in m.requests
            if r.arm and not r.is_tls
        ]
        # A connection that failed before the request says what the request would have said.
        names = {(r.arm, r.ip): r.host or "" for r in m.requests if r.arm}
        observed += [
            (c.arm, names.get((c.arm, c.ip), ""), c.ip, c.t0, c.t, _passed(c.failure, spoke=False))
            for c in m.tcp_connect
            if c.arm and c.failure is not None
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
                name_kind if name_kind == TARGET else "neutral",
                name.lower().rstrip("."),
                ip_kind if ip_kind == TARGET else "neutral",
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


def _cell(tries: Sequence[CrossTry]) -> bool | None:
    """Return whether a cell passes or fails: three tries at least 2 s apart, all alike; else None."""
    spaced = 0
    last = float("-inf")
    for c in tries:
        if c.t0 - last >= CROSS_TRY_GAP_S - CROSS_GAP_SLACK_S:
            spaced += 1
            last = c.t0
    if spaced < CROSS_TRIES or len({c.passed for c in tries}) > 1:
        return None
    return tries[0].passed


def _all(cells: dict[tuple[str, str, str, str], bool | None], kind: str) -> bool | None:
    """Return what all cells of a kind of name have in common; None when nothing."""
    values = {v for key, v in cells.items() if key[0] == kind}
    return next(iter(values)) if len(values) == 1 else None
