"""Runs as reports are told of them: from a run's folder, a bag's folder or a bag's zip."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

import probe
from probe import __version__
from probe.evidence.custody_after import acts_of
from probe.evidence.handling import WITHIN, read_custody
from probe.evidence.outside import TooLargeError
from probe.judge import RULES_DATED, RULES_VERSION, constants
from probe.locale import _
from probe.model.measurement import Measurement
from probe.model.options import RunRecord
from probe.model.verdict import ServiceVerdict, Verdict
from probe.pipeline.fact_list import facts_of_run
from probe.pipeline.finish import rolled_up, service_of_network
from probe.pipeline.inputs import Inputs, read_inputs
from probe.pipeline.receipts import as_they_hold
from probe.pipeline.request import UsageError
from probe.pipeline.selftest import FILE as SELF_TEST
from probe.pipeline.selftest import Errors
from probe.pipeline.trials import trials_of_run
from probe.pipeline.verifying import run_in, seal_of
from probe.plan.transfers import EXPERIMENT
from probe.report.annex.known import Known, Operator
from probe.report.told import SelfTested, Told
from probe.store import RunFolder, StoreError
from probe.targets.operators import operator_files, read_operators

NETWORK: Final = "network"
MOST_BYTES: Final = 1_000_000
"""Of a small file beside a run."""
MEASUREMENTS: Final = "measurements.jsonl"
MOST_ATTACHED: Final = 20_000_000
"""Bytes of a journal that travels inside a document."""
THRESHOLDS: Final = (
    "FLOOR_TRIES",
    "FLOOR_ROUNDS",
    "FLOOR_SPREAD_S",
    "BRACKET_S",
    "CONTROL_AGAIN_S",
    "BASELINE_FRESH_S",
    "CROSS_TRIES",
    "CROSS_NEUTRALS",
    "LENGTH_LOW",
    "LENGTH_HIGH",
    "PAIRS",
    "LEAST_PAIRS",
    "SLOW_PAIRS",
    "SLOW_RATIO",
    "SLOW_MEDIAN",
    "LEAST_CONTROL_BPS",
    "MULTIPLE_P",
    "FREEZE_TRIALS",
    "FREEZE_LEAST_BYTES",
    "FREEZE_MOST_BYTES",
)
"""Numbers of judge/constants.py that the annex prints: the others stand in docs/method.md."""


@contextmanager
def told_of(paths: Sequence[Path]) -> Iterator[tuple[Told, ...]]:
    """Yield the runs at these places, each once, by their start; a zip is unpacked for as long as it lasts.

    A run given twice, or as a folder and as a bag, counts once: the bag is told of. Two runs of one name that
    differ are refused, and so are runs of the lab beside real ones. Raises StoreError, UsageError.
    """
    with ExitStack() as kept:
        found: dict[str, tuple[Path, Told]] = {}
        for path in paths:
            one = told(kept.enter_context(run_in(path)))
            known = found.get(one.record.run_id)
            if known is None or _better(one, path, known):
                found[one.record.run_id] = path, one
        runs = tuple(sorted((one for _, one in found.values()), key=_began))
        _refuse_mixed(runs)
        yield runs


def told(path: Path) -> Told:
    """Return the run in this folder, or in this bag's folder. Raises StoreError, UsageError.

    A bag is held against its manifests before anything else in it is opened: it may be a stranger's.
    """
    seal = seal_of(path)
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
            seal=seal,
            measurements=_reader(path),
            titles=tuple((service.service, service.title) for service in inputs.services),
            self_test=_self_test(folder),
            journal=_journal(folder),
            custody=tuple(_custody(folder)),
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
        yield from map(as_they_hold, folder.measurements())


def _began(one: Told) -> tuple[str, str]:
    return one.record.started_utc, one.record.run_id


def _better(one: Told, path: Path, known: tuple[Path, Told]) -> bool:
    """Say whether the second of two runs of one name stands for both: a bag does, before a folder."""
    other_path, other = known
    if _fingerprint(one.record) != _fingerprint(other.record):
        raise UsageError(
            _("{one} and {other} bear the name {run} and hold different runs.").format(
                one=other_path, other=path, run=one.record.run_id
            ),
            _("One of them was changed: verify both, and give the untouched one."),
        )
    return one.seal is not None and other.seal is None


def _fingerprint(record: RunRecord) -> tuple[object, ...]:
    return record.run_id, record.seed, record.n_measurements, record.started_utc, record.ended_utc


def _refuse_mixed(runs: Sequence[Told]) -> None:
    simulated = [one.record.run_id for one in runs if one.record.simulated]
    if simulated and len(simulated) < len(runs):
        raise UsageError(
            _("{run} was made in the lab: evidence of nothing, it stands beside no real run.").format(
                run=simulated[0]
            ),
            _("Give it alone, or leave it out."),
        )


def known_of(operators: Path | None = None) -> Known:
    """Return what annexes state beside the runs, with another table of operators than the shipped ones.

    Raises CatalogueError.
    """
    tables = [read_operators(path) for path in ([operators] if operators else operator_files())]
    return Known(
        operators=tuple(
            Operator(
                asn=asn,
                registered_name=registered,
                commercial_name=commercial,
                country=country,
                spellings=spellings,
            )
            for table in tables
            for asn, registered, commercial, country, spellings in table.rows
        ),
        operators_dated=min((table.dated for table in tables), default=""),
        operators_source=" ".join(table.source for table in tables),
        thresholds=tuple((name.lower(), f"{getattr(constants, name):g}") for name in THRESHOLDS),
        rules_version=RULES_VERSION,
        rules_dated=RULES_DATED,
        software_version=__version__,
        software_sha256=_own_sha256(),
    )


def _own_sha256() -> str:
    """Return one hash over this program's own files, by name: the same wherever it is installed."""
    folder = Path(probe.__file__).parent
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.py"), key=lambda one: one.relative_to(folder).as_posix()):
        name = path.relative_to(folder).as_posix()
        whole.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n".encode())
    return whole.hexdigest()


def _journal(folder: RunFolder) -> Callable[[], bytes] | None:
    file = folder.path / MEASUREMENTS
    return file.read_bytes if file.stat().st_size <= MOST_ATTACHED else None


def _self_test(folder: RunFolder) -> SelfTested | None:
    """Return what a self-test beside the run says of errors; None where there is none that can be read."""
    file = folder.path / SELF_TEST
    if not file.is_file() or file.stat().st_size > MOST_BYTES:
        return None
    try:
        here = msgspec.json.decode(file.read_bytes(), type=Errors).pooled
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    return SelfTested(n_tests=here.n_permutations, n_false=here.n_false, bound=here.bound)


def _custody(folder: RunFolder) -> Iterator[tuple[str, str, str]]:
    """Yield who had a bag in hand, before its seal and after; nothing of a run that lies in none."""
    if not folder.sealed:
        return
    try:
        before = read_custody((folder.path / WITHIN).read_bytes()[:MOST_BYTES])
        after = acts_of(folder.path.parent)
    except (OSError, ValueError, TooLargeError):
        return
    for handling in (*before, *(act.handling for act in after)):
        yield handling.utc, handling.role, handling.action
