"""Harnesses of DNS: replies of resolvers, and of name servers with their signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import dns.dnssec
import dns.edns
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset

from fuzz.harness import Harness
from probe.measure import zone_chain
from probe.measure import zone_message as zm
from probe.measure.dns_message import MAX_ADDRESSES, MAX_CNAMES, MAX_TEXT, query, reply_of, wire_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME: Final = "site.example"
_ZONE: Final = dns.name.from_text("ru")


def _dns() -> Callable[[bytes], None]:
    asked = {
        int(dns.rdatatype.from_text(kind)): query(NAME, kind, number=0x1234)
        for kind in ("A", "AAAA", "TXT", "HTTPS")
    }

    def read(data: bytes) -> None:
        # That of its kind, as behind the name in the question: one message answers one question.
        question = asked.get(int.from_bytes(data[26:28], "big"), asked[1])
        reply = reply_of(data, question, t=0.1, ip_ttl=64)
        assert reply.n_bytes == len(data)
        assert reply.failure is None or reply.failure.startswith(("dns_", "x_dns_"))
        assert len(reply.answers) <= MAX_ADDRESSES
        assert len(reply.cnames) <= MAX_CNAMES
        assert all(len(text) <= MAX_TEXT for text in (*reply.texts, *reply.cnames))

    return read


def _rrset(name: str, ttl: str, kind: str, rdtype: str, text: str) -> dns.rrset.RRset:
    return dns.rrset.from_text(name, int(ttl), kind, rdtype, text)


def _dns_seeds() -> Iterator[bytes]:
    question = query(NAME, "A", number=0x1234)
    yield wire_of(question)
    for records in (
        ["site.example. 60 IN A 192.0.2.1"],
        [
            "site.example. 60 IN CNAME b.example.",
            "b.example. 60 IN A 192.0.2.1",
            "b.example. 60 IN A 192.0.2.2",
        ],
        ['site.example. 60 IN TXT "v=1" "two"', "site.example. 1 IN SOA a. b. 1 2 3 4 5"],
        ["site.example. 60 IN HTTPS 1 . alpn=h3,h2 ipv4hint=192.0.2.1"],
        ["site.example. 60 IN LOC 52 22 23.000 N 4 53 32.000 E -2.00m", "site.example. 60 IN NSEC a. A NS"],
    ):
        reply = dns.message.make_response(question)
        reply.answer = [_rrset(*record.split(" ", 4)) for record in records]
        reply.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode.BLOCKED, "Blocked")])
        yield reply.to_wire()
        reply.use_edns(edns=False)
        yield reply.to_wire()
    refused = dns.message.make_response(question)
    refused.set_rcode(dns.rcode.NXDOMAIN)
    yield refused.to_wire()
    yield b"\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01\xc0\x0c" + bytes(20)


def _zone() -> Callable[[bytes], None]:
    asked = {
        int(dns.rdatatype.from_text(kind)): zm.question("ru", kind) for kind in ("SOA", "NS", "DNSKEY", "DS")
    }
    for each in asked.values():
        each.id = 0x1234
    anchor = "20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"

    def read(data: bytes) -> None:
        heard = zm.heard(data, asked.get(int.from_bytes(data[16:18], "big"), asked[6]), t=0.1)
        message = heard.message
        if message is None or not heard.is_answer:
            return
        zm.glue(message, _ZONE)
        zm.ns_of(message, _ZONE)
        zm.serial_of(message, _ZONE)
        zm.errors(message)
        keys = zm.rrset_of(message, _ZONE, dns.rdatatype.DNSKEY)
        ds = zm.beside(message, _ZONE, dns.rdatatype.DS)
        zm.tags(keys)
        zm.tags(ds)
        zone_chain.root_keys(message, [anchor])
        if keys is not None:
            zone_chain.delegation(message, _ZONE, keys)
            zone_chain.denied(message, _ZONE, keys)
            zone_chain.authority(message, _ZONE, keys)
        if ds is not None:
            zone_chain.zone_keys(message, _ZONE, ds)

    return read


def _zone_seeds() -> Iterator[bytes]:
    key = "257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ=="
    signed = "8 1 3600 20261201000000 20261101000000 2371 ru. " + "A" * 86 + "=="
    for kind, records in (
        (
            "SOA",
            [("SOA", "a.dns.ripn.net. hostmaster.ripn.net. 4060000 1 1 1 1"), ("RRSIG", f"SOA {signed}")],
        ),
        ("NS", [("NS", "a.dns.ripn.net."), ("NS", "b.dns.ripn.net."), ("A", "192.0.2.1")]),
        ("DNSKEY", [("DNSKEY", key), ("RRSIG", f"DNSKEY {signed}"), ("RRSIG", f"NSEC {signed}")]),
        ("DS", [("DS", "2371 13 2 " + "AB" * 32), ("NSEC", "rw. NS RRSIG NSEC"), ("RRSIG", f"DS {signed}")]),
    ):
        question = zm.question("ru", kind)
        question.id = 0x1234
        reply = dns.message.make_response(question)
        rrsets = [dns.rrset.from_text("ru.", 60, "IN", each, text) for each, text in records]
        reply.answer = rrsets
        yield reply.to_wire()
        reply.answer, reply.authority, reply.additional = rrsets[:1], rrsets[1:], rrsets[:1]
        yield reply.to_wire()


HARNESSES: Final = (
    Harness(
        name="dns", reads="DNS replies: the quick reader, dnspython", make=_dns, seeds=_dns_seeds, max_len=256
    ),
    Harness(name="zone", reads="replies of name servers, DNSSEC", make=_zone, seeds=_zone_seeds, max_len=512),
)
