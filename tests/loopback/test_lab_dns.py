"""What resolvers of the lab answer, over UDP, TCP, TLS and HTTPS, and what getaddrinfo makes of it."""

from __future__ import annotations

import asyncio
import base64
import socket
from typing import TYPE_CHECKING

import dns.message
import pytest

from loopback.lab_clients import (
    REGISTRATION,
    ask_udp,
    connected,
    framed,
    get,
    handshaken,
    in_lab,
    question,
    told,
)
from probe.lab.names import NOTICE_ADDRESS, SYSTEM_RESOLVERS

if TYPE_CHECKING:
    from probe.lab import Lab

SYSTEM = SYSTEM_RESOLVERS[0]
GOOGLE = "8.8.8.8"


def v4_of(lab: Lab, name: str = REGISTRATION) -> list[str]:
    return sorted(a for a in lab.network.world.names.addresses(name) if ":" not in a)


def asked(
    scenario: str, resolver: str, *, name: str = REGISTRATION, kind: str = "A", cd: bool = False
) -> list[tuple[str, list[str]]]:
    async def use(lab: Lab) -> list[tuple[str, list[str]]]:
        return [told(reply) for reply in await ask_udp(lab, resolver, name, kind, cd=cd)]

    return in_lab(scenario, use)


def truth(name: str = REGISTRATION) -> list[str]:
    async def use(lab: Lab) -> list[str]:
        return v4_of(lab, name)

    return in_lab("clean", use)


def resolved(scenario: str, name: str = REGISTRATION) -> tuple[str, ...]:
    async def use(lab: Lab) -> tuple[str, ...]:
        return await asyncio.to_thread(lab.network.resolve_system, name)

    return in_lab(scenario, use)


@pytest.mark.parametrize("resolver", [SYSTEM, GOOGLE, "2001:4860:4860::8888", "77.88.8.8"])
def test_every_resolver_tells_the_truth_in_a_clean_world(resolver: str) -> None:
    assert asked("clean", resolver) == [("NOERROR", truth())]


def test_aaaa_gives_the_ipv6_address_only() -> None:
    [(rcode, addresses)] = asked("clean", GOOGLE, kind="AAAA")
    assert (rcode, [":" in a for a in addresses]) == ("NOERROR", [True])


def test_other_types_get_an_empty_answer_and_soa_a_record() -> None:
    assert asked("clean", GOOGLE, kind="TXT") == [("NOERROR", [])]

    async def use(lab: Lab) -> int:
        [reply] = await ask_udp(lab, GOOGLE, "example.org", "SOA")
        return len(dns.message.from_wire(reply).answer)

    assert in_lab("clean", use) == 1


@pytest.mark.parametrize("name", ["nothing.invalid", "printer.local", "single"])
def test_names_that_cannot_be_do_not_exist(name: str) -> None:
    assert asked("clean", GOOGLE, name=name) == [("NXDOMAIN", [])]


def test_nobody_answers_dns_at_an_address_that_is_no_resolver() -> None:
    assert asked("clean", "192.0.2.1") == []


def test_junk_is_not_answered() -> None:
    async def use(lab: Lab) -> str:
        sock = lab.network.open_udp(GOOGLE, 53)
        try:
            await asyncio.get_running_loop().sock_sendall(sock, b"\x00\x01junk")
            async with asyncio.timeout(0.15):
                await asyncio.get_running_loop().sock_recv(sock, 512)
        except TimeoutError:
            return "silence"
        finally:
            sock.close()
        return "an answer"

    assert in_lab("clean", use) == "silence"


@pytest.mark.parametrize(
    ("scenario", "answers"),
    [
        ("dns-nxdomain", [("NXDOMAIN", [])]),
        ("dns-empty", [("NOERROR", [])]),
        ("dns-refused", [("REFUSED", [])]),
        ("dns-servfail", [("SERVFAIL", [])]),
        ("dns-silence", []),
        ("dns-bogon", [("NOERROR", ["10.7.45.91"])]),
        ("dns-blockpage", [("NOERROR", [NOTICE_ADDRESS])]),
        ("dns-forged-one-resolver", [("NOERROR", ["185.76.144.9"])]),
    ],
)
def test_the_operators_resolver_lies_and_the_others_do_not(
    scenario: str, answers: list[tuple[str, list[str]]]
) -> None:
    assert asked(scenario, SYSTEM) == answers
    assert asked(scenario, GOOGLE) == [("NOERROR", truth())]
    assert asked(scenario, SYSTEM, name="www.iana.org") == [("NOERROR", truth("www.iana.org"))]


@pytest.mark.parametrize(
    ("scenario", "number"),
    [
        ("dns-nxdomain", socket.EAI_NONAME),
        ("dns-empty", socket.EAI_NODATA),
        ("dns-refused", socket.EAI_AGAIN),
        ("dns-servfail", socket.EAI_AGAIN),
    ],
)
def test_getaddrinfo_fails_as_glibc_does(scenario: str, number: int) -> None:
    with pytest.raises(socket.gaierror) as caught:
        resolved(scenario)
    assert caught.value.errno == number


def test_getaddrinfo_gives_both_families_or_what_was_forged() -> None:
    assert [":" in a for a in resolved("clean")] == [False, False, True]
    assert resolved("dns-bogon") == ("10.7.45.91",)
    assert resolved("dns-forged-first") == ("185.76.144.9",)


@pytest.mark.parametrize("resolver", [SYSTEM, GOOGLE])
def test_a_forged_answer_comes_first_and_the_true_one_after_it(resolver: str) -> None:
    assert asked("dns-forged-first", resolver) == [("NOERROR", ["185.76.144.9"]), ("NOERROR", truth())]


def test_when_every_plain_resolver_denies_a_name_encrypted_ones_tell_it() -> None:
    async def use(lab: Lab) -> tuple[str, list[str]]:
        sock = await handshaken(lab, GOOGLE, "dns.google", port=853)
        with sock:
            sock.sendall(framed(question(REGISTRATION)))
            return told((await asyncio.to_thread(sock.recv, 4096))[2:])

    assert asked("dns-nxdomain-all", GOOGLE) == [("NXDOMAIN", [])]
    assert in_lab("dns-nxdomain-all", use) == ("NOERROR", truth())


def test_dns_over_tcp_answers_two_questions_on_one_connection() -> None:
    async def use(lab: Lab) -> bytes:
        sock = await connected(lab.network, GOOGLE, 53)
        with sock:
            sock.sendall(framed(question("x.com")) + framed(question("x.com", "AAAA")))
            received = b""
            while len(received) < 2 or received.count(b"\x01x\x03com") < 2:
                received += await asyncio.to_thread(sock.recv, 4096)
            return received

    received = in_lab("clean", use)
    length = int.from_bytes(received[:2], "big")
    assert told(received[2 : 2 + length]) == ("NOERROR", truth("x.com"))
    assert told(received[4 + length :])[0] == "NOERROR"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_dns_over_https_answers_by_get_and_post(method: str) -> None:
    async def use(lab: Lab) -> bytes:
        message = question("x.com")
        text = base64.urlsafe_b64encode(message).rstrip(b"=").decode()
        path = "/dns-query" + (f"?dns={text}" if method == "GET" else "")
        body = message if method == "POST" else b""
        return await get(lab, "dns.google", path, address=GOOGLE, method=method, body=body)

    head, _, body = in_lab("clean", use).partition(b"\r\n\r\n")
    assert b"Content-Type: application/dns-message" in head
    assert told(body) == ("NOERROR", truth("x.com"))


def test_a_web_server_that_is_no_resolver_answers_no_dns_over_https() -> None:
    async def use(lab: Lab) -> bytes:
        return await get(lab, "x.com", "/dns-query", method="POST", body=question("x.com"))

    assert b"application/dns-message" not in in_lab("clean", use)


def test_broken_dnssec_fails_for_all_unless_checking_is_disabled() -> None:
    assert asked("broken-dnssec", SYSTEM) == asked("broken-dnssec", GOOGLE) == [("SERVFAIL", [])]
    assert asked("broken-dnssec", GOOGLE, cd=True) == [("NOERROR", truth())]


def test_a_name_that_is_gone_is_gone_everywhere() -> None:
    assert asked("nxdomain-for-all", SYSTEM) == asked("nxdomain-for-all", GOOGLE) == [("NXDOMAIN", [])]


def test_a_silent_google_leaves_its_tcp_and_others_alone() -> None:
    async def over_tcp(lab: Lab) -> tuple[str, list[str]]:
        sock = await connected(lab.network, GOOGLE, 53)
        with sock:
            sock.sendall(framed(question("x.com")))
            return told((await asyncio.to_thread(sock.recv, 4096))[2:])

    assert asked("resolver-drop", GOOGLE, name="x.com") == []
    assert asked("resolver-drop", SYSTEM, name="x.com") == [("NOERROR", truth("x.com"))]
    assert in_lab("resolver-drop", over_tcp) == ("NOERROR", truth("x.com"))


def test_an_interceptor_answers_for_an_address_where_nobody_is() -> None:
    assert asked("dns-intercepted", "192.0.2.1", name="x.com") == [("NOERROR", truth("x.com"))]


def test_a_cdn_answers_by_resolver_and_the_volunteers_own_as_ever() -> None:
    here, there = asked("cdn-differs", SYSTEM), asked("cdn-differs", GOOGLE)
    assert here == [("NOERROR", truth())]
    assert set(here[0][1]).isdisjoint(there[0][1])


def test_a_fake_ip_proxy_answers_from_its_own_block_and_only_on_this_machine() -> None:
    [(_, [fake])] = asked("fake-ip", SYSTEM)
    assert fake.startswith(("198.18.", "198.19."))
    assert asked("fake-ip", GOOGLE) == [("NOERROR", truth())]


def test_dns64_is_told_by_ipv4only_arpa_and_makes_up_addresses() -> None:
    [(_, well_known)] = asked("nat64", SYSTEM_RESOLVERS[1], name="ipv4only.arpa", kind="AAAA")
    assert well_known == ["64:ff9b::c000:aa", "64:ff9b::c000:ab"]
    [(_, made)] = asked("nat64", SYSTEM_RESOLVERS[1], kind="AAAA")
    assert [a.startswith("64:ff9b::") for a in made] == [True, True]
    assert asked("clean", SYSTEM, name="ipv4only.arpa", kind="AAAA") == [("NOERROR", [])]


def test_the_system_names_the_resolver_of_a_family_it_has() -> None:
    async def use(lab: Lab) -> tuple[str, ...]:
        return lab.network.system_resolvers()

    assert in_lab("clean", use) == SYSTEM_RESOLVERS
    assert in_lab("no-ipv4", use) == SYSTEM_RESOLVERS[1:]
