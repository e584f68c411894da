"""The heartbeat: one try, cheap, whatever the neutral is."""

import asyncio

import pytest
from msgspec import structs

from loopback.elsewhere import Authority, a_world
from loopback.settings import QUICK, a_session, a_target
from loopback.tempers import page, reset, silent, tls, zone
from probe.model.measurement import Measurement
from probe.model.target import Step, Target

IP = "93.184.215.14"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def beat(ca: Authority, target: Target, **served: object) -> Measurement:
    async def main() -> Measurement:
        async with a_world(ca) as world:
            for key, session in served.items():
                if key == "dns":
                    await world.serve_dns(IP, 53, session)  # type: ignore[arg-type]  # a table
                else:
                    await world.serve(IP, int(key.removeprefix("tcp")), session)  # type: ignore[arg-type]  # a session
            async with a_session(world) as session:
                return (await session.measure(Step(target=target, experiment="neutral"))).measurement

    return asyncio.run(main())


def test_a_neutral_that_answers_gives_one_connect_and_one_valid_handshake(ca: Authority) -> None:
    m = beat(ca, a_target("https://neutral.example/", addresses=(IP,)), tcp443=tls(ca))
    assert [(c.ip, c.port, c.failure) for c in m.tcp_connect] == [(IP, 443, None)]
    assert [(h.server_name, h.failure, h.name_matches) for h in m.tls_handshakes] == [
        ("neutral.example", None, True)
    ]
    assert not m.queries
    assert not m.requests


def test_a_plain_neutral_is_asked_for_headers_only(ca: Authority) -> None:
    m = beat(ca, a_target("http://neutral.example/", addresses=(IP,)), tcp80=page())
    assert [(r.status_code, r.failure, r.body) for r in m.requests] == [(200, None, "")]
    assert not m.tls_handshakes


def test_a_silent_neutral_is_a_timeout_and_a_reset_is_a_reset(ca: Authority) -> None:
    target = a_target("https://neutral.example/", addresses=(IP,))
    quiet = beat(ca, target, tcp443=silent)
    assert [h.failure for h in quiet.tls_handshakes] == ["generic_timeout_error"]
    broken = beat(ca, target, tcp443=reset)
    assert [h.failure for h in broken.tls_handshakes] == ["connection_reset"]


def test_a_neutral_with_another_certificate_is_no_success(ca: Authority) -> None:
    m = beat(
        ca, a_target("https://neutral.example/", addresses=(IP,)), tcp443=tls(ca, certificate="else.example")
    )
    assert [h.failure for h in m.tls_handshakes] == ["ssl_invalid_hostname"]


def test_a_resolver_is_asked_one_question_over_udp(ca: Authority) -> None:
    m = beat(ca, a_target(f"dns+udp://{IP}:53"), dns=zone({"example.org": ("93.184.215.99",)}))
    assert [(q.hostname, q.engine, q.failure, q.answers, q.is_system) for q in m.queries] == [
        ("example.org", "udp", None, ("93.184.215.99",), False)
    ]


def test_without_an_address_the_systems_resolver_is_asked_each_time_and_nobody_else(ca: Authority) -> None:
    async def main() -> list[Measurement]:
        async with a_world(ca) as world, a_session(world) as session:
            await world.serve(IP, 443, tls(ca))
            world.names["neutral.example"] = (IP,)
            world.resolvers = ("203.0.113.53",)
            await world.serve_dns("203.0.113.53", 53, zone({"neutral.example": (IP,)}))
            step = Step(target=a_target("https://neutral.example/"), experiment="neutral")
            gone = Step(target=a_target("https://gone.example/"), experiment="neutral")
            return [(await session.measure(s)).measurement for s in (step, step, gone)]

    *good, bad = asyncio.run(main())
    for m in good:
        assert sorted((q.engine, q.query_type, q.answers) for q in m.queries if q.answers) == [
            ("getaddrinfo", "ANY", (IP,)),
            ("udp", "A", (IP,)),
        ]
    assert {q.failure for q in bad.queries} == {"dns_nxdomain_error"}
    assert all(q.is_system for m in (*good, bad) for q in m.queries)
    assert [m.tcp_connect for m in (*good, bad)] == [(), (), ()]


def test_a_beat_that_our_own_limits_would_delay_is_left_out_at_once(ca: Authority) -> None:
    async def main() -> list[Measurement]:
        patient = structs.replace(QUICK, timeout_s=3.0)
        async with a_world(ca) as world, a_session(world, options=patient) as session:
            await world.serve(IP, 443, tls(ca))
            await world.serve("93.184.215.15", 443, silent)
            step = Step(target=a_target("https://neutral.example/", addresses=(IP,)), experiment="neutral")
            gone = (world.clock.counter(),) * 12
            session.hello_budget._sent["neutral.example", "93.184.215.0/24"] = gone
            spent = (await session.measure(step)).measurement
            busy = Step(
                target=a_target("https://busy.example/", addresses=("93.184.215.15",)), experiment="neutral"
            )
            rest = await asyncio.gather(*(session.measure(busy) for _ in range(3)))
            return [spent, *(m.measurement for m in rest)]

    spent, *rest = asyncio.run(main())
    assert (spent.tcp_connect, spent.bytes_sent) == ((), 0)
    assert spent.runtime_s < 0.5
    assert sorted(len(m.tls_handshakes) for m in rest) == [0, 1, 1]
