"""Runs as they may be told of in public, for tables: the same rows without what would pick somebody out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from probe.report.annex.disclosure import (
    hour,
    minutes_removed,
    own_tunnel_hidden,
    own_tunnel_id,
    run_names,
    uid,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.model.verdict import Verdict
    from probe.report.facts import ShownFact
    from probe.report.told import Told


def public_runs(runs: Sequence[Told], *, n_volunteers: int | None = None) -> tuple[Told, ...]:
    """Return runs without minutes, own names, own tunnels, custody and measurements.

    Where several people measured no run bears its region; AS and states stay. A name that a volunteer typed
    is left out: whether it fits the AS is for the annex to say.
    """
    alone = len(runs) == 1 or n_volunteers == 1
    return tuple(_public(name, one, alone=alone) for name, one in zip(run_names(runs), runs, strict=True))


def _public(name: str, one: Told, *, alone: bool) -> Told:
    record = one.record
    return replace(
        one,
        record=replace(
            record,
            run_id=name,
            vantage=replace(
                record.vantage,
                probe_network_name="",
                region=record.vantage.region if alone else "",
            ),
            started_utc=hour(record.started_utc),
            ended_utc=hour(record.ended_utc),
            errors=(),
        ),
        verdicts=tuple(
            replace(public_verdict(name, v), target_id=own_tunnel_id(v.service, v.target_id))
            for v in one.verdicts
        ),
        services=tuple(
            replace(service, started_utc=hour(service.started_utc), ended_utc=hour(service.ended_utc))
            for service in one.services
        ),
        facts=tuple(_public_fact(fact) for fact in one.facts),
        targets=tuple(
            replace(
                target,
                input=own_tunnel_hidden(target.service, target.input),
                target_id=own_tunnel_id(target.service, target.target_id),
            )
            for target in one.targets
        ),
        measurements=tuple,
        custody=(),
        journal=None,
    )


def public_verdict(name: str, verdict: Verdict) -> Verdict:
    """Return a verdict as it may be shown to anybody; `name` is what its run is called in public."""
    text = own_tunnel_hidden(verdict.service, verdict.input)
    is_hidden = text != verdict.input
    return replace(
        verdict,
        input=text,
        because="" if is_hidden else minutes_removed(verdict.because),
        template="" if is_hidden else verdict.template,
        params=() if is_hidden else tuple((key, minutes_removed(value)) for key, value in verdict.params),
        failure=minutes_removed(verdict.failure) if verdict.failure else None,
        notes=() if is_hidden else tuple(map(minutes_removed, verdict.notes)),
        notes_apart=(),
        started_utc=hour(verdict.started_utc),
        ended_utc=hour(verdict.ended_utc),
        measurement_uids=tuple(uid(name, one) for one in verdict.measurement_uids),
        witnesses=tuple(uid(name, one) for one in verdict.witnesses),
    )


def _public_fact(fact: ShownFact) -> ShownFact:
    """Return a fact with the hour in which it was asked for."""
    if fact.measurement is None:
        return fact
    answers = tuple(
        replace(answer, asked_utc=hour(answer.asked_utc)) for answer in fact.measurement.registry_answers
    )
    return replace(fact, measurement=replace(fact.measurement, registry_answers=answers))
