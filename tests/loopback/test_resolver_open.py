"""One public resolver is asked over plain UDP in any case: what it says tells the resolver from the path."""

import pytest

from loopback.elsewhere import Authority, World
from loopback.settings import a_target
from loopback.tempers import doh, tls, zone
from loopback.test_resolver import (
    CLOUDFLARE,
    FORGED_IP,
    GOOGLE,
    NAME,
    OTHER_IP,
    QUAD9,
    RESOLVERS,
    TRUE_IP,
    asked,
    compared,
)

OPEN = (*RESOLVERS[1:3], a_target("dns+udp://9.9.9.9:53", experiment="dns", is_control=True))
HEARD = [("doh", "8.8.8.8:443", None), ("doh", "8.8.8.8:443", "dns_no_answer")]


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


async def truth(ca: Authority, world: World) -> None:
    """DoH tells the true address, which shows the certificate."""
    await world.serve(GOOGLE, 443, tls(ca, doh({NAME: (TRUE_IP,)})))
    await world.serve(TRUE_IP, 443, tls(ca))


@pytest.mark.parametrize(
    ("records", "said"),
    [({NAME: (TRUE_IP,)}, None), ({}, "dns_nxdomain_error"), ({NAME: ()}, "dns_no_answer")],
)
def test_after_doh_has_told_one_resolver_is_asked_openly_whatever_it_says(
    ca: Authority, records: dict[str, tuple[str, ...]], said: str | None
) -> None:
    async def prepare(world: World) -> None:
        await truth(ca, world)
        await world.serve_dns(CLOUDFLARE, 53, zone(records))
        await world.serve_dns(QUAD9, 53, zone({NAME: (TRUE_IP,)}))

    m = compared(ca, prepare, resolvers=OPEN)
    assert asked(m) == [*HEARD, ("udp", "1.1.1.1:53", said)]
    assert [(h.ip, h.failure) for h in m.tls_handshakes if not h.arm] == [(TRUE_IP, None)]


def test_a_resolver_that_is_silent_openly_is_followed_by_one_more(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        await truth(ca, world)
        await world.serve_dns(QUAD9, 53, zone({NAME: (TRUE_IP,)}))

    m = compared(ca, prepare, resolvers=OPEN)
    assert asked(m) == [*HEARD, ("udp", "1.1.1.1:53", "generic_timeout_error"), ("udp", "9.9.9.9:53", None)]


def test_the_users_own_resolver_is_no_comparison(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        await truth(ca, world)
        world.resolvers = (CLOUDFLARE,)
        await world.serve_dns(CLOUDFLARE, 53, zone({}))
        await world.serve_dns(QUAD9, 53, zone({NAME: (TRUE_IP,)}))

    m = compared(ca, prepare, resolvers=OPEN)
    assert asked(m) == [*HEARD, ("udp", "9.9.9.9:53", None)]


def test_an_address_that_only_the_open_answer_gives_is_tried_under_the_name(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        await truth(ca, world)
        await world.serve_dns(CLOUDFLARE, 53, zone({NAME: (OTHER_IP, "93.184.215.16")}))
        await world.serve(OTHER_IP, 443, tls(ca))

    m = compared(ca, prepare, resolvers=OPEN)
    assert [(h.ip, h.failure) for h in m.tls_handshakes if not h.arm] == [(TRUE_IP, None), (OTHER_IP, None)]


def test_an_address_that_was_tried_before_is_not_tried_again_for_the_open_answer(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        await truth(ca, world)
        await world.serve_dns(CLOUDFLARE, 53, zone({NAME: (FORGED_IP,)}))

    m = compared(ca, prepare, resolvers=OPEN, tried=(FORGED_IP,))
    assert {c.ip for c in m.tcp_connect if not c.arm} == {TRUE_IP}
