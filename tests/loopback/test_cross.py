"""The cross experiment over TLS: which arms are said where, in what order, and what comes of it."""

import asyncio
import dataclasses
import functools
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from loopback.elsewhere import Authority, Session, World, a_world
from loopback.settings import QUICK, a_session, a_target
from loopback.tempers import alert, fin, reset, silent, tls
from probe.judge.cross import Cross, evaluate
from probe.model.measurement import Measurement
from probe.model.observation import TLSHandshake
from probe.model.target import Step, Target

TARGET, TARGET_IP = "blocked.example", "93.184.215.14"
POOL = tuple(f"93.184.{n}.10" for n in range(100, 106))
LISTED, OBSCURE = "listed.example", "obscure.example"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def neutrals(pool: tuple[str, ...] = POOL) -> tuple[Target, ...]:
    """One white-listed name without addresses, owners of foreign addresses, an obscure name."""
    owners = tuple(
        a_target(f"https://owner{n}.example/", neutral_group="foreign", addresses=(ip,))
        for n, ip in enumerate(pool)
    )
    obscure = a_target(f"https://{OBSCURE}/", neutral_group="foreign")
    return (a_target(f"https://{LISTED}/", neutral_group="domestic_listed"), *owners, obscure)


Decide = Callable[[str, World, str], Session | None]
"""IP, world and name to a temper; None serves."""


def cross(
    ca: Authority,
    decide: Decide,
    *,
    pool: tuple[str, ...] = POOL,
    times: int = 1,
    before: Callable[[World], None] = lambda _: None,
    **options: Any,
) -> list[Measurement]:
    """Measure cross experiments of one session in a world where `decide` says who is let through."""

    async def main() -> list[Measurement]:
        async with a_world(ca) as world:
            for ip in (TARGET_IP, *pool):
                await world.serve(ip, 443, tls(ca, decide=functools.partial(decide, ip, world)))
            before(world)
            async with a_session(world, options=dataclasses.replace(QUICK, **options)) as session:
                step = Step(
                    target=a_target(f"https://{TARGET}/"),
                    experiment="cross",
                    addresses=(TARGET_IP,),
                    neutrals=neutrals(pool),
                )
                return [(await session.measure(step)).measurement for _ in range(times)]

    return asyncio.run(main())


def judged(m: Measurement) -> Cross:
    return evaluate([m], TARGET, plain=False)


def cells(m: Measurement) -> dict[tuple[str, str | None, str], list[TLSHandshake]]:
    found: dict[tuple[str, str | None, str], list[TLSHandshake]] = {}
    for h in sorted(m.tls_handshakes, key=lambda h: h.t0):
        found.setdefault((h.arm, h.server_name, h.ip), []).append(h)
    return found


def assert_rules_were_kept(m: Measurement) -> None:
    """What METHOD section 6 asks of any matrix, whatever came of it."""
    for tries in cells(m).values():
        gaps = [later.t0 - earlier.t0 for earlier, later in itertools.pairwise(tries)]
        assert all(gap >= 2.0 for gap in gaps), "tries of a cell at least 2 s apart"
        assert [h.trial for h in tries] == list(range(len(tries)))
    for name in {h.server_name for h in m.tls_handshakes}:
        said = sorted(h.t0 for h in m.tls_handshakes if h.server_name == name)
        assert all(b - a >= 0.499 for a, b in itertools.pairwise(said)), "0.5 s between hellos of a name"
        spans = [(h.t0, h.t) for h in m.tls_handshakes if h.server_name == name]
        assert max(sum(a <= t0 < b for a, b in spans) for t0, _ in spans) <= 3, "3 near-parallel hellos"
    for h in m.tls_handshakes:
        if h.arm == "target@neutral":
            before = [
                o for o in m.tls_handshakes if o.arm == "neutral@neutral" and o.ip == h.ip and o.t <= h.t0
            ]
            assert before, "a neutral name before the target's"
            last = max(before, key=lambda o: o.t)
            assert last.server_spoke, "and it passed"
            assert h.t0 - last.t <= 5.0, "within 5 s"
    assert [c for c in m.tcp_connect if not c.arm] == []
    assert [h for h in m.tls_handshakes if not h.arm] == []


def test_a_name_that_fails_everywhere_while_others_pass_everywhere_is_the_name(ca: Authority) -> None:
    (m,) = cross(ca, lambda _ip, _w, name: silent if name == TARGET else None)
    assert_rules_were_kept(m)
    found = cells(m)
    assert {arm for arm, _, _ in found} == {
        "target@target",
        "target@neutral",
        "neutral@target",
        "neutral@neutral",
    }
    assert [len(tries) for tries in found.values()] == [3] * 9
    assert len({ip for _, _, ip in found}) == 3
    assert {name for arm, name, _ in found if arm.startswith("neutral")} == {LISTED, OBSCURE}
    assert {h.failure for h in m.tls_handshakes if h.server_name == TARGET} == {"generic_timeout_error"}
    assert all(h.server_spoke for h in m.tls_handshakes if h.server_name != TARGET)
    assert judged(m).by_name


@pytest.mark.parametrize(("temper", "failure"), [(reset, "connection_reset"), (fin, "eof_error")])
def test_resets_and_ends_on_the_name_are_told_apart(ca: Authority, temper: Session, failure: str) -> None:
    (m,) = cross(ca, lambda _ip, _w, name: temper if name == TARGET else None)
    assert_rules_were_kept(m)
    assert {h.failure for h in m.tls_handshakes if h.server_name == TARGET} == {failure}
    assert judged(m).by_name


def test_neutral_arms_of_a_trial_come_before_the_targets_name(ca: Authority) -> None:
    (m,) = cross(ca, lambda _ip, _w, name: silent if name == TARGET else None)
    for trial in range(3):
        names = [h for h in m.tls_handshakes if h.trial == trial]
        last_neutral = max(h.t for h in names if h.arm.startswith("neutral"))
        first_target = min(h.t0 for h in names if h.arm.startswith("target"))
        assert last_neutral <= first_target


def test_an_address_where_every_name_fails_is_the_address(ca: Authority) -> None:
    (m,) = cross(ca, lambda ip, _w, _name: silent if ip == TARGET_IP else None)
    assert_rules_were_kept(m)
    assert judged(m).by_address
    assert not judged(m).by_name


def test_a_failure_only_where_name_and_address_meet_is_the_conjunction(ca: Authority) -> None:
    (m,) = cross(ca, lambda ip, _w, name: reset if (ip, name) == (TARGET_IP, TARGET) else None)
    assert_rules_were_kept(m)
    assert judged(m).conjunction
    assert not judged(m).by_name


def test_servers_that_refuse_strange_names_by_an_alert_are_passes(ca: Authority) -> None:
    def decide(ip: str, _w: World, name: str) -> Session | None:
        if name == TARGET:
            return silent
        return alert if ip != TARGET_IP else None

    (m,) = cross(ca, decide)
    assert {h.failure for h in m.tls_handshakes if h.arm == "neutral@neutral"} == {"ssl_failed_handshake"}
    assert {h.alert for h in m.tls_handshakes if h.arm == "neutral@neutral"} == {112}
    assert judged(m).by_name


def test_a_target_that_passes_after_all_ends_the_experiment_without_a_suffix(ca: Authority) -> None:
    (m,) = cross(ca, lambda _ip, _w, _name: None)
    assert_rules_were_kept(m)
    assert max(h.trial for h in m.tls_handshakes) == 0
    assert judged(m).by_name is judged(m).by_address is judged(m).conjunction is False


def test_servers_that_reset_all_names_but_their_own_are_never_a_bracket(ca: Authority) -> None:
    owners = {ip: f"owner{n}.example" for n, ip in enumerate(POOL)}
    (m,) = cross(ca, lambda ip, _w, name: None if owners.get(ip) == name else reset)
    assert [h for h in m.tls_handshakes if h.arm == "target@neutral"] == []
    assert not judged(m).by_name


@pytest.mark.parametrize("pool", [(), POOL[:1]])
def test_nothing_is_sent_where_neutral_addresses_do_not_suffice(ca: Authority, pool: tuple[str, ...]) -> None:
    (m,) = cross(ca, lambda _ip, _w, name: silent if name == TARGET else None, pool=pool)
    assert (m.tls_handshakes, m.tcp_connect, m.bytes_sent) == ((), (), 0)
