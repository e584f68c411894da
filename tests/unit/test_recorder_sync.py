"""How often the disk is waited for while measurements come in a crowd."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from probe.measure.runner import Measured
from probe.pipeline import recorder as recording
from probe.pipeline.recorder import Recorder
from probe.store import RunFolder
from unit.a_run import a_measurement


class _Counting:
    """A run's folder, and how many measurements it held at each wait for the disk."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.refused = None
        self.n = 0
        self.waits: list[int] = []

    def append(self, *given: Any, **more: Any) -> object:
        """Append."""
        self.n += 1
        return self.folder.append(*given, **more)

    def sync(self) -> None:
        """Wait."""
        self.waits.append(self.n)
        self.folder.sync()


class _Heard:
    def __init__(self) -> None:
        self.uids: list[str] = []

    def measured(self, measurement: Any) -> None:
        """Hear of a measurement that is kept."""
        self.uids.append(measurement.measurement_uid)


def a_recorder(folder: object, heard: _Heard) -> Recorder:
    """Return a recorder without controls."""
    return Recorder(
        folder=cast("RunFolder", folder),
        observer=cast("Any", heard),
        controls={},
        on_control=lambda *_: None,
        on_refused=lambda: None,
    )


def test_one_wait_for_the_disk_serves_all_that_came_meanwhile_and_alone_nobody_waits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    an_hour, really, waited = 3600.0, asyncio.sleep, list[float]()

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        await really(0)

    async def keep_all(counting: _Counting) -> None:
        recorder = a_recorder(counting, _Heard())
        await recorder.keep(Measured(measurement=a_measurement(measurement_uid="r-0")))
        assert waited == []
        crowd = [Measured(measurement=a_measurement(measurement_uid=f"r-{n}")) for n in range(1, 8)]
        await asyncio.gather(*map(recorder.keep, crowd))

    monkeypatch.setattr(recording, "SYNC_GAP_S", an_hour)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    with RunFolder.create(tmp_path, "r") as run:
        counting = _Counting(run)
        asyncio.run(keep_all(counting))
    assert counting.waits == [1, 8]
    (once,) = waited
    assert 0 < once <= an_hour


def test_what_waits_for_the_disk_when_the_run_is_ended_is_there_and_told_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    heard = _Heard()

    async def end_while_waiting(recorder: Recorder) -> None:
        await recorder.keep(Measured(measurement=a_measurement(measurement_uid="r-0")))
        waiting = asyncio.create_task(
            recorder.keep(Measured(measurement=a_measurement(measurement_uid="r-1")))
        )
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    monkeypatch.setattr(recording, "SYNC_GAP_S", 3600.0)
    with RunFolder.create(tmp_path, "r") as run:
        asyncio.run(end_while_waiting(a_recorder(run, heard)))
        assert [m.measurement_uid for m in run.measurements()] == heard.uids == ["r-0", "r-1"]
