"""What one HTTPS target costs in CPU, beside a bare loop of the same handshakes and GETs in the same lab.

    python -m benchmarks.cpu [--targets 300] [--times 3]

First `probe run` over a list of so many HTTPS URLs, with its default rounds; then, from its own
measurements.jsonl, each TLS handshake that completed and each request that went over it is done again by
`benchmarks.bare_loop`: same addresses, names and server, verified, in one process. The run's figure is the
user and system time of its whole process: start, DNS, plain connects, storing, judging, files. The loop's is
without its start. Neutrals and the heartbeat are in both. A processor that mostly waits is now fast, now
slow, so both are done several times in turn; all ratios are printed, and their median is what counts.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.wirelab import WireLab, wire_lab

PROMISED = 3.0
RTT_MS = 20.0
HEADER = "url,category_code,category_description,date_added,source,notes"


def write_list(path: Path, n: int) -> Path:
    """Write a list in Citizen Lab's format of so many HTTPS URLs, each of a name of its own."""
    rows = (f"https://site-{number:05d}.example.org/,MISC,,2026-01-01,bench," for number in range(n))
    path.write_text("\n".join((HEADER, *rows)) + "\n")
    return path


def jobs_of(measurements: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, list[str]]]:
    """Return address, name and paths of each handshake that completed."""
    jobs: list[tuple[str, str, list[str]]] = []
    for m in measurements:
        paths: dict[tuple[str, int], list[str]] = defaultdict(list)
        for r in m["requests"]:
            if r["is_tls"] and r["failure"] is None:
                paths[r["ip"], r["hop"]].append(urlsplit(r["url"]).path or "/")
        jobs += [
            (h["ip"], h["server_name"], paths.pop((h["ip"], h["hop"]), []))
            for h in m["tls_handshakes"]
            if h["completed"] and h["port"] == 443 and h["server_name"]
        ]
    return jobs


def bare(lab: WireLab, jobs: Sequence[tuple[str, str, list[str]]]) -> dict[str, Any]:
    """Do the jobs in one bare process at the volunteer's end."""
    path = lab.folder / "jobs.json"
    path.write_text(json.dumps(jobs))
    command = lab.link.command(sys.executable, "-m", "benchmarks.bare_loop", str(path), client=True)
    done = subprocess.run(command, env=lab.environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the bare loop failed: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def compared(lab: WireLab, n: int) -> tuple[float, bool]:
    """Do both once and print it; return the ratio, and whether the loop got every answer that the run had."""
    ran = lab.run("--list", str(write_list(lab.folder / "list.csv", n)), "--max-mb", "500")
    measurements, rounds = ran.measurements(), ran.record()["options"]["rounds"]
    jobs = jobs_of(measurements)
    loop = bare(lab, jobs)
    n_requests = sum(len(paths) for _, _, paths in jobs)
    cpu = ran.notes["cpu"]
    print(
        f"{n} targets, {rounds} rounds, {len(measurements)} measurements, "
        f"{len(jobs)} handshakes, {n_requests} GETs"
    )
    print(
        f"of the run's {ran.cpu_s:.2f} s: {cpu['planned']:.2f} s before its first packet, "
        f"{cpu['last_kept'] - cpu['planned']:.2f} s measuring, {ran.cpu_s - cpu['last_kept']:.2f} s after it"
    )
    ratio = ran.cpu_s / loop["cpu_s"]
    print(
        f"CPU per target: run {ran.cpu_s / n * 1000:.1f} ms, bare loop {loop['cpu_s'] / n * 1000:.1f} ms "
        f"({loop['handshakes']} handshakes, {loop['requests']} GETs): {ratio:.2f} x",
        flush=True,
    )
    return ratio, bool(loop["requests"] == n_requests)


def main() -> int:
    """Print the ratio; return 1 when the promise was broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=int, default=300)
    parser.add_argument("--times", type=int, default=3)
    asked = parser.parse_args()
    with wire_lab(shape={"delay_ms": RTT_MS / 2}) as lab:
        found = [compared(lab, asked.targets) for _ in range(asked.times)]
    ratio = statistics.median(ratio for ratio, _ in found)
    print(f"median of {asked.times}: {ratio:.2f} x (promised <= {PROMISED:.0f} x)")
    return int(ratio > PROMISED or not all(complete for _, complete in found))


if __name__ == "__main__":
    sys.exit(main())
