"""Where an untrue word about a name comes from: the user's resolver, or somebody on the way to any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.judge import kind as k
from probe.judge.fingerprints import is_bogon, match_dns_address
from probe.judge.fingerprints.bogon import NAT64
from probe.judge.note import TOLD_APART, note
from probe.judge.place import place_of
from probe.model import failure as f
from probe.model.words import Located

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from probe.judge.hop import Hop
    from probe.model.observation import DNSLookup, DNSReply
    from probe.model.verdict import Note

TRUE: Final = "true"
FORGED: Final = "forged"
FALSE: Final = frozenset({FORGED, k.NXDOMAIN, k.NO_ANSWER, k.SERVFAIL, k.REFUSED})
"""Words that two resolvers give alike only where one voice speaks for both; silence is nobody's."""
RACED: Final = frozenset({FORGED, k.NXDOMAIN})
"""Words that no honest resolver gives beside the truth; a failure and then an answer is a slow one's."""
VERIFIED: Final = frozenset({"dot", "doh"})
"""Channels that nobody on the path can write into."""
HOME: Final = frozenset({"private", "loopback"})
"""Classes of resolvers in the user's own network, a filter or a forwarder to the operator's."""


def located_at_resolver(hop: Hop) -> Located:
    """Say where a resolver's untrue word comes from.

    Another resolver asked over plain UDP tells the two apart. It answers truly: the word is the user's own
    resolver's. An independent one gives the same denial, or a false address too, or two answers came to one
    query of which only the later is true: somebody answers on the path. With nothing of the kind, or with
    both, nobody can tell; nor where the user's resolver is a public one: the path may look for its address;
    nor where all UDP/53 is answered by somebody, who then speaks for every resolver. That a resolver in the
    home lies while others do not says nothing of the operator's behind it.
    """
    ours = _open_questions(hop, hop.reading.lookups)
    others = _open_questions(hop, hop.reading.other_lookups)
    finding = hop.facts.finding
    if finding is not None and finding.udp53_intercepted:
        return Located.UNKNOWN
    if any(_is_raced(hop, q) for q in (*([] if at_home(hop) else ours), *others)):
        return Located.PATH
    said = {_word(hop, q) for q in ours} & FALSE
    true = any(_word(hop, q) == TRUE for q in others)
    alike = any(_word(hop, q) in said for q in others if _is_independent(hop, q))
    if true == alike or (true and (at_home(hop) or hop.facts.vantage.resolver_class == "public")):
        return Located.UNKNOWN
    return Located.PATH if alike else Located.RESOLVER


def told_apart(hop: Hop) -> list[Note]:
    """Tell of a resolver that says the truth over a verified channel and something else over plain UDP."""
    others = [q for _, q in hop.reading.other_lookups.get(hop.name, ()) if q.query_type == "A"]
    true = {host_of(q) for q in others if q.engine in VERIFIED and _word(hop, q) == TRUE}
    false = {host_of(q) for q in others if q.engine == "udp" and _word(hop, q) in FALSE}
    return [note(TOLD_APART, resolver=ip) for ip in sorted(true & false)]


def _open_questions(hop: Hop, book: Mapping[str, Sequence[tuple[object, DNSLookup]]]) -> list[DNSLookup]:
    """Return the questions for IPv4 addresses over plain UDP; the library's word where there is none."""
    asked = [q for _, q in book.get(hop.name, ()) if not q.checking_disabled]
    openly = [q for q in asked if q.engine == "udp" and q.query_type == "A"]
    return openly or [q for q in asked if q.engine == "getaddrinfo"]


def _word(hop: Hop, said: DNSLookup | DNSReply) -> str:
    """Return what was said, in one word: true, forged, or the class of the denial; all else is no word."""
    if said.answers:
        return TRUE if any(hop.trust.is_true(ip) for ip in said.answers) else _falsehood(hop, said.answers)
    return k.dns_kind_of(said.failure or f.DNS_NO_ANSWER)


def _falsehood(hop: Hop, answers: Iterable[str]) -> str:
    """Return "forged" for addresses that cannot be the name's, or that failed when they were tried."""
    tried = {t.ip for leg in hop.legs for t in leg.tries} | {t.ip for t in hop.reading.elsewhere}
    false = all(
        ip in tried or is_bogon(ip) not in {None, NAT64} or match_dns_address(ip) is not None
        for ip in answers
    )
    return FORGED if false else k.DNS_UNCLEAR


def _is_raced(hop: Hop, q: DNSLookup) -> bool:
    """Say whether an untrue reply came before a true one to the same query."""
    words = [_word(hop, r) for r in q.replies if r.answers or r.rcode]
    return TRUE in words[1:] and words[0] in RACED


def at_home(hop: Hop) -> bool:
    """Say whether the system's resolver is this machine's or the home's."""
    return hop.facts.vantage.resolver_class in HOME


def host_of(q: DNSLookup) -> str:
    """Return the address of the resolver that was asked."""
    return q.resolver_address.rpartition(":")[0].strip("[]")


def _is_independent(hop: Hop, q: DNSLookup) -> bool:
    """Say whether the resolver is a public one abroad: one at home may deny by the same order."""
    host = host_of(q)
    return any(
        place_of(target.input).host == host and target.country not in {"", hop.facts.home}
        for target in hop.facts.resolvers
    )
