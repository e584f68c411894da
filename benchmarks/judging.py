"""CPU seconds to read and judge 10,000 stored measurements, 5 % of them with a page of 16 KiB.

    python -m benchmarks.judging [--measurements 10000] [--times 5]

The measurements are those of runs in the lab, copied under other targets' names: pages that answer, names
that are reset in TLS, names that do not resolve. They lie in a run folder with inputs of its own, and a fresh
process does there what `probe judge` does: it finds each target's lines, reads and checks them, digests the
controls, judges every target. What `probe judge` costs with its files and tables is printed beside.
A core that is shared gives other figures from one minute to the next: it is done several times, the median
counts.
"""

import argparse
import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from msgspec.structs import replace

from probe.__main__ import RARELY
from probe.judge import digest_control, judge_target
from probe.model.measurement import Measurement
from probe.model.options import RunRecord
from probe.model.target import Service
from probe.model.words import Risk
from probe.pipeline.demo import simulate
from probe.pipeline.facts import facts_of
from probe.pipeline.finish import finish
from probe.pipeline.inputs import Inputs, read_inputs, write_inputs
from probe.store import RunFolder

SCENARIOS = ("clean", "tls-reset-sni", "dns-nxdomain")
SHARE_WITH_PAGE = 0.05
PAGE = "<html><title>A page</title>" + "Ordinary words about the weather and the news of the day. " * 280
PROMISED_S = 2.0
TIMED = "import sys; from benchmarks.judging import timed; timed(sys.argv[1])"


class Nobody:
    """An observer who does not watch."""

    def __getattr__(self, _name: str) -> Any:
        """Hear everything and do nothing."""
        return lambda *_args, **_kwargs: None


def sampled(folder: Path) -> list[tuple[Inputs, RunRecord, list[Measurement]]]:
    """Run each scenario once; return what it was judged by, its record, and what it measured."""

    async def all_of_them() -> list[Path]:
        runs = await asyncio.gather(*(simulate(name, folder / name, Nobody()) for name in SCENARIOS))
        return [run.folder for run in runs]

    opened = [RunFolder.open(path) for path in asyncio.run(all_of_them())]
    return [(read_inputs(run), run.read_run(), list(run.measurements())) for run in opened]


def copies(samples: Sequence[list[Measurement]], n: int) -> Iterator[Measurement]:
    """Yield n measurements of made-up targets: each target's rounds as they were, one page in twenty long."""
    made = target = 0
    while made < n:
        for measurement in samples[target % len(samples)]:
            if made == n:
                return
            requests = measurement.requests
            if made < n * SHARE_WITH_PAGE:
                requests = tuple(replace(r, body=PAGE[: 16 * 1024]) for r in requests)
            yield replace(
                measurement,
                measurement_uid=f"bench-{made:06d}",
                target_id=f"bench/{target:05d}",
                service="bench",
                requests=requests,
            )
            made += 1
        target += 1


def make_run(scratch: Path, n: int) -> Path:
    """Make a run folder of so many measurements, ready to be judged again."""
    runs = sampled(scratch)
    inputs, record, first = runs[0]
    controls = inputs.control_targets()
    samples = [[m for m in found if m.target_id not in controls] for _, _, found in runs]
    models = {t.input: t for some, _, _ in runs for t in some.targets()}
    targets = {}
    with RunFolder.create(scratch, "bench") as folder:
        for measurement in first:
            if measurement.target_id in controls:
                folder.append(measurement, sync=False)
        for measurement in copies(samples, n):
            folder.append(measurement, sync=False)
            if measurement.target_id not in targets:
                targets[measurement.target_id] = replace(
                    models[measurement.input], target_id=measurement.target_id, service="bench"
                )
        folder.sync()
        service = Service(
            service="bench", title="bench", rule="any", risk=Risk.LOW, targets=tuple(targets.values())
        )
        write_inputs(folder, replace(inputs, services=(service,)))
        folder.write_run(record)
        return folder.path


def timed(path: str) -> None:
    """Judge a stored run twice, once without writing; print the CPU seconds of both and the states."""
    gc.set_threshold(*RARELY)  # as the command itself does
    folder = RunFolder.open(Path(path))
    record = folder.read_run()
    began = time.process_time()
    inputs = read_inputs(folder)
    index = folder.index()
    digests = [
        digest_control(measurement, target)
        for target_id, target in inputs.control_targets().items()
        for measurement in folder.read_at(index.get(target_id, ()))
    ]
    facts = facts_of(record, inputs, digests)
    states: dict[str, int] = {}
    for target in inputs.targets():
        state = judge_target(facts, target, tuple(folder.read_at(index[target.target_id]))).verdict.state
        states[state] = states.get(state, 0) + 1
    judged = time.process_time()
    finish(folder, record)
    ended = time.process_time()
    print(json.dumps({"judging_s": judged - began, "all_s": ended - judged, "states": states}))


def main() -> int:
    """Print the CPU seconds; return 1 when they are more than promised."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measurements", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path = make_run(Path(scratch), given.measurements)
        command = [sys.executable, "-c", TIMED, str(path)]
        done = [
            json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            for _ in range(given.times)
        ]
    spent, states = median(one["judging_s"] for one in done), done[0]["states"]
    every = ", ".join(f"{one['judging_s']:.2f}" for one in done)
    print(
        f"{given.measurements} measurements of {sum(states.values())} targets: {every}, median {spent:.2f} s "
        f"of CPU = {spent / PROMISED_S:.2f} x the promised {PROMISED_S:.0f} s"
    )
    print("verdicts: " + ", ".join(f"{n} {state}" for state, n in sorted(states.items())))
    print(f"the same with all files and tables written: {median(one['all_s'] for one in done):.2f} s")
    return int(spent > PROMISED_S)


if __name__ == "__main__":
    sys.exit(main())
