"""Other resolvers: asked in order of trust, and their addresses tried under the name."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from loopback.elsewhere import Authority, World, a_world
from loopback.settings import a_session, a_target
from loopback.tempers import doh, page, reset, silent, tls, zone
from probe.model.measurement import Measurement
from probe.model.target import Step, Target

NAME, TRUE_IP, OTHER_IP, FORGED_IP = "target.example", "93.184.215.14", "93.184.215.15", "95.213.158.61"
V6 = "2606:2800:220::1"
GOOGLE, CLOUDFLARE, QUAD9 = "8.8.8.8", "1.1.1.1", "9.9.9.9"

RESOLVERS = (
    a_target("dns+tcp://9.9.9.9:53", experiment="dns", is_control=True),
    a_target("dns+udp://1.1.1.1:53", experiment="dns", is_control=True),
    a_target("https://dns.google/dns-query", experiment="doh", addresses=(GOOGLE,), is_control=True),
    a_target(
        "https://cloudflare-dns.com/dns-query", experiment="doh", addresses=(CLOUDFLARE,), is_control=True
    ),
)
OPENLY = ("udp", "1.1.1.1:53", None)
UNHEARD = ("udp", "1.1.1.1:53", "generic_timeout_error")
"""The one question over plain UDP, answered and not."""
ZONE = {NAME: (TRUE_IP, OTHER_IP, "93.184.215.16", V6), "example.org": ("93.184.215.99",)}


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"), "Strange Root")


def compared(
    ca: Authority,
    prepare: Callable[[World], Awaitable[None]],
    *,
    target: Target | None = None,
    tried: tuple[str, ...] = (),
    resolvers: tuple[Target, ...] = RESOLVERS,
    times: int = 1,
) -> Measurement:
    """Run the resolver step in a world; the last of `times` measurements."""

    async def main() -> Measurement:
        async with a_world(ca) as world:
            await prepare(world)
            async with a_session(world, resolvers=resolvers) as session:
                step = Step(
                    target=target or a_target(f"https://{NAME}/"), experiment="resolver", addresses=tried
                )
                return [(await session.measure(step)).measurement for _ in range(times)][-1]

    return asyncio.run(main())


def asked(m: Measurement) -> list[tuple[str, str, str | None]]:
    return [(q.engine, q.resolver_address, q.failure) for q in m.queries]


def test_a_verified_answer_whose_address_shows_the_certificate_ends_it(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        await world.serve(GOOGLE, 443, tls(ca, doh(ZONE)))
        await world.serve_dns(CLOUDFLARE, 53, zone(ZONE))
        await world.serve(TRUE_IP, 443, tls(ca, page()))

    m = compared(ca, prepare, tried=(FORGED_IP,))
    assert asked(m) == [("doh", "8.8.8.8:443", None), ("doh", "8.8.8.8:443", None), OPENLY]
    assert [q.query_type for q in m.queries] == ["A", "AAAA", "A"]
    assert not any(q.is_system for q in m.queries)
    own = [h for h in m.tls_handshakes if not h.arm]
    assert [(h.ip, h.server_name, h.failure, h.name_matches) for h in own] == [(TRUE_IP, NAME, None, True)]
    assert [(r.ip, r.status_code, r.body) for r in m.requests] == [(TRUE_IP, 200, "")]
    assert {c.ip for c in m.tcp_connect if not c.arm} == {TRUE_IP, V6}


def test_addresses_that_were_tried_before_are_not_tried_again(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        await world.serve(GOOGLE, 443, tls(ca, doh({NAME: (TRUE_IP, OTHER_IP)})))
        await world.serve(OTHER_IP, 443, tls(ca))

    m = compared(ca, prepare, tried=(TRUE_IP,))
    assert [c.ip for c in m.tcp_connect if not c.arm] == [OTHER_IP]


def test_at_most_two_addresses_of_a_family_are_tried(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        await world.serve(GOOGLE, 443, tls(ca, doh(ZONE)))
        for ip in ZONE[NAME]:
            await world.serve(ip, 443, reset)

    m = compared(ca, prepare, resolvers=RESOLVERS[2:3])
    own = {c.ip for c in m.tcp_connect if not c.arm}
    assert [sum(":" in ip for ip in own), len(own)] == [1, 3]
    assert {h.failure for h in m.tls_handshakes if not h.arm} == {"connection_reset"}
    assert m.requests == ()


def test_an_address_under_a_strangers_certificate_does_not_end_the_search(
    ca: Authority, stranger: Authority
) -> None:
    async def prepare(world: World) -> None:
        await world.serve(GOOGLE, 443, tls(ca, doh({NAME: (FORGED_IP,)})))
        await world.serve(FORGED_IP, 443, tls(stranger))
        await world.serve(CLOUDFLARE, 443, tls(ca, doh({NAME: (TRUE_IP,)})))
        await world.serve(TRUE_IP, 443, tls(ca))

    m = compared(ca, prepare)
    own = [(h.ip, h.failure) for h in m.tls_handshakes if not h.arm]
    assert own == [(FORGED_IP, "ssl_unknown_authority"), (TRUE_IP, None)]


def test_a_resolver_under_a_strangers_certificate_is_asked_nothing_and_the_next_is(
    ca: Authority, stranger: Authority
) -> None:
    async def prepare(world: World) -> None:
        await world.serve(GOOGLE, 443, tls(stranger, doh({NAME: (FORGED_IP,)})))
        await world.serve(CLOUDFLARE, 443, tls(ca, doh({NAME: (TRUE_IP,)})))
        await world.serve(TRUE_IP, 443, tls(ca))

    m = compared(ca, prepare)
    assert asked(m) == [
        ("doh", "8.8.8.8:443", "ssl_unknown_authority"),
        ("doh", "1.1.1.1:443", None),
        ("doh", "1.1.1.1:443", "dns_no_answer"),
        UNHEARD,
    ]
    assert FORGED_IP not in {c.ip for c in m.tcp_connect}


def test_udp_then_tcp_come_after_doh_and_each_address_counts_as_one_resolver(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        await world.serve(GOOGLE, 443, silent)
        await world.serve(CLOUDFLARE, 443, reset)
        await world.serve_dns(CLOUDFLARE, 53, zone({NAME: (TRUE_IP,)}))
        await world.serve(TRUE_IP, 443, tls(ca))

    m = compared(ca, prepare)
    assert asked(m) == [
        ("doh", "8.8.8.8:443", "generic_timeout_error"),
        ("doh", "1.1.1.1:443", "connection_reset"),
        OPENLY,
        ("udp", "1.1.1.1:53", "dns_no_answer"),
    ]
    assert [h.failure for h in m.tls_handshakes if h.server_name == NAME] == [None]


def test_mute_resolvers_are_asked_last_the_next_time(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        await world.serve(GOOGLE, 443, silent)
        await world.serve(CLOUDFLARE, 443, tls(ca, doh({NAME: (TRUE_IP,)})))
        await world.serve(TRUE_IP, 443, tls(ca))

    m = compared(ca, prepare, times=2)
    assert asked(m) == [("doh", "1.1.1.1:443", None), ("doh", "1.1.1.1:443", "dns_no_answer"), UNHEARD]


def test_a_name_that_does_not_exist_is_asked_of_two_resolvers_and_no_more(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        await world.serve(GOOGLE, 443, tls(ca, doh({})))
        await world.serve(CLOUDFLARE, 443, tls(ca, doh({})))
        await world.serve_dns(QUAD9, 53, zone(ZONE))

    m = compared(ca, prepare)
    assert {(address, failure) for _, address, failure in asked(m)} == {
        ("8.8.8.8:443", "dns_nxdomain_error"),
        ("1.1.1.1:443", "dns_nxdomain_error"),
        UNHEARD[1:],
    }
    assert [c for c in m.tcp_connect if not c.arm] == []


@pytest.mark.parametrize("forged", ["10.10.34.36", "127.0.0.1", "0.0.0.0", "169.254.1.1", "::1"])
def test_an_answer_that_points_into_this_network_is_kept_and_never_connected_to(
    ca: Authority, forged: str
) -> None:
    async def prepare(world: World) -> None:
        await world.serve_dns(CLOUDFLARE, 53, zone({NAME: (forged,)}))

    m = compared(ca, prepare, resolvers=RESOLVERS[1:2])
    assert forged in {answer for q in m.queries for answer in q.answers}
    assert m.tcp_connect == ()


def test_a_plain_target_is_asked_for_its_page_and_its_certificate_on_443(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        await world.serve(GOOGLE, 443, tls(ca, doh({NAME: (TRUE_IP,)})))
        await world.serve(TRUE_IP, 80, page())
        await world.serve(TRUE_IP, 443, tls(ca))

    m = compared(ca, prepare, target=a_target(f"http://{NAME}/"))
    assert [(r.port, r.status_code, r.is_tls) for r in m.requests] == [(80, 200, False)]
    assert [(h.port, h.failure) for h in m.tls_handshakes if not h.arm] == [(443, None)]


def test_a_literal_address_has_no_name_to_ask_for(ca: Authority) -> None:
    async def prepare(_world: World) -> None:
        return

    m = compared(ca, prepare, target=a_target("https://93.184.215.14/"))
    assert (m.queries, m.tcp_connect) == ((), ())


def test_a_resolver_is_compared_with_another_and_asked_over_a_verified_channel(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        await world.serve_dns(CLOUDFLARE, 53, zone(ZONE))
        await world.serve(GOOGLE, 443, tls(ca, doh(ZONE)))

    m = compared(ca, prepare, target=a_target("dns+udp://8.8.8.8:53", experiment="dns"))
    assert asked(m) == [("udp", "1.1.1.1:53", None), ("doh", "8.8.8.8:443", None)]
    assert {q.hostname for q in m.queries} == {"example.org"}


def test_no_resolver_at_all_gives_an_empty_measurement(ca: Authority) -> None:
    async def prepare(_world: World) -> None:
        return

    m = compared(ca, prepare, resolvers=())
    assert (m.queries, m.bytes_sent) == ((), 0)


def test_many_names_at_once_never_wait_for_the_handshake_budget_of_one_resolver(ca: Authority) -> None:
    names = [f"t{n}.example" for n in range(16)]
    records = dict.fromkeys(names, (TRUE_IP,))

    async def main() -> list[Measurement]:
        async with a_world(ca) as world:
            await world.serve(GOOGLE, 443, tls(ca, doh(records)))
            await world.serve_dns(CLOUDFLARE, 53, zone(records))
            await world.serve(TRUE_IP, 443, tls(ca))
            async with a_session(world, resolvers=RESOLVERS[1:3]) as session:
                steps = [Step(target=a_target(f"https://{name}/"), experiment="resolver") for name in names]
                return [m.measurement for m in await asyncio.gather(*(session.measure(s) for s in steps))]

    found = asyncio.run(main())
    assert max(m.runtime_s for m in found) < 20
    assert [any(h.failure is None for h in m.tls_handshakes if not h.arm) for m in found] == [True] * 16
    hellos = [h for m in found for h in m.tls_handshakes if h.server_name == "dns.google"]
    assert len(hellos) <= 12
