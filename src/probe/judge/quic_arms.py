"""What else was tried while a target's QUIC was silent: other names, other servers, other versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from probe.judge import kind as k
from probe.judge.constants import CROSS_NEUTRALS, CROSS_PASS_WITHIN_S, CROSS_TRIES
from probe.model import quic as arm

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from probe.model.measurement import Measurement
    from probe.model.quic import QUICHandshake


class QuicArms(Struct, frozen=True, kw_only=True):
    """Of one family, over all rounds in which the target failed."""

    neutral_passes: bool
    """In each round a neutral name was answered at an address where the target's was not."""
    version_1: bool
    """In each round somebody at the target's address said that he speaks version 1."""
    other_version: bool
    """Somebody there lists versions, and never version 1."""
    whole: bool
    """Neutral servers were asked, and none answered QUIC under its own name."""
    version_1_silent: bool
    """The target's address and two neutral servers list version 1, and no name is answered at any of them."""
    by_name: bool
    """Neutral servers that had just answered another neutral's name never answered the target's."""
    undecided: bool
    """So it was, but too seldom to say so."""
    wide: bool
    """That was so at two neutral servers, beside two neutral names."""


def arms_of(rounds: Sequence[tuple[Measurement, Collection[str]]], family: int) -> QuicArms:
    """Read the arms of failing rounds, each with the addresses that the target's name was sent to."""
    here = [[h for h in _of(m, family) if h.ip in ips] for m, ips in rounds]
    neutral = [[h for h in shakes if h.arm == arm.NEUTRAL] for shakes in here]
    lists = [[h.server_versions for h in shakes if h.server_versions] for shakes in here]
    listed = {version for found in lists for versions in found for version in versions}
    version_1 = bool(lists) and all(any(arm.VERSION_1 in v for v in found) for found in lists)
    elsewhere = [h for m, _ in rounds for h in _of(m, family)]
    own = [h for h in elsewhere if h.arm == arm.SELF_ELSEWHERE]
    whole = bool(own) and not any(map(spoke, own))
    name_dead = not any(spoke(h) for shakes in neutral for h in shakes)
    speaking = {
        h.ip for h in elsewhere if h.arm == arm.VERSION_ELSEWHERE and arm.VERSION_1 in h.server_versions
    }
    pairs = [pair for m, _ in rounds for pair in _pairs(_of(m, family))]
    silent = [
        theirs for _, theirs in pairs if not spoke(theirs) and k.kind_of(theirs.failure or "") == k.TIMEOUT
    ]
    by_name = len(silent) == len(pairs) >= CROSS_TRIES
    return QuicArms(
        neutral_passes=bool(neutral) and all(any(map(spoke, shakes)) for shakes in neutral),
        version_1=version_1,
        other_version=bool(listed) and arm.VERSION_1 not in listed,
        whole=whole,
        version_1_silent=version_1 and whole and name_dead and len(speaking) >= CROSS_NEUTRALS,
        by_name=by_name,
        undecided=0 < len(silent) == len(pairs) < CROSS_TRIES,
        wide=by_name
        and len({theirs.ip for _, theirs in pairs}) >= CROSS_NEUTRALS
        and len({neutral.server_name for neutral, _ in pairs}) >= CROSS_NEUTRALS,
    )


def spoke(h: QUICHandshake) -> bool:
    """Say whether the server went on with the handshake: a refusal of its own is an answer too."""
    return h.completed or h.close_code is not None


def _of(m: Measurement, family: int) -> list[QUICHandshake]:
    return [h for h in m.quic_handshakes if (6 if ":" in h.ip else 4) == family]


def _pairs(shakes: Iterable[QUICHandshake]) -> list[tuple[QUICHandshake, QUICHandshake]]:
    """Return tries of the target's name at neutral servers, each with the neutral name that passed before."""
    found = []
    held = list(shakes)
    for theirs in held:
        if theirs.arm != arm.OWN_ELSEWHERE:
            continue
        before = [
            h
            for h in held
            if h.arm == arm.NEUTRAL_ELSEWHERE
            and h.ip == theirs.ip
            and spoke(h)
            and 0 <= theirs.t0 - h.t <= CROSS_PASS_WITHIN_S
        ]
        if before:
            found.append((max(before, key=lambda h: h.t), theirs))
    return found
