"""Who answers for a resolver is found out, and of the address that tells it nothing is kept."""

import asyncio
from collections.abc import Awaitable, Callable

import anyio
import dns.message
import dns.rdatatype
import dns.rrset
import msgspec
import pytest

from loopback.elsewhere import Authority, Session, World, a_world
from loopback.settings import a_session, a_target
from loopback.tempers import silent, tls, zone
from probe.measure.runner import Measured
from probe.model.measurement import Measurement
from probe.model.target import Step, Target
from probe.store import OwnValues, Redactor

IP, NOBODY = "8.8.8.8", "192.0.2.1"
OWNERS, ELSEWHERE, SUBNET = "172.253.9.9", "95.167.20.77", "95.167.20.0/24"
WHO = "whoami.akamai.net A"
RANGES = {"google": ("8.8.8.0/24", "172.253.0.0/16")}
Answering = Callable[[dns.message.Message], dns.message.Message | None]


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def a_resolver(scheme: str = "dns+udp", *who: str) -> Target:
    return a_target(
        f"{scheme}://{IP}:53",
        experiment="dns",
        who=who or (WHO,),
        ranges=("google",),
        server_name="dns.google",
    )


def table(asker: str) -> Answering:
    return zone({"example.org": (IP,), "www.iana.org": (IP,), "whoami.akamai.net": (asker,)})


def framed(answer: Answering) -> Session:
    """Serve DNS over a stream, one question a connection."""

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
        reply = answer(dns.message.from_wire(wire))
        assert reply is not None
        message = reply.to_wire()
        writer.write(len(message).to_bytes(2, "big") + message)
        await writer.drain()

    return session


def measured(
    ca: Authority,
    prepare: Callable[[World], Awaitable[object]],
    target: Target | None = None,
    experiment: str = "dns",
) -> Measurement:
    async def main() -> Measurement:
        async with a_world(ca) as world:
            await prepare(world)
            async with a_session(world, ranges=RANGES) as session:
                step = Step(target=target or a_resolver(), experiment=experiment)
                return (await session.measure(step)).measurement

    return asyncio.run(main())


def told(m: Measurement) -> list[tuple[str, str, str, str | None]]:
    return [(a.transport, a.whence, a.prefix, a.failure) for a in m.who_answers]


def nothing_of(m: Measurement, *addresses: str) -> bool:
    """Say whether neither the measurement nor what is written of it holds any of the addresses."""
    written, _ = Redactor(OwnValues()).measurement(m, {})
    texts = (msgspec.json.encode(m), msgspec.json.encode(written))
    return not any(address.encode() in text for address in addresses for text in texts)


def test_an_owners_address_is_kept_as_its_published_range(ca: Authority) -> None:
    m = measured(ca, lambda world: world.serve_dns(IP, 53, table(OWNERS)))
    assert told(m) == [("udp", "owner", "172.253.0.0/16", None)]
    assert [(a.ip, a.question) for a in m.who_answers] == [(IP, WHO)]
    assert nothing_of(m, OWNERS)


def test_any_other_address_is_kept_as_one_word(ca: Authority) -> None:
    m = measured(ca, lambda world: world.serve_dns(IP, 53, table(ELSEWHERE)))
    assert told(m) == [("udp", "elsewhere", "", None)]
    assert {q.hostname for q in m.queries} == {"example.org", "www.iana.org"}
    assert nothing_of(m, ELSEWHERE)


def test_the_subnet_that_is_told_beside_is_nobodys_address_and_not_kept(ca: Authority) -> None:
    def answer(query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query)
        texts = (f'"edns0-client-subnet {SUBNET}"', f'"{OWNERS}"')
        if query.question[0].rdtype == dns.rdatatype.TXT:
            reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", *texts))
        return reply

    target = a_resolver("dns+udp", "o-o.myaddr.l.google.com TXT")
    m = measured(ca, lambda world: world.serve_dns(IP, 53, answer), target)
    assert told(m) == [("udp", "owner", "172.253.0.0/16", None)]
    assert nothing_of(m, OWNERS, SUBNET, "95.167.20.0")


@pytest.mark.parametrize("asker", ["10.1.2.3", "0.0.0.0", "127.0.0.1"])
def test_an_address_that_nobody_can_ask_from_tells_nothing(ca: Authority, asker: str) -> None:
    m = measured(ca, lambda world: world.serve_dns(IP, 53, table(asker)))
    assert told(m) == [("udp", "", "", "dns_bogon_error")]


def test_silence_tells_nothing(ca: Authority) -> None:
    m = measured(ca, lambda world: world.serve_dns(IP, 53, lambda _: None))
    assert told(m) == [("udp", "", "", "generic_timeout_error")]


def test_a_connection_for_it_is_no_try_of_the_target(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        await world.serve(IP, 53, framed(table(ELSEWHERE)))

    m = measured(ca, prepare, a_resolver("dns+tcp"))
    assert told(m) == [("tcp", "elsewhere", "", None)]
    assert [(c.arm, c.failure) for c in m.tcp_connect] == [("", None), ("who", None)]
    assert nothing_of(m, ELSEWHERE)


def test_over_tls_a_server_is_asked_whose_certificate_holds_and_one_answer_is_enough(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        await world.serve(IP, 853, tls(ca, framed(table(OWNERS))))

    target = a_resolver("dns+udp", WHO, "second.example A")
    m = measured(ca, prepare, target, "resolver")
    assert told(m) == [
        ("dot", "", "", "ssl_invalid_hostname"),
        ("dot", "owner", "172.253.0.0/16", None),
    ]
    assert [(h.server_name, h.arm) for h in m.tls_handshakes] == [(None, "who"), ("dns.google", "who")]


def test_a_dead_address_is_not_asked_more_than_it_takes(ca: Authority) -> None:
    async def prepare(world: World) -> None:
        await world.serve(IP, 853, silent)

    m = measured(ca, prepare, a_resolver("dns+udp", WHO, "second.example A"), "resolver")
    assert told(m) == [("dot", "", "", "generic_timeout_error")] * 2
    assert [h.server_name for h in m.tls_handshakes] == [None, "dns.google"]


def test_who_answers_at_nobodys_address_is_asked_too(ca: Authority) -> None:
    target = a_target(f"tcp://{NOBODY}:443", experiment="sinkhole", who=(WHO,))
    m = measured(ca, lambda world: world.serve_dns(NOBODY, 53, table(ELSEWHERE)), target, "sinkhole")
    assert told(m) == [("udp", "elsewhere", "", None)]
    assert nothing_of(m, ELSEWHERE)


def test_what_was_cut_off_keeps_no_address(ca: Authority) -> None:
    kept: list[Measured] = []

    async def main() -> None:
        async with a_world(ca) as world:
            await world.serve_dns(IP, 53, table(ELSEWHERE))
            async with a_session(world, ranges=RANGES) as session:
                session.on_interrupted = kept.append
                with anyio.move_on_after(0.2):
                    await session.measure(Step(target=a_resolver(), experiment="dns"))

    asyncio.run(main())
    assert [one.measurement.interrupted for one in kept] == [True]
    assert nothing_of(kept[0].measurement, ELSEWHERE)
