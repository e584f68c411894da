"""Portal pages, the place where nobody lives, and what the machine tells."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from loopback.elsewhere import Authority, World, a_world
from loopback.settings import a_session, a_target
from loopback.tempers import fin, page, reset, response, silent, zone
from probe.model.measurement import Measurement
from probe.model.observation import LocalFact
from probe.model.options import RunOptions
from probe.model.target import Step

if TYPE_CHECKING:
    from probe.measure.runner import Session

IP, SECOND = "17.253.1.1", "2620:149::1"
CHECK = "http://captive.example/hotspot-detect.html"
NOBODY = "192.0.2.1"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def measured(
    ca: Authority,
    step: Step,
    prepare: Callable[[World], Awaitable[None]],
    options: RunOptions | None = None,
) -> Measurement:
    async def main() -> Measurement:
        async with a_world(ca) as world:
            await prepare(world)
            session: Session = a_session(world) if options is None else a_session(world, options=options)
            async with session:
                return (await session.measure(step)).measurement

    return asyncio.run(main())


PORTAL = Step(target=a_target(CHECK, experiment="portal"), experiment="portal")
SINKHOLE = Step(target=a_target(f"tcp://{NOBODY}:443", experiment="sinkhole"), experiment="sinkhole")
LOCAL = Step(target=a_target("local://"), experiment="local")


def test_a_check_page_is_fetched_as_it_is(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        world.names["captive.example"] = (IP,)
        await world.serve(IP, 80, page("<HTML><BODY>Success</BODY></HTML>"))

    m = measured(ca, PORTAL, prepare)
    assert [(r.url, r.status_code, r.body, r.failure) for r in m.requests] == [
        (CHECK, 200, "<HTML><BODY>Success</BODY></HTML>", None)
    ]
    assert [(q.hostname, q.is_system) for q in m.queries] == [("captive.example", True)]


def test_a_portals_redirect_is_kept_and_not_followed(ca: Authority) -> None:
    async def moved(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response(b"", status="302 Found", headers=(("Location", "http://portal.lan/login"),)))
        await writer.drain()

    async def prepare(world: World) -> None:
        world.names["captive.example"] = ("192.168.4.1",)
        await world.serve("192.168.4.1", 80, moved)

    m = measured(ca, PORTAL, prepare)
    assert [(r.ip, r.status_code, r.location) for r in m.requests] == [
        ("192.168.4.1", 302, "http://portal.lan/login")
    ]
    assert len(m.queries) == 1


def test_the_other_family_is_tried_only_when_the_first_does_not_answer(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        world.names["captive.example"] = (IP, "17.253.1.2", SECOND)
        await world.serve(IP, 80, reset)
        await world.serve(SECOND, 80, page("ok"))

    m = measured(ca, PORTAL, prepare)
    assert [(r.ip, r.failure, r.status_code) for r in m.requests] == [
        (IP, "connection_reset", None),
        (SECOND, None, 200),
    ]


def test_a_check_page_that_is_not_there_is_a_failure_and_no_page(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        world.names["captive.example"] = (IP,)
        await world.serve(IP, 80, silent)

    m = measured(ca, PORTAL, prepare)
    assert [(r.failure, r.status_code) for r in m.requests] == [("generic_timeout_error", None)]


async def _darkness(world: World) -> None:
    world.dark |= {(NOBODY, 443), (NOBODY, 80)}


def test_silence_where_nobody_lives_is_silence_on_all_three(ca: Authority) -> None:
    m = measured(ca, SINKHOLE, _darkness)
    assert sorted((c.ip, c.port, c.failure) for c in m.tcp_connect) == [
        (NOBODY, 80, "generic_timeout_error"),
        (NOBODY, 443, "generic_timeout_error"),
    ]
    assert [(q.resolver_address, q.failure, q.replies) for q in m.queries] == [
        (f"{NOBODY}:53", "generic_timeout_error", ())
    ]
    assert m.runtime_s < 4.0


def test_whoever_answers_where_nobody_lives_is_recorded(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        world.dark.add((NOBODY, 80))
        await world.serve(NOBODY, 443, fin)
        await world.serve_dns(NOBODY, 53, zone({"example.org": ("10.10.34.36",)}))

    m = measured(ca, SINKHOLE, prepare)
    assert sorted((c.port, c.failure) for c in m.tcp_connect) == [(80, "generic_timeout_error"), (443, None)]
    assert [(q.failure, q.answers) for q in m.queries] == [(None, ("10.10.34.36",))]


@pytest.mark.parametrize(
    ("resolvers", "dns", "value"),
    [
        (("127.0.0.53",), "", "loopback"),
        (("192.168.1.1",), "", "private"),
        (("fe80::1",), "", "private"),
        (("100.64.0.1",), "", "private"),
        (("77.88.8.8",), "", "public"),
        (("212.48.193.36",), "", "unknown"),
        ((), "", "unknown"),
        (("192.168.1.1",), "9.9.9.9", "named"),
    ],
)
def test_the_machine_tells_its_facts_and_the_resolvers_class(
    ca: Authority, resolvers: tuple[str, ...], dns: str, value: str
) -> None:
    async def prepare(world: World) -> None:
        world.resolvers = resolvers
        world.facts = (LocalFact(name="link.ipv4", value="wifi"),)

    m = measured(ca, LOCAL, prepare, RunOptions(timeout_s=1.0, dns=dns))
    assert m.local == (LocalFact(name="link.ipv4", value="wifi"), LocalFact(name="resolver", value=value))
    assert (m.bytes_sent, m.queries, m.tcp_connect) == (0, (), ())


def test_a_stand_in_resolver_is_a_bypass(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        world.resolvers = ("198.18.0.2",)

    m = measured(ca, LOCAL, prepare)
    assert m.local == (
        LocalFact(name="resolver", value="private"),
        LocalFact(name="bypass", value="fake-ip"),
    )
