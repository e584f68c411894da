"""DNS on loopback: the system's resolver, UDP with every reply, TCP, TLS, HTTPS, and wrong answers."""

import os
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable

import anyio
import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from loopback.authority import Authority
from loopback.servers import (
    RESOLVER,
    SITE,
    Handler,
    Loopback,
    a_context,
    a_session,
    a_step,
    fast,
    measured,
    over_tls,
    read_request,
    reset,
    tcp_server,
    udp_server,
)
from probe.measure import dns as probe_dns
from probe.measure.trace import Context
from probe.model.observation import DNSLookup

TRUE = "93.184.216.34"
FORGED = "203.0.113.66"
NAME = "site.example"
Plan = list[tuple[float, bytes]]


def reply(
    query: dns.message.Message,
    ip: str = TRUE,
    *,
    rcode: int = 0,
    truncated: bool = False,
    empty: bool = False,
) -> bytes:
    answer = dns.message.make_response(query)
    answer.set_rcode(dns.rcode.Rcode.make(rcode))
    answer.flags |= dns.flags.RA
    question = query.question[0]
    if rcode == 0 and not empty and not truncated and question.rdtype == dns.rdatatype.A:
        answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", ip))
    if truncated:
        answer.flags |= dns.flags.TC
    return answer.to_wire()


def renumbered(wire: bytes) -> bytes:
    return bytes([wire[0] ^ 0xFF]) + wire[1:]


def asks_another(query: dns.message.Message) -> bytes:
    return reply(dns.message.make_query("other.example", query.question[0].rdtype, id=query.id))


def explained(query: dns.message.Message) -> bytes:
    answer = dns.message.make_response(query)
    answer.set_rcode(dns.rcode.SERVFAIL)
    answer.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode.DNSSEC_BOGUS, "DNSSEC Bogus")])
    return answer.to_wire()


def without_question(query: dns.message.Message) -> bytes:
    return struct.pack("!HHHHHH", query.id, 0x8001, 0, 0, 0, 0)


BEHAVIOURS: dict[str, tuple[Callable[[dns.message.Message], Plan], str | None, tuple[str, ...], int]] = {
    "answers": (lambda q: [(0, reply(q))], None, (TRUE,), 1),
    "nxdomain": (lambda q: [(0, reply(q, rcode=3))], "dns_nxdomain_error", (), 1),
    "servfail": (lambda q: [(0, reply(q, rcode=2))], "dns_servfail_error", (), 1),
    "refused": (lambda q: [(0, reply(q, rcode=5))], "dns_refused_error", (), 1),
    "yxdomain": (lambda q: [(0, reply(q, rcode=6))], "dns_server_misbehaving", (), 1),
    "empty": (lambda q: [(0, reply(q, empty=True))], "dns_no_answer", (), 1),
    "silence": (lambda _: [], "generic_timeout_error", (), 0),
    "garbage": (lambda _: [(0, os.urandom(5) + bytes(3))], "x_dns_reply_unparsable", (), 2),
    "no bytes": (lambda _: [(0, b"")], "x_dns_reply_unparsable", (), 2),
    "cut": (lambda q: [(0, reply(q)[:-3])], "x_dns_reply_unparsable", (), 2),
    "trailing junk": (lambda q: [(0, reply(q) + b"JUNK")], None, (TRUE,), 1),
    "wrong id": (lambda q: [(0, renumbered(reply(q)))], "dns_reply_with_wrong_query_id", (), 2),
    "wrong id, then right": (lambda q: [(0, renumbered(reply(q))), (0.05, reply(q))], None, (TRUE,), 2),
    "wrong question": (lambda q: [(0, asks_another(q))], "x_dns_wrong_question", (), 2),
    "an echo": (lambda q: [(0, q.to_wire())], "x_dns_not_a_response", (), 2),
    "slow": (lambda q: [(0.3, reply(q))], None, (TRUE,), 1),
    "forged first": (lambda q: [(0, reply(q, FORGED)), (0.08, reply(q))], None, (FORGED,), 2),
    "forged twice": (
        lambda q: [(0, reply(q, FORGED)), (0.002, reply(q, "203.0.113.67")), (0.3, reply(q))],
        None,
        (FORGED,),
        3,
    ),
    "nxdomain, then true": (lambda q: [(0, reply(q, rcode=3)), (0.1, reply(q))], "dns_nxdomain_error", (), 2),
    "bogon": (lambda q: [(0, reply(q, "10.10.34.35"))], None, ("10.10.34.35",), 1),
    "a flood": (lambda q: [(0, reply(q))] * 100, None, (TRUE,), 16),
    "compression loop": (
        lambda q: [
            (0, q.to_wire()[:2] + b"\x80\x00\x00\x01\x00\x01\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01")
        ],
        "x_dns_reply_unparsable",
        (),
        2,
    ),
}


def asked(
    network: Loopback, ask: Callable[[Context], Awaitable[DNSLookup]], timeout_s: float = 0.6
) -> tuple[DNSLookup, Context]:
    """Run one operation; return what it returned and the context, complete."""

    async def run() -> tuple[DNSLookup, Context]:
        async with a_context(network, fast(timeout_s=timeout_s)) as ctx:
            first = await ask(ctx)
        return first, ctx

    return anyio.run(run)


@pytest.mark.parametrize("case", BEHAVIOURS)
def test_every_answer_over_udp_has_its_own_name(case: str) -> None:
    plan, failure, answers, n_replies = BEHAVIOURS[case]
    with udp_server(lambda wire: plan(dns.message.from_wire(wire))) as port:
        network = Loopback(udp={(RESOLVER, 53): port})
        first, ctx = asked(network, lambda c: probe_dns.ask_udp(c, RESOLVER, 53, NAME, "A", follow=False))
    (lookup,) = ctx.queries
    assert (lookup.failure, lookup.answers) == (failure, answers)
    assert (first.failure, first.answers) == (failure, answers)
    assert len(lookup.replies) == n_replies
    assert (lookup.resolver_address, lookup.engine) == (f"{RESOLVER}:53", "udp")
    assert lookup.t - lookup.t0 < 2.0


def test_the_caller_goes_on_with_the_first_answer_while_later_ones_are_kept() -> None:
    with udp_server(lambda w: BEHAVIOURS["forged first"][0](dns.message.from_wire(w))) as port:
        network = Loopback(udp={(RESOLVER, 53): port})
        first, ctx = asked(network, lambda c: probe_dns.ask_udp(c, RESOLVER, 53, NAME))
    assert [r.answers for r in first.replies] == [(FORGED,)]
    assert [r.answers for r in ctx.queries[0].replies] == [(FORGED,), (TRUE,)]
    first_s, second_s = (r.t for r in ctx.queries[0].replies)
    assert ctx.queries[0].t == first_s < second_s - 0.05


def test_a_lost_query_is_sent_once_more() -> None:
    seen: list[bytes] = []

    def second(wire: bytes) -> Plan:
        seen.append(wire)
        return [(0, reply(dns.message.from_wire(wire)))] if len(seen) == 2 else []

    with udp_server(second) as port:
        network = Loopback(udp={(RESOLVER, 53): port})
        first, _ = asked(network, lambda c: probe_dns.ask_udp(c, RESOLVER, 53, NAME))
    assert first.failure is None
    assert seen[0] == seen[1]
    assert 0.3 <= first.t - first.t0 < 0.6


def test_a_closed_port_is_a_refused_connection_and_not_a_timeout() -> None:
    first, _ = asked(Loopback(), lambda c: probe_dns.ask_udp(c, RESOLVER, 53, NAME))
    assert first.failure == "connection_refused"
    assert first.t - first.t0 < 0.5


def test_the_query_is_ordinary() -> None:
    seen: list[bytes] = []

    def look(wire: bytes) -> Plan:
        seen.append(wire)
        return [(0, reply(dns.message.from_wire(wire)))]

    with udp_server(look) as port:
        network = Loopback(udp={(RESOLVER, 53): port})
        asked(network, lambda c: probe_dns.ask_udp(c, RESOLVER, 53, "Site.Example"))
    query = dns.message.from_wire(seen[0])
    assert (query.payload, query.ednsflags & dns.flags.DO, query.options) == (1232, 0, ())
    assert query.flags & dns.flags.RD
    assert query.flags & dns.flags.AD
    assert not query.flags & dns.flags.CD
    assert len(query.question) == 1


def test_servfail_is_asked_again_with_checking_disabled_and_its_reason_is_kept() -> None:
    def bogus(wire: bytes) -> Plan:
        query = dns.message.from_wire(wire)
        return [(0, reply(query) if query.flags & dns.flags.CD else explained(query))]

    with udp_server(bogus) as port:
        network = Loopback(udp={(RESOLVER, 53): port})
        first, ctx = asked(network, lambda c: probe_dns.ask_udp(c, RESOLVER, 53, NAME))
    assert (first.failure, first.replies[0].ede) == ("dns_servfail_error", (6,))
    again = next(q for q in ctx.queries if q.checking_disabled)
    assert (again.failure, again.attempt, again.answers) == (None, 1, (TRUE,))


@pytest.mark.parametrize(
    "upset", [lambda q: reply(q, rcode=1), lambda q: reply(q, rcode=4), without_question]
)
def test_a_server_that_edns_upsets_is_asked_without(upset: Callable[[dns.message.Message], bytes]) -> None:
    def old(wire: bytes) -> Plan:
        query = dns.message.from_wire(wire)
        return [(0, reply(query) if query.edns < 0 else upset(query))]

    with udp_server(old) as port:
        network = Loopback(udp={(RESOLVER, 53): port})
        first, ctx = asked(network, lambda c: probe_dns.ask_udp(c, RESOLVER, 53, NAME))
    assert (first.failure, first.attempt, first.answers) == (None, 1, (TRUE,))
    assert [q.failure for q in sorted(ctx.queries, key=lambda q: q.attempt)] == [
        "dns_server_misbehaving",
        None,
    ]


def tcp_dns(plan: Callable[[dns.message.Message], bytes]) -> Handler:
    """Answer one query over TCP with what the plan gives, the length in front."""

    def handler(sock: socket.socket, stop: threading.Event) -> None:
        held = b""
        while len(held) < 2 or len(held) < 2 + int.from_bytes(held[:2], "big"):
            data = sock.recv(4096)
            if not data:
                return
            held += data
        wire = plan(dns.message.from_wire(held[2:]))
        sock.sendall(len(wire).to_bytes(2, "big") + wire)
        stop.wait(0.2)

    return handler


def test_a_truncated_answer_is_asked_for_over_tcp() -> None:
    plan: Callable[[bytes], Plan] = lambda w: [(0, reply(dns.message.from_wire(w), truncated=True))]  # noqa: E731  # short
    with udp_server(plan) as udp, tcp_server(tcp_dns(reply)) as tcp:
        network = Loopback(udp={(RESOLVER, 53): udp}, tcp={(RESOLVER, 53): tcp})
        first, ctx = asked(network, lambda c: probe_dns.ask_udp(c, RESOLVER, 53, NAME))
    assert (first.engine, first.failure, first.answers) == ("tcp", None, (TRUE,))
    assert sorted((q.engine, q.failure) for q in ctx.queries) == [("tcp", None), ("udp", "x_dns_truncated")]
    assert [(c.arm, c.failure) for c in ctx.tcp_connect] == [("dns", None)]


def then_reset(sock: socket.socket, stop: threading.Event) -> None:
    sock.recv(4096)
    reset(sock)


def then_fin(sock: socket.socket, stop: threading.Event) -> None:
    sock.recv(4096)


def half(sock: socket.socket, stop: threading.Event) -> None:
    sock.recv(4096)
    sock.sendall(struct.pack("!H", 500) + b"x" * 20)


def silent(sock: socket.socket, stop: threading.Event) -> None:
    stop.wait(5)


@pytest.mark.parametrize(
    ("handler", "failure"),
    [
        (tcp_dns(reply), None),
        (tcp_dns(lambda q: reply(q, rcode=3)), "dns_nxdomain_error"),
        (tcp_dns(lambda q: renumbered(reply(q))), "dns_reply_with_wrong_query_id"),
        (tcp_dns(lambda _: b""), "x_dns_reply_unparsable"),
        (then_reset, "connection_reset"),
        (then_fin, "eof_error"),
        (half, "eof_error"),
        (silent, "generic_timeout_error"),
    ],
    ids=["answers", "nxdomain", "wrong-id", "empty", "reset", "fin", "half", "silence"],
)
def test_every_answer_over_tcp_has_its_own_name(handler: Handler, failure: str | None) -> None:
    with tcp_server(handler) as port:
        network = Loopback(tcp={(RESOLVER, 53): port})
        first, ctx = asked(network, lambda c: probe_dns.ask_tcp(c, RESOLVER, 53, NAME))
    assert first.failure == failure
    assert ctx.queries == [first]
    assert ctx.tcp_connect[0].failure is None


def test_a_refused_connect_is_the_failure_of_the_lookup() -> None:
    first, ctx = asked(Loopback(), lambda c: probe_dns.ask_tcp(c, RESOLVER, 53, NAME))
    assert (first.failure, ctx.tcp_connect[0].failure) == ("connection_refused", "connection_refused")


def test_dns_over_tls_answers_only_under_a_certificate_that_holds(authority: Authority) -> None:
    found = []
    for name in ("dns.example", "other.example"):
        with tcp_server(over_tls(tcp_dns(reply), authority.good(name, alpn=("dot",)))) as port:
            network = Loopback(tcp={(RESOLVER, 853): port}, ca_file=authority.ca_file)
            ask = lambda c: probe_dns.ask_dot(c, RESOLVER, 853, NAME, server_name="dns.example")  # noqa: E731  # short
            first, ctx = asked(network, ask)
        found.append((first.failure, first.answers, ctx.tls_handshakes[0].negotiated_protocol))
    assert found == [(None, (TRUE,), "dot"), ("ssl_invalid_hostname", (), "dot")]


def https_dns(status: str, content_type: str, plan: Callable[[dns.message.Message], bytes]) -> Handler:
    def handler(sock: socket.socket, stop: threading.Event) -> None:
        request = read_request(sock)
        head, _, body = request.partition(b"\r\n\r\n")
        assert head.startswith(b"POST /dns-query HTTP/1.1\r\nHost: dns.example\r\n")
        while not body:
            body += sock.recv(4096)
        query = dns.message.from_wire(body)
        assert query.id == 0
        wire = plan(query)
        head_back = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(wire)}"
        sock.sendall(head_back.encode() + b"\r\n\r\n" + wire)

    return handler


@pytest.mark.parametrize(
    ("handler", "failure", "answers"),
    [
        (https_dns("200 OK", "application/dns-message", reply), None, (TRUE,)),
        (
            https_dns("200 OK", "application/dns-message", lambda q: reply(q, rcode=3)),
            "dns_nxdomain_error",
            (),
        ),
        (https_dns("200 OK", "text/html", lambda _: b"blocked"), "x_doh_not_dns", ()),
        (https_dns("200 OK", "application/dns-message", lambda _: b"blocked"), "x_dns_reply_unparsable", ()),
        (https_dns("403 Forbidden", "text/html", lambda _: b"blocked"), "http_unexpected_status_code", ()),
        (None, "connection_reset", ()),
    ],
    ids=["answers", "nxdomain", "html", "junk", "403", "reset"],
)
def test_every_answer_over_https_has_its_own_name(
    handler: Handler | None, failure: str | None, answers: tuple[str, ...], authority: Authority
) -> None:
    def resetting(sock: socket.socket, stop: threading.Event) -> None:
        sock.recv(4096)
        reset(socket.socket(fileno=sock.detach()))

    with tcp_server(over_tls(handler or resetting, authority.good("dns.example"))) as port:
        network = Loopback(tcp={(RESOLVER, 443): port}, ca_file=authority.ca_file)
        first, ctx = asked(
            network, lambda c: probe_dns.ask_doh(c, RESOLVER, 443, "https://dns.example/dns-query", NAME)
        )
    assert (first.failure, first.answers, first.engine) == (failure, answers, "doh")
    assert ctx.requests == []
    assert ctx.tls_handshakes[0].failure is None


def test_the_system_resolver_is_asked_in_a_thread_with_its_own_clock() -> None:
    network = Loopback(names={NAME: (SITE,)})
    first, ctx = asked(network, lambda c: probe_dns.ask_system(c, NAME))
    assert (first.failure, first.answers, first.query_type, first.engine) == (
        None,
        (SITE,),
        "ANY",
        "getaddrinfo",
    )
    assert first.is_system is True
    assert ctx.queries == [first]


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (socket.gaierror(socket.EAI_NONAME, ""), "dns_nxdomain_error"),
        (socket.gaierror(socket.EAI_AGAIN, ""), "dns_temporary_failure"),
        (socket.gaierror(socket.EAI_FAIL, ""), "dns_non_recoverable_failure"),
    ],
)
def test_what_getaddrinfo_says_is_named(error: OSError, failure: str) -> None:
    first, _ = asked(Loopback(names={NAME: error}), lambda c: probe_dns.ask_system(c, NAME))
    assert first.failure == failure


def test_a_hung_system_resolver_holds_up_neither_others_nor_the_end() -> None:
    hang = threading.Event()
    network = Loopback(names={**{f"hung{n}.example": hang for n in range(20)}, NAME: (SITE,)})
    found: dict[str, DNSLookup] = {}

    async def run() -> None:
        async with a_context(network, fast(timeout_s=0.4)) as ctx, anyio.create_task_group() as group:

            async def one(name: str) -> None:
                found[name] = await probe_dns.ask_system(ctx, name)

            for name in network.names:
                group.start_soon(one, name)

    begun = time.perf_counter()
    anyio.run(run)
    assert time.perf_counter() - begun < 5.0
    hang.set()
    assert found[NAME].failure is None
    assert found[NAME].t - found[NAME].t0 < 0.4
    assert {found[f"hung{n}.example"].failure for n in range(20)} == {"generic_timeout_error"}


def test_a_resolver_as_target_is_asked_for_neutral_names() -> None:
    with udp_server(lambda w: [(0, reply(dns.message.from_wire(w)))]) as port:
        network = Loopback(udp={("8.8.8.8", 53): port})
        found = measured(network, a_step("dns+udp://8.8.8.8:53", "dns")).measurement
    assert sorted(q.hostname for q in found.queries) == ["example.org", "www.iana.org"]
    assert {(q.failure, q.resolver_address, q.is_system) for q in found.queries} == {
        (None, "8.8.8.8:53", False)
    }


def test_a_doh_target_is_asked_at_each_stated_address(authority: Authority) -> None:
    handler = https_dns("200 OK", "application/dns-message", reply)
    with tcp_server(over_tls(handler, authority.good("dns.example"))) as port:
        network = Loopback(tcp={("8.8.8.8", 443): port}, ca_file=authority.ca_file)
        step = a_step("https://dns.example/dns-query", "doh", target_addresses=("8.8.8.8", "8.8.4.4"))
        found = measured(network, step).measurement
    assert sorted((q.resolver_address, q.failure) for q in found.queries) == [
        ("8.8.4.4:443", "connection_refused"),
        ("8.8.8.8:443", None),
    ]


def test_linger_does_not_hold_the_slot_of_the_next_measurement() -> None:
    with udp_server(lambda w: [(0, reply(dns.message.from_wire(w)))]) as port:
        network = Loopback(udp={("8.8.8.8", 53): port})

        async def run() -> float:
            async with a_session(network, fast(concurrency=1)) as session, anyio.create_task_group() as group:
                for _ in range(8):
                    group.start_soon(session.measure, a_step("dns+udp://8.8.8.8:53", "dns"))
            return session.spent.seconds

        assert anyio.run(run) < 4.0
