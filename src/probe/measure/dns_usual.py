"""The commonest DNS reply, addresses for just the name that was asked, read without dnspython."""

from __future__ import annotations

import re
import struct
from typing import Final

import dns.flags
import dns.ipv4
import dns.ipv6
import dns.rdatatype

from probe.model.observation import DNSReply

MAX_RECORDS: Final = 64
_HEADER: Final = struct.Struct("!6H")
_RECORD: Final = struct.Struct("!HHHIH")
"""Owner, as a pointer, type, class, TTL, length (RFC 1035, 4.1.3)."""
_TELLING: Final = 0xFFFF & ~(dns.flags.AA | dns.flags.RD | dns.flags.RA | dns.flags.AD | dns.flags.CD)
"""The other bits: an operation, an error, a cut, a reserved one."""
_TO_QUESTION: Final = 0xC000 + _HEADER.size
_IN: Final = 1
_TEXT_OF: Final = {(dns.rdatatype.A, 4): dns.ipv4.inet_ntoa, (dns.rdatatype.AAAA, 16): dns.ipv6.inet_ntoa}
_PLAIN_OPT: Final = re.compile(rb"\x00\x00\x29..\x00\x00..\x00\x00", re.DOTALL)
"""EDNS 0 without extended error or options (RFC 6891, 6.1.2)."""


def usual_reply(wire: bytes, query: bytes, *, t: float, ip_ttl: int | None) -> DNSReply | None:
    """Return what dnspython would read of the usual reply to a query, None for any other reply.

    Usual: no error, the question repeated letter for letter, and under its very name addresses of the type
    asked for; nothing beside them but a bare EDNS record.
    """
    end = query.find(b"\0", _HEADER.size) + 5
    if len(wire) < end or wire[:2] != query[:2] or wire[_HEADER.size : end] != query[_HEADER.size : end]:
        return None
    _, flags, *counts = _HEADER.unpack_from(wire)
    found = _addresses(wire, end, int.from_bytes(query[end - 4 : end - 2], "big"), counts)
    if found is None or flags & _TELLING != dns.flags.QR:
        return None
    return DNSReply(
        t=t,
        failure=None,
        rcode="NOERROR",
        answers=tuple(dict.fromkeys(text for text, _ in found)),
        ttl=min(ttl for _, ttl in found),
        ip_ttl=ip_ttl,
        authoritative=bool(flags & dns.flags.AA),
        authentic=bool(flags & dns.flags.AD),
        n_bytes=len(wire),
    )


def _addresses(wire: bytes, at: int, wanted: int, counts: list[int]) -> list[tuple[str, int]] | None:
    """Return each address with its TTL, None where a record is anything else."""
    questions, answers, authorities, others = counts
    if (questions, authorities) != (1, 0) or not 0 < answers <= MAX_RECORDS or others > 1:
        return None
    found: list[tuple[str, int]] = []
    for _ in range(answers):
        if len(wire) < at + _RECORD.size:
            return None
        owner, kind, klass, ttl, size = _RECORD.unpack_from(wire, at)
        at += _RECORD.size + size
        data = wire[at - size : at]
        text = _TEXT_OF.get((kind, len(data)))
        # A TTL of 32 bits is none (RFC 2181, 8).
        if (
            text is None
            or len(data) != size
            or (owner, kind, klass) != (_TO_QUESTION, wanted, _IN)
            or ttl >> 31
        ):
            return None
        found.append((text(data), ttl))
    return None if others and not _PLAIN_OPT.match(wire, at) else found
