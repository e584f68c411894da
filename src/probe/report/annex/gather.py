"""From runs to the annex's facts: rows and counts, before they are said in any language."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from probe.model.words import WORST_FIRST, Caveat, ReasonCode, State
from probe.report.annex import series
from probe.report.annex.disclosure import hour, hours_rounded_up, minutes_removed, moment
from probe.report.annex.records import (
    ControlRole,
    Count,
    Excluded,
    Network,
    Run,
    Summary,
    TargetCount,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from probe.model.verdict import ServiceVerdict, Verdict
    from probe.report.annex.known import Known
    from probe.report.annex.walk import Seen
    from probe.report.told import Told

NETWORK: Final = "network"
FINE: Final = "network.none"
"""The mechanism of a network that nothing is wrong with: no finding."""
SINGLE: Final = frozenset(("list", "url", "file"))
"""Services that hold what a user named: each of their targets stands for itself."""
INTERRUPTED: Final = "NOT_MEASURED"

Named = tuple[str, "Told"]
"""What a run is called in the annex, and the run."""


def run_of(name: str, one: Told, known: Known, seen: Seen, *, full: bool) -> Run:
    """Return the row of one run."""
    record, vantage = one.record, one.record.vantage
    network = next((v for v in one.verdicts if v.service == NETWORK), None)
    tries = dict(network.params) if network else {}
    operator = known.operator(vantage.probe_asn)
    fits = operator is not None and operator.is_called(vantage.probe_network_name)
    detected = vantage.asn_source == "detected"
    seal, baseline = one.seal, one.baseline
    offset = record.clock_offset_s
    return Run(
        name=name,
        asn=vantage.probe_asn,
        asn_source=vantage.asn_source,
        country=vantage.probe_cc,
        network_name=vantage.probe_network_name if full or fits else "",
        network_name_fits=fits,
        access_type=vantage.access_type,
        region=vantage.region,
        resolver_class=vantage.resolver_class,
        resolver_asn=vantage.resolver_asn,
        bypass=vantage.bypass,
        started_utc=_time(record.started_utc, full=full),
        ended_utc=_time(record.ended_utc, full=full),
        clock_offset_s=offset if full or offset is None else float(round(offset)),
        n_measurements=record.n_measurements,
        stopped=record.stopped,
        source="ooni" if record.imported_from else "own",
        software_version=record.software_version,
        rules_version=record.rules_version,
        as_table_dated=record.asn_table_dated if detected else known.operators_dated,
        options=_options(one, full=full),
        network_mechanism=record.network_mechanism or (network.mechanism if network else ""),
        network_n_ok=_number(tries.get("n_ok")),
        network_n_tries=_number(tries.get("n_tries")),
        baseline_recorded_utc=_time(f"{baseline.recorded_utc:%Y-%m-%dT%H:%M:%SZ}", full=full)
        if baseline
        else "",
        baseline_asn=baseline.probe_asn if baseline else "",
        control_kinds=tuple(
            Count(word=kind, n=n) for (run, kind), n in sorted(seen.controls.items()) if run == name and n
        ),
        n_receipts=seen.receipts[name],
        root_sha256=seal.root_sha256 if seal else "",
        n_files=seal.n_files if seal else 0,
        n_bytes=seal.n_bytes if seal else 0,
        signature=seal.signature if seal else "none",
        judged_again=seal.judged_again if seal else "",
        token=(seal.token if full else minutes_removed(seal.token)) if seal else "none",
    )


def _options(one: Told, *, full: bool) -> tuple[tuple[str, str], ...]:
    """Return the measuring options; in public who served as a control is a role, not an address."""
    o = one.record.options
    shown = (
        ("rounds", o.rounds),
        ("confirm_after_s", o.confirm_after_s),
        ("concurrency", o.concurrency),
        ("timeout_s", o.timeout_s),
        ("max_bytes", o.max_bytes),
        ("max_seconds", o.max_seconds),
        ("throughput", "true" if o.throughput else "false"),
        ("dns", o.dns if full else "named" if o.dns else ""),
        ("controls", " ".join(o.controls) if full else len(o.controls)),
        ("control_proxy", o.control_proxy if full else "named" if o.control_proxy else ""),
    )
    return tuple((name, f"{value:g}" if isinstance(value, float) else str(value)) for name, value in shown)


def summaries(runs: Sequence[Named], titles: Mapping[str, str], *, full: bool) -> Iterator[Summary]:
    """Yield a row for each service on each network, all runs counted."""
    seen: dict[tuple[str, str], list[series.Seen]] = defaultdict(list)
    excluded: Counter[tuple[str, str]] = Counter()
    for _name, one in runs:
        for key, found_state, mechanism, confirmed, times, counted in _services(one):
            if not counted:
                excluded[key] += 1
                continue
            began, ended = (moment(text or one.record.started_utc) for text in times)
            seen[key].append(
                series.Seen(
                    state=found_state, mechanism=mechanism, confirmed=confirmed, began=began, ended=ended
                )
            )
    concluded = {key: series.conclusion(found) for key, found in seen.items()}
    none = str(State.INCONCLUSIVE), 0
    order = {word: place for place, word in enumerate(series.ORDER)}
    for key in sorted(
        {*seen, *excluded}, key=lambda key: (key[0], order[concluded.get(key, none)[0]], key[1])
    ):
        found = seen.get(key, [])
        state, n_contradictions = concluded.get(key, none)
        yield Summary(
            asn=key[0],
            service=key[1],
            title=titles.get(key[1], ""),
            state=state,
            mechanisms=series.counts(one.mechanism for one in found),
            n_runs=len(found),
            states=series.state_counts(Counter(one.state for one in found)),
            n_confirmed=sum(one.confirmed for one in found),
            n_contradictions=n_contradictions,
            n_excluded=excluded[key],
            spans=tuple(
                span
                if full
                else replace(
                    span,
                    from_utc=hour(span.from_utc),
                    to_utc=hour(span.to_utc),
                    longest_gap_s=None
                    if span.longest_gap_s is None
                    else hours_rounded_up(span.longest_gap_s) * 3600,
                )
                for span in series.spans(found)
            ),
        )


Row = tuple[tuple[str, str], State, str, bool, tuple[str, str], bool]


def _services(one: Told) -> Iterator[Row]:
    """Yield network and service, state, mechanism, confirmed, begin and end, and whether it counts."""
    asn = one.record.vantage.probe_asn
    by_service: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in one.verdicts:
        by_service[verdict.service].append(verdict)
    said: Iterable[tuple[str, ServiceVerdict | Verdict, list[Verdict]]] = [
        *((s.service, s, by_service[s.service]) for s in one.services if s.service not in SINGLE),
        *((v.input, v, [v]) for name in sorted(SINGLE) for v in by_service[name]),
    ]
    for name, found, verdicts in said:
        counted = not any(why_not(one, verdict) for verdict in verdicts)
        times = found.started_utc, found.ended_utc
        mechanism = "" if found.mechanism == FINE else found.mechanism
        yield (asn, name), found.state, mechanism, found.confirmed, times, counted


def why_not(one: Told, verdict: Verdict) -> str:
    """Return why a verdict is not counted to the operator's network; empty for one that is."""
    is_around = verdict.service == NETWORK and one.record.vantage.bypass
    if is_around or Caveat.BYPASS_ACTIVE in verdict.caveats:
        return str(Caveat.BYPASS_ACTIVE)
    return INTERRUPTED if verdict.reason_code is ReasonCode.NOT_MEASURED else ""


def target_counts(runs: Sequence[Named]) -> Iterator[TargetCount]:
    """Yield a row for each target on each network."""
    found: dict[tuple[str, str, str], list[tuple[Verdict, str]]] = defaultdict(list)
    for _name, one in runs:
        for verdict in one.verdicts:
            key = one.record.vantage.probe_asn, verdict.service, verdict.target_id
            found[key].append((verdict, why_not(one, verdict)))
    order = {state: place for place, state in enumerate(WORST_FIRST)}
    for (asn, service, target_id), verdicts in sorted(
        found.items(), key=lambda row: (row[0][0], min(order[v.state] for v, _ in row[1]), row[0])
    ):
        counted = [verdict for verdict, reason in verdicts if not reason]
        yield TargetCount(
            asn=asn,
            service=service,
            target_id=target_id,
            input=verdicts[0][0].input,
            n=len(counted),
            states=series.state_counts(Counter(verdict.state for verdict in counted)),
            reasons=series.counts(str(verdict.reason_code or "") for verdict in counted),
            excluded=series.counts(reason for _, reason in verdicts),
        )


def exclusions(runs: Sequence[Named]) -> tuple[Excluded, ...]:
    """Return how many verdicts of how many runs were not counted, by reason."""
    verdicts: Counter[str] = Counter()
    in_runs: dict[str, set[str]] = defaultdict(set)
    for name, one in runs:
        for verdict in one.verdicts:
            if reason := why_not(one, verdict):
                verdicts[reason] += 1
                in_runs[reason].add(name)
    return tuple(
        Excluded(reason=reason, n_runs=len(in_runs[reason]), n_verdicts=n)
        for reason, n in sorted(verdicts.items())
    )


def networks(runs: Sequence[Run], known: Known) -> Iterator[Network]:
    """Yield every AS that was measured from."""
    for asn in sorted({run.asn for run in runs}):
        ours = [run for run in runs if run.asn == asn]
        operator = known.operator(asn)
        yield Network(
            asn=asn,
            registered_name=operator.registered_name if operator else "",
            commercial_name=operator.commercial_name if operator else "",
            country=operator.country if operator else ours[0].country,
            sources=_distinct(run.asn_source for run in ours),
            tables_dated=_distinct(run.as_table_dated for run in ours),
            access_types=_distinct(run.access_type for run in ours),
            declared_names=_distinct(run.network_name for run in ours),
            n_runs=len(ours),
        )


def control_roles(runs: Sequence[Named]) -> Iterator[ControlRole]:
    """Yield the controls on the same network by their part, with the AS numbers that baselines know."""
    roles: dict[str, set[str]] = defaultdict(set)
    asns: dict[str, set[str]] = defaultdict(set)
    for _name, one in runs:
        known = {row.target_id: row.asns for row in one.baseline.targets} if one.baseline else {}
        for target in one.controls:
            role = target.neutral_group or target.service
            roles[role].add(target.target_id)
            asns[role] |= {f"AS{number}" for number in known.get(target.target_id, ()) if number}
    for role in sorted(roles):
        yield ControlRole(role=role, n=len(roles[role]), asns=tuple(sorted(asns[role])))


def _time(text: str, *, full: bool) -> str:
    return text if full else hour(text)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) <= 9 else 0


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({word for word in words if word}))
