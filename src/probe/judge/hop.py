"""Everything the tables may ask of one redirect hop: its rounds by family, trust, controls, cross."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from probe.judge import kind as k
from probe.judge.bench import UDP53
from probe.judge.witness import Failed
from probe.model.words import Layer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from probe.judge.cross import Cross
    from probe.judge.facts import RunFacts
    from probe.judge.place import Place
    from probe.judge.reading import Leg, Reading, Try
    from probe.judge.trust import Trust
    from probe.judge.view import ControlView

DEPTH = {Layer.DNS: 0, Layer.TCP: 1, Layer.TLS: 2, Layer.QUIC: 2, Layer.VPN: 2, Layer.HTTP: 3}


class Round(Struct, eq=False):
    """How one hop went in one round and family."""

    leg: Leg
    layer: Layer
    """Where it failed; the last layer where it did not."""
    failures: list[Failed]
    """Empty: it worked."""
    answer: Try | None = None
    tries: list[Try] = field(default_factory=list)
    """All addresses tried of this family."""
    lingers: bool = False
    """It met what an earlier failure left behind, and is counted with that."""

    @property
    def ok(self) -> bool:
        """Whether the hop worked in this round."""
        return not self.failures


class Hop(Struct, eq=False):
    """One hop of a target, in all rounds."""

    facts: RunFacts
    reading: Reading
    index: int
    place: Place
    name: str
    """Host in lower case."""
    sni: str
    """The name for the ClientHello and the certificate: the host, unless the catalogue states another."""
    legs: list[Leg]
    views: tuple[ControlView, ...]
    """Control answers that speak of this hop."""
    trust: Trust
    sides: tuple[bool, ...]
    bursts: frozenset[tuple[str, float]]
    tainted: bool
    """An earlier hop was plain HTTP and led to another site: nothing vouches that this one is meant."""
    cross_of: Callable[[bool], Cross]
    """What cross experiments showed of this name: over TLS, or (True) over plain HTTP."""
    label: str
    """The name as sentences show it: the host, or from where the redirects led to it."""


def rounds_of(hop: Hop, family: int, allowed: Callable[[str], bool]) -> list[Round]:
    """Return how the hop went, round by round, at addresses of one family that are allowed."""
    found: list[Round] = []
    for leg in hop.legs:
        tries = [t for t in leg.tries if t.family == family and t.kind != k.LOCAL and allowed(t.ip)]
        one = _round(hop, leg, tries) if tries else None
        if one is not None:
            found.append(one)
    return found


def _round(hop: Hop, leg: Leg, tries: list[Try]) -> Round | None:
    """Read one round: any answer is a success; else the deepest layer that anything reached has failed.

    None when the deepest layer did not fail but nothing came after it: the round was not finished.
    """
    goal = DEPTH[goal_of(hop)]
    for t in tries:
        if t.kind is None and DEPTH[t.layer] >= goal:
            return Round(leg, t.layer, [], t, tries)
    layer = max((t.layer for t in tries), key=DEPTH.__getitem__)
    deepest = [t for t in tries if t.layer is layer]
    if any(t.kind is None for t in deepest):
        return None
    return Round(leg, layer, [_failed(hop, t) for t in deepest], None, tries)


def goal_of(hop: Hop) -> Layer:
    """Return the layer whose success is the target's: an HTTP answer, unless it was asked for less."""
    if hop.reading.target.experiment == "tcp":
        return Layer.TCP
    if hop.reading.target.experiment in {"quic", "vpn"}:
        return Layer(hop.reading.target.experiment)
    return Layer.DNS if hop.place.scheme == "dns+udp" else Layer.HTTP


def _failed(hop: Hop, t: Try) -> Failed:
    return Failed(
        t.uid,
        t.kind or k.OTHER,
        t.failure or "",
        t.t0,
        t.t,
        t.family,
        443 if t.port == UDP53 and t.layer is not Layer.DNS else t.port,
        t.layer is Layer.TLS and (t.uid, t.t0) in hop.bursts,
    )


def families_of(legs: Sequence[Leg]) -> tuple[int, ...]:
    """Return the families tried, IPv4 first."""
    return tuple(sorted({t.family for leg in legs for t in leg.tries}))
