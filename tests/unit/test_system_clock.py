"""The counter by which everything is timed goes on while a laptop sleeps."""

import sys
import time

import pytest

from probe.lab.network import LabClock
from probe.measure.dial import SystemClock
from probe.system import clock

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="CLOCK_BOOTTIME is Linux's")


@linux_only
def test_a_night_behind_a_closed_lid_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = {time.CLOCK_BOOTTIME: 100.0, time.CLOCK_MONOTONIC: 100.0}
    monkeypatch.setattr(time, "clock_gettime", clocks.__getitem__)
    evening = SystemClock().counter()
    clocks[time.CLOCK_BOOTTIME] += 8 * 3600  # the other one stands still while the machine sleeps
    assert SystemClock().counter() - evening == 8 * 3600
    assert LabClock().counter() - evening == 8 * 3600


@linux_only
def test_it_is_the_kernels_own_and_ticks_finely() -> None:
    before, told, after = time.clock_gettime(time.CLOCK_BOOTTIME), clock.counter(), clock.counter()
    assert before <= told <= after < before + 1.0
    assert time.clock_getres(time.CLOCK_BOOTTIME) <= 1e-6
