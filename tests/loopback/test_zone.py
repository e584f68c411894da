"""A zone is asked for at root servers and at its own: what was said, by whom, and whether it is signed."""

import asyncio
from collections.abc import Callable

import dns.flags
import dns.message
import dns.rcode
import pytest
from msgspec.structs import replace

from loopback.elsewhere import Authority, a_world
from loopback.settings import QUICK, a_session, a_target
from probe.lab.records import Broken
from probe.lab.zones import Zones, anchor
from probe.model.measurement import Measurement
from probe.model.target import Step, Target
from probe.model.zone import ZoneAnswer

ROOTS = ("a.root-servers.net 198.41.0.4", "k.root-servers.net 193.0.14.129")
SERVERS = ("a.dns.ripn.net 193.232.128.6", "b.dns.ripn.net 194.85.252.62")
ZONE = a_target("zone://ru", experiment="zone", roots=ROOTS, servers=SERVERS)
OPTIONS = replace(QUICK, trust_anchors=(anchor(),))

Answer = Callable[[dns.message.Message], dns.message.Message | None]


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def measured(
    ca: Authority,
    *,
    target: Target = ZONE,
    round_: int = 0,
    silent: tuple[str, ...] = (),
    strange: dict[str, Answer] | None = None,
    **broken: Broken,
) -> Measurement:
    """Measure a zone of which these addresses are silent, or answer strangely."""
    zones = Zones()
    zones.take(replace(target, servers=(*target.servers, *SERVERS)))

    def honest(address: str) -> Answer:
        return lambda query: dns.message.from_wire(zones.reply(query, address, broken))

    async def main() -> Measurement:
        async with a_world(ca) as world:
            for address in (*zones.roots, *zones.servers):
                if address not in silent:
                    await world.serve_dns(address, 53, (strange or {}).get(address) or honest(address))
            async with a_session(world, options=OPTIONS) as session:
                step = Step(target=target, experiment="zone", round=round_)
                return (await session.measure(step)).measurement

    return asyncio.run(main())


def said(m: Measurement, query_type: str, ip: str) -> list[ZoneAnswer]:
    return [a for a in m.zone_answers if (a.query_type, a.ip) == (query_type, ip)]


def test_a_sound_zone_is_delegated_answered_and_signed(ca: Authority) -> None:
    m = measured(ca)
    assert [(c.server, c.result, c.reason) for c in m.zone_chains] == [
        ("a.dns.ripn.net", "secure", ""),
        ("b.dns.ripn.net", "secure", ""),
    ]
    assert len(m.zone_answers) == 2 + 2 + 4
    assert all(a.failure is None and a.verified and a.transport == "udp" for a in m.zone_answers)
    (root,) = said(m, "NS", "198.41.0.4")
    assert root.ns == ("a.dns.ripn.net", "b.dns.ripn.net")
    assert (root.side, root.authoritative, len(root.ds)) == ("root", False, 1)
    (soa,) = said(m, "SOA", "193.232.128.6")
    assert (soa.side, soa.server, soa.authoritative, soa.serial) == (
        "server",
        "a.dns.ripn.net",
        True,
        4_058_855,
    )
    assert m.bytes_sent > 0
    assert m.bytes_received > 0


def test_a_server_that_nobody_named_is_found_through_glue(ca: Authority) -> None:
    m = measured(ca, target=replace(ZONE, servers=SERVERS[:1]))
    assert {c.server for c in m.zone_chains} == {"a.dns.ripn.net", "b.dns.ripn.net"}


def test_a_silent_server_is_asked_once_and_a_lame_one_says_so(ca: Authority) -> None:
    m = measured(ca, silent=("193.232.128.6",), ru=Broken(lame=("b.dns.ripn.net",)))
    (silent,) = [a for a in said(m, "SOA", "193.232.128.6") if a.transport == "udp"]
    assert (silent.failure, silent.rcode) == ("generic_timeout_error", "")
    lame = said(m, "SOA", "194.85.252.62")[0]
    assert (lame.failure, lame.rcode, lame.authoritative) == ("dns_refused_error", "REFUSED", False)
    assert not [a for a in said(m, "DNSKEY", "193.232.128.6") if a.transport == "udp"]
    assert {a.ip for a in m.zone_answers if a.transport == "tcp"} == {"193.232.128.6", "194.85.252.62"}
    assert m.zone_chains == ()


def test_keys_of_another_make_the_chain_bogus(ca: Authority) -> None:
    m = measured(ca, ru=Broken(bogus=True))
    assert {(c.result, c.reason) for c in m.zone_chains} == {("bogus", "keys")}
    assert not any(a.verified for a in m.zone_answers if a.side == "server")


def test_without_the_roots_keys_nothing_is_known(ca: Authority) -> None:
    def refuses(query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query)
        reply.set_rcode(dns.rcode.REFUSED)
        return reply

    m = measured(ca, strange=dict.fromkeys(("198.41.0.4", "193.0.14.129"), refuses))
    assert {(c.result, c.reason) for c in m.zone_chains} == {("unknown", "root_keys")}


def test_a_denial_that_the_root_signs_is_verified(ca: Authority) -> None:
    m = measured(ca, ru=Broken(withdrawn=True))
    denials = [a for a in m.zone_answers if a.query_type == "NS"]
    assert [(a.failure, a.verified) for a in denials] == [("dns_nxdomain_error", True)] * 2
    assert {(c.result, c.reason) for c in m.zone_chains} == {("unknown", "delegation")}


def test_what_answers_another_question_is_no_answer(ca: Authority) -> None:
    def beside(query: dns.message.Message) -> dns.message.Message:
        return dns.message.make_response(dns.message.make_query("example.org", "A", id=query.id))

    m = measured(ca, strange={"193.232.128.6": beside})
    (answer,) = said(m, "SOA", "193.232.128.6")
    assert answer.failure == "x_dns_wrong_question"
    assert [c.server for c in m.zone_chains] == ["b.dns.ripn.net"]
