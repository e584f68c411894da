"""Verdicts again from a stored run: offline, by its own inputs, into the run or beside it."""

from pathlib import Path

from probe.locale import _
from probe.pipeline.finish import finish_stored
from probe.pipeline.request import UsageError
from probe.pipeline.run import RunResult, result_of
from probe.store import RunFolder, read_baseline


def rejudge(path: Path, baseline: Path | None, out: Path | None) -> RunResult:
    """Judge a stored run again; nothing is sent, no measurement changes. Raises StoreError.

    A sealed run is judged only into another folder (`out`). Another baseline than the run's own is a new
    judgement and needs another folder too. Judged in place by newer rules, the run bears their version.
    """
    folder = RunFolder.open(path)
    other = read_baseline(baseline) if baseline else None
    if other is not None:
        if out is None:
            raise UsageError(
                _("Judged by {path}, the verdicts would not follow from what lies in the run.").format(
                    path=baseline
                ),
                _("Give another folder for them: probe judge {run} --baseline {path} -o DIR").format(
                    run=path, path=baseline
                ),
            )
        record = folder.read_run()
        hint = _("Compare it with a baseline recorded elsewhere or earlier.")
        if other.run_id == record.run_id:
            raise UsageError(_("{path} was made of this very run.").format(path=baseline), hint)
        if other.simulated != record.simulated:
            raise UsageError(
                _("Of {one} and {other} one was made in the lab.").format(one=path, other=baseline), hint
            )
    with folder:
        finished = finish_stored(folder, folder.read_run(), out=out, baseline=other)
    return result_of(out or folder.path, finished, interrupted=False)
