"""The self-test: neutral trials on this link, and what they and earlier ones say of our own errors."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from probe.judge import SelfTest, neutral_trials, self_test
from probe.model.network import Network
from probe.model.observer import Observer
from probe.model.options import RunRecord
from probe.pipeline.folder import earlier_here
from probe.pipeline.patience import until_due
from probe.pipeline.request import Prepared
from probe.pipeline.run import EXIT_DONE, EXIT_NOTHING, Last, RunResult, run
from probe.pipeline.stages import Work
from probe.plan.selftest import at_turn, self_test_sources, self_test_step
from probe.plan.transfers import EXPERIMENT
from probe.store import RunFolder, StoreError

FILE = "self-test.json"
SCHEMA_VERSION = "1"
STRIKES = 2
"""Pairs without two rates after which a server is left alone."""

MOST_POOLED = 2_400
"""Trials after which no older run is asked for more: two hundred comparisons, judged in a second or two."""

Pool = dict[str, list[float]]
"""Rates in bit/s, in order of time, by server; an even number of each run, so that no pair joins two runs."""


class Errors(Struct, frozen=True, kw_only=True):
    """How often the decision errs on this link: the content of self-test.json."""

    schema_version: str
    run_id: str
    here: SelfTest
    """By this run's own neutral trials."""
    pooled: SelfTest
    """By these and those of earlier runs on this network."""
    earlier_runs: int
    """How many runs added trials to the pool, this one not counted."""
    rates_bps: dict[str, tuple[float, ...]]
    """This run's trials in order of time, by server."""


def run_self_test(prepared: Prepared, network: Network, observer: Observer) -> tuple[RunResult, Errors]:
    """Measure the network, then neutral against neutral; keep the run and what it says of our errors.

    The exit code is that of a run, and 3 where no trial could be had.
    """
    return concluded(run(prepared, network, observer, last=trials(prepared.request.trials)))


def concluded(result: RunResult) -> tuple[RunResult, Errors]:
    """Estimate, and keep the estimate beside the run. Raises StoreError, OSError for a disk that is full."""
    if result.refused is not None:
        raise result.refused
    errors = errors_of(result.folder, result.record)
    content = msgspec.json.format(msgspec.json.encode(errors), indent=1) + b"\n"
    RunFolder.open(result.folder).write_beside(FILE, content)
    if not errors.here.n_trials and result.exit_code == EXIT_DONE:
        result = replace(result, exit_code=EXIT_NOTHING)
    return result, errors


def trials(n: int) -> Last:
    """Return the work of a self-test: so many trials, in pairs, one at a time, in blocks at two servers."""

    async def last(work: Work) -> None:
        if work.keeper.finding().reason_code is not None:
            return  # the network is the finding: its trials would tell of a portal or of an outage
        controls = work.opened.inputs.controls
        neutrals = [
            replace(target, addresses=work.known.addresses.get(target.target_id, ()))
            for target in controls.neutrals
        ]
        sources = list(self_test_sources(work.opened.record.options, neutrals))
        strikes: Counter[str] = Counter()
        number = done = 0
        while sources and done < n // 2:
            source = at_turn(sources, done)
            step = self_test_step(source, number)
            await until_due(
                step,
                session=work.session,
                observer=work.observer,
                elapsed_s=lambda: work.session.spent.seconds,
            )
            stored = await work.recorder.keep(await work.session.measure(step))
            number += 1
            if len(neutral_trials(stored)) == 2:
                done += 1
                continue
            strikes[source.key] += 1
            if strikes[source.key] >= STRIKES:
                sources.remove(source)

    return last


def errors_of(path: Path, record: RunRecord) -> Errors:
    """Return how often the decision errs where this run was made, by its trials and by those before it."""
    with RunFolder.open(path) as folder:
        here = pool_of((folder,))
    earlier: list[Pool] = []
    n_trials = _size(here)
    for folder, _ in earlier_here(path.parent, record):
        if n_trials >= MOST_POOLED:
            break
        if pool := _pool_if_readable(folder):
            earlier.insert(0, pool)
            n_trials += _size(pool)
    return Errors(
        schema_version=SCHEMA_VERSION,
        run_id=record.run_id,
        here=self_test(*here.values()),
        pooled=self_test(*_joined((*earlier, here)).values()),
        earlier_runs=len(earlier),
        rates_bps={server: tuple(round(rate, 1) for rate in rates) for server, rates in here.items()},
    )


def pool_of(folders: Iterable[RunFolder]) -> Pool:
    """Gather the neutral trials of runs, which come oldest first. Raises StoreError."""
    return _joined(_pool(folder) for folder in folders)


def _pool(folder: RunFolder) -> Pool:
    pool: Pool = {}
    for measurement in sorted(folder.of_experiment(EXPERIMENT), key=lambda m: m.started_s):
        for trial in neutral_trials(measurement):
            pool.setdefault(trial.server, []).append(trial.rate_bps)
    return {server: even for server, rates in pool.items() if (even := rates[: len(rates) // 2 * 2])}


def _size(pool: Pool) -> int:
    return sum(map(len, pool.values()))


def _pool_if_readable(folder: RunFolder) -> Pool:
    """Return a run's trials; nothing of a damaged one, of which whoever judges it is told."""
    with suppress(StoreError):
        return _pool(folder)
    return {}


def _joined(pools: Iterable[Pool]) -> Pool:
    joined: Pool = {}
    for pool in pools:
        for server, rates in pool.items():
            joined.setdefault(server, []).extend(rates)
    return joined
