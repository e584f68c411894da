"""Which AS numbers a path showed: what a baseline keeps of it. Nothing is concluded from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.model.baseline import TargetBaseline
from probe.model.fact import UNKNOWN_AS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from probe.model.measurement import Measurement
    from probe.model.target import Target


def asns_of(measurements: Iterable[Measurement]) -> tuple[int, ...]:
    """Return the numbers of all hops that answered, in the order of the hops, each once."""
    names = (
        name
        for measurement in measurements
        for trace in measurement.path_traces
        for hop in trace.hops
        for name in hop.as_names
        if name != UNKNOWN_AS
    )
    return tuple(dict.fromkeys(int(name.removeprefix("AS")) for name in names))


def answered(measurement: Measurement) -> bool:
    """Say whether anybody on the path answered."""
    return any(hop.rtt_ms for trace in measurement.path_traces for hop in trace.hops)


def path_baseline(target: Target, measurements: Sequence[Measurement]) -> TargetBaseline | None:
    """Return the row that a run's traces of one path make, or None where there is none."""
    traces = tuple(trace for measurement in measurements for trace in measurement.path_traces)
    if not traces:
        return None
    return TargetBaseline(
        target_id=target.target_id,
        input=target.input,
        n=len(traces),
        n_ok=sum(answered(measurement) for measurement in measurements),
        addresses=tuple(sorted({trace.ip for trace in traces})),
        path_asns=asns_of(measurements),
    )
