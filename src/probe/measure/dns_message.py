"""DNS messages: built to be ordinary, read as the hostile bytes that they may be."""

from __future__ import annotations

import copy
import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import dns.edns
import dns.entropy
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.wire

from probe.measure.dns_usual import usual_reply
from probe.model import failure as f
from probe.model.observation import DNSReply

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYLOAD: Final = 1232
"""EDNS buffer size of DNS flag day 2020: it fits every path without fragments."""
MAX_RECORDS: Final = 1024
"""Questions included; a longer message is not read."""
MAX_BYTES: Final = 16_384
"""Whatever stands behind them is not read: 64 kB of options or keys of services take a third of a second."""
MAX_NAMES: Final = 100_000
"""The squares of all names' numbers of labels, added up: what handling them costs. An ordinary message has a
few hundred; 2 kB can be made to have six million, a second in which nothing else gets its turn."""
MAX_ADDRESSES: Final = 64
MAX_CNAMES: Final = 16
MAX_TEXTS: Final = 16
MAX_TEXT: Final = 256

RCODES: Final[dict[int, str]] = {
    dns.rcode.NXDOMAIN: f.DNS_NXDOMAIN,
    dns.rcode.SERVFAIL: f.DNS_SERVFAIL,
    dns.rcode.REFUSED: f.DNS_REFUSED,
}
"""Any other rcode but NOERROR is dns_server_misbehaving."""
_ADDRESSES: Final = frozenset({dns.rdatatype.A, dns.rdatatype.AAAA})
_TEXTS: Final = frozenset({dns.rdatatype.TXT, dns.rdatatype.SOA, dns.rdatatype.NS})


def query(
    name: str, rdtype: str, *, checking_disabled: bool = False, edns: bool = True, number: int | None = None
) -> dns.message.Message:
    """Build a query: recursion desired, AD set so that the answer may bear it; no DO, 0x20 or client subnet.

    Raises dns.exception.DNSException for what is no name or type.
    """
    message = copy.copy(_template(name, rdtype, checking_disabled=checking_disabled, edns=edns))
    message.id = dns.entropy.random_16() if number is None else number
    return message


@lru_cache(maxsize=2048)
def _template(name: str, rdtype: str, *, checking_disabled: bool, edns: bool) -> dns.message.Message:
    """Return the query without an id of its own, already in wire form: each round asks the same."""
    message = dns.message.make_query(name, rdtype, use_edns=0 if edns else False, payload=PAYLOAD, id=0)
    message.flags |= dns.flags.AD
    if checking_disabled:
        message.flags |= dns.flags.CD
    message.to_wire()
    return message


def wire_of(asked: dns.message.Message) -> bytes:
    """Return the bytes of what `query` made."""
    return asked.id.to_bytes(2, "big") + (asked.wire or b"")[2:]


def reply_of(wire: bytes, asked: dns.message.Message, *, t: float, ip_ttl: int | None = None) -> DNSReply:
    """Read one message that came back; whatever it is, it becomes a reply with a failure that says so."""
    try:
        if (usual := usual_reply(wire, wire_of(asked), t=t, ip_ttl=ip_ttl)) is not None:
            return usual
        return _read(parsed(wire), asked, len(wire), t, ip_ttl)
    except Exception:  # noqa: BLE001  # hostile bytes make the parser raise more than it says
        return DNSReply(t=t, failure=f.X_DNS_UNPARSABLE, ip_ttl=ip_ttl, n_bytes=len(wire))


class _Parser(dns.wire.Parser):
    """Reads names until they cost too much."""

    left = MAX_NAMES

    def get_name(self, origin: dns.name.Name | None = None, decompress: bool = False) -> dns.name.Name:
        name = super().get_name(origin, decompress)
        self.left -= len(name.labels) ** 2
        if self.left < 0:
            raise dns.exception.FormError
        return name


def parsed(wire: bytes) -> dns.message.Message:
    """Parse a message within bounds, junk behind it left out; hostile bytes make this raise nearly anything.

    Only records of the internet are left in it: in another class even an address is something else.
    """
    if sum(struct.unpack_from("!4H", wire, 4)) > MAX_RECORDS:
        raise ValueError("too many records")
    # What from_wire does, with a parser of ours: there is no public way.
    made: Any = dns.message._WireReader  # noqa: SLF001  # see above
    reader = made(wire, lambda _message: None, ignore_trailing=True)
    reader.parser = _Parser(wire[:MAX_BYTES])
    message: dns.message.Message = reader.read()
    for section in (message.answer, message.authority, message.additional):
        section[:] = [rrset for rrset in section if rrset.rdclass == dns.rdataclass.IN]
    return message


def is_answer(reply: DNSReply) -> bool:
    """Tell whether the reply answers the query, be it with an error: what a stub resolver would take."""
    return reply.failure not in _NO_ANSWER


_NO_ANSWER: Final = frozenset(
    {f.X_DNS_UNPARSABLE, f.DNS_WRONG_ID, f.X_DNS_NOT_A_RESPONSE, f.X_DNS_WRONG_QUESTION},
)


def _read(
    message: dns.message.Message, asked: dns.message.Message, size: int, t: float, ip_ttl: int | None
) -> DNSReply:
    records = [(rrset, rdata) for rrset in message.answer for rdata in rrset]
    cnames = (_plain(rdata.target) for _, rdata in records if rdata.rdtype == dns.rdatatype.CNAME)
    addresses = tuple(rdata.address for _, rdata in records if rdata.rdtype in _ADDRESSES)
    return DNSReply(
        t=t,
        failure=_failure(message, asked),
        rcode=dns.rcode.to_text(message.rcode()),
        answers=addresses[:MAX_ADDRESSES],
        cnames=tuple(cnames)[:MAX_CNAMES],
        texts=tuple(_texts(message))[:MAX_TEXTS],
        ttl=min((int(rrset.ttl) for rrset, _ in records), default=None),
        ip_ttl=ip_ttl,
        authoritative=bool(message.flags & dns.flags.AA),
        authentic=bool(message.flags & dns.flags.AD),
        ede=tuple(int(o.code) for o in message.options if isinstance(o, dns.edns.EDEOption))[:MAX_TEXTS],
        n_bytes=size,
    )


def _plain(name: object) -> str:
    return str(name).rstrip(".").lower()[:MAX_TEXT]


def _texts(message: dns.message.Message) -> Iterator[str]:
    for rrset in (*message.answer, *message.authority):
        if rrset.rdtype in _TEXTS:
            for rdata in rrset:
                yield rdata.to_text()[:MAX_TEXT]


def _failure(message: dns.message.Message, asked: dns.message.Message) -> str | None:
    if message.id != asked.id:
        return f.DNS_WRONG_ID
    if not message.flags & dns.flags.QR:
        return f.X_DNS_NOT_A_RESPONSE
    rcode = message.rcode()
    # A server that could not read the query may answer without repeating it (RFC 1035, 4.1.1; RFC 6891, 7).
    if _question(message) != _question(asked) and not (rcode and not message.question):
        return f.X_DNS_WRONG_QUESTION
    if rcode:
        return RCODES.get(rcode, f.DNS_MISBEHAVING)
    wanted = asked.question[0].rdtype
    if any(rrset.rdtype == wanted for rrset in message.answer):
        return None
    return f.X_DNS_TRUNCATED if message.flags & dns.flags.TC else f.DNS_NO_ANSWER


def _question(message: dns.message.Message) -> list[tuple[object, object, object]]:
    """Return what is asked; dnspython compares names without case."""
    return [(rrset.name, rrset.rdtype, rrset.rdclass) for rrset in message.question]
