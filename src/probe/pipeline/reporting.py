"""Runs as reports are told of them: from a run's folder, a bag's folder or a bag's zip."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from probe.model.measurement import Measurement
from probe.model.options import RunRecord
from probe.model.verdict import ServiceVerdict, Verdict
from probe.pipeline.fact_list import facts_of_run
from probe.pipeline.finish import rolled_up, service_of_network
from probe.pipeline.inputs import Inputs, read_inputs
from probe.pipeline.request import UsageError
from probe.pipeline.trials import trials_of_run
from probe.plan.transfers import EXPERIMENT
from probe.report.told import Seal, Told
from probe.store import RunFolder, StoreError

NETWORK = "network"


@contextmanager
def told_of(paths: Sequence[Path]) -> Iterator[tuple[Told, ...]]:
    """Yield the runs at these places, each once, by their start; a zip is unpacked for as long as it lasts.

    A run given twice, or as a folder and as a bag, counts once: the bag is told of. Two runs of one name that
    differ are refused, and so are runs of the lab beside real ones. Raises StoreError, UsageError.
    """
    with ExitStack() as kept:
        found: dict[str, tuple[Path, Told]] = {}
        for path in paths:
            one = told(kept.enter_context(_unpacked(path)))
            known = found.get(one.record.run_id)
            if known is None or _better(one, path, known):
                found[one.record.run_id] = path, one
        runs = tuple(sorted((one for _, one in found.values()), key=_began))
        _refuse_mixed(runs)
        yield runs


def told(path: Path) -> Told:
    """Return the run in this folder, or in this bag's folder. Raises StoreError."""
    with RunFolder.open(path) as folder:
        record = folder.read_run()
        inputs = read_inputs(folder)
        verdicts = tuple(folder.read_verdicts())
        transferred = {m.target_id for m in folder.of_experiment(EXPERIMENT)}
        return Told(
            record=record,
            verdicts=verdicts,
            services=_services(folder, inputs, verdicts),
            trials=trials_of_run(path, only=transferred) if transferred else (),
            facts=facts_of_run(path),
            targets=inputs.targets(),
            controls=tuple(inputs.control_targets().values()),
            baseline=inputs.baseline,
            seal=_seal(path) if folder.sealed else None,
            measurements=_reader(path),
        )


def _services(folder: RunFolder, inputs: Inputs, verdicts: Sequence[Verdict]) -> tuple[ServiceVerdict, ...]:
    """Roll the verdicts up as the run's end did: services.csv holds the same for other programs."""
    network = [verdict for verdict in verdicts if verdict.service == NETWORK]
    targets = {target.target_id for target in inputs.targets()}
    judged = [verdict for verdict in verdicts if verdict.service != NETWORK]
    if len(network) != 1 or sorted(v.target_id for v in judged) != sorted(targets):
        raise StoreError(
            folder.path / "verdicts.jsonl",
            0,
            "the verdicts are not those of the run's targets",
            f"Write them again: probe judge {folder.path}",
        )
    return (
        *rolled_up((service_of_network(network[0]),), network),
        *rolled_up(inputs.judged(), judged),
    )


def _reader(path: Path) -> Callable[[], Iterator[Measurement]]:
    return partial(_measurements, path)


def _measurements(path: Path) -> Iterator[Measurement]:
    with RunFolder.open(path) as folder:
        yield from folder.measurements()


def _began(one: Told) -> tuple[str, str]:
    return one.record.started_utc, one.record.run_id


def _better(one: Told, path: Path, known: tuple[Path, Told]) -> bool:
    """Say whether the second of two runs of one name stands for both: a bag does, before a folder."""
    other_path, other = known
    if _fingerprint(one.record) != _fingerprint(other.record):
        raise UsageError(
            f"{other_path} and {path} bear the name {one.record.run_id} and hold different runs.",
            "One of them was changed: verify both, and give the untouched one.",
        )
    return one.seal is not None and other.seal is None


def _fingerprint(record: RunRecord) -> tuple[object, ...]:
    return record.run_id, record.seed, record.n_measurements, record.started_utc, record.ended_utc


def _refuse_mixed(runs: Sequence[Told]) -> None:
    simulated = [one.record.run_id for one in runs if one.record.simulated]
    if simulated and len(simulated) < len(runs):
        raise UsageError(
            f"{simulated[0]} was made in the lab: evidence of nothing, it stands beside no real run.",
            "Give it alone, or leave it out.",
        )


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    """Yield the folder of a run; what a zip holds lies in a folder of its own, and goes at the end."""
    if path.is_file() and path.suffix == ".zip":
        raise UsageError(f"{path} is a zip.", "Unpack it first.")
    yield path


def _seal(path: Path) -> Seal | None:
    del path
    return None
