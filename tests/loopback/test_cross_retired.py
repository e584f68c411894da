"""The cross experiment when neutral addresses fail: retired, replaced, and never the whole pool."""

import asyncio
import itertools
from typing import TYPE_CHECKING

import anyio
import pytest
from msgspec import structs

from loopback.crossing import (
    LISTED,
    OBSCURE,
    POOL,
    TARGET,
    TARGET_IP,
    assert_rules_were_kept,
    cells,
    cross,
    judged,
    neutrals,
)
from loopback.elsewhere import Authority, Session, World, a_world
from loopback.settings import QUICK, a_session, a_target
from loopback.tempers import reset, silent, tls
from probe.model.measurement import Measurement
from probe.model.target import Step

if TYPE_CHECKING:
    from probe.measure.runner import Measured


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def said_at(m: Measurement, arm: str) -> set[str]:
    return {h.ip for h in m.tls_handshakes if h.arm == arm}


def test_a_dead_neutral_address_is_replaced_before_the_targets_name_is_said_there(ca: Authority) -> None:
    dead = POOL[0]
    (m,) = cross(ca, lambda ip, _w, name: silent if name == TARGET or ip == dead else None)
    assert_rules_were_kept(m)
    assert said_at(m, "target@neutral") == {POOL[1], POOL[2]}
    complete = {key: tries for key, tries in cells(m).items() if key[2] != dead}
    assert [len(tries) for tries in complete.values()] == [3] * 9


def test_a_retired_address_is_left_out_by_the_next_experiment_and_by_the_heartbeat(ca: Authority) -> None:
    dead = POOL[0]

    async def main() -> tuple[Measurement, Measurement, Measurement]:
        async with a_world(ca) as world:
            for ip in (TARGET_IP, *POOL):
                await world.serve(ip, 443, silent if ip == dead else tls(ca))
            async with a_session(world) as session:
                step = Step(
                    target=a_target(f"https://{TARGET}/"),
                    experiment="cross",
                    addresses=(TARGET_IP,),
                    neutrals=neutrals(),
                )
                beat = Step(
                    target=a_target("https://owner0.example/", addresses=(dead, POOL[1])),
                    experiment="neutral",
                )
                first = (await session.measure(step)).measurement
                second = (await session.measure(step)).measurement
                return first, second, (await session.measure(beat)).measurement

    first, second, beat = asyncio.run(main())
    assert dead in said_at(first, "neutral@neutral")
    assert dead not in said_at(second, "neutral@neutral")
    assert [h.ip for h in beat.tls_handshakes] == [POOL[1]]


def _residual(stained: set[str]) -> object:
    """Whoever says the target's name stains the address for every name."""

    def decide(ip: str, _w: World, name: str) -> Session | None:
        if name == TARGET:
            stained.add(ip)
        return silent if ip in stained else None

    return decide


def test_a_residual_block_ends_the_experiment_without_a_suffix_and_spares_the_pool(ca: Authority) -> None:
    (m,) = cross(ca, _residual(set()))  # type: ignore[arg-type]  # a Decide
    assert_rules_were_kept(m)
    assert said_at(m, "target@neutral") == set(POOL[:2])
    assert said_at(m, "neutral@neutral") == set(POOL[:2])
    found = judged(m)
    assert (found.by_name, found.by_address, found.conjunction) == (False, False, False)


def test_a_residual_block_from_the_rounds_before_gives_no_suffix_either(ca: Authority) -> None:
    (m,) = cross(ca, _residual({TARGET_IP}))  # type: ignore[arg-type]  # a Decide
    assert_rules_were_kept(m)
    found = judged(m)
    assert (found.by_name, found.by_address, found.conjunction) == (False, False, False)


def test_a_neutral_name_that_fails_everywhere_ends_it_and_retires_nobody(ca: Authority) -> None:
    first, second = cross(ca, lambda _ip, _w, name: silent if name in (TARGET, OBSCURE) else None, times=2)
    for m in (first, second):
        assert said_at(m, "target@neutral") == set()
        assert said_at(m, "neutral@neutral") == set(POOL[:2])
    assert not judged(first).by_name


def test_white_list_mode_in_which_only_listed_names_pass_gives_no_suffix(ca: Authority) -> None:
    (m,) = cross(ca, lambda _ip, _w, name: None if name == LISTED else silent)
    assert said_at(m, "target@neutral") == set()
    assert not judged(m).by_name


def test_a_link_that_dies_midway_gives_no_suffix(ca: Authority) -> None:
    def decide(_ip: str, world: World, name: str) -> Session | None:
        return silent if name == TARGET or len(world.connects) > 12 else None

    (m,) = cross(ca, decide)
    assert_rules_were_kept(m)
    found = judged(m)
    assert (found.by_name, found.by_address) == (False, False)


def test_a_lossy_censor_gives_no_suffix(ca: Authority) -> None:
    turns = iter([True, True, True, True, False] * 20)
    (m,) = cross(ca, lambda _ip, _w, name: reset if name == TARGET and next(turns) else None)
    assert_rules_were_kept(m)
    assert not judged(m).by_name


def test_two_experiments_at_once_share_the_budget_of_their_neutral_names(ca: Authority) -> None:
    other = "other-blocked.example"

    async def main() -> list[Measurement]:
        async with a_world(ca) as world:
            for ip in (TARGET_IP, *POOL):
                await world.serve(ip, 443, tls(ca, tempers={TARGET: silent, other: reset}))
            async with a_session(world) as session:
                steps = [
                    Step(
                        target=a_target(f"https://{name}/"),
                        experiment="cross",
                        addresses=(TARGET_IP,),
                        neutrals=neutrals(),
                    )
                    for name in (TARGET, other)
                ]
                found = await asyncio.gather(*(session.measure(step) for step in steps))
                return [m.measurement for m in found]

    both = asyncio.run(main())
    for m, name in zip(both, (TARGET, other), strict=True):
        assert_rules_were_kept(m)
        assert [len(tries) for key, tries in cells(m).items() if key[1] == name] == [3, 3, 3]
    hellos = sorted(m.started_s + h.t0 for m in both for h in m.tls_handshakes if h.server_name == LISTED)
    assert min(b - a for a, b in itertools.pairwise(hellos)) >= 0.499


def test_a_cancelled_experiment_hands_over_what_it_had(ca: Authority) -> None:
    kept: list[Measured] = []

    async def main() -> None:
        async with a_world(ca) as world:
            for ip in (TARGET_IP, *POOL):
                await world.serve(ip, 443, tls(ca, tempers={TARGET: silent}))
            async with a_session(world, options=structs.replace(QUICK, timeout_s=5.0)) as session:
                session.on_interrupted = kept.append
                step = Step(
                    target=a_target(f"https://{TARGET}/"),
                    experiment="cross",
                    addresses=(TARGET_IP,),
                    neutrals=neutrals(),
                )
                with anyio.move_on_after(3.0):
                    await session.measure(step)

    asyncio.run(main())
    (m,) = (k.measurement for k in kept)
    assert m.interrupted
    assert len([h for h in m.tls_handshakes if h.server_spoke]) == 6
    assert {h.failure for h in m.tls_handshakes if h.server_name == TARGET} == {"interrupted"}
