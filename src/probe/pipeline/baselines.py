"""Baselines: recorded by a run of its own, or made of one that is there."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from probe.judge.baseline import baseline_of
from probe.locale import N_, _
from probe.model.baseline import Baseline
from probe.model.network import Network
from probe.model.observer import Observer
from probe.model.options import RunRecord
from probe.pipeline.folder import NETWORK_IS_FINE, TIME_FORMAT
from probe.pipeline.inputs import read_inputs
from probe.pipeline.request import Prepared, UsageError
from probe.pipeline.run import run
from probe.store import RunFolder, write_baseline

BASELINE_SCHEMA = "1"
MAKE_ONE = N_("Measure some: probe baseline record all -o FILE")


def record_baseline(
    prepared: Prepared, network: Network, observer: Observer, *, out: Path
) -> tuple[Baseline, int]:
    """Measure, and keep how targets answered here; return the baseline and the run's exit code."""
    result = run(prepared, network, observer)
    if result.refused is not None:
        raise result.refused
    return baseline_from_run(result.folder, out), result.exit_code


def baseline_from_run(path: Path, out: Path) -> Baseline:
    """Make a baseline of a stored run. Raises StoreError."""
    with RunFolder.open(path) as folder:
        record = folder.read_run()
        _refuse_useless(path, record)
        inputs = read_inputs(folder)
        if not inputs.services:
            raise UsageError(_("{path} is a self-test: it has no targets.").format(path=path), _(MAKE_ONE))
        index = folder.index()
        verdicts = {v.target_id: v for v in folder.read_verdicts()}
        targets = tuple(
            row
            for target in (*inputs.targets(), *inputs.facts())
            if (found := tuple(folder.read_at(index.get(target.target_id, ()))))
            and (row := baseline_of(target, found, verdicts.get(target.target_id))) is not None
        )
        if not targets:
            raise UsageError(_("No target of {path} was measured.").format(path=path), _(MAKE_ONE))
        baseline = Baseline(
            schema_version=BASELINE_SCHEMA,
            recorded_utc=_true_time(record),
            run_id=record.run_id,
            probe_asn=record.vantage.probe_asn,
            probe_cc=record.vantage.probe_cc,
            network_state=record.network_mechanism,
            software=record.vantage.software,
            clock_offset_s=record.clock_offset_s,
            simulated=record.simulated,
            targets=targets,
        )
    write_baseline(out, baseline)
    return baseline


def _refuse_useless(path: Path, record: RunRecord) -> None:
    """Refuse what nothing should be held against: a network that was not fine itself."""
    if record.network_mechanism != NETWORK_IS_FINE:
        raise UsageError(
            _("The network of {path} was not fine itself ({what}).").format(
                path=path, what=record.network_mechanism or _("no network")
            ),
            _("Record the baseline where neutral sites answer."),
        )


def _true_time(record: RunRecord) -> datetime:
    """Return when the run ended, by the neutrals' clocks where they were heard: ages are counted from it."""
    told = datetime.strptime(record.ended_utc or record.started_utc, TIME_FORMAT).replace(tzinfo=UTC)
    return told + timedelta(seconds=round(record.clock_offset_s or 0.0))
