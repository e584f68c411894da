"""One trial by itself and beside its twin: when it ended, in which window it is looked at, at what rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.judge.constants import (
    FOREIGN_SHARE,
    FREEZE_SUSPECT_S,
    SCREEN_SLACK_S,
    SCREEN_SLOWER,
    TRIAL_LEAST_BYTES,
    WINDOW_AFTER_S,
    WINDOW_LEAST_S,
)
from probe.judge.screen import expected_seconds
from probe.model import failure as f

if TYPE_CHECKING:
    from probe.model.transfer import Transfer

INSTANT_S: Final = 0.01
"""The shortest time that a rate is taken over: by so much a busy machine may be late."""


def begin(t: Transfer) -> float:
    """Return when the request was sent, or when the trial began where none was."""
    return t.requested if t.requested is not None else t.t0


def last_byte(t: Transfer) -> float:
    """Return when the last bytes came; when it was asked for, where none did."""
    return max((at for at, n in t.series if n), default=begin(t))


def is_complete(t: Transfer) -> bool:
    """Say whether all came that the server had, or all that was wanted."""
    if max(t.n_bytes, t.n_socket_bytes) >= t.max_bytes:
        return True
    if t.declared_length is not None:
        return t.n_bytes >= t.declared_length
    return t.failure is None and t.ended_by != "we"


def is_outstanding(t: Transfer) -> bool:
    """Say whether bytes that the server declared did not come."""
    return t.declared_length is not None and t.n_bytes < t.declared_length


def end(t: Transfer) -> float:
    """Return when the trial was over: its last byte, or its cap where it had not come so far."""
    if is_complete(t):
        return last_byte(t)
    return max(last_byte(t), min(t.t, begin(t) + t.max_seconds))


def silence(t: Transfer) -> float:
    """Return for how long nothing came before the end, in seconds."""
    return end(t) - last_byte(t)


def falls_silent(t: Transfer) -> bool:
    """Say whether nothing came any more, and for longer than a pause, with more to come."""
    return (
        t.requested is not None and not is_complete(t) and not broke_off(t) and silence(t) >= FREEZE_SUSPECT_S
    )


def broke_off(t: Transfer) -> bool:
    """Say whether it ended neither by itself nor by time: a reset, an end short of the declared length."""
    if is_complete(t):
        return False
    return t.failure not in {None, *f.TIMEOUTS} or t.ended_by in {"fin", "rst", "close_notify"}


def is_short(t: Transfer) -> bool:
    """Say whether its object ended before any rate showed."""
    moved = max(t.n_bytes, t.n_socket_bytes)
    return is_complete(t) and moved < min(TRIAL_LEAST_BYTES, t.max_bytes)


def same_object(suspect: Transfer, control: Transfer, *, same_server: bool) -> bool:
    """Say whether both arms were given the same: an arm without an answer is given the benefit.

    At one address that is the same status, length and certificate chain; at a neutral server, which serves
    the same object to any name, the same class of status.
    """
    if suspect.status_code is None:
        return True
    if not same_server:
        return suspect.status_code // 100 == (control.status_code or 0) // 100
    chains = {suspect.chain_length, control.chain_length} - {None}
    whole = is_complete(suspect) and suspect.ended_by != "we"
    return (
        suspect.status_code == control.status_code
        and suspect.declared_length == control.declared_length
        and len(chains) < 2
        and not (whole and suspect.declared_length is None and suspect.n_bytes < control.n_bytes)
    )


def is_foreign(t: Transfer, control_bps: float) -> bool:
    """Say whether others moved enough meanwhile to have slowed it.

    A fifth of its own bytes, or of those that the control's rate would have moved in the same time: a trial
    that hardly moves is drowned by anything, and slowed by nothing less than that.
    """
    could = max(t.n_socket_bytes, control_bps * (end(t) - _body_from(t)) / 8)
    return t.foreign_bytes is not None and t.foreign_bytes > FOREIGN_SHARE * could


def rates_of(one: Transfer, other: Transfer) -> tuple[float, float]:
    """Return both rates in bit/s over one window: late where both last that long, else the whole body."""
    first, second = _late(one), _late(other)
    if first is None or second is None:
        return _whole_rate(one), _whole_rate(other)
    return _rate(one, first), _rate(other, second)


def is_far(t: Transfer, link_bps: float) -> bool:
    """Say whether the distance explains its time: slow start over its round trip, on a link of this rate."""
    moved = sum(n for _, n in t.series)
    due = expected_seconds(moved, t.connect_s or 0.0, link_bps)
    return end(t) - begin(t) <= SCREEN_SLOWER * due + SCREEN_SLACK_S


def _late(t: Transfer) -> float | None:
    """Return from when on slow start lies behind it; None where too little is left."""
    first = t.first_byte
    if first is None or end(t) - first - WINDOW_AFTER_S < WINDOW_LEAST_S:
        return None
    return first + WINDOW_AFTER_S


def _rate(t: Transfer, start: float) -> float:
    return _moved(t, start) * 8 / max(end(t) - start, INSTANT_S)


def _whole_rate(t: Transfer) -> float:
    return _moved(t, begin(t)) * 8 / max(end(t) - _body_from(t), INSTANT_S)


def _body_from(t: Transfer) -> float:
    """Return when its body began: how long a server thinks is no throughput.

    What fell silent, or was cut before a body could show a rate, counts over its whole time instead.
    """
    first = t.first_byte
    if first is None or falls_silent(t):
        return begin(t)
    is_cut = not is_complete(t) and end(t) - first < WINDOW_LEAST_S
    return begin(t) if is_cut else first


def _moved(t: Transfer, start: float) -> int:
    return sum(n for at, n in t.series if start < at <= end(t))
