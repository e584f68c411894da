"""Runs the real command in a scenario's world and returns what it said, file by file.

`python -m wire.harness NAME...` (from tests/) runs scenarios by hand and prints what differs.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, Final

from probe.lab.names import SYSTEM_RESOLVERS, Names
from probe.targets import read_catalogue
from wire.link import ENVIRONMENT, Link
from wire.netns import CLIENT4, CLIENT6
from wire.scenario import CONFIRM_AFTER_S, LINK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wire.scenario import Row, Scenario

COMMAND: Final = (sys.executable, "-m", "probe")
LONGEST_S: Final = 400.0
FLOOD: Final = "151.101.65.140"
"""Where the second flow of a home comes from."""
BASELINE: Final = "baseline.json"
GOOD_RUNS: Final = 3
"""What a network must have shown before its silence is a shutdown (two), or its slowness a slowdown."""


@dataclass(slots=True)
class Outcome:
    """What one run left: exit code, rows of both CSV files by subject, its words, its censors' counts."""

    exit_code: int = -1
    verdicts: dict[str, dict[str, str]] = field(default_factory=dict)
    services: dict[str, dict[str, str]] = field(default_factory=dict)
    stdout: str = ""
    stderr: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    leaks: list[str] = field(default_factory=list)
    """Files that hold the volunteer's address."""
    seconds: float = 0.0
    trouble: str = ""
    """A fault of the harness itself."""


def run_scenario(scenario: Scenario, folder: Path, *, seed: int = 1) -> Outcome:
    """Build the world, run `probe run` in it, take it down; every file is left in the folder.

    The seed is that of the link's losses and the censors' draws.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if scenario.history:
        before = replace(
            scenario,
            censors=(),
            services=("media-wikipedia",),
            history=False,
            link=LINK,
            options=("--rounds", "1"),
        )
        for _ in range(GOOD_RUNS):
            _run_once(before, folder, seed)
    if scenario.baseline:
        before = scenario if scenario.baseline == "same" else replace(scenario, censors=())
        told = _run_once(before, folder, seed, verb=("baseline", "record", "-o", str(folder / BASELINE)))
        if told.exit_code:
            raise RuntimeError(f"no baseline: {told.stderr[-2000:]}")
    return _run_once(scenario, folder, seed)


def _run_once(scenario: Scenario, folder: Path, seed: int, verb: Sequence[str] = ("run",)) -> Outcome:
    v6_only = scenario.ends.get("families") == "6"
    resolver = " ".join(SYSTEM_RESOLVERS[1:] if v6_only else SYSTEM_RESOLVERS[:1])
    with Link(None, **{"resolver": resolver, **scenario.ends}) as link:
        world, ready = _start_world(link, scenario, folder)
        try:
            shape = dict(scenario.link)
            link.start({"up": shape, "down": shape, "censors": _censors(scenario, ready), "seed": seed})
            with link.background(scenario.background, FLOOD) if scenario.background else nullcontext():
                outcome = _run_command(link, scenario, folder, ready, verb)
        finally:
            world.terminate()
            world.communicate(timeout=120)
    outcome.counts = link.counts
    return outcome


def _start_world(
    link: Link, scenario: Scenario, folder: Path
) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    log = (folder / "world.log").open("w")
    with log:
        world = subprocess.Popen(
            link.command(sys.executable, "-m", "wire.world_server", scenario.name, str(folder), client=False),
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
            stderr=log,
            text=True,
        )
    assert world.stdout
    line = world.stdout.readline()
    if not line:
        world.wait(120)
        raise RuntimeError(f"the world did not start: {(folder / 'world.log').read_text()[-2000:]}")
    return world, json.loads(line)


def _censors(scenario: Scenario, ready: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Fill in addresses, and let those be silent that are silent for everybody."""
    catalogue = read_catalogue()
    names = Names(catalogue, scenario.urls)

    def spelled(text: str) -> list[str]:
        how, _, who = text.rpartition("of ")
        if not how and not text.startswith("of "):
            return [text]
        hosts = names.groups[who] if who.startswith("@") else [who]
        found = [address for host in hosts for address in names.addresses(host)]
        return [a for a in found if ":" not in a][:1] if how == "first " else found

    tables: list[dict[str, Any]] = []
    for given in scenario.censors:
        table = dict(given)
        for key in ("addresses", "but"):
            if key in table:
                table[key] = [address for text in table[key] for address in spelled(text)]
        for key in ("to", "to6"):
            if key in table:
                table[key] = next((a for a in spelled(table[key]) if (":" in a) == (key == "to6")), None)
        tables.append(table)
    down = {"silent": "drop", "refusing": "rst", "unreachable": "icmp"}
    for key, action in down.items():
        if ready.get(key):
            tables.append(
                {"kind": "address", "action": action, "addresses": ready[key], "label": f"down: {key}"}
            )
    return tables


def _run_command(
    link: Link,
    scenario: Scenario,
    folder: Path,
    ready: Mapping[str, Any],
    verb: Sequence[str],
) -> Outcome:
    outcome = Outcome()
    home, results = folder / "home", folder / ("results" if verb == ("run",) else "results-of-baseline")
    json_too = ("--json",) if verb == ("run",) else ()
    known = ("--baseline", str(folder / BASELINE)) if json_too and scenario.baseline else ()
    home.mkdir(exist_ok=True)
    environment = {
        **{
            key: os.environ[key]
            for key in os.environ.keys() & {"PATH", "PYTHONPATH", "PROBE_TEST_HOME_NETNS"}
        },
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "SSL_CERT_FILE": ready["ca"],
    }
    urls = [part for url in scenario.urls for part in ("--url", url)]
    helpers = ready["controls"] if scenario.helped else ["none"]
    controls = [part for url in helpers for part in ("--control", url)]
    speeds = ("--confirm-after", str(CONFIRM_AFTER_S)) if scenario.throughput else ("--no-throughput",)
    command = link.command(
        *(*COMMAND, *verb, *scenario.services, *urls),
        *("--yes", *json_too, *known, "--results", str(results), *controls),
        *("--asn", "AS12389", "--region", "RU-KHA", "--lang", "en", *speeds),
        *("--timeout", "4", "--max-minutes", "5"),
        *(option.replace("{folder}", str(folder)) for option in scenario.options),
        client=True,
    )
    (folder / "command.txt").write_text(" ".join(command) + "\n")
    begun = time.monotonic()
    with (folder / "stdout.txt").open("w") as stdout, (folder / "stderr.txt").open("w") as stderr:
        child = subprocess.Popen(command, env=environment, cwd=home, stdout=stdout, stderr=stderr)
        try:
            if scenario.unplugged:
                link.unplug(*scenario.unplugged)
            outcome.exit_code = child.wait(LONGEST_S)
        except subprocess.TimeoutExpired:
            outcome.trouble = f"still running after {LONGEST_S:g} s"
        finally:
            child.kill()
            child.wait()
    outcome.seconds = time.monotonic() - begun
    outcome.stdout, outcome.stderr = ((folder / f"{name}.txt").read_text() for name in ("stdout", "stderr"))
    _read_results(results, outcome)
    return outcome


def _read_results(results: Path, outcome: Outcome) -> None:
    runs = sorted(results.iterdir()) if results.is_dir() else []
    if not runs:
        return
    for name, found, keys in (
        ("verdicts.csv", outcome.verdicts, ("target_id", "input")),
        ("services.csv", outcome.services, ("service",)),
    ):
        if (runs[-1] / name).exists():
            with (runs[-1] / name).open(newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    found.update({row[key]: row for key in keys})
    own = (CLIENT4.encode(), CLIENT6.encode())
    outcome.leaks = [
        str(path.relative_to(results))
        for path in sorted(results.rglob("*"))
        if path.is_file() and any(address in path.read_bytes() for address in own)
    ]


def difference(row: Row, outcome: Outcome) -> str:
    """Say in what the run's answer differs from the row; empty when in nothing."""
    found = outcome.verdicts.get(row.subject) or outcome.services.get(row.subject)
    if found is None:
        return f"{row.subject}: no row in either CSV; exit {outcome.exit_code}; {outcome.trouble}"
    expected = {
        "state": row.state,
        "mechanism": row.mechanism,
        "located": row.located,
        "reason_code": row.reason,
        "confirmed": None if row.confirmed is None else str(row.confirmed).lower(),
    }
    wrong = [
        f"{key} {found[key]!r}, expected {value!r}"
        for key, value in expected.items()
        if value is not None
        and (found[key].lower() if key == "confirmed" else found[key]) not in value.split("|")
    ]
    if not wrong:
        return ""
    return f"{row.subject}: {'; '.join(wrong)} [{found.get('rule_id', '')}: {found['because']}]"


def safely(scenario: Scenario, folder: Path, *, seed: int = 1) -> Outcome:
    """Run a scenario; a fault of the harness becomes the outcome's trouble."""
    try:
        return run_scenario(scenario, folder, seed=seed)
    except Exception as error:  # noqa: BLE001  # shown by the rows that wait for it
        return Outcome(trouble=f"{type(error).__name__}: {error}")


def main(names: list[str]) -> None:
    """Run the named scenarios and print their differences."""
    from wire.tables import SCENARIOS

    for name in names:
        folder = Path(mkdtemp(prefix=f"wire-{name}-"))
        outcome = safely(SCENARIOS[name], folder)
        _tell(name, SCENARIOS[name], outcome, folder)


def _tell(name: str, scenario: Scenario, outcome: Outcome, folder: Path) -> None:
    summary = {
        k: v
        for k, v in asdict(outcome).items()
        if k in {"exit_code", "seconds", "counts", "leaks", "trouble"}
    }
    sys.stdout.write(f"== {name} {folder}\n{summary}\n")
    for row in scenario.rows:
        sys.stdout.write((difference(row, outcome) or f"ok {row.subject}") + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
