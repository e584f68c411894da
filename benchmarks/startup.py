"""How long `probe --version` and `probe --help` take, as ratios to starting Python and doing nothing.

    python -m benchmarks.startup [--rounds 15]

The three commands take turns within each round, so that whatever else the machine does hits all alike;
the ratio of each round is taken, and the median over the rounds is printed beside its promise.
"""

import argparse
import statistics
import subprocess
import sys
import time

COMMANDS = {
    "nothing": [sys.executable, "-c", "pass"],
    "--version": [sys.executable, "-m", "probe", "--version"],
    "--help": [sys.executable, "-m", "probe", "--help"],
}
PROMISED = {"--version": 3.0, "--help": 10.0}


def seconds(command: list[str]) -> float:
    """Run a command once; return its wall time in seconds."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> int:
    """Print a line a command; return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    times = [{name: seconds(command) for name, command in COMMANDS.items()} for _ in range(rounds)]
    worst = 0
    for name, promised in PROMISED.items():
        ratio = statistics.median(t[name] / t["nothing"] for t in times)
        wall = statistics.median(t[name] for t in times) * 1000
        worst |= ratio > promised
        print(
            f"{name:10} {ratio:5.1f} x python -c pass   (promised <= {promised:.0f} x; median {wall:.0f} ms)"
        )
    return int(worst)


if __name__ == "__main__":
    sys.exit(main())
