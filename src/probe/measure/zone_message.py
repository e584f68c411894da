"""Questions to name servers, and their replies read as the hostile bytes that they may be."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import dns.dnssec
import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
from msgspec import Struct

from probe.measure.dns_message import PAYLOAD, RCODES, parsed
from probe.model import failure as f

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dns.name import Name
    from dns.rrset import RRset

MAX_RECORDS: Final = 16
"""Of one kind: keys times signatures is what checking them costs."""
MAX_NAME: Final = 256
_IN_AUTHORITY: Final = frozenset({dns.rdatatype.NS})
"""A root server does not answer for the zone: it delegates, in the section `authority`."""
NOT_OURS: Final = frozenset(
    {f.X_DNS_UNPARSABLE, f.DNS_WRONG_ID, f.X_DNS_NOT_A_RESPONSE, f.X_DNS_WRONG_QUESTION}
)
"""Failures of what is no answer to the question."""


class Heard(Struct, frozen=True, kw_only=True):
    """One message that came back: parsed where it could be, and what to call it."""

    t: float
    failure: str | None
    size: int
    message: dns.message.Message | None = None

    @property
    def is_answer(self) -> bool:
        """Whether it answers the question, be it with an error."""
        return self.failure not in NOT_OURS


def question(name: str, rdtype: str) -> dns.message.Message:
    """Ask a name server, not a resolver: no recursion desired, signatures wanted, no fragments."""
    message = dns.message.make_query(name, rdtype, use_edns=0, payload=PAYLOAD, want_dnssec=True)
    message.flags &= ~dns.flags.RD
    return message


def heard(wire: bytes, asked: dns.message.Message, *, t: float) -> Heard:
    """Read one message; whatever it is, it becomes something with a failure that says so."""
    try:
        message = parsed(wire)
        return Heard(t=t, failure=_failure(message, asked), size=len(wire), message=message)
    except Exception:  # noqa: BLE001  # hostile bytes make the parser raise more than it says
        return Heard(t=t, failure=f.X_DNS_UNPARSABLE, size=len(wire))


def _failure(message: dns.message.Message, asked: dns.message.Message) -> str | None:
    if message.id != asked.id:
        return f.DNS_WRONG_ID
    if not message.flags & dns.flags.QR:
        return f.X_DNS_NOT_A_RESPONSE
    rcode = message.rcode()
    wanted = asked.question[0]
    said = [(rrset.name, rrset.rdtype) for rrset in message.question]
    if said != [(wanted.name, wanted.rdtype)] and not (rcode and not said):
        return f.X_DNS_WRONG_QUESTION
    if rcode:
        return RCODES.get(rcode, f.DNS_MISBEHAVING)
    if rrset_of(message, wanted.name, wanted.rdtype) is not None:
        return None
    return f.X_DNS_TRUNCATED if message.flags & dns.flags.TC else f.DNS_NO_ANSWER


def rrset_of(message: dns.message.Message, name: Name, rdtype: dns.rdatatype.RdataType) -> RRset | None:
    """Return the records of this name and type, of at most 16; delegations stand in `authority`."""
    sections = (message.answer, message.authority) if rdtype in _IN_AUTHORITY else (message.answer,)
    return next(_of(sections, name, rdtype), None)


def beside(message: dns.message.Message, name: Name, rdtype: dns.rdatatype.RdataType) -> RRset | None:
    """Return what came along in `authority`: the DS of a delegation, the NSEC of a denial."""
    return next(_of((message.authority,), name, rdtype), None)


def denials(message: dns.message.Message) -> list[RRset]:
    """Return the NSEC records of a denial."""
    return [r for r in message.authority if r.rdtype == dns.rdatatype.NSEC][:MAX_RECORDS]


def signatures(message: dns.message.Message, rrset: RRset) -> list[RRset]:
    """Return the signatures over these records, wherever they stand."""
    return [
        each
        for each in (*message.answer, *message.authority)
        if each.rdtype == dns.rdatatype.RRSIG and each.name == rrset.name and each.covers == rrset.rdtype
    ][:MAX_RECORDS]


def _of(sections: Iterable[Sequence[RRset]], name: Name, rdtype: dns.rdatatype.RdataType) -> Iterator[RRset]:
    for section in sections:
        for rrset in section:
            if rrset.name == name and rrset.rdtype == rdtype and len(rrset) <= MAX_RECORDS:
                yield rrset


def glue(message: dns.message.Message, zone: Name) -> list[tuple[str, str]]:
    """Return name and address of the servers that a delegation names, as it tells them beside."""
    names = set(ns_of(message, zone))
    return [
        (plain(rrset.name), str(rdata.address))
        for rrset in message.additional
        if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA) and plain(rrset.name) in names
        for rdata in rrset
    ][: 4 * MAX_RECORDS]


def ns_of(message: dns.message.Message, zone: Name) -> tuple[str, ...]:
    """Return the names of the zone's servers, sorted."""
    found = rrset_of(message, zone, dns.rdatatype.NS)
    return tuple(sorted({plain(rdata.target) for rdata in found or ()}))[:MAX_RECORDS]


def serial_of(message: dns.message.Message, zone: Name) -> int | None:
    """Return the serial number of the start of authority."""
    found = rrset_of(message, zone, dns.rdatatype.SOA)
    return next((int(rdata.serial) for rdata in found or ()), None)


def tags(rrset: RRset | None) -> tuple[str, ...]:
    """Return `tag:algorithm:hash` of DS records or keys, sorted; the hash is our own."""
    made = []
    for rdata in rrset or ():
        is_ds = rdata.rdtype == dns.rdatatype.DS
        tag = rdata.key_tag if is_ds else dns.dnssec.key_id(rdata)
        digest = hashlib.sha256(rdata.to_digestable()).hexdigest()[:16]
        made.append(f"{int(tag)}:{int(rdata.algorithm)}:{digest}")
    return tuple(sorted(made))[:MAX_RECORDS]


def errors(message: dns.message.Message) -> tuple[int, ...]:
    """Return the extended errors (RFC 8914)."""
    return tuple(int(o.code) for o in message.options if isinstance(o, dns.edns.EDEOption))[:MAX_RECORDS]


def plain(name: Name) -> str:
    """Return a name without its final dot, in lower case."""
    return str(name).rstrip(".").lower()[:MAX_NAME]
