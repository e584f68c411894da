"""What changed between two runs: networks, services, targets, times beyond their spread; in no language."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from probe.model.observation import TLSHandshake
    from probe.model.quic import QUICHandshake
    from probe.model.verdict import ServiceVerdict, Verdict
    from probe.report.told import Told

FIELDS: Final = ("state", "mechanism", "located", "confirmed", "reason_code")
"""Of a verdict, on a target or a service: what counts as a change."""
NETWORK_FIELDS: Final = (
    "probe_asn",
    "probe_network_name",
    "probe_cc",
    "access_type",
    "region",
    "resolver_class",
    "resolver_asn",
    "bypass",
)
MEASURING_FIELDS: Final = ("software_version", "rules_version", "simulated", "imported_from")
OPTION_FIELDS: Final = ("controls", "control_proxy", "dns", "rounds")
"""What a run compares with and how often it asks: another answer may come of another question."""
STEPS: Final = ("dns_ms", "connect_ms", "tls_ms", "ttfb_ms", "goodput_kbps")
LEAST_TRIES: Final = 3
"""Fewer have no spread to speak of."""
LEAST_MS: Final = 10.0
LEAST_SHARE: Final = 0.1
"""Of a rate: less than a tenth is nothing that anybody notices."""
MOST_TRIES: Final = 1_000
NETWORK: Final = "network"

Kind = Literal["new", "gone", "changed", "times"]
Side = tuple[str, str]


class Difference(Struct, frozen=True, kw_only=True):
    """A field that the two runs do not share."""

    field: str
    before: str
    after: str


class Times(Struct, frozen=True, kw_only=True):
    """How long a step took, or how fast transfers were, over the tries that succeeded in one run."""

    middle: float
    """Milliseconds, or 1000 bit/s."""
    lowest: float
    highest: float
    n: int


class TimeChange(Struct, frozen=True, kw_only=True):
    """A step whose times moved further than both runs' own spreads together."""

    step: str
    before: Times
    after: Times


class TargetChange(Struct, frozen=True, kw_only=True):
    """What changed for one target."""

    kind: Kind
    target_id: str
    service: str
    input: str
    before: Verdict | None
    after: Verdict | None
    fields: tuple[str, ...] = ()
    times: tuple[TimeChange, ...] = ()


class ServiceChange(Struct, frozen=True, kw_only=True):
    """What changed for one service."""

    kind: Kind
    service: str
    before: ServiceVerdict | None
    after: ServiceVerdict | None
    fields: tuple[str, ...] = ()


class Compared(Struct, frozen=True, kw_only=True):
    """Two runs side by side."""

    before: Told
    after: Told
    networks: tuple[Difference, ...]
    """Where the volunteer stood; what differs here is said first."""
    measuring: tuple[Difference, ...]
    """Program, rules and options."""
    services: tuple[ServiceChange, ...]
    targets: tuple[TargetChange, ...]
    n_same: int
    """Targets of both runs of which nothing changed."""

    @property
    def changed(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.networks or self.measuring or self.services or self.targets)


def compared(before: Told, after: Told) -> Compared:
    """Compare two runs; a run compared with itself changes nothing."""
    old, new = _by_id(before.verdicts), _by_id(after.verdicts)
    times = _times(before), _times(after)
    both = [target_id for target_id in old if target_id in new]
    changes = [c for i in both if (c := _target_change(old[i], new[i], _moved(i, times))) is not None]
    gone = [_one_sided("gone", v) for i, v in old.items() if i not in new]
    fresh = [_one_sided("new", v) for i, v in new.items() if i not in old]
    return Compared(
        before=before,
        after=after,
        networks=tuple(_differences(NETWORK_FIELDS, before.record.vantage, after.record.vantage)),
        measuring=(
            *_differences(MEASURING_FIELDS, before.record, after.record),
            *_differences(OPTION_FIELDS, before.record.options, after.record.options),
        ),
        services=tuple(_service_changes(before.services, after.services)),
        targets=tuple(sorted((*changes, *fresh, *gone), key=_order)),
        n_same=len(both) - len(changes),
    )


def _by_id(verdicts: Iterable[Verdict]) -> dict[str, Verdict]:
    return {v.target_id: v for v in verdicts}


def _order(change: TargetChange) -> tuple[bool, int, str, str]:
    kinds: tuple[Kind, ...] = ("changed", "new", "gone", "times")
    return change.service != NETWORK, kinds.index(change.kind), change.service, change.target_id


def _differences(fields: Sequence[str], before: object, after: object) -> Iterator[Difference]:
    for field in fields:
        old, new = _text(getattr(before, field)), _text(getattr(after, field))
        if old != new:
            yield Difference(field=field, before=old, after=new)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _changed(before: object, after: object) -> tuple[str, ...]:
    return tuple(field for field in FIELDS if getattr(before, field) != getattr(after, field))


def _target_change(old: Verdict, new: Verdict, moved: tuple[TimeChange, ...]) -> TargetChange | None:
    fields = _changed(old, new)
    if not fields and not moved:
        return None
    return TargetChange(
        kind="changed" if fields else "times",
        target_id=new.target_id,
        service=new.service,
        input=new.input,
        before=old,
        after=new,
        fields=fields,
        times=moved,
    )


def _one_sided(kind: Literal["new", "gone"], verdict: Verdict) -> TargetChange:
    return TargetChange(
        kind=kind,
        target_id=verdict.target_id,
        service=verdict.service,
        input=verdict.input,
        before=verdict if kind == "gone" else None,
        after=verdict if kind == "new" else None,
    )


def _service_changes(
    before: Iterable[ServiceVerdict], after: Iterable[ServiceVerdict]
) -> Iterator[ServiceChange]:
    old, new = {s.service: s for s in before}, {s.service: s for s in after}
    for name in sorted({*old, *new}, key=lambda name: (name != NETWORK, name)):
        was, now = old.get(name), new.get(name)
        fields = _changed(was, now) if was is not None and now is not None else ()
        kind: Kind = "new" if was is None else "gone" if now is None else "changed"
        if kind != "changed" or fields:
            yield ServiceChange(kind=kind, service=name, before=was, after=now, fields=fields)


def _times(told: Told) -> dict[tuple[str, str], Times]:
    """Return the times of every target and step, over the tries that succeeded; as verdicts have them."""
    found: dict[tuple[str, str], list[float]] = {}
    targets = {t.target_id: t.experiment for t in told.targets}
    for m in told.measurements():
        if targets.get(m.target_id) != m.experiment:
            continue
        shaken: list[TLSHandshake | QUICHandshake] = [*m.tls_handshakes, *m.quic_handshakes]
        tries = (
            ("dns_ms", [1000 * (q.t - q.t0) for q in m.queries if q.is_system and q.answers]),
            ("connect_ms", [1000 * (c.t - c.t0) for c in m.tcp_connect if c.failure is None]),
            ("tls_ms", [1000 * (h.t - h.t0) for h in shaken if h.completed]),
            ("ttfb_ms", [1000 * r.first_byte_s for r in m.requests if r.first_byte_s is not None]),
        )
        for step, values in tries:
            found.setdefault((m.target_id, step), []).extend(values)
    for drawn in told.trials:
        rates = [p.rates.tested_bps / 1000 for s in drawn.series for p in s.pairs if p.counts]
        found[drawn.target_id, "goodput_kbps"] = rates
    return {
        key: Times(middle=median(some), lowest=min(some), highest=max(some), n=len(some))
        for key, values in found.items()
        if len(some := values[:MOST_TRIES]) >= LEAST_TRIES
    }


def _moved(
    target_id: str, times: tuple[Mapping[tuple[str, str], Times], Mapping[tuple[str, str], Times]]
) -> tuple[TimeChange, ...]:
    """Return the steps whose times moved.

    Their medians lie further apart than both spreads, lowest to highest, together: three tries of one line
    at two moments hardly ever do that by chance.
    """
    found = []
    for step in STEPS:
        old, new = times[0].get((target_id, step)), times[1].get((target_id, step))
        if old is None or new is None:
            continue
        apart = abs(old.middle - new.middle)
        spread = (old.highest - old.lowest) + (new.highest - new.lowest)
        least = LEAST_SHARE * max(old.middle, new.middle) if step == "goodput_kbps" else LEAST_MS
        if apart > max(spread, least):
            found.append(TimeChange(step=step, before=old, after=new))
    return tuple(found)
