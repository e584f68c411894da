"""Every hostile peer of the corpus, one after the other: what was said of it, how long it took, what it held.

    python -m benchmarks.hostile [NAME-PART ...]

The peers are the lab's, on loopback; a probe that waits a second meets each beside an honest page. Memory is
traced, which makes everything several times slower than it is. Returns 1 when a row comes out otherwise.
"""

import asyncio
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from loopback.hostile_trial import Trial, a_hostile_lab, meet
from probe.lab.hostile import CORPUS
from probe.lab.hostile.records import MIB


def said(trial: Trial) -> str:
    """Return a line for one row."""
    row = trial.row
    spent = f"{trial.lasted_s:5.2f} s {trial.memory / MIB:6.2f} MiB"
    head = f"{row.name:<28} {trial.failure or 'survived':<34} {spent}  {row.does}"
    return "\n".join((head, *(f"    NOT SO: {fault}" for fault in trial.faults())))


async def all_of(parts: list[str]) -> list[Trial]:
    """Meet every peer whose name holds one of the parts, or every peer; print as it goes."""
    trials = []
    async with a_hostile_lab() as lab:
        for row in CORPUS:
            if not parts or any(part in row.name for part in parts):
                trials.append(await meet(lab, row))
                print(said(trials[-1]), flush=True)
    return trials


def main(parts: list[str]) -> int:
    """Print a line for each row and the counts."""
    trials = asyncio.run(all_of(parts))
    wrong = sum(bool(trial.faults()) for trial in trials)
    layers = Counter(trial.row.name.partition(".")[0] for trial in trials)
    print(f"\n{len(trials)} hostile peers: {', '.join(f'{layer} {n}' for layer, n in layers.items())}")
    worst = max(trials, key=lambda trial: trial.memory)
    slowest = max(trials, key=lambda trial: trial.lasted_s)
    print(f"as they say: {len(trials) - wrong}; otherwise: {wrong}")
    print(f"most memory: {worst.memory / MIB:.2f} MiB ({worst.row.name}); longest: {slowest.lasted_s:.2f} s"
          f" ({slowest.row.name})")  # fmt: skip
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
