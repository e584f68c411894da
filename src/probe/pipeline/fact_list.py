"""The facts of a stored run, beside what its baseline has of the same."""

from collections.abc import Iterator
from pathlib import Path

from probe.model.baseline import Baseline
from probe.pipeline.inputs import read_inputs
from probe.report.facts import KnownPath, ShownFact
from probe.store import RunFolder


def facts_of_run(path: Path) -> tuple[ShownFact, ...]:
    """Return every measurement that gave facts, in the order of the catalogue. Raises StoreError."""
    with RunFolder.open(path) as folder:
        return tuple(_facts(folder))


def _facts(folder: RunFolder) -> Iterator[ShownFact]:
    inputs = read_inputs(folder)
    index = folder.index()
    for target in inputs.facts():
        known = _known(inputs.baseline, target.input)
        for measurement in folder.read_at(index.get(target.target_id, ())):
            yield ShownFact(measurement=measurement, known=known)


def _known(baseline: Baseline | None, text: str) -> KnownPath | None:
    """Return the path of the same input, where the baseline observed one."""
    for row in baseline.targets if baseline else ():
        if row.input == text and row.n_ok and baseline:
            return KnownPath(
                asns=row.path_asns,
                recorded=baseline.recorded_utc.date().isoformat(),
                network=baseline.probe_asn,
            )
    return None
