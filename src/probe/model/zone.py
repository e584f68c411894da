"""What servers of a zone and the root servers above it said of it, and whether its signatures hold."""

from typing import Literal

from msgspec import Struct

from probe.model.bounds import Moment, Seconds, Whole

Side = Literal["root", "server"]
"""A root server, or one of the zone's own."""
Result = Literal["secure", "insecure", "bogus", "unknown"]


class ZoneAnswer(Struct, frozen=True, kw_only=True, gc=False):
    """One reply to one question about a zone at one server; a question without a reply is one, too."""

    t0: Seconds
    t: Seconds
    failure: str | None
    """Null where what was asked for came: a delegation, a start of authority, keys."""
    side: Side
    server: str
    """The server's name."""
    ip: str
    query_type: str
    """NS (of the zone, at a root server), SOA or DNSKEY."""
    hostname: str
    """What was asked about: the zone, or the root, written as a dot."""
    transport: Literal["udp", "tcp"]
    reply: Whole = 0
    """0 is the first reply to the question; a forger's comes before the true one."""
    rcode: str = ""
    authoritative: bool = False
    recursion: bool = False
    """The RA bit: a resolver's mark, which no server of a zone bears."""
    verified: bool = False
    """The signatures of this very reply hold, under the trust anchor, dates left out."""
    serial: Whole | None = None
    ns: tuple[str, ...] = ()
    """Names of the zone's servers, sorted, at most 16."""
    ds: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    """`tag:algorithm:hash` of each DS or key, at most 16; the hash is ours, of the record."""
    ede: tuple[Whole, ...] = ()
    n_bytes: Whole = 0


class ZoneChain(Struct, frozen=True, kw_only=True, gc=False):
    """The signatures from the trust anchor to the start of authority that one server showed."""

    server: str
    ip: str
    result: Result
    reason: str = ""
    """Where it breaks: root_keys, delegation, no_keys, keys, soa; empty where it holds."""
    not_before: Moment | None = None
    not_after: Moment | None = None
    """Seconds since 1970 between which all of its signatures are valid; whoever judges knows the time."""
