"""CPU seconds to read and judge 10,000 stored measurements, 5 % of them with a page of 16 KiB.

    python benchmarks/judging.py [--measurements 10000]

The measurements are those of a run in the lab, copied under other targets' names: pages that answer, names
that are reset in TLS, names that do not resolve. What is timed is what `probe judge` does before it writes:
reading the lines, checking their chain, digesting the controls and judging every target.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from probe.judge import digest_control, judge_target
from probe.model.measurement import Measurement
from probe.model.target import Target
from probe.pipeline.demo import simulate
from probe.pipeline.facts import facts_of
from probe.pipeline.inputs import Inputs, read_inputs
from probe.store import RunFolder

SCENARIOS = ("clean", "tls-reset-sni", "dns-nxdomain")
SHARE_WITH_PAGE = 0.05
PAGE = "<html><title>A page</title>" + "Ordinary words about the weather and the news of the day. " * 280
PROMISED_S = 2.0


class Nobody:
    """An observer who does not watch."""

    def __getattr__(self, _name: str) -> Any:
        """Hear everything and do nothing."""
        return lambda *_args, **_kwargs: None


def sampled(folder: Path) -> list[tuple[Inputs, list[Measurement]]]:
    """Run each scenario once; return what it was judged by and what it measured."""

    async def all_of_them() -> list[Path]:
        runs = await asyncio.gather(*(simulate(name, folder / name, Nobody()) for name in SCENARIOS))
        return [run.folder for run in runs]

    paths = asyncio.run(all_of_them())
    return [(read_inputs(run := RunFolder.open(path)), list(run.measurements())) for path in paths]


def copies(samples: Sequence[list[Measurement]], n: int) -> Iterator[tuple[int, Measurement]]:
    """Yield n measurements of made-up targets: each target's rounds as they were, one page in twenty long."""
    made = target = 0
    while made < n:
        for measurement in samples[target % len(samples)]:
            requests = measurement.requests
            if made < n * SHARE_WITH_PAGE:
                requests = tuple(replace(r, body=PAGE[: 16 * 1024]) for r in requests)
            yield (
                target,
                replace(
                    measurement,
                    measurement_uid=f"bench-{made:06d}",
                    target_id=f"bench/{target:05d}",
                    requests=requests,
                ),
            )
            made += 1
        target += 1


def main() -> int:
    """Print the CPU seconds; return 1 when they are more than promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measurements", type=int, default=10_000)
    wanted = parser.parse_args().measurements
    with tempfile.TemporaryDirectory() as scratch:
        runs = sampled(Path(scratch))
        inputs, first = runs[0]
        controls = inputs.control_targets()
        own = [[m for m in found if m.target_id not in controls] for _, found in runs]
        model = inputs.targets()[0]
        with RunFolder.create(Path(scratch), "bench") as folder:
            for measurement in first:
                if measurement.target_id in controls:
                    folder.append(measurement, sync=False)
            for _, measurement in copies(own, wanted):
                folder.append(measurement, sync=False)
            folder.sync()
        record = RunFolder.open(
            Path(scratch) / "clean" / next((Path(scratch) / "clean").iterdir()).name
        ).read_run()
        stored = RunFolder.open(Path(scratch) / "bench")
        began = time.process_time()
        digests = []
        by_target: dict[str, list[Measurement]] = {}
        for measurement in stored.measurements():
            if measurement.target_id in controls:
                digests.append(digest_control(measurement, controls[measurement.target_id]))
            else:
                by_target.setdefault(measurement.target_id, []).append(measurement)
        facts = facts_of(record, inputs, digests)
        states: dict[str, int] = {}
        for target_id, measurements in by_target.items():
            target: Target = replace(model, target_id=target_id, input=measurements[0].input)
            state = judge_target(facts, target, measurements).verdict.state
            states[state] = states.get(state, 0) + 1
        spent = time.process_time() - began
    print(
        f"{wanted} measurements of {len(by_target)} targets: {spent:.2f} s of CPU (promised <= {PROMISED_S:.0f} s)"
    )
    print("verdicts: " + ", ".join(f"{n} {state}" for state, n in sorted(states.items())))
    return int(spent > PROMISED_S)


if __name__ == "__main__":
    sys.exit(main())
