"""The real command in the wire lab: two namespaces, a link between them, the lab's world at its far end.

Needs Linux and root, as the wire lab does. The world has a process of its own; nothing leaves the machine.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wire.link import Link

ROOT = Path(__file__).resolve().parent.parent
WATCHED = (sys.executable, "-m", "benchmarks.watched")
"""The command `probe`, with somebody beside it who notes when its observer is told what."""
DECLARED = ("--yes", "--asn", "AS12389", "--region", "RU-KHA", "--lang", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One run of the command: what it cost, what it left."""

    exit_code: int
    wall_s: float
    cpu_s: float
    """User and system time of the process, its start and end included."""
    notes: Mapping[str, Any]
    """See `benchmarks.watched`; times are seconds since the process was started."""
    folder: Path
    """The run's own, below `--results`."""
    stderr: str
    began: float
    """CLOCK_MONOTONIC, as the copier's log has it."""

    def measurements(self) -> list[dict[str, Any]]:
        """Return what was stored, controls included."""
        with (self.folder / "measurements.jsonl").open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def record(self) -> dict[str, Any]:
        """Return run.json."""
        found: dict[str, Any] = json.loads((self.folder / "run.json").read_text(encoding="utf-8"))
        return found


@dataclass(slots=True, kw_only=True)
class WireLab:
    """An open lab."""

    link: "Link"
    folder: Path
    ca: Path
    controls: tuple[str, ...]
    _runs: int = field(default=0)

    def environment(self) -> dict[str, str]:
        """Return what a program at the volunteer's end is started with."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join((str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")]))),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "SSL_CERT_FILE": str(self.ca),
        }

    def run(self, *arguments: str, program: Sequence[str] = WATCHED) -> Ran:
        """Run `probe run` with these arguments, beside what is declared, where the volunteer sits."""
        self._runs += 1
        results, notes = self.folder / f"results-{self._runs}", self.folder / f"notes-{self._runs}.json"
        told = self.folder / f"stderr-{self._runs}.txt"
        command = self.link.command(
            *program, "run", *arguments, *DECLARED, "--results", str(results), client=True
        )
        with told.open("w") as stderr:
            began = time.perf_counter()
            child = subprocess.Popen(
                command,
                env=self.environment() | {"PROBE_NOTES": str(notes)},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )
            try:
                _, status, usage = os.wait4(child.pid, 0)
            except BaseException:
                child.terminate()
                raise
            wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        folders = sorted(results.iterdir()) if results.is_dir() else []
        if not folders:
            raise RuntimeError(f"the command left nothing: {told.read_text()[-2000:]}")
        return Ran(
            exit_code=child.returncode,
            wall_s=wall,
            cpu_s=usage.ru_utime + usage.ru_stime,
            notes=_since(began, json.loads(notes.read_text())) if notes.exists() else {},
            folder=folders[-1],
            stderr=told.read_text(),
            began=began,
        )


def _since(began: float, notes: dict[str, Any]) -> dict[str, Any]:
    notes["at"] = {what: moment - began for what, moment in notes["at"].items()}
    return notes


@contextlib.contextmanager
def wire_lab(
    *,
    shape: Mapping[str, float] = MappingProxyType({}),
    censors: Sequence[Mapping[str, Any]] = (),
    **more: Any,
) -> Iterator[WireLab]:
    """Build the lab, and take it down. `shape` is that of either direction; `more` goes to the copier.

    Prints why and exits with 2 where namespaces are not allowed.
    """
    sys.path.insert(0, str(ROOT / "tests"))
    from probe.lab.names import SYSTEM_RESOLVERS
    from wire.link import Link
    from wire.netns import missing, sweep

    if why := missing():
        print(f"no wire lab on this machine: {why}", file=sys.stderr)
        raise SystemExit(2)
    sweep()
    with (
        tempfile.TemporaryDirectory(prefix="probe-bench-") as name,
        Link(None, resolver=SYSTEM_RESOLVERS[0]) as link,
    ):
        folder = Path(name)
        with _world(link, folder) as ready:
            link.start({"up": dict(shape), "down": dict(shape), "censors": list(censors), **more})
            yield WireLab(link=link, folder=folder, ca=Path(ready["ca"]), controls=tuple(ready["controls"]))


@contextlib.contextmanager
def _world(link: "Link", folder: Path) -> Iterator[dict[str, Any]]:
    """Serve the truth at the far end; the censors, if any, sit on the link."""
    command = (sys.executable, "-m", "probe.lab.serve", "--scenario", "clean", "--ca-folder", str(folder))
    log = folder / "world.txt"
    with log.open("w") as stderr:
        world = subprocess.Popen(
            link.command(*command, client=False), stdout=subprocess.PIPE, stderr=stderr, text=True
        )
    try:
        line = world.stdout.readline() if world.stdout else ""
        if not line:
            raise RuntimeError(f"the world did not start: {log.read_text()[-2000:]}")
        yield json.loads(line)
    finally:
        world.terminate()
        world.wait(10)


def controls(lab: WireLab) -> tuple[str, ...]:
    """Return the arguments that name the lab's test helpers."""
    return tuple(part for url in lab.controls for part in ("--control", url))
