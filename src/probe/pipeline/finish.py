"""From what lies on disk to the verdicts beside it; a run's end and `probe judge` both come this way."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from probe.judge import (
    RULES_VERSION,
    ControlDigest,
    RunFacts,
    digest_control,
    judge_target,
    multiplicity,
    network_finding,
    network_verdict,
    roll_up,
)
from probe.judge.imported import as_imported
from probe.locale import _
from probe.model.baseline import Baseline
from probe.model.observer import Observer
from probe.model.options import RunRecord
from probe.model.target import Service, Target
from probe.model.verdict import ServiceVerdict, Verdict
from probe.model.words import State
from probe.pipeline.facts import facts_of
from probe.pipeline.inputs import Inputs, judged_by_these_rules, read_claims, read_inputs
from probe.pipeline.watching import unbreakable
from probe.pipeline.whereabouts import UNKNOWN, told_by_receipts
from probe.plan.transfers import EXPERIMENT
from probe.report.csv import write_services_csv, write_verdicts_csv
from probe.report.datapackage import write_datapackage
from probe.store import PackedVerdicts, RunFolder, StoreError
from probe.system.disk import is_pipe

ODD: Final = (ValueError, ArithmeticError, RecursionError)
"""What judging raises of numbers that are sound JSON and still nobody's measurements."""


WRITTEN: Final = ("run.json", "verdicts.jsonl", "verdicts.csv", "services.csv", "datapackage.json")
KILLED: Final = "interrupted"
"""How a run is judged that never told of its end."""


class Unjudged(ValueError):  # noqa: N818 - it tells which target was not judged
    """Judging one target failed; `line` is that of its first measurement."""

    def __init__(self, line: int, target_id: str, error: Exception) -> None:
        """Keep the line."""
        self.line = line
        super().__init__(f"{target_id[:100]}: {type(error).__name__}: {str(error)[:200]}")


class Finished(Struct, frozen=True, kw_only=True):
    """The judged run."""

    record: RunRecord
    verdicts: PackedVerdicts
    """Without the network's own."""
    services: tuple[ServiceVerdict, ...]
    network: Verdict
    inputs: Inputs
    """What it was judged by."""
    unwritten: OSError | StoreError | None = None
    """What the disk said to the files of it."""

    def all_verdicts(self) -> PackedVerdicts:
        """Return them as verdicts.jsonl has them: the network's own first."""
        return self.verdicts.behind(self.network)


def finish(
    folder: RunFolder,
    record: RunRecord,
    observer: Observer | None = None,
    *,
    out: Path | None = None,
    baseline: Baseline | None = None,
    inputs: Inputs | None = None,
    even_unwritten: bool = False,
) -> Finished:
    """Judge a run by its own inputs and write everything that follows from it.

    With `out`, the verdicts go there and the run stays as it is; with `baseline`, that one is compared with
    instead of the run's own; `inputs` are what the folder's `inputs/` hold, where somebody has them. Raises
    OSError or StoreError for a place that does not take it; with `even_unwritten`, returns that beside what
    was found.
    """
    finished = judged(folder, record, observer, baseline=baseline, inputs=inputs)
    if out is None:  # elsewhere the run stays as it is, and the verdicts bear their version themselves
        finished = replace(finished, record=replace(finished.record, rules_version=RULES_VERSION))
    try:
        if out is None:
            judged_by_these_rules(folder, finished.inputs)
        _write(folder, out, finished)
    except (OSError, StoreError) as error:
        if not even_unwritten:
            raise
        return replace(finished, unwritten=error)
    return finished


def judged(
    folder: RunFolder,
    record: RunRecord,
    observer: Observer | None = None,
    *,
    baseline: Baseline | None = None,
    inputs: Inputs | None = None,
) -> Finished:
    """Judge a run as `finish` does, and write nothing. Raises OSError, StoreError, those of ODD."""
    observer = unbreakable(observer) if observer else None
    inputs = inputs or read_inputs(folder)
    if baseline is not None:
        inputs = replace(inputs, baseline=baseline)
    _refuse_shortened(folder, record)
    trials = folder.of_experiment(EXPERIMENT) if record.vantage.probe_asn == UNKNOWN else ()
    record = replace(record, vantage=told_by_receipts(record.vantage, trials))
    digests = tuple(_digests(folder, inputs))
    stopped = record.stopped or ("" if record.ended_utc else KILLED)
    facts = facts_of(record, inputs, digests, stopped=stopped)
    finding = network_finding(digests, inputs.controls.history)
    network = network_verdict(finding)
    verdicts = PackedVerdicts(_verdicts(folder, inputs, facts, observer))
    for place, unconfirmed in multiplicity(verdicts).items():
        verdicts.put(place, unconfirmed)
    if record.imported_from:
        claims = read_claims(folder)
        verdicts = PackedVerdicts(as_imported(verdict, claims.get(verdict.input)) for verdict in verdicts)
    _tell_throttled(verdicts, observer)
    services = (
        *rolled_up((service_of_network(network),), (network,)),
        *rolled_up(inputs.judged(), verdicts),
    )
    record = replace(
        record,
        vantage=facts.vantage,
        network_mechanism=network.mechanism,
        clock_offset_s=finding.clock_offset_s,
        network_success_rate=finding.success_rate,
        network_handshake_ms=finding.handshake_ms,
        network_kbps=finding.link_kbps,
    )
    return Finished(record=record, verdicts=verdicts, services=services, network=network, inputs=inputs)


def finish_stored(
    folder: RunFolder, record: RunRecord, *, out: Path | None = None, baseline: Baseline | None = None
) -> Finished:
    """Judge a run that lies there, as `finish` does; what cannot be judged is a StoreError with its line.

    Whatever is on a disk may be a stranger's. A run that ends here is our own: its faults stay exceptions.
    """
    with _strange(folder):
        return finish(folder, record, out=out, baseline=baseline)


def judged_stored(folder: RunFolder, record: RunRecord, inputs: Inputs) -> Finished:
    """Judge a run that lies there by the inputs that were read of it, and write nothing."""
    with _strange(folder):
        return judged(folder, record, inputs=inputs)


@contextmanager
def _strange(folder: RunFolder) -> Iterator[None]:
    """Turn what judging raises of a stranger's numbers into a StoreError with their line."""
    try:
        yield
    except ODD as error:
        line = error.line if isinstance(error, Unjudged) else 0
        problem = f"cannot be judged: {error}"
        hint = _("The run is not as it was written: use an untouched copy.")
        raise StoreError(folder.path / "measurements.jsonl", line, problem, hint) from error


def _write(folder: RunFolder, out: Path | None, finished: Finished) -> None:
    """Write verdicts and the tables made of them, into the run's folder or beside it."""
    where, record = out or folder.path, finished.record
    verdicts = finished.all_verdicts()
    for name in WRITTEN:
        if is_pipe(where / name):  # a pipe would be waited for
            hint = _("The run is not as it was written: use an untouched copy.")
            raise StoreError(where / name, 0, "no plain file", hint)
    if out is None:
        folder.write_run(record)
    folder.write_verdicts(verdicts, out=out)
    write_verdicts_csv(
        where / "verdicts.csv", record.run_id, verdicts, record.vantage, simulated=record.simulated
    )
    write_services_csv(where / "services.csv", record.run_id, finished.services, record.vantage)
    write_datapackage(where / "datapackage.json", record)


def _refuse_shortened(folder: RunFolder, record: RunRecord) -> None:
    """Refuse a journal that lost lines at its end: only the count of `run.json` can show that."""
    n_lines = sum(len(offsets) for offsets in folder.index().values())
    if n_lines < record.n_measurements:
        problem = _("{n} measurements, and run.json counts {told}").format(
            n=n_lines, told=record.n_measurements
        )
        hint = _("The run is not as it was written: use an untouched copy.")
        raise StoreError(folder.path / "measurements.jsonl", n_lines, problem, hint)


def _digests(folder: RunFolder, inputs: Inputs) -> Iterator[ControlDigest]:
    controls = inputs.control_targets()
    index = folder.index()
    for target_id, target in controls.items():
        for measurement in folder.read_at(index.get(target_id, ())):
            with _told(folder, target):
                digest = digest_control(measurement, target)
            yield digest


def _verdicts(
    folder: RunFolder, inputs: Inputs, facts: RunFacts, observer: Observer | None
) -> Iterator[Verdict]:
    """Judge target by target: only one target's measurements are in memory at a time."""
    for target in inputs.targets():
        with _told(folder, target):
            verdict = judge_target(facts, target, folder.of_target(target.target_id)).verdict
        if observer is not None and verdict.state is not State.THROTTLED:
            observer.final(verdict)
        yield verdict


@contextmanager
def _told(folder: RunFolder, target: Target) -> Iterator[None]:
    """Say of an error of judging of which target it is: a fault of ours, or a stranger's numbers."""
    try:
        yield
    except ODD as error:
        raise Unjudged(folder.first_line_of(target.target_id), target.target_id, error) from error


def _tell_throttled(verdicts: Iterable[Verdict], observer: Observer | None) -> None:
    """Tell those that had to wait for all others: their number decides whether a confirmation stands."""
    for verdict in verdicts:
        if observer is not None and verdict.state is State.THROTTLED:
            observer.final(verdict)


def rolled_up(services: Iterable[Service], verdicts: Sequence[Verdict]) -> Iterator[ServiceVerdict]:
    """Yield what the verdicts on each service's targets come to. Raises KeyError for a target without one."""
    places = {verdict.target_id: place for place, verdict in enumerate(verdicts)}
    for service in services:
        yield roll_up(service, (verdicts[places[t.target_id]] for t in service.targets))


def service_of_network(network: Verdict) -> Service:
    """Return the service whose only row is the network's own."""
    from probe.model.words import Risk

    row = Target(
        target_id=network.target_id, service=network.service, input=network.input, experiment="network"
    )
    return Service(
        service=network.service, title="The network itself", rule="any", risk=Risk.LOW, targets=(row,)
    )
