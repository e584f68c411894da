"""A resolver or name server that is itself the target is asked the question that the catalogue states."""

import asyncio

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from loopback.elsewhere import Authority, a_world
from loopback.settings import a_session, a_target
from loopback.tempers import zone
from probe.model.measurement import Measurement
from probe.model.target import Step, Target

IP = "193.232.128.6"
SOA = "a.dns.ripn.net. hostmaster.ripn.net. 4058855 86400 14400 2592000 3600"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def authority(query: dns.message.Message) -> dns.message.Message:
    """Answer for the zone .ru, for its start of authority only."""
    reply = dns.message.make_response(query)
    question = query.question[0]
    if question.rdtype == dns.rdatatype.SOA and question.name.to_text() == "ru.":
        reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "SOA", SOA))
    else:
        reply.set_rcode(dns.rcode.REFUSED)
    return reply


def asked(ca: Authority, target: Target, *, neutrals: tuple[Target, ...] = ()) -> Measurement:
    async def main() -> Measurement:
        async with a_world(ca) as world:
            await world.serve_dns(IP, 53, authority if target.question else zone({"example.org": (IP,)}))
            async with a_session(world) as session:
                step = Step(target=target, experiment="dns", neutrals=neutrals)
                return (await session.measure(step)).measurement

    return asyncio.run(main())


def test_a_name_server_is_asked_its_own_question_once_and_the_answer_is_kept_as_text(ca: Authority) -> None:
    m = asked(ca, a_target(f"dns+udp://{IP}:53", experiment="dns", question="ru SOA"))
    assert [(q.hostname, q.query_type, q.failure, q.answers) for q in m.queries] == [("ru", "SOA", None, ())]
    assert [r.texts for q in m.queries for r in q.replies] == [(SOA,)]


def test_a_question_without_a_type_asks_for_an_address(ca: Authority) -> None:
    m = asked(ca, a_target(f"dns+udp://{IP}:53", experiment="dns", question="ru"))
    assert [(q.hostname, q.query_type, q.failure) for q in m.queries] == [("ru", "A", "dns_refused_error")]


def test_a_resolver_without_a_question_is_asked_for_neutral_names(ca: Authority) -> None:
    plain = asked(ca, a_target(f"dns+udp://{IP}:53", experiment="dns"))
    assert sorted((q.hostname, q.query_type) for q in plain.queries) == [
        ("example.org", "A"),
        ("www.iana.org", "A"),
    ]
    given = asked(
        ca,
        a_target(f"dns+udp://{IP}:53", experiment="dns"),
        neutrals=(a_target("https://neutral.example/"),),
    )
    assert [(q.hostname, q.query_type) for q in given.queries] == [("neutral.example", "A")]
