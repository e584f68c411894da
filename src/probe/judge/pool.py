"""Which trials of a measurement tell of the link alone: neutral arms and controls, at what rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.judge.trial import broke_off, is_foreign, is_short, rates_of

if TYPE_CHECKING:
    from probe.model.measurement import Measurement
    from probe.model.transfer import Transfer

CONTROL_ARMS: Final = frozenset(("C1", "C2", "N"))
PURPOSES: Final = frozenset(("pair", "self_test"))


class NeutralTrial(Struct, frozen=True, kw_only=True):
    """One trial in which nothing is suspected."""

    server: str
    """Whose object it is, or which helper's: trials are compared with those of the same."""
    rate_bps: float


def neutral_trials(measurement: Measurement) -> tuple[NeutralTrial, ...]:
    """Return the trials of a measurement that may feed the self-test, in order of time.

    Two arms of one self-test's pair are looked at in the same window, as a real pair is. What would make a
    control unfit in a real pair makes a trial unfit here, and its twin with it: an estimate over other trials
    than those that decide would be about something else.
    """
    ours = [t for t in measurement.transfers if t.arm in CONTROL_ARMS and t.purpose in PURPOSES]
    ours.sort(key=lambda t: t.t0)
    rates = rates_of(*ours) if len(ours) == 2 else tuple(rates_of(t, t)[0] for t in ours)
    if not all(map(_is_fit, ours, rates)):
        return ()
    return tuple(NeutralTrial(server=_server(t), rate_bps=rate) for t, rate in zip(ours, rates, strict=True))


def _is_fit(t: Transfer, rate_bps: float) -> bool:
    return (
        t.stage != "helper"
        and t.requested is not None
        and (t.status_code or 0) // 100 == 2
        and not broke_off(t)
        and not is_short(t)
        and not is_foreign(t, rate_bps)
        and (t.receipt is None or t.receipt.is_valid)
    )


def _server(t: Transfer) -> str:
    return f"{t.direction} {t.helper or t.host + t.path}"
