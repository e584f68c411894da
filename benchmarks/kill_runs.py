"""Runs are killed at random moments, looked at, and taken up again until one of them ends."""

import os
import random
import statistics
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.killing import Ended, holds, leftovers, until

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from loopback.hasty import BLOCKED, in_haste, run_in_lab, states_of  # noqa: E402  # tests are no package
from probe.pipeline import rejudge  # noqa: E402  # the same
from probe.pipeline.request import UsageError  # noqa: E402  # the same
from probe.store import RunFolder, StoreError  # noqa: E402  # the same

JUDGED = ("run.json", "verdicts.jsonl", "verdicts.csv", "services.csv", "datapackage.json")
JOURNAL = "measurements.jsonl"
AGAIN = 0.75
"""How often a run that is taken up again is killed too."""
TORN = 0.33
LEAST_LINES = 2


class _Telling:
    """An observer that writes down, outside of the child, what it was told to be on the disk."""

    def __init__(self, writing: int) -> None:
        self._writing = writing

    def measured(self, measurement: Any) -> None:
        os.write(self._writing, f"{measurement.measurement_uid}\n".encode())

    def __getattr__(self, _name: str) -> Any:
        return lambda *_args, **_kwargs: None


def _run(results: Path, resume: Path | None, writing: int) -> None:
    in_haste(run_in_lab(results, resume=resume, observer=_Telling(writing)))


def prepared(place: Path) -> "partial[int]":
    """Time undisturbed runs, and hold what they find against what is blocked; return the trial."""
    warmed = place / "warm"
    with (place / "told").open("wb") as told:
        _run(warmed, None, told.fileno())
    times = []
    for number in range(3):
        ended = until(partial(_run, place / f"whole-{number}", None), None, place / "log")
        times.append(ended.seconds)
        _is_whole(next((place / f"whole-{number}").iterdir()))
    print(f"an undisturbed run takes {statistics.median(times):.2f} s", file=sys.stderr, flush=True)
    return partial(_trial, lasts_s=statistics.median(times))


def _trial(chance: random.Random, place: Path, counts: Counter[str], *, lasts_s: float) -> int:
    """Kill a run, perhaps what takes it up again too, then let it end."""
    results, resume, n, torn, before = place / "results", None, 0, b"", b""
    while True:
        ended = until(partial(_run, results, resume), chance.uniform(0, lasts_s), place / "log")
        if not ended.killed:
            break
        n += 1
        counts[f"kills of runs{' taken up again' if resume else ''}"] += 1
        folder = _begun(results, counts)
        if folder is None:
            return n
        before = _looked_at(folder, ended, before, counts)
        torn = _torn(folder, torn, counts)
        _judged(folder, place / "aside")
        resume = folder
        torn += _tear(folder, before, chance, counts)
        if chance.random() > AGAIN:
            until(partial(_run, results, resume), None, place / "log")
            break
    if resume is not None:
        counts["runs taken up again until they ended"] += 1
        holds((resume / JOURNAL).read_bytes().startswith(before), "lines that were complete have changed")
        holds(_moved(resume) == torn, "what was torn was not moved away as it was")
        _is_whole(resume)
    return n


def _begun(results: Path, counts: Counter[str]) -> Path | None:
    """Return the folder of a run that can be taken up again; None where none was begun."""
    folders = list(results.iterdir()) if results.is_dir() else []
    if folders and (folders[0] / "run.json").is_file():
        return folders[0]
    counts["killed before the run was written down"] += 1
    if folders:
        try:
            in_haste(run_in_lab(results, resume=folders[0]))
        except (StoreError, UsageError) as error:
            holds("--resume" not in error.hint, f"whoever takes up nothing is told: {error.hint}")
        else:
            holds(False, "a run that was never written down was taken up")
    return None


def _looked_at(folder: Path, ended: Ended, before: bytes, counts: Counter[str]) -> bytes:
    """Look at a journal right after the kill; return its complete lines."""
    content = (folder / JOURNAL).read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    holds(whole.startswith(before), "lines that were complete have changed")
    kept = {measurement.measurement_uid for measurement in RunFolder.open(folder).measurements()}
    lost = set(ended.told) - kept
    holds(not lost, f"told to be kept and not there: {sorted(lost)[:3]}")
    holds(len(kept) == whole.count(b"\n"), "two lines of one name")
    counts["measurements told to be kept before a kill, all there"] += len(ended.told)
    return whole


def _judged(folder: Path, aside: Path) -> None:
    """Judge what there is, beside the run: it may say less than a whole run, and nothing else."""
    result = rejudge(folder, None, aside)
    for target, (state, mechanism) in states_of(result).items():
        fits = state == "inconclusive" or BLOCKED[target] == (state, mechanism)
        holds(fits, f"after a kill {target} is {state} {mechanism}")


def _moved(folder: Path) -> bytes:
    """Return what was moved away so far, first things first.

    What a second kill tore before the first was healed lies behind it in one file.
    """
    files = sorted(folder.glob("measurements.torn-*.jsonl"), key=lambda file: (len(file.name), file.name))
    return b"".join(file.read_bytes() for file in files)


def _torn(folder: Path, before: bytes, counts: Counter[str]) -> bytes:
    """Return what is torn: moved away, or still behind the last line; all of before, and what this kill left.

    A line is one write, but a large one may be cut where a page of memory ends.
    """
    content = (folder / JOURNAL).read_bytes()
    torn = _moved(folder) + content[content.rfind(b"\n") + 1 :]
    holds(torn.startswith(before), "what was torn before is no longer there")
    counts["lines that a kill itself tore"] += torn != before
    return torn


def _tear(folder: Path, whole: bytes, chance: random.Random, counts: Counter[str]) -> bytes:
    """Leave half a line, or zeros, at the end of a journal now and then, as a power cut does; return it."""
    lines = whole.splitlines()
    if len(lines) < LEAST_LINES or chance.random() > TORN:
        return b""
    tail = chance.choice(
        (lines[-1][: chance.randrange(1, len(lines[-1]))], b"\0" * chance.randrange(1, 9000))
    )
    with (folder / JOURNAL).open("ab") as journal:
        journal.write(tail)
    counts["torn lines, moved away when the run was taken up again"] += 1
    return tail


def _is_whole(folder: Path) -> None:
    """Hold a run that ended against what an undisturbed one finds."""
    found = RunFolder.open(folder)
    record = found.read_run()
    n = sum(1 for _ in found.measurements())
    holds(bool(record.ended_utc) and record.n_measurements == n, "run.json does not tell of its end")
    verdicts = [v for v in found.read_verdicts() if v.service != "network"]
    states = {v.target_id: (str(v.state), v.mechanism) for v in verdicts}
    holds(states == BLOCKED, f"it found {[(v.state, v.reason_code, v.because) for v in verdicts]}")
    missing = [name for name in JUDGED if not (folder / name).is_file()]
    holds(not missing, f"missing: {missing}")
    left = [path.name for path in leftovers(folder)]
    holds(not left, f"left beside it: {left}")
