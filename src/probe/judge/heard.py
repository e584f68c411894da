"""Whose word a denial may be: the user's own choice, the household's, or one that others give too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.judge import kind as k
from probe.judge.constants import BASELINE_FRESH_S
from probe.judge.fingerprints import is_bogon
from probe.judge.fingerprints.bogon import NAT64
from probe.judge.place import place_of
from probe.judge.stand import SOURCES
from probe.judge.whence import VERIFIED, at_home, host_of, located_at_resolver
from probe.model import failure as f
from probe.model.words import ControlSource, Located

if TYPE_CHECKING:
    from collections.abc import Iterable

    from probe.judge.hop import Hop
    from probe.judge.view import ControlView
    from probe.model.measurement import Measurement
    from probe.model.observation import DNSLookup

ALIKE: Final = "alike"
OTHERWISE: Final = "otherwise"

_CHOSEN: Final = frozenset({"named", "public"})
"""Classes of resolvers that the user chose, many of which filter on request."""
_TUNNELS: Final = ("vpn", "fake-ip")
"""Bypasses that bring a resolver of their own."""
_DENIED: Final = frozenset({k.NXDOMAIN, k.NO_ANSWER, k.SERVFAIL})
"""What an honest resolver may say; a refusal is its own policy."""


def tunnel_of(hop: Hop) -> str:
    """Name the tunnel whose resolver is asked instead of the network's; empty where there is none."""
    return next((one for one in _TUNNELS if one in hop.facts.vantage.bypass), "")


def told_openly(hop: Hop) -> bool:
    """Say whether an independent resolver, asked over plain UDP, gives the same untrue word."""
    return located_at_resolver(hop) is Located.PATH


def own_choice(hop: Hop, *, like_filter: bool) -> str:
    """Say why the resolver's word may be the user's own doing; empty where it can hardly be.

    A tunnel's resolver and one that the user chose may filter on request. One in the home mostly forwards
    to the operator's: there only an answer as filters give it is suspect.
    """
    tunnel = tunnel_of(hop)
    if tunnel:
        return tunnel
    chosen = hop.facts.vantage.resolver_class in _CHOSEN
    if (chosen or (like_filter and at_home(hop))) and not told_openly(hop):
        return f"{hop.facts.vantage.resolver_class} resolver"
    return ""


def others_on_bogon(hop: Hop) -> str:
    """Say whether others give a reserved address for the name too, or a public one; empty: nobody answered.

    Resolvers asked from here come first, over a verified channel where there is one: a control elsewhere
    may be given another zone. What a baseline saw yesterday, or anybody long before, the
    owner may have set otherwise since.
    """
    said = [*(q.answers for q in _heard(hop)), *(v.addresses for v in _resolved(hop))]
    if any(_any_bogon(addresses) for addresses in said):
        return ALIKE
    told = {id(q) for m, q in _asked(hop) if hop.reading.now(m)}
    heard = any(id(q) in told for q in _heard(hop))
    since = [v for v in _resolved(hop) if not (v.before or v.after)]
    return OTHERWISE if heard or any(v.source is not ControlSource.BASELINE for v in since) else ""


def heard_from(hop: Hop) -> tuple[tuple[ControlSource, ...], frozenset[str]]:
    """Return which sources told addresses of the name, and the measurements that hold them."""
    found = {v.source for v in _resolved(hop)} | ({ControlSource.RESOLVER} if _heard(hop) else set())
    uids = {v.uid for v in _resolved(hop) if v.uid}
    heard = {id(q) for q in _heard(hop)}
    uids |= {m.measurement_uid for m, q in _asked(hop) if id(q) in heard}
    return tuple(s for s in SOURCES if s in found), frozenset(uids)


def _heard(hop: Hop) -> list[DNSLookup]:
    """Return other resolvers' answers, those of verified channels alone where there are any."""
    answered = [q for q in _others(hop) if q.answers]
    return [q for q in answered if q.engine in VERIFIED] or answered


def _resolved(hop: Hop) -> list[ControlView]:
    """Return the controls that told addresses, of baselines those of today or with a reserved one."""
    views = [v for v in hop.views if v.usable and v.addresses]
    return [v for v in views if v.age_s is None or v.age_s <= BASELINE_FRESH_S or _any_bogon(v.addresses)]


def verified_addresses(hop: Hop) -> frozenset[str]:
    """Return what other resolvers gave over a channel that nobody on the path can write into."""
    return frozenset(ip for q in _others(hop) if q.engine in VERIFIED for ip in q.answers)


def denied_to_others(hop: Hop) -> bool:
    """Say whether resolvers abroad, asked over a verified channel, deny the name, and none tells it."""
    said: dict[str, bool] = {}
    for q in _others(hop):
        word = k.dns_kind_of(q.failure or f.DNS_NO_ANSWER)
        if q.engine in VERIFIED and not _stands_at_home(hop, q) and (q.answers or word in _DENIED):
            said[q.resolver_address] = said.get(q.resolver_address, False) or bool(q.answers)
    return bool(said) and not any(said.values())


def refused_verified(hop: Hop) -> bool:
    """Say whether another resolver fails on the name over a verified channel."""
    return any(q.engine in VERIFIED and q.failure == f.DNS_SERVFAIL for q in _others(hop))


def _others(hop: Hop) -> list[DNSLookup]:
    return [q for _, q in _asked(hop) if not q.checking_disabled]


def _asked(hop: Hop) -> list[tuple[Measurement, DNSLookup]]:
    return hop.reading.other_lookups.get(hop.name, [])


def _stands_at_home(hop: Hop, q: DNSLookup) -> bool:
    """Say whether the resolver is one of the volunteer's country: it may deny by order."""
    host = host_of(q)
    return any(
        target.country == hop.facts.home and host in {place_of(target.input).host, *target.addresses}
        for target in hop.facts.resolvers
        if target.country
    )


def _any_bogon(addresses: Iterable[str]) -> bool:
    return any(is_bogon(ip) not in {None, NAT64} for ip in addresses)
