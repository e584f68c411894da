"""Seals, reports and judging are killed at random moments: what bears a name is whole, or the one before."""

import contextlib
import random
import shutil
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.kill_runs import JUDGED
from benchmarks.killing import Broken, age, holds, leftovers, tree, until

from loopback.hasty import in_haste, run_in_lab
from probe.cli.exporting import WRITERS, Order
from probe.cli.letters import letter_of
from probe.evidence.error import EvidenceError
from probe.pipeline import rejudge
from probe.pipeline.sealing import Sealed, seal
from probe.pipeline.verifying import verify

FORMS: Final = ("csv", "categories", "facts", "html", "json", "xlsx", "ooni", "pdf", "docx")
THREADED: Final = frozenset({"pdf"})
"""Typst's threads would not be there in a child: what has used it is not forked."""
OLD: Final = b"the report of yesterday, whole and good\n"
AGAIN: Final = 0.3
"""How often what is done again is killed again."""
TIMES: Final = 5


def _a_run(place: Path) -> Path:
    """Make a run that may be sealed."""

    def work(_writing: int) -> None:
        in_haste(run_in_lab(place / "results", simulated=True))

    until(work, None, place / "log")
    return next((place / "results").iterdir())


def _lasts_s(work: Callable[[int], None], log: Path, *, warm: bool = True) -> float:
    """Return how long some work takes in a child, undisturbed; `warm`: when all it needs is loaded."""
    with log.open("w") as said, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        if warm:
            work(TIMES + 1)
    return statistics.median(until(partial(_numbered, work, n), None, log).seconds for n in range(TIMES))


def _numbered(work: Callable[[int], None], number: int, _writing: int) -> None:
    work(number)


def _seal(run: Path, out: Path, number: int) -> None:
    done = seal(run, out / str(number) if number else out)
    if not isinstance(done, Sealed):
        raise TypeError(f"not sealed: {done}")


def _refused_again(run: Path, out: Path) -> None:
    """Seal what is sealed: that changes nothing but for what a killed seal left."""
    age(out)
    try:
        _seal(run, out, 0)
    except EvidenceError:
        return
    raise TypeError("a bag was sealed over another")


def seals(place: Path) -> "partial[int]":
    """Seal a run undisturbed; return the trial."""
    run = _a_run(place)
    lasts_s = _lasts_s(partial(_seal, run, place / "timed"), place / "log")
    _seal(run, place / "good", 0)
    good = tree(place / "good")
    print(f"an undisturbed seal takes {lasts_s:.2f} s", file=sys.stderr, flush=True)
    return partial(_sealed, run=run, good=good, lasts_s=lasts_s)


def _sealed(
    chance: random.Random,
    place: Path,
    counts: Counter[str],
    *,
    run: Path,
    good: Mapping[str, bytes],
    lasts_s: float,
) -> int:
    """Kill seals of one run; then seal it."""
    out, n = place / "sealed", 0
    while n == 0 or chance.random() < AGAIN:
        ended = until(lambda _: _seal(run, out, 0), chance.uniform(0, lasts_s), place / "log")
        if not ended.killed:
            break
        n += 1
        counts["kills of seals"] += 1
        _no_half_bag(run, out, good, counts)
        if (out / run.name).exists():
            break
        if out.is_dir():
            age(out)
    if n and (out / run.name).exists():
        until(lambda _: _refused_again(run, out), None, place / "log")
    elif n:
        until(lambda _: _seal(run, out, 0), None, place / "log")
        counts["runs sealed after a seal was killed"] += 1
    if n:
        holds(
            tree(out) == good, f"sealed again it is another bag, or beside it lies: {sorted(out.iterdir())}"
        )
    return n


def _no_half_bag(run: Path, out: Path, good: Mapping[str, bytes], counts: Counter[str]) -> None:
    """Hold what bears a bag's name against the whole bag, and what does not against verifying."""
    bag, zipped = out / run.name, out / f"{run.name}.zip"
    if bag.exists():
        counts["seals that were done before the kill, whole"] += 1
        there = {f"{run.name}/{name}": content for name, content in tree(bag).items()}
        holds(there == {k: v for k, v in good.items() if k != zipped.name}, "a bag that is not whole")
    if zipped.exists():
        holds(zipped.read_bytes() == good[zipped.name], "a zip that is not whole")
    for draft in out.glob(f".{run.name}-*/{run.name}") if out.is_dir() else ():
        whole = {
            f"{run.name}/{name}": content for name, content in tree(draft).items()
        }.items() <= good.items()
        if not (whole and (draft / "tagmanifest-sha256.txt").exists()):
            counts["drafts of bags, refused when they were verified"] += 1
            holds(_refused(draft), f"a half-made bag was taken for a bag: {sorted(tree(draft))}")


def _refused(bag: Path) -> bool:
    try:
        return verify(bag).faults.n > 0
    except EvidenceError:
        return True


def _reporting(run: Path, out: Path, form: str, _number: int) -> None:
    _report(run, out, form)


def _report(run: Path, out: Path, form: str) -> None:
    letter = letter_of(
        disclosure=WRITERS[form].disclosure,
        title="",
        to=(),
        requests=False,
        measured_by="",
        compiled_by="",
        contact="",
        key_fingerprint="",
        n_volunteers=None,
        at="",
        events=None,
    )
    WRITERS[form].write(Order(runs=(run,), letter=letter, out=out))


def reports(place: Path) -> "partial[int]":
    """Write every form undisturbed; return the trial."""
    run = _a_run(place)
    good: dict[str, bytes] = {}
    lasts: dict[str, float] = {}
    for form in FORMS:
        file = place / f"good.{form}"
        work = partial(_reporting, run, file, form)
        lasts[form] = _lasts_s(work, place / "log", warm=form not in THREADED)
        good[form] = file.read_bytes()
    told = ", ".join(f"{form} {seconds:.2f}" for form, seconds in lasts.items())
    print(f"an undisturbed report takes, in seconds: {told}", file=sys.stderr, flush=True)
    return partial(_reported, run=run, good=good, lasts=lasts)


def _reported(
    chance: random.Random,
    place: Path,
    counts: Counter[str],
    *,
    run: Path,
    good: Mapping[str, bytes],
    lasts: Mapping[str, float],
) -> int:
    """Kill a report over a good one, then write it."""
    form = chance.choice(FORMS)
    file = place / "out" / f"report.{form}"
    file.parent.mkdir()
    file.write_bytes(OLD)
    ended = until(lambda _: _report(run, file, form), chance.uniform(0, lasts[form]), place / "log")
    if not ended.killed:
        return 0
    counts["kills of reports"] += 1
    there = file.read_bytes()
    holds(there in (OLD, good[form]), f"half a {form}: {len(there)} of {len(good[form])} bytes")
    counts["reports that were half written, beside a good one that stayed"] += len(leftovers(file.parent))
    age(file.parent)
    until(lambda _: _report(run, file, form), None, place / "log")
    holds(file.read_bytes() == good[form], f"written again it is another {form}")
    holds(_names(file.parent) == [file.name], f"left beside it: {_names(file.parent)}")
    return 1


def judging(place: Path) -> "partial[int]":
    """Judge a run again undisturbed; return the trial."""
    run = _a_run(place)
    lasts_s = _lasts_s(lambda _: _judge(run), place / "log")
    print(f"undisturbed judging takes {lasts_s:.2f} s", file=sys.stderr, flush=True)
    return partial(_judged, run=run, lasts_s=lasts_s)


def _judge(run: Path) -> None:
    rejudge(run, None, None)


def _judged(chance: random.Random, place: Path, counts: Counter[str], *, run: Path, lasts_s: float) -> int:
    """Kill judging over other tables, then let it end."""
    good, copy = tree(run), place / run.name
    shutil.copytree(run, copy)
    for name in JUDGED[1:]:
        (copy / name).write_bytes(OLD)
    ended = until(lambda _: _judge(copy), chance.uniform(0, lasts_s), place / "log")
    if not ended.killed:
        return 0
    counts["kills of judging"] += 1
    for name in JUDGED:
        there = (copy / name).read_bytes()
        if there not in (OLD, good[name]):
            raise Broken(f"half of {name}")
    age(copy)
    until(lambda _: _judge(copy), None, place / "log")
    holds(tree(copy) == good, f"judged again it is another run, or left beside it: {leftovers(copy)}")
    return 1


def _names(folder: Path) -> list[str]:
    return (
        sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")) if folder.is_dir() else []
    )


PREPARED: Final[Mapping[str, Callable[[Path], "partial[int]"]]] = {
    "seals": seals,
    "reports": reports,
    "judging": judging,
}
"""By kind of work: what makes ready and returns the trial."""
