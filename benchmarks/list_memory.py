"""How much memory a list of ten thousand URLs takes in one run, and whether it grows with the list.

    python -m benchmarks.list_memory [--targets 10000] [--rounds 3]

A list in Citizen Lab's format, each URL under a name of its own, goes through the wire lab; the world and the
link have processes of their own. The process of `probe run` notes its resident memory after each thousandth
target and its peak. Flat: after the first thousand it grows by at most 2 kB a target, which is its name, its
URL and what is known of it.
"""

import argparse
import sys

from benchmarks.cpu import write_list
from benchmarks.wirelab import controls, wire_lab

PROMISED_MB = 200.0
FLAT_KB = 2.0
RTT_MS = 10.0
MB = 1024.0
"""kB of /proc in one of ours."""


def main() -> int:
    """Print the memory at each step; return 1 when it was more than promised, or grew."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with wire_lab(shape={"delay_ms": RTT_MS / 2}) as lab:
        path = write_list(lab.folder / "list.csv", asked.targets)
        ran = lab.run(
            *("--list", str(path), "--rounds", str(asked.rounds), "--concurrency", "16"),
            *("--max-mb", "10000", "--max-minutes", "600"),
            *controls(lab),
        )
        record = ran.record()
    steps = [(n, kb / MB, cpu) for n, kb, cpu in ran.notes["done"]]
    for n, mb, cpu in steps:
        print(f"after {n:6} targets: {mb:6.1f} MB resident, {cpu:6.0f} s of CPU")
    peak, growth = ran.notes["peak_kb"] / MB, (steps[-1][1] - steps[0][1]) * MB
    each = growth / max(steps[-1][0] - steps[0][0], 1)
    print(
        f"{asked.targets} targets in {asked.rounds} rounds, exit {ran.exit_code}, "
        f"{record['n_measurements']} measurements, {ran.wall_s / 60:.1f} min, "
        f"faults of ours: {len(record['errors'])}, stopped: {record['stopped'] or 'no'}"
    )
    print(f"peak {peak:.0f} MB = {peak / PROMISED_MB:.2f} x the promised {PROMISED_MB:.0f} MB")
    print(
        f"last of these / first of these: {steps[-1][1] / steps[0][1]:.2f}, {each:.1f} kB a target "
        f"(flat: <= {FLAT_KB:.0f} kB)"
    )
    done = ran.exit_code == 0 and not record["errors"] and steps[-1][0] == asked.targets
    return int(not done or peak > PROMISED_MB or each > FLAT_KB)


if __name__ == "__main__":
    sys.exit(main())
