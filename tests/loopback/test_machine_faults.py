"""Faults of the volunteer's own machine in mid-run: nothing false is judged; what is kept can be sealed."""

from __future__ import annotations

import errno
import itertools
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from loopback.faulty import Faulty, between, never
from loopback.hasty import BLOCKED, HastyClock, Nobody, catalogue, in_haste, run_in_lab, states_of
from probe.measure.calendar import Calendar
from probe.model.words import ReasonCode
from probe.pipeline.sealing import Sealed, seal
from probe.store import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable

YEAR_S = 365 * 86400.0
FINE = {"whatsapp-registration/register": ("reachable", "")}
HALFWAY = 12


class Stepping(Nobody):
    """An observer during whose run somebody sets the clock, after so many measurements."""

    def __init__(self, clock: HastyClock, shift_s: float) -> None:
        self.clock, self.shift_s, self.n = clock, shift_s, 0

    def measured(self, _measurement: Any) -> None:
        self.n += 1
        if self.n == HALFWAY:
            self.clock.shift_s = self.shift_s


@pytest.mark.parametrize("shift_s", [-YEAR_S, YEAR_S, -7200.0])
def test_a_run_during_which_the_clock_is_set_is_judged_and_can_be_sealed(
    shift_s: float, tmp_path: Path
) -> None:
    clock = HastyClock()
    watching = Stepping(clock, shift_s)
    result = in_haste(run_in_lab(tmp_path, clock=clock, observer=watching, simulated=True))
    assert states_of(result) == BLOCKED
    assert watching.n > HALFWAY
    assert result.record.ended_utc > result.record.started_utc
    times = [m.measurement_start_time for m in RunFolder.open(result.folder).measurements()]
    began = datetime.fromisoformat(result.record.started_utc)
    assert min(times) >= began
    assert (max(times) > began + timedelta(days=300)) == (shift_s > 0)
    assert isinstance(seal(result.folder, tmp_path / "sealed"), Sealed)


def test_a_run_taken_up_after_the_clock_was_set_back_goes_on_after_its_own_last_measurement(
    tmp_path: Path,
) -> None:
    first = in_haste(run_in_lab(tmp_path, max_seconds=15.0))
    assert first.record.stopped == "time"
    before = [m.measurement_start_time for m in RunFolder.open(first.folder).measurements()]
    again = in_haste(run_in_lab(tmp_path, resume=first.folder, clock=HastyClock(shift_s=-YEAR_S)))
    assert states_of(again) == BLOCKED
    after = [m.measurement_start_time for m in RunFolder.open(first.folder).measurements()][len(before) :]
    assert after
    assert min(after) >= max(before)
    assert again.record.ended_utc >= first.record.ended_utc


@dataclass(slots=True)
class Told:
    """A clock that says what it is told to."""

    now_s: float = 0.0
    wall: datetime = datetime(2026, 11, 22, tzinfo=UTC)

    def counter(self) -> float:
        return self.now_s

    def utc(self) -> datetime:
        return self.wall


def test_a_clock_that_is_steered_is_believed_and_one_that_is_set_back_is_not() -> None:
    told = Told()
    began = told.wall
    calendar = Calendar(clock=told, last_utc=began, last_counter=0.0)
    told.now_s, told.wall = 10.0, began + timedelta(seconds=8.5)
    assert calendar.utc() == told.wall
    told.now_s, told.wall = 20.0, began - timedelta(days=1)
    assert calendar.utc() == began + timedelta(seconds=18.5)
    told.now_s, told.wall = 25.0, began + timedelta(days=1)
    assert calendar.utc() == told.wall
    told.now_s, told.wall = 26.0, began + timedelta(seconds=26)
    assert calendar.utc() == began + timedelta(days=1, seconds=1)


@pytest.mark.parametrize(
    ("scenario", "allowed"),
    [("clean", {("reachable", "")}), ("tls-reset-sni", {("inconclusive", ""), ("blocked", "tls.reset.sni")})],
)
@pytest.mark.parametrize("fault", ["is_away", "is_exhausted"])
def test_what_fails_while_the_link_is_gone_or_descriptors_are_out_accuses_nobody(
    fault: str, scenario: str, allowed: set[tuple[str, str]], tmp_path: Path
) -> None:
    faults: dict[str, Any] = {fault: between(10, 17)}
    result = in_haste(run_in_lab(tmp_path, scenario=scenario, through=lambda n: Faulty(n, **faults)))
    assert set(states_of(result).values()) <= allowed
    assert (result.network.state, result.network.reason_code) == ("reachable", None)
    failures = {
        c.failure for m in RunFolder.open(result.folder).measurements() for c in m.tcp_connect if c.failure
    }
    assert {"is_away": "network_unreachable", "is_exhausted": "x_local_fd_limit"}[fault] in failures
    assert result.record.errors == ()


def after(n_uses: int) -> Callable[[float], bool]:
    """Be there once the network was used so often: how much of that a second holds is the machine's."""
    used = itertools.count()
    return lambda _seconds: next(used) >= n_uses


@pytest.mark.parametrize("n_uses", [0, pytest.param(200, marks=pytest.mark.slow)])
def test_a_link_that_goes_and_stays_away_is_the_finding_and_the_run_goes_on_when_it_is_back(
    n_uses: int, tmp_path: Path
) -> None:
    result = in_haste(run_in_lab(tmp_path, through=lambda n: Faulty(n, is_away=after(n_uses))))
    assert result.exit_code == 3
    assert result.network.reason_code is ReasonCode.NO_NETWORK
    assert {v.state for v in result.verdicts} == {"inconclusive"}


@pytest.mark.parametrize("n_uses", [20, 40, 60])
def test_a_link_that_goes_while_the_first_neutrals_are_asked_is_no_white_list(
    n_uses: int, tmp_path: Path
) -> None:
    result = in_haste(run_in_lab(tmp_path, through=lambda n: Faulty(n, is_away=after(n_uses))))
    assert {result.network.state, *(v.state for v in result.verdicts)} == {"inconclusive"}


def test_a_resolver_that_dies_in_mid_run_makes_nothing_blocked(tmp_path: Path) -> None:
    result = in_haste(run_in_lab(tmp_path, scenario="clean", through=lambda n: Faulty(n, is_dumb=between(5))))
    assert states_of(result) == FINE
    lookups = [q for m in RunFolder.open(result.folder).measurements() for q in m.queries if q.is_system]
    assert {q.failure for q in lookups} >= {None, "dns_temporary_failure"}


class Standing(Nobody):
    """An observer during whose run everything stands still for a while, as when a laptop is shut."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.n = seconds, 0

    def measured(self, _measurement: Any) -> None:
        self.n += 1
        if self.n == HALFWAY:
            time.sleep(self.seconds)


@pytest.mark.parametrize(("scenario", "expected"), [("clean", FINE), ("tls-reset-sni", BLOCKED)])
def test_a_process_that_stood_still_for_longer_than_every_timeout_accuses_nobody_wrongly(
    scenario: str, expected: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    standing = Standing(2.5)
    result = in_haste(run_in_lab(tmp_path, scenario=scenario, observer=standing, timeout_s=2.0))
    assert states_of(result) == expected
    assert standing.n > HALFWAY
    lag_ms = max(m.loop_lag_ms for m in RunFolder.open(result.folder).measurements())
    assert lag_ms > 2000.0


class Blind:
    """A network whose machine tells nothing of itself when it is asked again: there is no descriptor left."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.n = inner, 0

    def vantage(self) -> Any:
        self.n += 1
        if self.n > 1:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), "/proc")
        return self.inner.vantage()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_a_fault_beside_the_targets_is_named_and_costs_no_verdict(tmp_path: Path) -> None:
    result = in_haste(run_in_lab(tmp_path, through=Blind))
    assert states_of(result) == BLOCKED
    (error,) = set(result.record.errors)
    assert error.startswith("network/local: OSError at ")


class Threadless:
    """A network on which whoever asks for a neutral meets a fault of ours, at times: no thread is left."""

    def __init__(self, inner: Any, *, dials: Callable[[float], bool], names: Callable[[float], bool]) -> None:
        self.inner, self.dials, self.names = inner, dials, names
        self.hosts = {urlsplit(t.input).hostname or "" for t in catalogue().neutrals}
        self.addresses: set[str] = set()
        self.n = 0

    def _seconds(self) -> float:
        return float(self.inner._now())

    def resolve_system(self, name: str) -> Any:
        if name in self.hosts and self.names(self._seconds()):
            raise RuntimeError("can't start new thread")
        found = self.inner.resolve_system(name)
        self.addresses |= set(found) if name in self.hosts else set()
        return found

    async def connect(self, sock: Any, address: str, port: int) -> Any:
        if address in self.addresses and self.dials(self._seconds()):
            raise RuntimeError("can't start new thread")
        return await self.inner.connect(sock, address, port)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_a_heartbeat_that_is_a_fault_of_ours_is_named_once_and_ends_nothing(tmp_path: Path) -> None:
    result = in_haste(
        run_in_lab(
            tmp_path,
            scenario="clean",
            through=lambda n: Threadless(Faulty(n), dials=between(3), names=never),
        )
    )
    assert states_of(result) == FINE
    named = {error.partition(":")[0] for error in result.record.errors}
    assert len(named) == len(result.record.errors) > 1
    assert named <= {t.target_id for t in catalogue().neutrals}
    assert {error.partition(": ")[2][:15] for error in result.record.errors} == {"RuntimeError at"}


def test_where_every_heartbeat_is_a_fault_of_ours_nobody_is_accused(tmp_path: Path) -> None:
    result = in_haste(
        run_in_lab(tmp_path, through=lambda n: Threadless(Faulty(n), dials=between(3), names=never))
    )
    assert result.exit_code == 0
    assert {state for state, _ in states_of(result).values()} <= {"inconclusive", "not_measured"}
    assert result.record.errors


def test_the_name_of_a_neutral_that_is_a_fault_of_ours_ends_nothing(tmp_path: Path) -> None:
    result = in_haste(
        run_in_lab(
            tmp_path,
            scenario="dns-nxdomain",
            through=lambda n: Threadless(Faulty(n), dials=never, names=between(3)),
        )
    )
    (state,) = states_of(result).values()
    assert state == ("blocked", "dns.nxdomain")
    assert result.record.errors
    assert {error.partition("/")[0] for error in result.record.errors} == {"neutral"}


def test_a_fault_while_unrest_is_looked_into_costs_its_own_answer_and_not_the_look(tmp_path: Path) -> None:
    result = in_haste(
        run_in_lab(tmp_path, scenario="clean", through=lambda n: Faulty(Blind(n), is_away=between(10, 17)))
    )
    assert set(states_of(result).values()) <= {("reachable", "")}
    (error,) = result.record.errors
    assert error.startswith("network/local: OSError at ")
