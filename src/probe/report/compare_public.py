"""What two runs differ in, as it may be made public."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from probe.report.annex.disclosure import own_tunnel_hidden, own_tunnel_id
from probe.report.annex.veil import public_runs, public_verdict
from probe.report.compare import STEPS

if TYPE_CHECKING:
    from probe.model.verdict import Verdict
    from probe.report.compare import Compared, TargetChange, Times

UNTOLD_IN_PUBLIC: Final = frozenset(
    {"control_proxy", "dns", "controls", "resolver_asn", "imported_from", "probe_network_name", "region"}
)
"""What a public report says of only that it differs."""


def veiled(between: Compared) -> Compared:
    """Return a comparison as it may be made public: hours, no own names or tunnels, two digits of times."""
    before, after = public_runs((between.before, between.after))
    untold = UNTOLD_IN_PUBLIC
    return replace(
        between,
        before=before,
        after=after,
        networks=tuple(replace(d, before="", after="") if d.field in untold else d for d in between.networks),
        measuring=tuple(
            replace(d, before="", after="") if d.field in untold else d for d in between.measuring
        ),
        targets=tuple(_veiled(change) for change in between.targets),
    )


def _veiled(change: TargetChange) -> TargetChange:
    return replace(
        change,
        target_id=own_tunnel_id(change.service, change.target_id),
        input=own_tunnel_hidden(change.service, change.input),
        before=_two_digits(change.before),
        after=_two_digits(change.after),
        times=tuple(
            replace(t, before=_rounded_times(t.before), after=_rounded_times(t.after)) for t in change.times
        ),
    )


def _two_digits(verdict: Verdict | None) -> Verdict | None:
    if verdict is None:
        return None
    times: dict[str, Any] = {
        step: float(f"{ms:.2g}") for step in STEPS if (ms := getattr(verdict, step)) is not None
    }
    return replace(public_verdict("", verdict), **times)


def _rounded_times(times: Times) -> Times:
    middle, lowest, highest = (float(f"{ms:.2g}") for ms in (times.middle, times.lowest, times.highest))
    return replace(times, middle=middle, lowest=lowest, highest=highest)
