"""What a user would pick instead, each run and measured alike: curl in a loop, httpx, miniooni."""

import json
import math
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.timing import Endpoint, by_the_run
from benchmarks.wirelab import WireLab, controls

Connects = Mapping[Endpoint, Sequence[tuple[float, float]]]
"""By endpoint, in order: what a program says a connect took, and the kernel's round trip; ms, NaN untold."""
CURL = 'while read -r url; do curl -s -o /dev/null -m 10 -w "%{json}\\n" "$url"; done < "$1"'
OWN_MEMORY = "file:///proc/self/status"
LOOK_S = 0.02
WORKERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one program took for all URLs, and what it told of them."""

    name: str
    answered: int
    """URLs of which it says that they answer."""
    wall_s: float
    cpu_s: float
    """User and system time of all its processes."""
    peak_mb: float
    """Of its largest process."""
    first_s: float
    """Until it told of a first URL whether it answers."""
    connects: Connects = field(default_factory=dict)


def probe(lab: WireLab, listed: Path, *arguments: str, name: str = "probe") -> Cost:
    """Run this program over the list."""
    ran = lab.run("--list", str(listed), "--max-mb", "500", *controls(lab), *arguments)
    measurements = ran.measurements()
    verdicts = map(json.loads, _lines(ran.folder / "verdicts.jsonl"))
    return Cost(
        name=name,
        answered=sum(v["service"] == "list" and v["state"] == "reachable" for v in verdicts),
        wall_s=ran.wall_s,
        cpu_s=ran.cpu_s,
        peak_mb=ran.notes["peak_kb"] / 1024,
        first_s=ran.notes["at"].get("first_verdict", math.inf),
        connects=by_the_run(measurements),
    )


def curl(lab: WireLab, urls: Path) -> Cost | None:
    """Run curl once for each URL, one after the other; None where there is no curl."""
    if shutil.which("curl") is None:
        return None
    run = _timed(lab, "sh", "-c", CURL, "sh", str(urls))
    told = [json.loads(line) for line in run.lines]
    first = urls.read_text().split()[0]
    status = _timed(lab, "curl", "-s", "-o", "/dev/null", first, "--next", "-s", OWN_MEMORY).lines
    return Cost(
        name="curl, one by one",
        answered=sum(0 < t["http_code"] < 400 for t in told),
        wall_s=run.wall_s,
        cpu_s=run.cpu_s,
        peak_mb=_high_water_mb(status),
        first_s=run.first_s,
        connects=_connects(
            (t["remote_ip"], t["remote_port"], t["time_connect"] - t["time_namelookup"])
            for t in told
            if t["http_code"]
        ),
    )


def httpx(lab: WireLab, urls: Path) -> Cost:
    """Ask for all URLs by httpx, 16 at once."""
    command = (sys.executable, "-m", "benchmarks.httpx_loop", str(urls), "--workers", str(WORKERS))
    run = _timed(lab, *command)
    told = [json.loads(line) for line in run.lines]
    return Cost(
        name=f"httpx, {WORKERS} workers",
        answered=sum(0 < t["status"] < 400 for t in told),
        wall_s=run.wall_s,
        cpu_s=run.cpu_s,
        peak_mb=run.peak_mb,
        first_s=run.first_s,
        connects=_connects((t["address"], t["port"], t["connect_s"]) for t in told if t["status"]),
    )


def miniooni(lab: WireLab, urls: Path, binary: Path) -> Cost:
    """Run OONI's client over the URLs, its report kept here; its own servers are out of reach in the lab."""
    report = lab.folder / "miniooni.jsonl"
    given = ("--yes", "--no-collector", "--reportfile", str(report), "--input-file", str(urls))
    run = _timed(lab, str(binary), *given, "web_connectivity")
    keys = [json.loads(line)["test_keys"] for line in _lines(report)]
    connects = [c for each in keys for c in each.get("tcp_connect") or ()]
    return Cost(
        name="miniooni",
        answered=sum(each.get("accessible") is True for each in keys),
        wall_s=run.wall_s,
        cpu_s=run.cpu_s,
        peak_mb=run.peak_mb,
        first_s=run.first_s,
        connects=_connects(
            (c["ip"], c["port"], c["t"] - c["t0"]) for c in connects if c["status"]["success"]
        ),
    )


@dataclass(slots=True)
class _Timed:
    lines: list[str] = field(default_factory=list)
    first_s: float = math.inf
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0


def _timed(lab: WireLab, *command: str) -> _Timed:
    """Run a program at the volunteer's end; the first line it prints counts as its first word."""
    run = _Timed()
    began = time.perf_counter()
    child = subprocess.Popen(
        lab.link.command(*command, client=True),
        env=lab.environment(),
        cwd=lab.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )

    def listen() -> None:
        for line in child.stdout or ():
            run.first_s = min(run.first_s, time.perf_counter() - began)
            run.lines.append(line)

    listener = threading.Thread(target=listen)
    listener.start()
    status = Path(f"/proc/{child.pid}/status")
    while os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        # wait4's own figure begins with the memory of whoever started the process.
        run.peak_mb = max(run.peak_mb, _high_water_mb(_lines(status)))
        time.sleep(LOOK_S)
    _, code, usage = os.wait4(child.pid, 0)
    run.wall_s = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(code)
    listener.join()
    run.cpu_s = usage.ru_utime + usage.ru_stime
    return run


def _lines(path: Path) -> list[str]:
    with suppress(OSError):
        return path.read_text().splitlines()
    return []


def _high_water_mb(status: Iterable[str]) -> float:
    """Read the most memory that a process ever had out of its /proc/PID/status."""
    return next((int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:")), 0.0)


def _connects(told: Iterable[tuple[str, Any, float | None]]) -> Connects:
    found: dict[Endpoint, list[tuple[float, float]]] = defaultdict(list)
    for address, port, seconds in told:
        if seconds is not None:
            found[address, int(port)].append((seconds * 1000, math.nan))
    return found
