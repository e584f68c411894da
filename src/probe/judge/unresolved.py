"""Judge names that do not resolve, and names whose addresses nothing vouches for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from probe.judge import kind as k
from probe.judge.constants import BRACKET_S, DNSSEC_EDE, FLOOR_ROUNDS, FLOOR_SPREAD_S
from probe.judge.count_layer import judge_floor, resolver_valid
from probe.judge.dns import DnsFacts
from probe.judge.dns_fails import FAILS, UNTRUE
from probe.judge.fingerprints import Scope, is_bogon, is_notice_host, match_dns_address, match_issuer
from probe.judge.fingerprints.bogon import NAT64
from probe.judge.heard import denied_to_others, own_choice, refused_verified, told_openly
from probe.judge.hop import families_of, rounds_of
from probe.judge.note import HOME_FILTER, OTHER_RESOLVER, note
from probe.judge.outcome import Outcome, Wants, conclude
from probe.judge.rule import first_match
from probe.judge.series import OTHER_ADDRESS
from probe.judge.stand import PASSES, RESOLVES, at_dns, at_tcp, stand
from probe.judge.whence import at_home, located_at_resolver, told_apart
from probe.judge.witness import count
from probe.model.words import ControlSource, Layer, Located, State

if TYPE_CHECKING:
    from probe.judge.hop import Hop, Round
    from probe.judge.resolving import Names
    from probe.judge.stand import Stand

_NO_SUCH = frozenset({k.NXDOMAIN, k.NO_ANSWER})
_SERVER_SIDE = frozenset({k.SERVFAIL, k.REFUSED, k.TIMEOUT})


def judge_failing_name(hop: Hop, names: Names) -> Outcome:
    """Judge a name that resolved in no round."""
    failures = [
        replace(x, void=x.void or _resolver_failed(hop, x.t0, x.t)) for r in names.failed for x in r.failures
    ]
    counted = count(failures, hop.facts.bench, sides=hop.sides)
    valid = resolver_valid(hop)
    stood = _stand_of_name(hop, {x.kind for x in failures}, valid=valid)
    facts = DnsFacts(
        resolver_fails=hop.facts.resolver_fails
        or _resolver_failed(hop, min(x.t0 for x in failures), max(x.t for x in failures)),
        resolver_true=hop.facts.resolver_true,
        own=own_choice(hop, like_filter=counted.kind == k.NO_ANSWER),
        denied=denied_to_others(hop),
        both=_answered_later(hop),
        broken_dnssec=counted.kind == k.SERVFAIL and _broken_dnssec(hop),
        validates=_validates(hop),
        count=counted,
        stand=stood,
    )
    rule = first_match(FAILS, facts)
    outcome = conclude(
        rule,
        Layer.DNS,
        hop=hop,
        stand=stood,
        count=counted,
        located=located_at_resolver(hop) if rule.located is Located.RESOLVER else None,
        params={"operation": "look-ups", "local": facts.own},
        uids=frozenset(x.uid for x in failures),
        wants=Wants(
            rounds=not counted.stands and not counted.mixed,
            control=True,
            control_again=stood.down_once,
            resolver=True,
        ),
    )
    if rule.state is State.BLOCKED and valid:
        outcome.notes.append(note(OTHER_RESOLVER))
    if rule.state is State.BLOCKED and at_home(hop) and not told_openly(hop):
        outcome.located, outcome.confirmed = Located.UNKNOWN, False
        outcome.notes.append(note(HOME_FILTER))
    outcome.notes += told_apart(hop)
    return outcome


def _resolver_failed(hop: Hop, t0: float, t: float) -> bool:
    """Say whether this system's resolver, asked for neutral names meanwhile, told the truth of none."""
    said = [true for at, true in hop.facts.resolver_log if t0 - BRACKET_S <= at <= t + BRACKET_S]
    return bool(said) and not any(said)


def _stand_of_name(hop: Hop, kinds: set[str], *, valid: bool) -> Stand:
    """Weigh who else resolves the name; helpers put several failures under one word."""
    alike = set(kinds)
    if kinds & _NO_SUCH:
        alike |= _NO_SUCH
    if kinds & _SERVER_SIDE:
        alike.add(k.DNS_UNCLEAR)
    return stand(
        hop.views,
        [(v, at_dns(v, six=6 in hop.facts.bench.families)) for v in hop.views],
        alike,
        lives=valid,
        extra=(ControlSource.RESOLVER,) if valid else (),
    )


def _broken_dnssec(hop: Hop) -> bool:
    """Say whether the zone's signatures fail for all: here, and over a channel that nobody can write into.

    A control that resolves the name, or a resolver that answers without being told not to check, clears it.
    So does an address that no owner set: then it is the forgery that bears no signatures.
    """
    others = [q for _, q in hop.reading.other_lookups.get(hop.name, ())]
    answered_there = any(q.answers and not q.checking_disabled for q in others)
    resolved_there = any(at_dns(v) in {PASSES, RESOLVES} for v in hop.views if v.usable)
    unvalidated = _validates(hop) or any(
        (q.checking_disabled and q.answers) or DNSSEC_EDE.intersection(r.ede)
        for q in others
        for r in q.replies
    )
    cleared = answered_there or resolved_there or _forged(hop)
    return unvalidated and refused_verified(hop) and not cleared


def _forged(hop: Hop) -> bool:
    """Say whether anybody answered with an address that is a notice's, an injector's or reserved."""
    said = [q for book in (hop.reading.lookups, hop.reading.other_lookups) for _, q in book.get(hop.name, ())]
    return any(match_dns_address(ip) or is_bogon(ip) not in {None, NAT64} for q in said for ip in q.answers)


def _validates(hop: Hop) -> bool:
    """Say whether the system's resolver names a failing signature, or answers when told not to check."""
    ours = [q for _, q in hop.reading.lookups.get(hop.name, ())]
    return any(
        (q.checking_disabled and q.answers) or any(DNSSEC_EDE.intersection(r.ede) for r in q.replies)
        for q in ours
    )


def _answered_later(hop: Hop) -> bool:
    """Say whether a query that failed was answered after all, with an address that is the name's own."""
    return any(
        any(hop.trust.is_true(ip) for r in q.replies[1:] for ip in r.answers)
        for _, q in hop.reading.lookups.get(hop.name, ())
        if not q.answers
    )


def judge_untrue(hop: Hop, rounds: list[Round]) -> Outcome:
    """Judge a name whose addresses nothing vouches for, and which fail in every round."""
    layers = {r.layer for r in rounds}
    if layers == {Layer.TLS} and hop.cross_of(False).by_name:
        return judge_floor(hop, rounds)
    if layers == {Layer.HTTP} and not hop.place.is_tls and hop.cross_of(True).by_name:
        return judge_floor(hop, rounds)
    trust = hop.trust
    other = [
        rounds_of(hop, family, lambda ip: ip not in trust.own and trust.is_true(ip))
        for family in families_of(hop.legs)
    ]
    works = [r for found in other for r in found if r.answer is not None and r.answer.tls_ok]
    if not works and any(r.ok for found in other for r in found):
        uids = frozenset(r.leg.measurement.measurement_uid for r in rounds)
        return conclude(OTHER_ADDRESS, Layer.HTTP, hop=hop, uids=uids)
    if not works and any(other):
        return judge_floor(hop, next(found for found in other if found))
    failures = [x for r in rounds for x in r.failures]
    counted = count(failures, hop.facts.bench, sides=hop.sides)
    valid = resolver_valid(hop)
    stood = _stand_of_name(hop, set(), valid=valid)
    facts = DnsFacts(
        resolver_fails=hop.facts.resolver_fails,
        resolver_true=hop.facts.resolver_true,
        count=counted,
        stand=stood,
        hijacked=bool(works) or valid,
        own=own_choice(hop, like_filter=True),
        shown=_forged_certificate(hop, rounds),
    )
    crossable = (
        counted.stands and layers == {Layer.TLS} and counted.kind in k.MIXABLE and hop.place.scheme == "https"
    )
    rule = first_match(UNTRUE, facts)
    outcome = conclude(
        rule,
        Layer.DNS,
        hop=hop,
        stand=stood,
        count=counted,
        params={
            "answer": ", ".join(sorted({t.ip for r in rounds for t in r.tries})[:4]),
            "issuer": facts.shown,
            "local": facts.own,
        },
        located=located_at_resolver(hop) if rule.located is Located.RESOLVER else None,
        uids=frozenset(r.leg.measurement.measurement_uid for r in (*rounds, *works)),
        wants=Wants(
            rounds=counted.n_rounds < FLOOR_ROUNDS or counted.spread_s < FLOOR_SPREAD_S,
            control=True,
            resolver=True,
            addresses=()
            if facts.hijacked
            else tuple(sorted((trust.vouched | _resolvers_say(hop)) - trust.own)),
            cross=tuple(sorted({t.ip for r in rounds for t in r.tries if t.layer is Layer.TLS}))
            if crossable
            else (),
        ),
    )
    outcome.notes += told_apart(hop)
    return outcome


def _forged_certificate(hop: Hop, rounds: list[Round]) -> str:
    """Return the issuer of a certificate that somebody made for this name, at an address not its own.

    An authority known from interception is sign enough. Any other that nobody trusts, that no neutral shows
    and no antivirus or office uses, needs a control that finds the address dead: an abandoned server of the
    name's own shows what it likes, but to everybody.
    """
    for t in (t for r in rounds for t in r.tries):
        if t.kind != k.UNTRUSTED or t.tls is None or not t.tls.certificates:
            continue
        issuer = t.tls.certificates[0].issuer
        known = match_issuer(issuer)
        today = [v for v in hop.views if v.usable and not v.before]
        dead = any(at_tcp(v, t.ip, t.port) not in {None, PASSES} for v in today)
        strange = known is None and t.tls.name_matches and issuer not in hop.facts.untrusted_issuers
        censors = known is not None and known.scope is Scope.CENSOR_CA and not is_notice_host(hop.place.url)
        if censors or (strange and dead):
            return issuer
    return ""


def _resolvers_say(hop: Hop) -> frozenset[str]:
    return frozenset(ip for _, q in hop.reading.other_lookups.get(hop.name, ()) for ip in q.answers)
