"""The lab's own root and zones, signed with keys that anybody can make, and what breaks them."""

from __future__ import annotations

import functools
import hashlib
import time
from typing import TYPE_CHECKING, Final

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from probe.lab.records import Broken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dns.message import Message
    from dns.name import Name
    from dns.rrset import RRset

    from probe.model.target import Target

TTL_S: Final = 3600
DAY_S: Final = 86_400
ED25519: Final = 15
SERIAL: Final = 4_058_855
ROOT: Final = dns.name.root
SOUND: Final = Broken()


class Zones:
    """Who is a name server in this world, for which zones, and what it answers."""

    def __init__(self) -> None:
        """Begin without any."""
        self.roots: dict[str, str] = {}
        """Name by address."""
        self.servers: dict[str, str] = {}
        self.of_zone: dict[str, dict[str, str]] = {}
        self._made: dict[tuple[str, Broken], _Zone] = {}

    def take(self, target: Target) -> dict[str, str]:
        """Take a target of the experiment `zone` in; return the names of its servers by address."""
        zone = target.input.partition("://")[2]
        self.roots.update(_by_address(target.roots))
        self.of_zone[zone] = _by_address(target.servers)
        self.servers.update(self.of_zone[zone])
        return {**self.roots, **self.servers}

    def is_server(self, address: str) -> bool:
        """Tell whether a name server of the root or a zone listens at the address."""
        return address in self.roots or address in self.servers

    def reply(self, query: Message, address: str, broken: Mapping[str, Broken]) -> bytes:
        """Return the answer of the server at this address, in a world where zones are broken so."""
        name = query.question[0].name
        reply = dns.message.make_response(query)
        reply.flags &= ~dns.flags.RA
        if address in self.roots:
            self._root(reply, name, query.question[0].rdtype, broken)
            return reply.to_wire()
        zone = name.to_text(omit_final_dot=True).lower()
        how = broken.get(zone, SOUND)
        server = self.servers[address]
        if address not in self.of_zone.get(zone, {}) or server in how.lame:
            reply.set_rcode(dns.rcode.REFUSED)
            return reply.to_wire()
        made = self._zone(zone, how)
        reply.flags |= dns.flags.AA
        made.answer(reply, query.question[0].rdtype, old=server in how.behind)
        return reply.to_wire()

    def _zone(self, zone: str, how: Broken) -> _Zone:
        if (zone, how) not in self._made:
            names = sorted(set(self.of_zone.get(zone, {}).values()))
            self._made[zone, how] = _Zone(zone, names, how)
        return self._made[zone, how]

    def _root(
        self, reply: Message, name: Name, rdtype: dns.rdatatype.RdataType, broken: Mapping[str, Broken]
    ) -> None:
        root = _root_zone()
        zone = name.to_text(omit_final_dot=True).lower().rpartition(".")[2]
        if name == ROOT:
            reply.flags |= dns.flags.AA
            root.answer(reply, rdtype)
        elif zone in self.of_zone and not broken.get(zone, SOUND).withdrawn:
            made = self._zone(zone, broken.get(zone, SOUND))
            reply.authority.append(made.ns)
            root.sign(reply.authority, made.ds)
            for address, server in self.of_zone[zone].items():
                kind = "AAAA" if ":" in address else "A"
                reply.additional.append(dns.rrset.from_text(f"{server}.", TTL_S, "IN", kind, address))
        else:
            reply.flags |= dns.flags.AA
            reply.set_rcode(dns.rcode.NXDOMAIN)
            root.deny(reply.authority)


class _Zone:
    """One signed zone: two records of its own and its keys."""

    def __init__(self, zone: str, servers: list[str], broken: Broken) -> None:
        self.name = dns.name.from_text(zone)
        self.expired = broken.expired
        self.key, public = _key(zone)
        self.ds = dns.rrset.from_rdata(self.name, TTL_S, dns.dnssec.make_ds(self.name, public, "SHA256"))
        if broken.bogus:
            self.key, public = _key(f"{zone}/another")
        self.public = public
        self.keys = dns.rrset.from_rdata(self.name, TTL_S, public)
        hosts = [f"{server}." for server in servers] or ["a.root-servers.net."]
        self.ns = dns.rrset.from_text(self.name, TTL_S, "IN", "NS", *hosts)
        self._host = hosts[0]

    def soa(self, *, old: bool) -> RRset:
        """Return the start of authority."""
        serial = SERIAL - 2_000_000 if old else SERIAL
        text = f"{self._host} hostmaster.ripn.net. {serial} 86400 14400 2592000 3600"
        return dns.rrset.from_text(self.name, TTL_S, "IN", "SOA", text)

    def answer(self, reply: Message, rdtype: dns.rdatatype.RdataType, *, old: bool = False) -> None:
        """Answer for the apex: start of authority, keys, servers; or nothing of that type."""
        made = {
            dns.rdatatype.SOA: lambda: self.soa(old=old),
            dns.rdatatype.DNSKEY: lambda: self.keys,
            dns.rdatatype.NS: lambda: self.ns,
        }.get(rdtype)
        if made is None:
            self.sign(reply.authority, self.soa(old=old))
        else:
            self.sign(reply.answer, made())

    def sign(self, section: list[RRset], rrset: RRset) -> None:
        """Put records into a section, and the signature over them."""
        now = int(time.time()) - (40 * DAY_S if self.expired else 0)
        window = (now - DAY_S, now + 14 * DAY_S)
        signature = dns.dnssec.sign(
            rrset, self.key, self.name, self.public, inception=window[0], expiration=window[1]
        )
        section.append(rrset)
        section.append(dns.rrset.from_rdata(rrset.name, TTL_S, signature))

    def deny(self, section: list[RRset]) -> None:
        """Prove that nothing stands between the root and the last name there is."""
        self.sign(section, dns.rrset.from_text(self.name, TTL_S, "IN", "NSEC", "zw. NS SOA DNSKEY"))


def anchor() -> str:
    """Return the DS record of the lab's root, as `RunOptions.trust_anchors` has it."""
    ds = _root_zone().ds[0]
    return f"{ds.key_tag} {int(ds.algorithm)} {int(ds.digest_type)} {ds.digest.hex().upper()}"


@functools.lru_cache(maxsize=1)
def _root_zone() -> _Zone:
    return _Zone(".", [f"{letter}.root-servers.net" for letter in "abcdefghijklm"], SOUND)


def _key(zone: str) -> tuple[Ed25519PrivateKey, dns.rdtypes.ANY.DNSKEY.DNSKEY]:
    """Make the key of a zone from its name: secret to nobody, and the same in every process."""
    seed = hashlib.sha256(f"probe-lab/{zone}".encode()).digest()
    private = Ed25519PrivateKey.from_private_bytes(seed)
    return private, dns.dnssec.make_dnskey(private.public_key(), ED25519, flags=257)


def _by_address(servers: Iterable[str]) -> dict[str, str]:
    return {address: name for name, _, address in (text.partition(" ") for text in servers)}
