"""`kill -9` at random moments of runs, of runs taken up again, of seals, of reports and of judging.

    python -m benchmarks.kill_anywhere [--kills 1000] [--seed 1] [--only runs,seals,reports,judging]

Four of ten kills hit runs: one target in the lab, without idle time, in a child that is forked from a warm
process. After each kill: every measurement that the run had told to be kept is in the journal,
the lines are as they were, what can be judged accuses nobody of anything else than a whole run does. At one
kill in three a half-written line is added, as a power cut leaves it. Then the run is taken up again, which
may be killed too; what it finds in the end is what an undisturbed run finds. The other kills hit sealing a
run, writing its reports over good ones, and judging it again: what bears a name is whole, what is done again
comes to the same bytes, nothing is left beside it. A work that ended before its kill is not counted.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import kill_files, kill_runs
from benchmarks.killing import Broken

SHARES: Mapping[str, float] = {"seals": 0.25, "reports": 0.2, "judging": 0.15, "runs": 0.4}


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was counted, and what was found broken."""

    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


Trial = Callable[[random.Random, Path, Counter[str]], int]
"""Kills once or more below a folder, looks, counts; returns how often it killed. Raises Broken."""


def main() -> int:
    """Kill, look and count; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=",".join(SHARES))
    asked = parser.parse_args()
    shares = {name: SHARES[name] for name in asked.only.split(",")}
    tally, began = Tally(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="probe-kill-") as name:
        place = Path(name)
        tempfile.tempdir = name  # what the lab and whoever is killed leave goes with it
        prepared = {"runs": kill_runs.prepared, **kill_files.PREPARED}
        for kind, share in shares.items():
            wanted = round(asked.kills * share / sum(shares.values()))
            (place / kind).mkdir()
            _kills(kind, prepared[kind](place / kind), place / kind, tally, wanted=wanted, seed=asked.seed)
    for what, n in sorted(tally.counts.items()):
        print(f"{n:7,} {what}")
    for one in tally.broken[:20]:
        print(f"BROKEN {one}")
    n_kills = sum(n for what, n in tally.counts.items() if what.startswith("kills of "))
    minutes = (time.monotonic() - began) / 60
    print(f"{n_kills:,} kills, {len(tally.broken)} broken promises, {minutes:.1f} minutes, seed {asked.seed}")
    return int(bool(tally.broken) or n_kills < asked.kills)


def _kills(kind: str, trial: Trial, place: Path, tally: Tally, *, wanted: int, seed: int) -> None:
    """Make trials of one kind until there were so many kills."""
    done = number = 0
    while done < wanted:
        number += 1
        with tempfile.TemporaryDirectory(dir=place) as folder:
            try:
                done += trial(random.Random(f"{seed}:{kind}:{number}"), Path(folder), tally.counts)
            except Broken as broken:
                done += 1
                tally.broken.append(f"{kind} {number}: {broken}")
                print(f"BROKEN {tally.broken[-1]}", file=sys.stderr, flush=True)
        if number % 25 == 0:
            print(
                f"{kind}: {done} of {wanted} kills, {len(tally.broken)} broken", file=sys.stderr, flush=True
            )


if __name__ == "__main__":
    sys.exit(main())
