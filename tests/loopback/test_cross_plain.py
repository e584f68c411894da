"""The cross experiment over plain HTTP: the Host header instead of the ClientHello."""

import asyncio

import pytest

from loopback.crossing import POOL, TARGET, TARGET_IP, neutrals
from loopback.elsewhere import Authority, Session, a_world
from loopback.settings import a_session, a_target
from loopback.tempers import by_host, page, reset, silent
from probe.judge.cross import evaluate
from probe.model.measurement import Measurement
from probe.model.target import Step


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def plain_cross(ca: Authority, at_target: Session, elsewhere: Session) -> Measurement:
    async def main() -> Measurement:
        async with a_world(ca) as world:
            await world.serve(TARGET_IP, 80, at_target)
            for ip in POOL:
                await world.serve(ip, 80, elsewhere)
            async with a_session(world) as session:
                step = Step(
                    target=a_target(f"http://{TARGET}/"),
                    experiment="cross",
                    addresses=(TARGET_IP,),
                    neutrals=neutrals(),
                )
                return (await session.measure(step)).measurement

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("temper", "failure"), [(reset, "connection_reset"), (silent, "generic_timeout_error")]
)
def test_a_host_that_fails_everywhere_while_others_pass_is_the_host(
    ca: Authority, temper: Session, failure: str
) -> None:
    censored = by_host({TARGET: temper}, page())
    m = plain_cross(ca, censored, censored)
    assert evaluate([m], TARGET, plain=True).by_name
    assert m.tls_handshakes == ()
    assert {(r.port, r.is_tls, r.method) for r in m.requests} == {(80, False, "GET")}
    assert {r.failure for r in m.requests if r.host == TARGET} == {failure}
    assert {r.status_code for r in m.requests if r.host != TARGET} == {200}
    assert all(r.url == f"http://{r.host}/" for r in m.requests)
    counts: dict[tuple[str, str, str], int] = {}
    for r in m.requests:
        counts[r.arm, r.host, r.ip] = counts.get((r.arm, r.host, r.ip), 0) + 1
    assert sorted(counts.values()) == [3] * 9


def test_a_server_that_is_silent_for_all_hosts_is_the_address(ca: Authority) -> None:
    m = plain_cross(ca, silent, page())
    found = evaluate([m], TARGET, plain=True)
    assert (found.by_name, found.by_address) == (False, True)


def test_a_server_that_answers_after_all_gives_nothing(ca: Authority) -> None:
    m = plain_cross(ca, page(), page())
    found = evaluate([m], TARGET, plain=True)
    assert (found.by_name, found.by_address, found.conjunction) == (False, False, False)
