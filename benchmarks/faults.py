"""What becomes of a run when the machine under it fails: the real command between two network namespaces.

    python -m benchmarks.faults [--only NAME,...] [--services telegram-web,signal]

Nothing is blocked in this world, so whatever accuses is false. The disk fills in mid-run (a small tmpfs,
which another program fills), the results' folder cannot be written to, descriptors run out (48, and 24), the
link goes away for 20 s and comes back, the link goes away for good, the resolver dies, and the process is
stopped for 20 s. After each: the exit code and what was said, all that is kept reads back in its chain,
nothing accuses, no fault of this program shows, and `--resume` makes it whole where anything was begun.
Steps of the clock are in tests/loopback/test_machine_faults.py: no namespace has a wall clock of its own.
"""

import argparse
import csv
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

from benchmarks.wirelab import DECLARED, WireLab, wire_lab

from probe.lab.names import SYSTEM_RESOLVERS
from probe.store import RunFolder

MODEST = frozenset({"reachable", "inconclusive"})
LONGEST_S = 400.0
FAULT_S = 12.0
"""When it begins: the network is known by then, and most rounds are still to come."""
LASTS_S = 20.0
ON_SMALL_DISK = (
    'mkdir -p "$1" "$2"; mount -t tmpfs -o size=8m tmpfs "$1"; results=$1; kept=$2; shift 2;'
    f' (sleep {FAULT_S:g}; dd if=/dev/zero of="$results/filler" bs=64k 2>/dev/null) &'
    ' "$@"; code=$?; rm -f "$results/filler"; cp -a "$results/." "$kept"; exit $code'
)
READ_ONLY = 'mkdir -p "$1"; mount -t tmpfs -o ro tmpfs "$1"; shift 2; "$@"'

Meanwhile = Callable[[WireLab, "subprocess.Popen[str]"], None]
"""What is done to the machine while the command runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault, and how the command must end."""

    exit_codes: frozenset[int]
    said: str = ""
    """What stands on stderr."""
    within: tuple[str, ...] = ()
    """What the command is started with; `{results}` and `{kept}` are filled in."""
    meanwhile: Meanwhile = lambda _lab, _child: None
    afterwards: Callable[[WireLab], None] = lambda _lab: None
    leaves_a_run: bool = True
    is_made_whole: bool = True
    """Whether all is reachable in the end: what failed for this machine's sake counts, and accuses nobody."""


def _stopped(_lab: WireLab, child: "subprocess.Popen[str]") -> None:
    time.sleep(FAULT_S)
    child.send_signal(signal.SIGSTOP)
    time.sleep(LASTS_S)
    child.send_signal(signal.SIGCONT)


def _unplugged(lab: WireLab, _child: "subprocess.Popen[str]") -> None:
    lab.link.unplug(FAULT_S, FAULT_S + LASTS_S)


def _gone(lab: WireLab, child: "subprocess.Popen[str]") -> None:
    time.sleep(FAULT_S / 4)
    _route(lab, "add")
    child.wait(LONGEST_S)


def _route(lab: WireLab, verb: str, *to: str) -> None:
    for each in to or ("0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"):
        family = "-6" if ":" in each else "-4"
        subprocess.run(
            lab.link.command("ip", family, "route", verb, "unreachable", each, client=True), check=True
        )


def _without_resolver(lab: WireLab, _child: "subprocess.Popen[str]") -> None:
    time.sleep(FAULT_S)
    _route(lab, "add", *SYSTEM_RESOLVERS[:1])


FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "disk-full": Fault(
            exit_codes=frozenset({2}),
            said="Free some disk space; what was written before is kept.",
            within=("unshare", "-m", "sh", "-c", ON_SMALL_DISK, "sh", "{results}", "{kept}"),
        ),
        "read-only": Fault(
            exit_codes=frozenset({2}),
            said="cannot be written to. Name another folder with --results.",
            within=("unshare", "-m", "sh", "-c", READ_ONLY, "sh", "{results}", "{kept}"),
            leaves_a_run=False,
        ),
        "descriptors-48": Fault(
            exit_codes=frozenset({0, 3}), within=("prlimit", "--nofile=48"), is_made_whole=False
        ),
        "descriptors-24": Fault(
            exit_codes=frozenset({0, 2, 3}), within=("prlimit", "--nofile=24"), is_made_whole=False
        ),
        "link-gone-20s": Fault(exit_codes=frozenset({0}), meanwhile=_unplugged, is_made_whole=False),
        "link-gone": Fault(
            exit_codes=frozenset({0, 3}),
            is_made_whole=False,
            meanwhile=_gone,
            afterwards=partial(_route, verb="del"),
        ),
        "resolver-dead": Fault(
            exit_codes=frozenset({0}),
            meanwhile=_without_resolver,
            is_made_whole=False,
            afterwards=lambda lab: _route(lab, "del", *SYSTEM_RESOLVERS[:1]),
        ),
        "stopped-20s": Fault(exit_codes=frozenset({0}), meanwhile=_stopped),
    }
)


def main() -> int:
    """Try each fault; 1 where something was lost or accused, or not said as it is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(FAULTS))
    parser.add_argument("--services", default="telegram-web,signal")
    asked = parser.parse_args()
    wrong: list[str] = []
    for name in asked.only.split(","):
        with wire_lab(shape={"delay_ms": 15.0}) as lab:
            found = list(_tried(lab, name, FAULTS[name], tuple(asked.services.split(","))))
        wrong += [f"{name}: {one}" for one in found]
    for one in wrong:
        print(f"BROKEN {one}")
    print(f"{len(asked.only.split(','))} faults, {len(wrong)} broken promises")
    return int(bool(wrong))


def _tried(lab: WireLab, name: str, fault: Fault, services: tuple[str, ...]) -> list[str]:
    """Run the command under a fault, then take its run up without; print both, return what is wrong."""
    results, kept = lab.folder / "results", lab.folder / "kept"
    within = [part.format(results=results, kept=kept) for part in fault.within]
    arguments = ("run", *services, *DECLARED, "--results", str(results), "--no-throughput", "--timeout", "4")
    code, said = _run(lab, arguments, within, fault.meanwhile)
    fault.afterwards(lab)
    wrong = []
    if code not in fault.exit_codes:
        wrong.append(f"it ended with {code}: {said[-300:]}")
    if fault.said not in " ".join(said.split()):
        wrong.append(f"it said {said[-300:]!r}")
    place = kept if kept.is_dir() and any(kept.iterdir()) else results
    runs = sorted(place.iterdir()) if place.is_dir() else []
    if not (runs and fault.leaves_a_run):
        print(f"{name}: exit {code}, {len(runs)} runs")
        return wrong if bool(runs) == fault.leaves_a_run else [*wrong, f"{len(runs)} runs are there"]
    folder = runs[-1]
    before, states = _looked_at(folder, wrong)
    again, said_then = _run(lab, ("run", "--resume", str(folder), "--yes", "--lang", "en"), [], None)
    after, states_then = _looked_at(folder, wrong)
    whole = set(states_then) == {"reachable"} or not fault.is_made_whole
    if again != 0 or not whole or after[: len(before)] != before:
        wrong.append(f"taken up again it ended with {again}, {dict(states_then)}: {said_then[-300:]}")
    print(
        f"{name}: exit {code}, {len(before)} measurements kept, {_words(states)}; "
        f"taken up: exit {again}, {len(after)}, {_words(states_then)}",
        flush=True,
    )
    return wrong


def _run(
    lab: WireLab, arguments: tuple[str, ...], within: list[str], meanwhile: Meanwhile | None
) -> tuple[int, str]:
    """Run the command where the volunteer sits; return its exit code and what it said."""
    command = lab.link.command(*within, sys.executable, "-m", "probe", *arguments, client=True)
    child = subprocess.Popen(
        command,
        env=lab.environment(),
        cwd=lab.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        if meanwhile is not None:
            meanwhile(lab, child)
        _, said = child.communicate(timeout=LONGEST_S)
    finally:
        child.kill()
    return child.returncode, said


def _looked_at(folder: Path, wrong: list[str]) -> tuple[list[str], Counter[str]]:
    """Return the names of the measurements, whose chain holds, and the states; note what is wrong."""
    run = RunFolder.open(folder)
    names = [measurement.measurement_uid for measurement in run.measurements()]
    if errors := run.read_run().errors:
        wrong.append(f"faults of this program: {errors}")
    if not (folder / "verdicts.csv").is_file():
        wrong.append("nothing was judged")
        return names, Counter()
    with (folder / "verdicts.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["service"] != "network"]
    accused = [
        f"{row['input']} {row['state']} {row['mechanism']}" for row in rows if row["state"] not in MODEST
    ]
    if accused:
        wrong.append(f"it accuses: {accused[:3]}")
    return names, Counter(f"{row['state']} {row['reason_code']}".strip() for row in rows)


def _words(states: Counter[str]) -> str:
    return ", ".join(f"{n} {state}" for state, n in sorted(states.items()))


if __name__ == "__main__":
    sys.exit(main())
