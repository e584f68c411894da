"""Tests that hold something to a bound on time are run once more where this machine stood still meanwhile.

A thread looks at the clock all the time. Where it comes late, this process had no turn: other work had it, or
the whole machine slept. What failed then may have failed for that, and is tried again; what failed while the
thread had its turns is not. Only tests marked `timed` are, and none whose run is judged: a false accusation
is a fault however busy the machine is.
"""

from __future__ import annotations

import threading
from functools import cache
from time import perf_counter, sleep  # these very ones: some tests put other clocks in their place
from typing import TYPE_CHECKING, Final

import pytest
from _pytest.runner import runtestprotocol  # what runs a test twice: no public name does

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

LOOK_S: Final = 0.02
LATE_S: Final = 0.03
"""A look that is less late than this tells nothing: so long a test's own threads may take."""
STILL_S: Final = 0.1
"""In sum, during one test. The narrowest bounds that tests hold something to are two tenths of a second."""
AGAIN: Final = "run again"


class Watch:
    """Sums up how long this process stood still."""

    def __init__(self) -> None:
        self._still_s = 0.0
        threading.Thread(target=self._look, name="stillness", daemon=True).start()

    def _look(self) -> None:
        then = perf_counter()
        while True:
            sleep(LOOK_S)
            now = perf_counter()
            late_s = now - then - LOOK_S
            self._still_s += late_s if late_s > LATE_S else 0.0
            then = now

    def still_s(self) -> float:
        """Return the sum until now, in seconds: the thread had its turn after what was before."""
        sleep(2 * LOOK_S)
        return self._still_s


the_watch = cache(Watch)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a `timed` test; once more if it failed while this process stood still."""
    if item.get_closest_marker("timed") is None:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    before_s = the_watch()._still_s
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    failed = [report for report in reports if report.failed]
    if failed and (still_s := the_watch().still_s() - before_s) >= STILL_S:
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        first = failed[0].longreprtext.strip().splitlines()[-1:]
        told = f"{item.nodeid}: {still_s:.2f} s; at first: {''.join(first)}"
        reports[-1].user_properties.append((AGAIN, told))
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Tell which tests were run twice, how long the process had stood still, and how they failed at first."""
    told = [
        text
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, text in getattr(report, "user_properties", ())
        if name == AGAIN
    ]
    if told:
        terminalreporter.section("run again, as this machine stood still meanwhile")
        for line in sorted(set(told)):
            terminalreporter.line(str(line))
