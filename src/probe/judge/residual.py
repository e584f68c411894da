"""A block that lingers: after one failure nothing passes to that address and port for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from probe.judge import kind as k
from probe.judge.constants import RESIDUAL_S
from probe.judge.hop import Round
from probe.model.words import Layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.judge.witness import Failed

_LINGERS_AS = frozenset({k.TIMEOUT, k.RESET})
"""A refused connect, or any after an end of stream, is how a server that stops or starts again looks."""


def fold_residual(rounds: Sequence[Round]) -> list[Round]:
    """Return the rounds, those that met the remains of an earlier one counted with it.

    METHOD 6: a residual block (75, 120, 420 s are known) costs the suffix, never the state. A round whose
    every connect failed at addresses where a handshake or request had failed shortly before did not fail
    in another layer: it met what that failure left behind.
    """
    if len({r.layer for r in rounds}) < 2:
        return list(rounds)
    deep = [
        (f, t.ip, r.layer)
        for r in rounds
        if r.layer in {Layer.TLS, Layer.HTTP}
        for f, t in zip(r.failures, (t for t in r.tries if t.layer is r.layer), strict=True)
        if f.kind in _LINGERS_AS
    ]
    if not deep:
        return list(rounds)
    return [_folded(r, deep) if r.layer is Layer.TCP else r for r in rounds]


def _folded(r: Round, deep: Sequence[tuple[Failed, str, Layer]]) -> Round:
    causes: list[tuple[Failed, Layer]] = []
    for one, tried in zip(r.failures, (t for t in r.tries if t.layer is Layer.TCP), strict=True):
        cause = next(
            (
                (f, layer)
                for f, ip, layer in deep
                if ip == tried.ip and one.kind in _LINGERS_AS and 0 <= one.t0 - f.t <= RESIDUAL_S
            ),
            None,
        )
        if cause is None:
            return r
        causes.append(cause)
    failures = [
        replace(one, kind=f.kind, failure=f.failure) for one, (f, _) in zip(r.failures, causes, strict=True)
    ]
    return Round(r.leg, causes[0][1], failures, None, r.tries, lingers=True)
