"""The session: slots, paces, budgets, interruption, and one measurement for every step that began."""

import itertools
import socket
import threading
import time
from typing import Any

import anyio
import pytest

from loopback.authority import Authority
from loopback.servers import (
    OTHER,
    SITE,
    Loopback,
    a_session,
    a_step,
    fast,
    over_tls,
    page,
    read_request,
    says,
    tcp_server,
)
from probe.measure import experiments
from probe.measure.pace import HelloBudget, Pace, prefix
from probe.measure.runner import BudgetSpent, Measured
from probe.measure.trace import Context
from probe.model.measurement import Measurement
from probe.model.target import Step

URL = "http://site.example/"


def a_network(port: int, names: int = 1) -> Loopback:
    known = {f"site{n}.example": (f"93.184.{n // 200}.{n % 200 + 1}",) for n in range(names)}
    tcp = {(ips[0], p): port for ips in known.values() for p in (80, 443)}
    return Loopback(tcp={**tcp, (SITE, 80): port}, names={"site.example": (SITE,), **known})


class Gauge:
    """How many connections are open at once, and the most there ever were."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.now = self.most = 0
        self.starts: list[float] = []
        self._lock = threading.Lock()

    def __call__(self, sock: socket.socket, stop: threading.Event) -> None:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.starts.append(time.perf_counter())
        read_request(sock)
        stop.wait(self.seconds)
        with self._lock:
            self.now -= 1
        sock.sendall(page(b"ok"))


def run_all(network: Loopback, steps: list[Step], **options: Any) -> list[Measurement]:
    found: list[Measurement] = []

    async def run() -> None:
        async with a_session(network, fast(**options)) as session, anyio.create_task_group() as group:

            async def one(step: Step) -> None:
                found.append((await session.measure(step)).measurement)

            for step in steps:
                group.start_soon(one, step)

    anyio.run(run)
    return found


def test_no_more_steps_run_at_once_than_allowed() -> None:
    gauge = Gauge(0.1)
    with tcp_server(gauge) as port:
        steps = [a_step(f"http://site{n}.example/") for n in range(12)]
        found = run_all(a_network(port, 12), steps, concurrency=3)
    assert gauge.most == 3
    assert {m.requests[0].failure for m in found} == {None}


def test_no_more_than_two_connections_lead_to_one_address() -> None:
    gauge = Gauge(0.1)
    with tcp_server(gauge) as port:
        found = run_all(a_network(port), [a_step(URL)] * 8, concurrency=8)
    assert gauge.most == 2
    assert len(found) == 8
    assert {m.requests[0].failure for m in found} == {None}
    # Waiting for room is no part of any operation's time.
    assert max(m.tcp_connect[0].t - m.tcp_connect[0].t0 for m in found) < 0.3


def test_two_targets_that_share_addresses_crosswise_never_wait_for_each_other() -> None:
    gauge = Gauge(0.05)
    with tcp_server(gauge) as port:
        network = Loopback(
            tcp={(SITE, 80): port, (OTHER, 80): port},
            names={"one.example": (SITE, OTHER), "two.example": (OTHER, SITE)},
        )
        steps = [a_step(f"http://{name}.example/") for name in ("one", "two")] * 4
        begun = time.perf_counter()
        found = run_all(network, steps, concurrency=8)
    assert len(found) == 8
    assert time.perf_counter() - begun < 5


def test_starts_are_five_to_ten_milliseconds_apart() -> None:
    gauge = Gauge(0.9)
    with tcp_server(gauge) as port:
        found = run_all(
            a_network(port, 8), [a_step(f"http://site{n}.example/") for n in range(8)], concurrency=8
        )
    starts = sorted(m.started_s for m in found)
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert min(gaps) >= 0.005
    assert starts[-1] - starts[0] < 0.8


def test_a_step_waits_for_its_time() -> None:
    with tcp_server(says(page(b"ok"))) as port:
        (found,) = run_all(a_network(port), [a_step(URL, not_before_s=0.3)])
    assert 0.3 <= found.started_s < 1.3


def test_uids_go_on_where_an_interrupted_run_stopped() -> None:
    async def run() -> list[str]:
        with tcp_server(says(page(b"ok"))) as port:
            async with a_session(a_network(port), first_uid=41) as session:
                return [(await session.measure(a_step(URL))).measurement.measurement_uid for _ in range(2)]

    assert anyio.run(run) == ["20261121T000000Z-AS0-abcd-000041", "20261121T000000Z-AS0-abcd-000042"]


@pytest.mark.parametrize(("options", "what"), [({"max_bytes": 100}, "bytes"), ({"max_seconds": 0.0}, "time")])
def test_a_spent_budget_refuses_the_next_step_and_never_stops_one(
    options: dict[str, object], what: str
) -> None:
    async def run() -> tuple[list[Measured], list[str]]:
        done: list[Measured] = []
        refused: list[str] = []
        with tcp_server(says(page(b"x" * 5000))) as port:
            async with a_session(a_network(port), fast(**options)) as session:
                for _ in range(2):
                    try:
                        done.append(await session.measure(a_step(URL)))
                    except BudgetSpent as spent:
                        refused.append(spent.what)
        return done, refused

    done, refused = anyio.run(run)
    assert refused == [what] * (1 if what == "bytes" else 2)
    assert all(m.measurement.requests[0].body_length == 5000 for m in done)


def test_an_interrupted_step_is_handed_over_with_what_it_saw() -> None:
    def silent(sock: socket.socket, stop: threading.Event) -> None:
        read_request(sock)
        stop.wait(5)

    async def run() -> list[Measured]:
        partial: list[Measured] = []
        with tcp_server(silent) as port:
            async with a_session(a_network(port), fast(timeout_s=5)) as session:
                session.on_interrupted = partial.append
                with anyio.move_on_after(0.3) as scope:
                    await session.measure(a_step(URL))
                assert scope.cancelled_caught
                assert session.spent.bytes_sent > 0
        return partial

    begun = time.perf_counter()
    (partial,) = anyio.run(run)
    found = partial.measurement
    assert time.perf_counter() - begun < 3.0
    assert found.interrupted is True
    assert found.tcp_connect[0].failure is None
    assert [r.failure for r in found.requests] == ["interrupted"]


def test_a_step_that_waits_for_its_turn_when_cancelled_leaves_nothing() -> None:
    async def run() -> list[Measured]:
        partial: list[Measured] = []
        async with a_session(Loopback()) as session:
            session.on_interrupted = partial.append
            with anyio.move_on_after(0.1):
                await session.measure(a_step(URL, not_before_s=10.0))
        return partial

    assert anyio.run(run) == []


def test_a_fault_of_ours_raises_and_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(ctx: Context, step: Step) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 5)
            raise ZeroDivisionError

    monkeypatch.setattr("probe.measure.runner.EXPERIMENTS", {"web": broken})

    async def run() -> None:
        async with a_session(Loopback(), fast(concurrency=1)) as session:
            for _ in range(2):  # the slot is given back
                with pytest.raises(ZeroDivisionError):
                    await session.measure(a_step(URL))

    anyio.run(run)


def test_a_whole_step_is_bounded_and_its_measurement_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    async def endless(ctx: Context, step: Step) -> None:
        await experiments.EXPERIMENTS["tcp"](ctx, a_step(f"tcp://{SITE}:80", "tcp"))
        await anyio.sleep_forever()

    monkeypatch.setattr("probe.measure.runner.EXPERIMENTS", {"web": endless})

    async def run() -> Measured:
        with tcp_server(says(b"")) as port:
            async with a_session(a_network(port), fast(timeout_s=0.05)) as session:
                return await session.measure(a_step(URL))

    found = anyio.run(run).measurement
    assert 0.5 < found.runtime_s < 2.0
    assert [c.failure for c in found.tcp_connect] == [None]
    assert found.interrupted is False


def test_a_busy_loop_shows_as_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(ctx: Context, step: Step) -> None:
        await anyio.sleep(0.05)
        time.sleep(0.1)  # noqa: ASYNC251  # what a busy loop is
        await anyio.sleep(0.05)

    async def idle(ctx: Context, step: Step) -> None:
        await anyio.sleep(0.2)

    monkeypatch.setattr("probe.measure.runner.EXPERIMENTS", {"busy": busy, "idle": idle})

    async def run() -> list[float]:
        async with a_session(Loopback()) as session:
            return [(await session.measure(a_step(URL, e))).measurement.loop_lag_ms for e in ("busy", "idle")]

    lagging, calm = anyio.run(run)
    assert lagging > 60
    assert calm < lagging


def test_what_a_run_used_is_told_while_it_goes_on() -> None:
    async def run() -> tuple[int, int, int]:
        with tcp_server(says(page(b"x" * 1000))) as port:
            async with a_session(a_network(port)) as session:
                found = (await session.measure(a_step(URL))).measurement
                return session.spent.bytes_received, found.bytes_received, session.spent.bytes_sent

    total, one, sent = anyio.run(run)
    assert total == one > 1000
    assert sent > 200


class Clock:
    """A counter that a test moves."""

    def __init__(self) -> None:
        self.at = 1000.0

    def counter(self) -> float:
        return self.at

    def utc(self) -> object:
        raise NotImplementedError


def test_hellos_of_a_name_are_half_a_second_apart_and_twelve_in_two_minutes_to_a_prefix() -> None:
    clock = Clock()
    budget = HelloBudget(clock)  # type: ignore[arg-type]  # only its counter is read

    async def run() -> None:
        for n in range(12):
            assert budget.wait_s("a.example", f"1.2.3.{n}") == 0
            await budget.take("a.example", f"1.2.3.{n}")
            assert budget.wait_s("a.example", "9.9.9.9") == pytest.approx(0.5)
            assert budget.wait_s("b.example", "1.2.3.4") == 0
            clock.at += 0.5
        assert budget.wait_s("a.example", "1.2.3.200") == pytest.approx(114)
        assert budget.wait_s("a.example", "1.2.4.1") == 0
        clock.at += 114
        assert budget.wait_s("a.example", "1.2.3.200") == 0

    anyio.run(run)


def test_two_hellos_of_a_name_need_room_for_both() -> None:
    clock = Clock()
    budget = HelloBudget(clock)  # type: ignore[arg-type]  # only its counter is read

    async def run() -> None:
        for _ in range(11):
            await budget.take("a.example", "1.2.3.4")
            clock.at += 1.0
        assert budget.wait_s("a.example", "1.2.3.4") == 0
        assert budget.wait_s("a.example", "1.2.3.4", 2) == pytest.approx(109)
        assert budget.wait_s("a.example", "1.2.3.4", 3) == pytest.approx(110)
        assert budget.wait_s("b.example", "1.2.3.4", 12) == 0

    anyio.run(run)


def test_the_budget_forgets_what_no_longer_binds() -> None:
    clock = Clock()
    budget = HelloBudget(clock)  # type: ignore[arg-type]  # as above

    async def run() -> None:
        for n in range(1000):
            await budget.take(f"{n}.example", "1.2.3.4")
        clock.at += 200
        await budget.take("last.example", "1.2.3.4")

    anyio.run(run)
    assert list(budget._last) == ["last.example"]
    assert len(budget._sent) == 1


@pytest.mark.parametrize(
    ("ip", "net"),
    [("1.2.3.4", "1.2.3.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48"), ("nonsense", "nonsense")],
)
def test_prefixes_are_those_of_the_budget(ip: str, net: str) -> None:
    assert prefix(ip) == net


def test_addresses_that_nobody_uses_are_forgotten() -> None:
    async def run() -> dict[str, int]:
        pace = Pace(Loopback().clock)
        async with pace.addresses(["1.1.1.1", "2.2.2.2", "1.1.1.1"]):
            assert pace._used == {"1.1.1.1": 1, "2.2.2.2": 1}
        return pace._used

    assert anyio.run(run) == {}


def test_every_experiment_of_the_contract_has_a_recipe() -> None:
    assert set(experiments.EXPERIMENTS) == {
        "web",
        "tcp",
        "http_any",
        "dns",
        "doh",
        "resolver",
        "control",
        "cross",
        "neutral",
        "throughput",
        "small_segments",
        "quic",
        "zone",
        "vpn",
        "store",
        "registry",
        "path",
        "whereabouts",
        "portal",
        "sinkhole",
        "local",
    }


def test_measurements_of_one_session_share_one_trust_store(authority: Authority) -> None:
    context = authority.good("site.example")
    with tcp_server(over_tls(says(page(b"ok")), context)) as port:
        network = Loopback(
            tcp={(SITE, 443): port}, names={"site.example": (SITE,)}, ca_file=authority.ca_file
        )

        async def run() -> list[str | None]:
            async with a_session(network) as session:
                return [
                    (await session.measure(a_step("https://site.example/"))).measurement.requests[0].failure
                    for _ in range(3)
                ]

        assert anyio.run(run) == [None] * 3
