"""The trials of a stored run, with what judging made of each pair: what pictures are drawn from."""

from collections.abc import Collection, Iterator
from pathlib import Path

from probe.judge.decide import sign_test
from probe.judge.pairs import pair_tests
from probe.model.measurement import Measurement
from probe.report.trials import Rates, TargetTrials, trials_of
from probe.store import RunFolder


def trials_of_run(path: Path, only: Collection[str] | None = None) -> tuple[TargetTrials, ...]:
    """Return the trials of every target that transfers were made for, by name. Raises StoreError.

    With `only`, of these targets; nothing else is read.
    """
    with RunFolder.open(path) as folder:
        return tuple(_trials(folder, only))


def _trials(folder: RunFolder, only: Collection[str] | None) -> Iterator[TargetTrials]:
    for target_id, offsets in sorted(folder.index().items()):
        if only is not None and target_id not in only:
            continue
        if next(folder.read_at(offsets[:1])).is_control:
            continue
        measurements = folder.of_target(target_id)
        drawn = trials_of(measurements, _known(measurements), sign_test)
        if drawn is not None:
            yield drawn


def _known(measurements: tuple[Measurement, ...]) -> dict[tuple[str, str], Rates]:
    return {
        (pair.uid, arms): Rates(tested_bps=pair.rate_bps, control_bps=pair.control_bps, unfit=pair.unfit)
        for (arms, _number), test in pair_tests(measurements).items()
        for pair in test.pairs
    }
