"""What the annex states, in no language: figures, machine words, hashes, as far as disclosure allows."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from probe.model.words import State
from probe.report.annex import gather
from probe.report.annex.disclosure import (
    EPOCH,
    Cell,
    Stood,
    cells,
    end_of_hour,
    hour,
    moment,
    own_tunnel_hidden,
    own_tunnel_id,
    run_names,
)
from probe.report.annex.errors import Errors, errors_of
from probe.report.annex.findings import findings
from probe.report.annex.known import Known
from probe.report.annex.records import (
    SCHEMA_VERSION,
    BlockPage,
    ControlRole,
    Count,
    Custody,
    Excluded,
    Finding,
    Network,
    Request,
    Run,
    Summary,
    TargetCount,
    TargetFacts,
)
from probe.report.annex.requests import requests_of
from probe.report.annex.series import FOUND
from probe.report.annex.walk import PAGES, Seen, public_page, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from probe.model.target import Target
    from probe.report.annex.letter import Letter
    from probe.report.told import Told

SHAPE: Final = "%Y-%m-%dT%H:%M:%SZ"


class Annex(Struct, frozen=True, kw_only=True):
    """Everything that any statement prints."""

    schema_version: str
    document_id: str
    """`annex-` and eight digits of the SHA-256 of all that follows."""
    simulated: bool
    """Made of runs of the built-in lab: evidence of nothing."""
    letter: Letter
    generated_utc: str
    """What `--at` says, else the end of the last run; in public the end of its hour."""
    first_utc: str
    last_utc: str
    """Begin of the first and end of the last run."""
    runs: tuple[Run, ...]
    cells: tuple[Cell, ...]
    summary: tuple[Summary, ...]
    networks: tuple[Network, ...]
    targets: tuple[TargetFacts, ...]
    controls: tuple[ControlRole, ...]
    known: Known
    counts: tuple[TargetCount, ...]
    excluded: tuple[Excluded, ...]
    errors: Errors
    findings: tuple[Finding, ...]
    block_pages: tuple[BlockPage, ...]
    custody: tuple[Custody, ...]
    redactions: tuple[Count, ...]
    requests: tuple[Request, ...]


def annex_of(runs: Sequence[Told], letter: Letter, known: Known | None = None) -> Annex:
    """Return what the annex of these runs states. The same runs and letter give the same facts."""
    known = known or Known()
    full = letter.disclosure == "full"
    names = [one.record.run_id for one in runs] if full else list(run_names(runs))
    named = list(zip(names, runs, strict=True))
    seen = Seen()
    for name, one in named:
        walk(seen, name, one.measurements(), _showing(one))
    alone = len(runs) == 1 or letter.n_volunteers == 1
    rows = tuple(gather.run_of(name, one, known, seen, full=full) for name, one in named)
    shown = rows if full or alone else tuple(replace(row, region="") for row in rows)
    titles = {service: title for one in runs for service, title in one.titles}
    found = tuple(findings(named, full=full))
    measured = {row.asn for row in rows}
    simulated = any(one.record.simulated for one in runs)
    annex = Annex(
        schema_version=SCHEMA_VERSION,
        document_id="",
        simulated=simulated,
        letter=letter,
        generated_utc=_generated(runs, letter, full=full),
        first_utc=min((row.started_utc for row in rows), default=""),
        last_utc=max((row.ended_utc or row.started_utc for row in rows), default=""),
        runs=shown,
        cells=_cells(runs, merge=not (full or alone)),
        summary=tuple(gather.summaries(named, titles, full=full)),
        networks=tuple(gather.networks(rows, known)),
        targets=tuple(seen.targets(_targets(runs, full=full))),
        controls=tuple(gather.control_roles(named)),
        known=replace(known, operators=tuple(one for one in known.operators if one.asn in measured)),
        counts=tuple(gather.target_counts(named)),
        excluded=gather.exclusions(named),
        errors=errors_of(named, seen.layers()),
        findings=found,
        block_pages=tuple(page if full else public_page(page) for page in seen.pages.values()),
        custody=tuple(_custody(named, full=full)),
        redactions=_redactions(runs),
        requests=tuple(requests_of(letter, known, rows, found, simulated=simulated)),
    )
    annex = annex if full else _without_tunnels(annex)
    return replace(annex, document_id=f"annex-{hashlib.sha256(_bytes(annex)).hexdigest()[:8]}")


def as_json(annex: Annex) -> bytes:
    """Return the facts as one JSON document, indented, keys in the order of the records."""
    return msgspec.json.format(_bytes(annex), indent=1) + b"\n"


def _bytes(annex: Annex) -> bytes:
    return msgspec.json.encode(annex)


def _showing(one: Told) -> frozenset[str]:
    """Return the uids of measurements in which a page came in place of the service."""
    return frozenset(
        uid
        for verdict in one.verdicts
        if verdict.state is State.BLOCKED and ".".join(verdict.mechanism.split(".")[:2]) in PAGES
        for uid in verdict.measurement_uids
    )


def _generated(runs: Sequence[Told], letter: Letter, *, full: bool) -> str:
    """Return when it was made, never by the clock: the same runs give the same bytes."""
    if letter.at is not None:
        return f"{letter.at:{SHAPE}}"
    ends = [moment(one.record.ended_utc or one.record.started_utc) for one in runs]
    last = max(ends, default=EPOCH)
    return f"{last if full else end_of_hour(last):{SHAPE}}"


def generated(annex: Annex) -> datetime:
    """Return the time of making as a time, aware, UTC."""
    return moment(annex.generated_utc)


def _cells(runs: Sequence[Told], *, merge: bool) -> tuple[Cell, ...]:
    stood = [
        Stood(
            region=one.record.vantage.region,
            country=one.record.vantage.probe_cc,
            started_utc=one.record.started_utc,
        )
        for one in runs
    ]
    return cells(stood) if merge else cells(stood, least=1)


def _targets(runs: Sequence[Told], *, full: bool) -> Iterator[Target]:
    """Yield each target once, those with findings first; who served as a control only in full."""
    every = {t.target_id: t for one in runs for t in one.targets}
    found = {v.target_id for one in runs for v in one.verdicts if v.state in FOUND}
    controls = {t.target_id: t for one in runs for t in one.controls} if full else {}
    yield from (every[target_id] for target_id in sorted(every, key=lambda one: (one not in found, one)))
    yield from (controls[target_id] for target_id in sorted(controls))


def _custody(named: Sequence[gather.Named], *, full: bool) -> Iterator[Custody]:
    for name, one in named:
        told = one.custody or (
            (one.record.started_utc, "volunteer", "measurement_began"),
            (one.record.ended_utc, "volunteer", "measurement_ended"),
        )
        for time, role, action in told:
            yield Custody(run=name, time_utc=time if full else hour(time), role=role, action=action)


def _redactions(runs: Sequence[Told]) -> tuple[Count, ...]:
    total: dict[str, int] = {}
    for one in runs:
        for category, n in one.record.redactions:
            total[category] = total.get(category, 0) + n
    return tuple(Count(word=category, n=n) for category, n in sorted(total.items()))


def _without_tunnels(annex: Annex) -> Annex:
    """Hide the host of every tunnel that a volunteer's own file named."""
    return replace(
        annex,
        counts=tuple(
            replace(
                row,
                input=own_tunnel_hidden(row.service, row.input),
                target_id=own_tunnel_id(row.service, row.target_id),
            )
            for row in annex.counts
        ),
        targets=tuple(_own_hidden(row) for row in annex.targets),
        findings=tuple(_unsaid(row) for row in annex.findings),
    )


def _unsaid(row: Finding) -> Finding:
    """Leave the reason out with the host: it may name the host again."""
    text = own_tunnel_hidden(row.service, row.input)
    if text == row.input:
        return row
    own = own_tunnel_id(row.service, row.target_id)
    return replace(row, input=text, target_id=own, because="", template="", params=(), failure="")


def _own_hidden(row: TargetFacts) -> TargetFacts:
    text = own_tunnel_hidden(row.service, row.input)
    if text == row.input:
        return row
    own = own_tunnel_id(row.service, row.target_id)
    return replace(row, input=text, target_id=own, addresses=(), names=())
