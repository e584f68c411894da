"""Whole pages on loopback: names, addresses, families, redirects, and what a later answer still tells."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.message
import dns.rdatatype
import dns.rrset
import pytest

from loopback.authority import Authority
from loopback.servers import (
    OTHER,
    RESOLVER,
    SITE,
    SITE6,
    Handler,
    Loopback,
    a_step,
    fast,
    measured,
    over_tls,
    page,
    read_hello,
    read_request,
    reset,
    says,
    tcp_server,
    udp_server,
)
from probe.model.measurement import Measurement

NAME = "site.example"


def redirecting(to: Callable[[str], str | None], hosts: list[str] | None = None) -> Handler:
    """Answer 302 to where `to` leads from a path; a page where it leads nowhere."""

    def handler(sock: socket.socket, stop: threading.Event) -> None:
        head = read_request(sock).decode("latin-1").split("\r\n")
        path = head[0].split(" ")[1]
        if hosts is not None:
            hosts.append(head[1].removeprefix("Host: "))
        there = to(path)
        if there is None:
            sock.sendall(page(b"arrived"))
        else:
            sock.sendall(page(b"", f"Location: {there}", status="302 Found"))

    return handler


def followed(
    to: Callable[[str], str | None], url: str = f"http://{NAME}/0", hosts: list[str] | None = None
) -> Measurement:
    with tcp_server(redirecting(to, hosts)) as port:
        network = Loopback(
            tcp={(SITE, 80): port, (OTHER, 80): port, (SITE, 8080): port},
            names={NAME: (SITE,), "other.example": (OTHER,)},
        )
        return measured(network, a_step(url)).measurement


def test_redirects_are_followed_hop_by_hop_on_new_connections() -> None:
    leads = {"/0": "/1", "/1": "http://other.example/2", "/2": f"//{NAME}:8080/3#top", "/3": None}
    hosts: list[str] = []
    found = followed(lambda path: leads[path], hosts=hosts)
    assert [(r.hop, r.url, r.status_code, r.failure) for r in found.requests] == [
        (0, f"http://{NAME}/0", 302, None),
        (1, f"http://{NAME}/1", 302, None),
        (2, "http://other.example/2", 302, None),
        (3, f"http://{NAME}:8080/3", 200, None),
    ]
    assert hosts == [NAME, NAME, "other.example", f"{NAME}:8080"]
    assert [(c.hop, c.ip, c.port) for c in found.tcp_connect] == [
        (0, SITE, 80),
        (1, SITE, 80),
        (2, OTHER, 80),
        (3, SITE, 8080),
    ]
    assert [(q.hostname, q.hop) for q in found.queries] == [(NAME, 0), ("other.example", 2)]
    assert found.requests[-1].body == "arrived"


def test_a_redirect_loop_is_named_on_its_last_hop() -> None:
    found = followed(lambda path: {"/0": "/1", "/1": "/2", "/2": "/0"}[path])
    assert [r.failure for r in found.requests] == [None, None, "x_redirect_loop"]


def test_a_page_that_leads_to_itself_is_a_loop() -> None:
    assert [r.failure for r in followed(lambda _: "/0").requests] == ["x_redirect_loop"]


def test_an_eleventh_redirect_is_one_too_many() -> None:
    found = followed(lambda path: f"/{int(path[1:]) + 1}")
    assert [r.failure for r in found.requests] == [None] * 10 + ["x_too_many_redirects"]


def test_ten_redirects_are_not_too_many() -> None:
    found = followed(lambda path: f"/{int(path[1:]) + 1}" if path != "/10" else None)
    assert [r.failure for r in found.requests] == [None] * 11
    assert found.requests[-1].body == "arrived"


@pytest.mark.parametrize(
    "location",
    [
        "http://[bad",
        "ftp://site.example/",
        "javascript:alert(1)",
        "http://",
        "http://a b/",
        "http://x:99999/",
        "http://" + "a" * 64 + ".example/",
        "http://a..b/",
        "http://site.example/" + "a" * 9000,
    ],
)
def test_a_redirect_that_leads_nowhere_is_named(location: str) -> None:
    found = followed(lambda _: location)
    (request,) = found.requests
    assert (request.failure, request.status_code) == ("http_invalid_redirect_location_host", 302)
    assert request.location == location[:2048]


@pytest.mark.parametrize("ip", ["127.0.0.1", "192.168.1.1", "[::1]", "[fe80::1]", "169.254.169.254"])
def test_a_redirect_into_the_volunteers_network_is_not_followed(ip: str) -> None:
    found = followed(lambda _: f"http://{ip}/router")
    assert [(c.hop, c.failure) for c in found.tcp_connect] == [(0, None), (1, "x_not_tried_reserved_address")]
    assert len(found.requests) == 1


def test_a_redirect_with_spaces_and_letters_is_quoted_as_browsers_quote_it() -> None:
    seen: list[str] = []

    def to(path: str) -> str | None:
        seen.append(path)
        return "/\u00fcber uns?q=\u00e9" if path == "/0" else None

    found = followed(to)
    assert found.requests[-1].failure is None
    assert seen[1].isascii()
    assert " " not in seen[1]


@contextmanager
def a_site(
    authority: Authority, v4: Handler | None, v6: Handler | None, **names: tuple[str, ...]
) -> Iterator[Loopback]:
    """A name with an address of each family, each with its own server."""
    with tcp_server(v4 or says(b"")) as port4, tcp_server(v6 or says(b"")) as port6:
        tcp = {}
        if v4:
            tcp[SITE, 443] = tcp[OTHER, 443] = port4
        if v6:
            tcp[SITE6, 443] = port6
        yield Loopback(tcp=tcp, names={NAME: (SITE, SITE6), **names}, ca_file=authority.ca_file)


def good(authority: Authority, body: bytes = b"ok", name: str = NAME) -> Handler:
    return over_tls(says(page(body)), authority.good(name))


def drops_the_hello(sock: socket.socket, stop: threading.Event) -> None:
    read_hello(sock)
    stop.wait(5)


def resets_the_hello(sock: socket.socket, stop: threading.Event) -> None:
    read_hello(sock)
    reset(sock)


def test_both_families_are_tried_and_the_second_stops_at_its_headers(authority: Authority) -> None:
    with a_site(authority, good(authority), good(authority)) as network:
        found = measured(network, a_step(f"https://{NAME}/"), fast()).measurement
    assert sorted((h.ip, h.failure) for h in found.tls_handshakes) == [(SITE6, None), (SITE, None)]
    assert sorted((r.ip, r.body_length) for r in found.requests) == [(SITE6, 0), (SITE, 2)]


def test_hellos_of_one_name_keep_their_distance(authority: Authority) -> None:
    with a_site(authority, good(authority), good(authority)) as network:
        found = measured(network, a_step(f"https://{NAME}/"), fast()).measurement
    first, second = sorted(h.t0 for h in found.tls_handshakes)
    assert second - first >= 0.5


def test_a_family_that_is_blocked_leaves_the_other_unharmed(authority: Authority) -> None:
    with a_site(authority, resets_the_hello, good(authority)) as network:
        found = measured(network, a_step(f"https://{NAME}/"), fast()).measurement
    assert sorted((h.ip, h.failure) for h in found.tls_handshakes) == [
        (SITE6, None),
        (SITE, "connection_reset"),
    ]
    assert [(r.ip, r.status_code) for r in found.requests] == [(SITE6, 200)]


def test_a_lone_second_family_gets_its_body(authority: Authority) -> None:
    with a_site(authority, None, good(authority)) as network:
        found = measured(network, a_step(f"https://{NAME}/"), fast()).measurement
    assert [(r.ip, r.body) for r in found.requests] == [(SITE6, "ok")]


def test_a_second_address_gets_a_handshake_where_the_first_fails(authority: Authority) -> None:
    calls: list[int] = []
    fine = good(authority)

    def flaky(sock: socket.socket, stop: threading.Event) -> None:
        calls.append(1)
        (resets_the_hello if len(calls) == 1 else fine)(sock, stop)

    with tcp_server(flaky) as port:
        addresses = (SITE, OTHER, "93.184.216.36")
        network = Loopback(
            tcp={(ip, 443): port for ip in addresses}, names={NAME: addresses}, ca_file=authority.ca_file
        )
        found = measured(network, a_step(f"https://{NAME}/"), fast()).measurement
    assert len(found.tcp_connect) == 3
    assert [(h.ip, h.failure) for h in found.tls_handshakes] == [(SITE, "connection_reset"), (OTHER, None)]
    assert [(r.ip, r.failure) for r in found.requests] == [(OTHER, None)]


def test_no_more_than_four_addresses_of_a_family_are_tried(authority: Authority) -> None:
    many = tuple(f"93.184.216.{n}" for n in range(20)) + tuple(f"2606:2800::{n:x}" for n in range(1, 20))
    found = measured(Loopback(names={NAME: many}), a_step(f"https://{NAME}/")).measurement
    assert [c.ip for c in found.tcp_connect].count(many[0]) == 1
    assert sorted({c.ip for c in found.tcp_connect}) == sorted((*many[:4], *many[20:24]))


def test_stated_addresses_are_tried_where_the_name_has_no_answer(authority: Authority) -> None:
    with a_site(authority, good(authority), None) as network:
        network.names = {}
        found = measured(network, a_step(f"https://{NAME}/", addresses=(SITE,))).measurement
    assert found.queries[0].failure == "dns_nxdomain_error"
    assert [(r.ip, r.failure) for r in found.requests] == [(SITE, None)]


def test_a_name_without_answer_leaves_the_lookup_and_nothing_else() -> None:
    found = measured(Loopback(), a_step(f"https://{NAME}/")).measurement
    assert [q.failure for q in found.queries] == ["dns_nxdomain_error"]
    assert (found.tcp_connect, found.tls_handshakes, found.requests) == ((), (), ())


def zone(answers: dict[int, list[tuple[float, str]]]) -> Callable[[bytes], list[tuple[float, bytes]]]:
    """Answer queries by type: (delay, address) each."""

    def answer(wire: bytes) -> list[tuple[float, bytes]]:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        planned = []
        for delay, ip in answers.get(int(question.rdtype), [(0.0, "")]):
            reply = dns.message.make_response(query)
            if ip:
                kind = dns.rdatatype.to_text(question.rdtype)
                reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, ip))
            planned.append((delay, reply.to_wire()))
        return planned

    return answer


def test_both_resolvers_are_asked_for_both_families() -> None:
    with udp_server(zone({1: [(0, SITE)], 28: [(0, SITE6)]})) as port:
        network = Loopback(udp={(RESOLVER, 53): port}, resolvers=(RESOLVER,), names={NAME: (SITE,)})
        found = measured(network, a_step(f"http://{NAME}/")).measurement
    assert sorted((q.engine, q.query_type, q.failure, q.is_system) for q in found.queries) == [
        ("getaddrinfo", "ANY", None, True),
        ("udp", "A", None, True),
        ("udp", "AAAA", None, True),
    ]
    assert [c.ip for c in found.tcp_connect] == [SITE]


def test_an_empty_answer_for_ipv6_is_ordinary() -> None:
    with udp_server(zone({1: [(0, SITE)]})) as port:
        network = Loopback(udp={(RESOLVER, 53): port}, resolvers=(RESOLVER,))
        found = measured(network, a_step(f"http://{NAME}/")).measurement
    assert sorted((q.query_type, q.failure) for q in found.queries) == [
        ("A", None),
        ("AAAA", "dns_no_answer"),
        ("ANY", "dns_nxdomain_error"),
    ]
    assert [c.ip for c in found.tcp_connect] == [SITE]


def test_a_named_resolver_replaces_the_systems() -> None:
    with udp_server(zone({1: [(0, SITE)]})) as port:
        network = Loopback(udp={("1.1.1.1", 5353): port}, resolvers=(RESOLVER,), names={NAME: (OTHER,)})
        found = measured(network, a_step(f"http://{NAME}/"), fast(dns="1.1.1.1:5353")).measurement
    assert {(q.engine, q.resolver_address, q.is_system) for q in found.queries} == {
        ("udp", "1.1.1.1:5353", True)
    }
    assert [c.ip for c in found.tcp_connect] == [SITE]


def test_a_silent_own_query_delays_nothing_when_the_system_answers(authority: Authority) -> None:
    with a_site(authority, good(authority), None) as network, udp_server(lambda _: []) as port:
        network.udp = {(RESOLVER, 53): port}
        network.resolvers = (RESOLVER,)
        found = measured(network, a_step(f"https://{NAME}/")).measurement
    assert found.requests[0].t < 0.9
    assert {q.failure for q in found.queries if q.engine == "udp"} == {"generic_timeout_error"}


def test_the_later_of_two_contradicting_answers_is_tried_too(authority: Authority) -> None:
    forged = over_tls(says(page(b"block page")), authority.good("blockpage.example"))
    answers = zone({1: [(0, OTHER), (0.1, SITE)]})
    with tcp_server(forged) as bad, tcp_server(good(authority)) as fine, udp_server(answers) as port:
        network = Loopback(
            tcp={(OTHER, 443): bad, (SITE, 443): fine},
            udp={(RESOLVER, 53): port},
            resolvers=(RESOLVER,),
            names={NAME: (OTHER,)},
            ca_file=authority.ca_file,
        )
        found = measured(network, a_step(f"https://{NAME}/")).measurement
    assert [(h.ip, h.failure) for h in found.tls_handshakes] == [
        (OTHER, "ssl_invalid_hostname"),
        (SITE, None),
    ]
    query = next(q for q in found.queries if q.query_type == "A")
    assert [reply.answers for reply in query.replies] == [(OTHER,), (SITE,)]


def test_answers_that_agree_cause_no_further_connection(authority: Authority) -> None:
    answers = zone({1: [(0, SITE), (0.1, SITE)]})
    with a_site(authority, good(authority), None) as network, udp_server(answers) as port:
        network.udp, network.resolvers, network.names = (
            {(RESOLVER, 53): port},
            (RESOLVER,),
            {NAME: (SITE,)},
        )
        found = measured(network, a_step(f"https://{NAME}/")).measurement
    assert [c.ip for c in found.tcp_connect] == [SITE]


def test_a_silent_hello_at_every_address_ends_within_the_steps_deadline() -> None:
    with tcp_server(drops_the_hello) as port:
        network = Loopback(tcp={(SITE, 443): port, (OTHER, 443): port}, names={NAME: (SITE, OTHER)})
        found = measured(network, a_step(f"https://{NAME}/"), fast(timeout_s=0.5)).measurement
    assert [h.failure for h in found.tls_handshakes] == ["generic_timeout_error"] * 2
    assert found.runtime_s < 4
    assert found.interrupted is False
