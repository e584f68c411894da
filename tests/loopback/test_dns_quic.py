"""DNS over QUIC in the lab: an answer, silence, a certificate that does not hold, what is no answer."""

import dns.message
import pytest

from loopback.lab_clients import in_lab
from loopback.settings import QUICK, a_session, a_target
from probe.lab import Lab, quic_server
from probe.model.measurement import Measurement
from probe.model.target import Step

IP = "94.140.14.14"
NAME = "dns.adguard-dns.com"


def asked(scenario: str = "quic-odd", *, ip: str = IP, server_name: str = NAME) -> Measurement:
    async def use(lab: Lab) -> Measurement:
        async with a_session(lab.network, options=QUICK) as session:
            target = a_target(f"dns+quic://{ip}:853", experiment="dns", server_name=server_name)
            return (await session.measure(Step(target=target, experiment="dns"))).measurement

    return in_lab(scenario, use)


def test_a_resolver_answers_a_neutral_name_over_a_connection_that_agreed_on_doq() -> None:
    m = asked()
    (shake,), (lookup,) = m.quic_handshakes, m.queries
    assert (shake.failure, shake.negotiated_protocol, shake.port, shake.arm) == (None, "doq", 853, "")
    assert (lookup.engine, lookup.failure, lookup.resolver_address) == ("doq", None, f"{IP}:853")
    assert lookup.answers
    assert lookup.is_system is False


def test_a_silent_resolver_fails_the_handshake_and_with_it_the_lookup() -> None:
    m = asked("quic-office")
    assert [h.failure for h in m.quic_handshakes] == ["generic_timeout_error"]
    assert [q.failure for q in m.queries] == ["generic_timeout_error"]


def test_nothing_is_asked_of_a_resolver_whose_certificate_does_not_hold() -> None:
    m = asked(server_name="another.example")
    assert [h.failure for h in m.quic_handshakes] == ["ssl_invalid_hostname"]
    assert [(q.failure, q.answers) for q in m.queries] == [("ssl_invalid_hostname", ())]


@pytest.mark.parametrize(
    ("replies", "failure"),
    [
        ([(0.0, b"")], "x_dns_reply_unparsable"),
        ([(0.0, b"\0" * 30)], "x_dns_not_a_response"),
        ([], "generic_timeout_error"),
    ],
)
def test_what_comes_instead_of_an_answer_is_named(
    replies: list[tuple[float, bytes]], failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quic_server, "replies", lambda *_: replies)
    assert [q.failure for q in asked().queries] == [failure]


def test_the_id_of_a_question_over_quic_is_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 9250, 4.2.1."""
    heard: list[bytes] = []

    def replies(_world: object, wire: bytes, *_: object) -> list[tuple[float, bytes]]:
        heard.append(wire)
        return [(0.0, dns.message.make_response(dns.message.from_wire(wire)).to_wire())]

    monkeypatch.setattr(quic_server, "replies", replies)
    assert [q.failure for q in asked().queries] == ["dns_no_answer"]
    assert [dns.message.from_wire(wire).id for wire in heard] == [0]
