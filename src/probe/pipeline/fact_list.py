"""The facts of a stored run, beside what its baseline has of the same."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from probe.model.baseline import Baseline
from probe.model.target import Target
from probe.pipeline.inputs import Inputs, read_inputs
from probe.report.facts import KnownPath, ShownFact
from probe.store import RunFolder, read_baseline


def facts_of_run(
    path: Path, other: Path | None = None, inputs: Inputs | None = None
) -> tuple[ShownFact, ...]:
    """Return every measurement that gave facts, in the order of the catalogue. Raises StoreError.

    With `other`, that baseline is put beside them instead of the run's own; `inputs` are the run's, where
    somebody has them.
    """
    with RunFolder.open(path) as folder:
        inputs = inputs or read_inputs(folder)
        targets = inputs.facts()
        if not targets:  # a journal of ten thousand targets is not read for nothing
            return ()
        baseline = read_baseline(other) if other is not None else inputs.baseline
        return tuple(_facts(folder, targets, baseline))


def _facts(folder: RunFolder, targets: Iterable[Target], baseline: Baseline | None) -> Iterator[ShownFact]:
    for target in targets:
        known = _known(baseline, target.input)
        found = folder.of_target(target.target_id)
        for measurement in found or (None,):
            yield ShownFact(measurement=measurement, input=target.input, known=known)


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
