"""How long `probe run` with no argument takes, and how much it moves, on an ordinary line where all is well.

    python -m benchmarks.default_run [--helped] [SERVICE...]

A round trip of 60 ms, 8 Mbit/s both ways; nothing is blocked and nothing slowed. `--helped` names helpers of
the lab by `--control`. Services named are measured alone, for comparison.
"""

import argparse
import sys
from collections import Counter

from benchmarks.wall_time import told
from benchmarks.wirelab import Ran, controls, wire_lab

PROMISED_S = 150.0
"""About two minutes."""
PROMISED_MB = 10.0
SHAPE = {"delay_ms": 30.0, "rate_bps": 8e6}


def moved(ran: Ran) -> Counter[str]:
    """Return megabytes by experiment."""
    by: Counter[str] = Counter()
    for m in ran.measurements():
        by[m["experiment"]] += m["bytes_sent"] + m["bytes_received"]
    return by


def spans(ran: Ran) -> None:
    """Print which targets' rounds were over last, and how long comparing speeds took."""
    ends: dict[tuple[str, bool], list[float]] = {}
    for m in ran.measurements():
        if not m["is_control"]:
            key = m["target_id"], m["experiment"] == "throughput"
            ends.setdefault(key, []).append(m["started_s"] + m["runtime_s"])
    last = sorted((max(at), name, len(at)) for (name, paired), at in ends.items() if not paired)
    print("rounds over last: " + ", ".join(f"{name} {at:.0f} s ({n} tries)" for at, name, n in last[-12:]))
    pairs = [(max(at), name, len(at)) for (name, paired), at in ends.items() if paired]
    print("speeds compared: " + ", ".join(f"{name} {at:.0f} s ({n} pairs)" for at, name, n in sorted(pairs)))


def main() -> int:
    """Print both ratios; return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--helped", action="store_true")
    parser.add_argument("services", nargs="*")
    asked = parser.parse_args()
    with wire_lab(shape=SHAPE) as lab:
        ran = lab.run(*asked.services, *(controls(lab) if asked.helped else ()))
        told(ran)
        spans(ran)
        by, record = moved(ran), ran.record()
        services = sorted({m["service"] for m in ran.measurements() if not m["is_control"]})
        states = (ran.folder / "verdicts.csv").read_text(encoding="utf-8").count(",throttled,")
    mb = (record["bytes_sent"] + record["bytes_received"]) / 1e6
    print("MB: " + ", ".join(f"{what} {n / 1e6:.2f}" for what, n in by.most_common()))
    print(f"{len(services)} services: {' '.join(services)}; {states} throttled")
    print(f"{ran.wall_s:.0f} s = {ran.wall_s / PROMISED_S:.2f} x {PROMISED_S:.0f} s (about two minutes)")
    print(f"{mb:.1f} MB = {mb / PROMISED_MB:.2f} x the promised {PROMISED_MB:.0f} MB")
    if asked.services:
        return int(ran.exit_code != 0 or services != sorted(set(asked.services)))
    return int(ran.exit_code != 0 or ran.wall_s > PROMISED_S or mb > PROMISED_MB)


if __name__ == "__main__":
    sys.exit(main())
