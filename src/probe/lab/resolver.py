"""What a resolver of the lab answers to one DNS message: the truth, or what the scenario makes of it."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from probe.lab.names import NAT64_PREFIX, SYSTEM_RESOLVERS, is_address

if TYPE_CHECKING:
    from probe.lab.records import Rule
    from probe.lab.world import World

TTL_S = 60
FORGED_FIRST_S = 0.03
"""How long after a forged answer the true one comes in."""
SLOW_S = 3.0
RCODES = {
    "nxdomain": dns.rcode.NXDOMAIN,
    "refused": dns.rcode.REFUSED,
    "servfail": dns.rcode.SERVFAIL,
    "bogus": dns.rcode.SERVFAIL,
    "empty": dns.rcode.NOERROR,
}

ZONES = frozenset({"ru", "xn--p1ai"})
"""Zones with a start of authority and no address, which targets ask for."""

WHO = frozenset({"whoami.akamai.net", "o-o.myaddr.l.google.com"})
"""Names that answer with the address of whoever asks for them."""
CLIENT_SUBNET = "edns0-client-subnet 95.167.20.0/24"
"""What Google's servers tell beside: where the user sits."""

Replies = list[tuple[float, bytes]]
"""Seconds to wait, and the message to send then."""


def _addresses(world: World, name: str, resolver: str) -> tuple[str, ...]:
    """Return the addresses an honest resolver gives here: with DNS64 or fake-IP where the user has them."""
    if world.scenario.fake_ip and resolver in SYSTEM_RESOLVERS:
        return (world.names.fake(name),)
    addresses = world.true_addresses(name, resolver)
    if world.scenario.nat64 and resolver in SYSTEM_RESOLVERS:
        v4 = [a for a in addresses if ":" not in a]
        return (*v4, *(synthesised(a) for a in v4))
    return addresses


def synthesised(address: str) -> str:
    """Return the NAT64 form of an IPv4 address (RFC 6052)."""
    return str(NAT64_PREFIX[int(ipaddress.IPv4Address(address))])


def lookup(world: World, name: str, resolver: str) -> tuple[str, tuple[str, ...]]:
    """Return (failure, addresses) as the truth has them; failure is "" or a word of RCODES."""
    if name == "ipv4only.arpa":
        well_known = ("192.0.0.170", "192.0.0.171")
        extra = tuple(synthesised(a) for a in well_known) if world.scenario.nat64 else ()
        return "", (*well_known, *extra)
    if name in ZONES:
        return "", ()
    if name in WHO:
        return "", (world.scenario.askers.get(resolver) or world.names.asker(resolver),)
    if is_address(name) or "." not in name or name.endswith((".invalid", ".arpa", ".local")):
        return "nxdomain", ()
    failure = world.site(name).dns
    return failure, () if failure in ("nxdomain", "empty") else _addresses(world, name, resolver)


def _message(query: dns.message.Message, rcode: dns.rcode.Rcode, addresses: tuple[str, ...]) -> bytes:
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.RA
    reply.set_rcode(rcode)
    question = query.question[0]
    wanted = {dns.rdatatype.A: 4, dns.rdatatype.AAAA: 6}.get(question.rdtype)
    fitting = [a for a in addresses if ipaddress.ip_address(a).version == wanted]
    if fitting:
        kind = dns.rdatatype.to_text(question.rdtype)
        reply.answer.append(dns.rrset.from_text(question.name, TTL_S, "IN", kind, *fitting))
    elif question.rdtype == dns.rdatatype.TXT and addresses:
        reply.answer.append(
            dns.rrset.from_text(question.name, TTL_S, "IN", "TXT", f'"{addresses[0]}"', f'"{CLIENT_SUBNET}"')
        )
    elif question.rdtype == dns.rdatatype.SOA and rcode == dns.rcode.NOERROR:
        text = "ns.probe-lab.example. hostmaster.probe-lab.example. 1 7200 900 1209600 300"
        reply.answer.append(dns.rrset.from_text(question.name, TTL_S, "IN", "SOA", text))
    return reply.to_wire()


def _forged(detail: str) -> tuple[str, ...]:
    return tuple(detail.split()) if detail else ()


def replies(world: World, wire: bytes, resolver: str, transport: str) -> Replies:
    """Return what comes back for one message, in order of arrival; nothing for junk or a silent resolver."""
    try:
        query = dns.message.from_wire(wire)
        question = query.question[0]
    except (dns.exception.DNSException, IndexError, ValueError):
        return []
    name = question.name.to_text(omit_final_dot=True).lower()
    rule = world.on_query(name, resolver, transport)
    if world.names.zones.is_server(resolver) and (rule is None or rule.what != "intercept"):
        truth = world.names.zones.reply(query, resolver, world.scenario.zones)
        return _struck(query, wire, rule, truth) if not world.true_syn(resolver) else []
    somebody_else = rule is not None and rule.what == "intercept"
    failure, addresses = lookup(world, name, SYSTEM_RESOLVERS[0] if somebody_else else resolver)
    validating = failure != "bogus" or not query.flags & dns.flags.CD
    truth = _message(query, RCODES[failure] if failure and validating else dns.rcode.NOERROR, addresses)
    if failure and validating:
        truth = _message(query, RCODES[failure], ())
    return _struck(query, wire, rule, truth)


def _struck(query: dns.message.Message, wire: bytes, rule: Rule | None, truth: bytes) -> Replies:
    """Return the truth as a rule leaves it."""
    if rule is None:
        return [(0.0, truth)]
    forged = _message(query, dns.rcode.NOERROR, _forged(rule.detail))
    made: dict[str, Replies] = {
        "silence": [],
        "wrong_id": [(0.0, bytes([truth[0] ^ 0xFF]) + truth[1:])],
        "garbage": [(0.0, truth[:2] + bytes(range(200, 240)))],
        "half": [(0.0, truth[:7])],
        "question": [(0.0, wire)],
        "slow": [(SLOW_S, truth)],
        "forge": [(0.0, forged)],
        "intercept": [(0.0, forged)] if rule.detail else [(0.0, truth)],
        "forge_first": [(0.0, forged), (FORGED_FIRST_S, truth)],
        "nxdomain_first": [(0.0, _message(query, dns.rcode.NXDOMAIN, ())), (FORGED_FIRST_S, truth)],
    }
    if rule.what in made:
        return made[rule.what]
    return [(0.0, _message(query, RCODES[rule.what], ()))]
