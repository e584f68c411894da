"""Count failures that have witnesses: the floor under every accusation that no artefact settles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from probe.judge import kind as k
from probe.judge.constants import (
    FLOOR_ROUNDS,
    FLOOR_SPREAD_S,
    FLOOR_TRIES,
    HELLO_GAP_S,
    HELLO_GAP_SLACK_S,
    HELLO_WINDOW_MAX,
    HELLO_WINDOW_S,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.judge.bench import Bench
    from probe.model.measurement import Measurement


class Failed(Struct, eq=False):
    """One failure that may be counted."""

    uid: str
    kind: str
    failure: str
    t0: float
    t: float
    family: int
    port: int
    void: bool = False
    """It is no witness: it lies in our own burst of handshakes, or the resolver failed for all names then."""


class Count(Struct, frozen=True):
    """What a series of failures amounts to."""

    stands: bool
    """The floor is met."""
    kind: str
    """The class of the first failure: after a reset a block may linger as silence."""
    failure: str
    mixed: bool
    """Classes that do not count together."""
    n: int
    """Failing tries that have witnesses."""
    n_rounds: int
    spread_s: float
    witnesses: tuple[str, ...]
    bracketed: bool
    """At least one failure has its bracket."""


def count(
    failures: Sequence[Failed], bench: Bench, *, sides: Sequence[bool], not_resolver: str = ""
) -> Count:
    """Count failures of one layer and family, none of whose tries succeeded (METHOD 2).

    Rounds are told apart by measurement: one measurement is one round.
    """
    kinds = {f.kind for f in failures}
    first = min(failures, key=lambda f: (f.t0, f.kind, f.failure))
    mixed = len(kinds) > 1 and not k.MIXABLE.issuperset(kinds)
    good: list[Failed] = []
    witnesses: set[str] = set()
    for f in failures:
        pair = bench.bracket(f.t0, f.t, family=f.family, port=f.port, sides=sides, not_resolver=not_resolver)
        if pair and not f.void:
            good.append(f)
            witnesses.update(pair)
            witnesses.add(f.uid)
    rounds = len({f.uid for f in good})
    spread = max(f.t0 for f in good) - min(f.t0 for f in good) if good else 0.0
    stands = not mixed and len(good) >= FLOOR_TRIES and rounds >= FLOOR_ROUNDS and spread >= FLOOR_SPREAD_S
    return Count(
        stands,
        first.kind,
        first.failure,
        mixed,
        len(good),
        rounds,
        spread,
        tuple(sorted(witnesses)),
        bool(witnesses),
    )


def bursts(measurements: Sequence[Measurement]) -> frozenset[tuple[str, float]]:
    """Return (uid, begin) of the handshakes that stand in a burst of our own making (METHOD 2 and 6)."""
    hellos = [
        (m.started_s + h.t0, h.server_name, _prefix(h.ip), m.measurement_uid)
        for m in measurements
        for h in m.tls_handshakes
        if h.server_name
    ]
    if len(hellos) < 2:
        return frozenset()
    hellos.sort()
    last: dict[str, float] = {}
    recent: dict[tuple[str, str], list[float]] = {}
    found: set[tuple[str, float]] = set()
    for t0, name, prefix, uid in hellos:
        window = recent.setdefault((name, prefix), [])
        window.append(t0)
        while window[0] < t0 - HELLO_WINDOW_S:
            window.pop(0)
        gap = t0 - last.get(name, t0 - HELLO_WINDOW_S)
        if gap < HELLO_GAP_S - HELLO_GAP_SLACK_S or len(window) > HELLO_WINDOW_MAX:
            found.add((uid, t0))
        last[name] = t0
    return frozenset(found)


def _prefix(ip: str) -> str:
    """Return the /24 or /48 of an address as text, without parsing what cannot be wrong."""
    return ":".join(ip.split(":")[:3]) if ":" in ip else ip.rpartition(".")[0]
