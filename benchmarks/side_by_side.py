"""This program beside what a user would pick instead, over the same URLs, in the same lab, in one run.

    python -m benchmarks.side_by_side [--targets 40] [--rtt-ms 20 60 200] [--loss 0 3] [--miniooni PATH]

Each program gets a fresh lab: the same world, round trip and loss, in per cent each way. `probe`
asks as it comes, three rounds 10.5 s apart, both address families, name look-ups of its own, neutrals and
heartbeat, and again with a single round; curl is started once for each URL, one after the other; httpx asks
16 at once. These two ask once and tell whether it answered: they do less, which is what the ratios are about.

The bias of a timing is that of the time a program gives for a connect, against the wire's own log of SYN and
SYN-ACK (see `benchmarks.timing`): the median with its sign, and the 95th percentile of its size. The time to
first verdict is that to the first word on whether some URL answers. Memory is that of the largest process.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import rivals
from benchmarks.cpu import write_list
from benchmarks.rivals import Cost
from benchmarks.timing import Ports, by_the_wire, errors
from benchmarks.wirelab import WireLab, wire_lab

Runner = Callable[[WireLab, Path, Path], Cost | None]
"""Of a lab, the list, and a file of its bare URLs; None where the program is not here."""
HEAD = f"{'':22}{'answered':>9}{'wall s':>8}{'CPU ms':>8}{'MB':>6}{'first s':>9}{'bias ms':>9}{'p95':>8}"


def runners(binary: Path | None) -> Iterator[Runner]:
    """Yield the programs, this one first."""
    yield lambda lab, listed, _: rivals.probe(lab, listed)
    yield lambda lab, listed, _: rivals.probe(lab, listed, "--rounds", "1", name="probe, one round")
    yield lambda lab, _, urls: rivals.curl(lab, urls)
    yield lambda lab, _, urls: rivals.httpx(lab, urls)
    if binary is not None:
        yield lambda lab, _, urls: rivals.miniooni(lab, urls, binary)


def measured(runner: Runner, shape: dict[str, float], n: int) -> tuple[Cost | None, list[float]]:
    """Run one program in a lab of its own; return its cost, and the errors of its connect times in ms."""
    with TemporaryDirectory() as scratch:
        log = Path(scratch) / "packets.jsonl"
        with wire_lab(shape=shape, log=str(log)) as lab:
            listed, urls = write_list(lab.folder / "list.csv", n), lab.folder / "urls.txt"
            rows = listed.read_text().splitlines()[1:]
            urls.write_text("".join(row.partition(",")[0] + "\n" for row in rows))
            ports = lab.link.at_client(Ports)
            cost = runner(lab, listed, urls)
        if cost is None:
            return None, []
        return cost, [error for error, _ in errors(by_the_wire(log, ports), cost.connects)]


def row(cost: Cost, found: list[float], n: int) -> str:
    """Return a line of the table."""
    sizes = sorted(map(abs, found))
    bias = f"{statistics.median(found):+9.2f}{sizes[int(0.95 * (len(sizes) - 1))]:8.2f}" if found else ""
    return (
        f"{cost.name:22}{cost.answered:9}{cost.wall_s:8.1f}{cost.cpu_s / n * 1000:8.1f}"
        f"{cost.peak_mb:6.0f}{cost.first_s:9.2f}{bias}"
    )


def compared(shape: dict[str, float], n: int, binary: Path | None) -> bool:
    """Print one table and the ratios; return whether everybody heard from every URL that this program did."""
    print(HEAD)
    costs: list[Cost] = []
    for runner in runners(binary):
        cost, found = measured(runner, shape, n)
        if cost is not None:
            costs.append(cost)
            print(row(cost, found, n), flush=True)
    for ours in costs[:2]:
        for other in costs[2:]:
            print(
                f"{ours.name} / {other.name}: wall {ours.wall_s / other.wall_s:.2f} x, "
                f"CPU {ours.cpu_s / other.cpu_s:.2f} x, memory {ours.peak_mb / other.peak_mb:.1f} x, "
                f"first verdict {ours.first_s / other.first_s:.2f} x"
            )
    return all(cost.answered for cost in costs)


def main() -> int:
    """Print a table for each round trip and loss; return 1 when some program heard from nobody."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=int, default=40)
    parser.add_argument("--rtt-ms", type=float, nargs="+", default=[20.0, 60.0, 200.0])
    parser.add_argument("--loss", type=float, nargs="+", default=[0.0, 3.0], help="per cent, each way")
    parser.add_argument("--miniooni", type=Path, help="where OONI's client lies; left out without it")
    asked = parser.parse_args()
    compare = partial(compared, n=asked.targets, binary=asked.miniooni)
    complete = True
    for loss in asked.loss:
        for rtt_ms in asked.rtt_ms:
            print(f"\n{asked.targets} HTTPS URLs, {rtt_ms:g} ms round trip, {loss:g} % loss; CPU per URL")
            complete &= compare({"delay_ms": rtt_ms / 2, "loss": loss / 100})
    if asked.miniooni is None:
        print("\nminiooni was not measured: name its binary by --miniooni")
    return int(not complete)


if __name__ == "__main__":
    sys.exit(main())
