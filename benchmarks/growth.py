"""How the cost of a run grows with its list: wall time, CPU and memory of 10, 100, 1,000, 10,000 targets.

    python -m benchmarks.growth [--sizes 10 100 1000] [--rounds 3]

One run of each size through the wire lab at 20 ms round trip, as `benchmarks.list_memory` does; ten thousand
take half an hour and are asked for by --sizes. A fixed part (start, neutrals, heartbeat) is most of what ten
cost; what one more target costs is the slope between two sizes. Promised: a target of a larger run takes at
most 1.25 x the CPU of one of a smaller run, and past the first thousand at most 2 kB of memory.
"""

import argparse
import sys
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.cpu import RTT_MS, write_list
from benchmarks.list_memory import FLAT_KB, MB
from benchmarks.wall_time import spans
from benchmarks.wirelab import controls, wire_lab

STEEPER = 1.25
"""Times the CPU of a target in the smaller run that one in the larger may cost."""
FLAT_FROM = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """One run."""

    n: int
    wall_s: float
    least_s: float
    """The larger of the longest target and all measuring times by the slots, as in `benchmarks.wall_time`."""
    cpu_s: float
    peak_mb: float
    whole: bool
    """Everything was measured, nothing failed on our side."""


def run_of(n: int, rounds: int) -> Size:
    """Run a list of this size in a lab of its own."""
    with wire_lab(shape={"delay_ms": RTT_MS / 2}) as lab:
        ran = lab.run(
            *("--list", str(write_list(lab.folder / "list.csv", n)), "--rounds", str(rounds)),
            *("--max-mb", "10000", "--max-minutes", "600"),
            *controls(lab),
        )
        each, busy = spans(ran)
        record = ran.record()
    return Size(
        n=n,
        wall_s=ran.wall_s,
        least_s=max(*each.values(), busy / record["options"]["concurrency"]),
        cpu_s=ran.cpu_s,
        peak_mb=ran.notes["peak_kb"] / MB,
        whole=ran.exit_code == 0 and not record["errors"] and not record["stopped"] and len(each) == n,
    )


def main() -> int:
    """Print a line for each size and the slopes between them; return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    runs: list[Size] = []
    for n in sorted(asked.sizes):
        runs.append(run := run_of(n, asked.rounds))
        print(
            f"{n:6} targets, {asked.rounds} rounds: {run.wall_s:7.1f} s = {run.wall_s / run.least_s:.2f} x "
            f"the least; CPU {run.cpu_s:7.1f} s, {run.cpu_s / n * 1000:6.1f} ms a target; "
            f"peak {run.peak_mb:5.0f} MB{'' if run.whole else '; NOT WHOLE'}",
            flush=True,
        )
    broken = not all(run.whole for run in runs)
    for small, large in pairwise(runs):
        more = large.n - small.n
        steepness = (large.cpu_s / large.n) / (small.cpu_s / small.n)
        kb = (large.peak_mb - small.peak_mb) * MB / more
        print(
            f"from {small.n} to {large.n}: {steepness:.2f} x the CPU a target, "
            f"{(large.cpu_s - small.cpu_s) / more * 1000:.1f} ms and {kb:.1f} kB for each further one"
        )
        broken |= steepness > STEEPER or (small.n >= FLAT_FROM and kb > FLAT_KB)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
