"""The trials of a stored run, with what judging made of each pair: what pictures are drawn from."""

from collections.abc import Iterator
from pathlib import Path

from probe.judge.decide import sign_test
from probe.judge.pairs import pair_tests
from probe.model.measurement import Measurement
from probe.report.trials import Rates, TargetTrials, trials_of
from probe.store import RunFolder


def trials_of_run(path: Path) -> tuple[TargetTrials, ...]:
    """Return the trials of every target that transfers were made for, by name. Raises StoreError."""
    with RunFolder.open(path) as folder:
        return tuple(_trials(folder))


def _trials(folder: RunFolder) -> Iterator[TargetTrials]:
    for _target_id, offsets in sorted(folder.index().items()):
        measurements = tuple(folder.read_at(offsets))
        drawn = trials_of(measurements, _known(measurements), sign_test)
        if drawn is not None and not measurements[0].is_control:
            yield drawn


def _known(measurements: tuple[Measurement, ...]) -> dict[tuple[str, str], Rates]:
    return {
        (pair.uid, arms): Rates(tested_bps=pair.rate_bps, control_bps=pair.control_bps, unfit=pair.unfit)
        for (arms, _number), test in pair_tests(measurements).items()
        for pair in test.pairs
    }
