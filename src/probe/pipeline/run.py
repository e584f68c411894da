"""A run from the first local fact to the files: network first, then targets, then the verdicts."""

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import sniffio
from msgspec import Struct
from msgspec.structs import replace

from probe.measure import arrival
from probe.measure.early import load_early
from probe.measure.runner import Session
from probe.model.measurement import Measurement
from probe.model.network import Network
from probe.model.observer import Observer
from probe.model.options import RunRecord
from probe.model.verdict import ServiceVerdict, Verdict
from probe.model.words import ReasonCode
from probe.pipeline.facts import FactsKeeper
from probe.pipeline.finish import Finished, finish
from probe.pipeline.folder import TIME_FORMAT, Opened, began_utc, open_run
from probe.pipeline.inputs import Inputs
from probe.pipeline.neutrals import KnownNeutrals
from probe.pipeline.recorder import Recorder
from probe.pipeline.request import Prepared
from probe.pipeline.stages import Work
from probe.pipeline.stop import Judging, Stop
from probe.pipeline.watching import unbreakable
from probe.pipeline.whereabouts import standing
from probe.store import RunFolder, StoreError
from probe.system.descriptors import allow_files

INTERRUPTED = "interrupted"
EXIT_DONE, EXIT_NOTHING, EXIT_INTERRUPTED = 0, 3, 130


class RunResult(Struct, frozen=True, kw_only=True):
    """What came of a run, and where it lies."""

    run_id: str
    folder: Path
    record: RunRecord
    verdicts: Sequence[Verdict]
    """Without the network's own."""
    services: tuple[ServiceVerdict, ...]
    network: Verdict
    inputs: Inputs
    """What it was judged by."""
    exit_code: int
    refused: Exception | None = None
    """What the disk said, where it did not take all of this: StoreError or OSError."""


Last = Callable[[Work], Awaitable[None]]
"""What is done with a run's session when all else is over."""


def run(prepared: Prepared, network: Network, observer: Observer, last: Last | None = None) -> RunResult:
    """Measure, judge and keep; returns when all files are written, interrupted or not."""
    allow_files()
    opened = open_run(prepared, network, standing=standing(prepared, network))
    _prepare_for_timing()
    with opened.folder:
        record = asyncio.run(measure(prepared, network, observer, opened, last))
        return concluded(opened.folder, record, observer, opened.inputs)


def concluded(
    folder: RunFolder, record: RunRecord, observer: Observer, inputs: Inputs | None = None
) -> RunResult:
    """Judge what was measured; `run.json` tells of its end before, so that `probe judge` could do it too.

    `inputs` are what the folder's `inputs/` hold, where somebody has them.
    What the disk does not take is judged all the same, and `refused` tells of it. Raises KeyboardInterrupt
    where somebody would not wait.
    """
    judging, observer = Judging(), unbreakable(observer)
    folder.free_room()
    with suppress(OSError, StoreError):  # what follows would be refused too, and tells
        folder.write_run(record)
    with judging.catching(folder.path, observer) as telling:
        finished = finish(folder, record, telling, inputs=inputs, even_unwritten=True)
    stopped = judging.interrupted or record.stopped == INTERRUPTED
    result = result_of(folder.path, finished, interrupted=stopped)
    return replace(result, refused=folder.refused or finished.unwritten)


def _prepare_for_timing() -> None:
    """Set up this process so that little of its own stands between a packet and its time.

    What was imported is taken out of the garbage collector's sight, and it looks less often: a full pass over
    all modules stalls every timing in flight for 20 to 50 ms. The thread that waits for answers gets the
    interpreter soon. And anyio and httpcore need not look for the loop at every deadline and lock.
    """
    load_early()
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    sys.setswitchinterval(arrival.SWITCH_S)
    sniffio.thread_local.name = "asyncio"


def result_of(folder: Path, finished: Finished, *, interrupted: bool) -> RunResult:
    """Return what a judged run comes to; `interrupted` says whether somebody stopped this very command."""
    record = finished.record
    code = EXIT_DONE
    if finished.network.reason_code is ReasonCode.NO_NETWORK or not record.n_measurements:
        code = EXIT_NOTHING
    if interrupted:
        code = EXIT_INTERRUPTED
    return RunResult(
        run_id=record.run_id,
        folder=folder,
        record=record,
        verdicts=finished.verdicts,
        services=finished.services,
        network=finished.network,
        inputs=finished.inputs,
        exit_code=code,
    )


async def measure(
    prepared: Prepared, network: Network, observer: Observer, opened: Opened, last: Last | None = None
) -> RunRecord:
    """Do everything that sends packets; return `run.json` as it stands at the end."""
    observer = unbreakable(observer)
    observer.planned(opened.inputs.judged())
    known, stop = KnownNeutrals(), Stop()
    recorder = Recorder(
        folder=opened.folder,
        observer=observer,
        controls=opened.inputs.control_targets(),
        on_control=known.learn,
        on_refused=lambda: stop.now(task),
    )
    earlier = _take_up(opened, recorder)
    errors = list(opened.record.errors)
    options = opened.record.options
    elapsed_s = network.clock.counter() - opened.started  # not nothing when the run is taken up again
    async with Session(
        network,
        options=replace(options, max_seconds=options.max_seconds + elapsed_s),
        resolvers=opened.inputs.controls.resolvers,
        private_cas=prepared.catalogue.private_cas,
        ranges=prepared.catalogue.ranges,
        keys=prepared.keys,
        proxy=options.control_proxy,
        asn_table=prepared.asn_table,
        own_asn=int(opened.record.vantage.probe_asn.removeprefix("AS") or 0),
        run_id=opened.record.run_id,
        started=opened.started,
        first_uid=opened.first_uid,
        began_utc=began_utc(opened.record),
    ) as session:
        session.on_interrupted = recorder.keep_interrupted
        keeper = FactsKeeper(record=opened.record, inputs=opened.inputs, recorder=recorder)
        work = Work(
            opened=opened,
            session=session,
            recorder=recorder,
            known=known,
            keeper=keeper,
            observer=observer,
            earlier=earlier,
            addresses=prepared.addresses,
            saved=prepared.saved,
            errors=errors,
            elapsed_s=lambda: network.clock.counter() - opened.started,
            last=last,
        )
        task = asyncio.create_task(work.everything())
        with stop.catching(task, observer):
            try:
                await task
            except asyncio.CancelledError:
                # By a signal in the moment before this listened: whoever runs the loop cancels then.
                stop.reason = stop.reason or INTERRUPTED
        spent = session.spent
        ended_utc = session.utc().strftime(TIME_FORMAT)
    return replace(
        opened.record,
        ended_utc=ended_utc,
        n_measurements=opened.n_before + recorder.n,
        bytes_sent=opened.record.bytes_sent + spent.bytes_sent,
        bytes_received=opened.record.bytes_received + spent.bytes_received,
        stopped=stop.reason or work.spent or "",
        redactions=opened.folder.redactions,
        errors=tuple(errors),
    )


def _take_up(opened: Opened, recorder: Recorder) -> Mapping[str, Sequence[Measurement]]:
    """Read what an interrupted run left, by target; empty for a new one."""
    earlier: dict[str, list[Measurement]] = {}
    if opened.resumed:
        for measurement in opened.folder.measurements():
            recorder.learn(measurement)
            if measurement.target_id not in recorder.controls and not measurement.interrupted:
                earlier.setdefault(measurement.target_id, []).append(measurement)
    return earlier
