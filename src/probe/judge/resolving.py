"""What the system's resolver said of a hop's name, and the judging of names that do not lead to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from probe.judge import kind as k
from probe.judge.constants import DNS_RESEND, DNS_WAIT_S
from probe.judge.dns import DnsFacts
from probe.judge.fingerprints import LOCAL_KINDS, Scope, is_bogon, is_notice_host, match_dns_address
from probe.judge.fingerprints.bogon import FAKE_IP, LOOPBACK, NAT64, UNSPECIFIED
from probe.judge.heard import heard_from, others_on_bogon, own_choice, tunnel_of, verified_addresses
from probe.judge.hop import Round
from probe.judge.note import NAME_ROUNDS, note
from probe.judge.outcome import Outcome, Wants, conclude
from probe.judge.stand import stand
from probe.judge.whence import at_home, located_at_resolver, told_apart
from probe.judge.witness import Failed
from probe.model import failure as f
from probe.model.words import ControlSource, Layer, Located, ReasonCode, State

if TYPE_CHECKING:
    from collections.abc import Container

    from probe.judge.fingerprints import Match
    from probe.judge.hop import Hop
    from probe.judge.rule import Rule
    from probe.model.measurement import Measurement
    from probe.model.observation import DNSLookup
    from probe.model.verdict import Note

_OWN_NAMES = (".local", ".lan", ".internal", ".localhost", ".home.arpa", ".test", ".invalid", ".onion")
_ACCUSING = frozenset({Scope.LEGAL_NOTICE, Scope.INJECTED})
_FILTERS_SAY = frozenset({LOOPBACK, UNSPECIFIED})
"""Kinds of addresses that filters answer with, wherever they stand."""
NO_STAND = stand((), (), ())


class Names:
    """The look-ups of one hop's name, by round."""

    __slots__ = ("_answers", "_hop", "failed", "resolved")

    def __init__(self, hop: Hop) -> None:
        """Sort rounds into those that resolved the name and those that did not."""
        self._hop = hop
        self.failed: list[Round] = []
        """Rounds in which the name did not resolve."""
        self.resolved = 0
        self._answers: list[tuple[Measurement, DNSLookup]] = []
        by_uid: dict[str, list[DNSLookup]] = {}
        stated = hop.place.is_literal or (hop.index == 0 and bool(hop.reading.target.addresses))
        found = () if stated else hop.reading.lookups.get(hop.name, ())
        for m, lookup in found:
            by_uid.setdefault(m.measurement_uid, []).append(lookup)
            if lookup.answers and not lookup.checking_disabled:
                self._answers.append((m, lookup))
        for leg in hop.legs:
            lookups = [q for q in by_uid.get(leg.measurement.measurement_uid, ()) if not q.checking_disabled]
            if any(q.answers for q in lookups):
                self.resolved += 1
                continue
            failures = [q for q in lookups if k.dns_kind_of(q.failure or f.DNS_NO_ANSWER) != k.LOCAL]
            if failures:
                self.failed.append(_failed_round(leg, leg.measurement, failures))

    def facts(self) -> DnsFacts:
        """Gather what the artefact rows ask."""
        hop = self._hop
        ours = {ip for _, q in self._answers for ip in q.answers}
        new = ours - hop.trust.vouched - self._served_from(ours)
        strange = sorted(new - verified_addresses(hop))
        match = next((m for ip in strange if (m := match_dns_address(ip)) is not None), None)
        kinds = {ip: kind for ip in ours if (kind := is_bogon(ip)) not in {None, NAT64}}
        beside_true = self._given_ipv4(kinds)
        made_up = [
            q
            for m, q in self._answers
            if all(ip in kinds for ip in q.answers)
            and not hop.trust.vouched.issuperset(q.answers)
            and not (q.query_type == "AAAA" and m.measurement_uid in beside_true)
        ]
        bogons = sorted(ip for q in made_up for ip in q.answers if ip in new)
        bogon = bogons[0] if bogons and _is_public(hop.name) else ""
        notice = match if match is not None and match.scope in _ACCUSING else None
        return DnsFacts(
            resolver_fails=hop.facts.resolver_fails,
            resolver_true=hop.facts.resolver_true,
            local=self._local(bogon, str(kinds.get(bogon, "")), match),
            notice=notice,
            bogon=bogon,
            heard=others_on_bogon(hop) if bogon else "",
            injected=self._injected(),
            stand=NO_STAND,
        )

    def _served_from(self, ours: set[str]) -> set[str]:
        """Return the addresses that notices are served from, where a notice host is what was asked for."""
        if not is_notice_host(self._hop.place.url):
            return set()
        known = {ip: match_dns_address(ip) for ip in ours}
        return {ip for ip, one in known.items() if one is not None and one.scope is Scope.LEGAL_NOTICE}

    def _given_ipv4(self, reserved: Container[str]) -> frozenset[str]:
        """Return the rounds in which the name got a public IPv4 address.

        Beside it a reserved IPv6 address keeps nobody from the site: a DNS64 that maps IPv4 addresses under a
        prefix of its own, or a filter of IPv6, makes it up.
        """
        return frozenset(
            m.measurement_uid
            for m, q in self._answers
            if any(":" not in ip and ip not in reserved for ip in q.answers)
        )

    def _local(self, bogon: str, kind: str, match: Match | None) -> str:
        """Say why an answer is the user's own doing; empty when it is not."""
        vantage = self._hop.facts.vantage
        if match is not None and match.scope in {Scope.PARENTAL_FILTER, Scope.OFFICE, Scope.ANTIVIRUS}:
            return match.id
        if not bogon:
            return ""
        if kind == FAKE_IP:
            return "fake-ip"
        if "hosts" in vantage.bypass and not any(
            bogon in q.answers for _, q in self._answers if q.engine != "getaddrinfo"
        ):
            return "hosts"
        in_home = at_home(self._hop) or vantage.resolver_class == "named"
        if kind in (LOCAL_KINDS if in_home else _FILTERS_SAY):
            return own_choice(self._hop, like_filter=True)
        return tunnel_of(self._hop)

    def _injected(self) -> tuple[str, str]:
        """Return a forged first answer and a true later one of the same query, or two empty strings.

        What two honest answers look like is left out: a failure and then an address (a second upstream, our
        own second datagram), addresses of which each is true, whatever comes through a resolver at home.
        """
        hop = self._hop
        shown = hop.trust.shown
        if at_home(hop) or tunnel_of(hop):
            return "", ""
        twice = min(hop.facts.options.timeout_s, DNS_WAIT_S) * DNS_RESEND
        tried = {t.ip for leg in hop.legs for t in leg.tries}
        for _, q in hop.reading.lookups.get(hop.name, ()):
            said = [r for r in q.replies if r.answers or r.rcode]
            if len(said) < 2 or not shown:
                continue
            first = said[0].answers
            honest = said[0].failure != f.DNS_NXDOMAIN if not first else any(map(hop.trust.is_true, first))
            if honest or said[0].t - q.t0 >= twice:
                continue
            true = next((ip for r in said[1:] for ip in r.answers if ip in shown), "")
            leads_nowhere = all(
                ip not in shown and (ip in tried or is_bogon(ip) not in {None, NAT64}) for ip in first
            )
            if true and leads_nowhere:
                return ", ".join(first) or said[0].rcode or "an error", true
        return "", ""

    def artefact(self, rule: Rule[Any], facts: DnsFacts) -> Outcome:
        """Conclude by an artefact of the resolver's answer."""
        notice = facts.notice
        asks = rule.state is State.BLOCKED or rule.reason_code is ReasonCode.NO_CONTROL or _may_clear(facts)
        outcome = conclude(
            rule,
            Layer.DNS,
            hop=self._hop,
            params=_params(facts),
            located=self.located(rule, notice),
            uids=self.uids(),
            wants=Wants(control=asks, resolver=asks),
        )
        if facts.bogon or notice:
            outcome.failure = f.DNS_BOGON if facts.bogon else None
        if self._hop.facts.resolver_true:
            outcome.sources = (ControlSource.NEUTRAL,)
        if facts.bogon and facts.heard and not facts.local:
            sources, uids = heard_from(self._hop)
            outcome.sources = (*sources, *outcome.sources)
            outcome.witnesses |= uids
        outcome.notes += told_apart(self._hop)
        return outcome

    def located(self, rule: Rule[Any], notice: Match | None) -> Located:
        """Say where an artefact lies, as far as its rule and other resolvers tell."""
        vantage = self._hop.facts.vantage
        if rule.located is not Located.RESOLVER:
            return rule.located
        if notice is not None and vantage.probe_asn in {f"AS{asn}" for asn in notice.operator_asns}:
            return Located.OPERATOR_NETWORK
        return located_at_resolver(self._hop)

    def notes(self, artefact: Rule[Any] | None, facts: DnsFacts) -> list[Note]:
        """Tell what changes no state: a forged answer beside a true one, rounds that did not resolve."""
        found = []
        if artefact is not None:
            found.append(note(artefact.because, _params(facts), name=self._hop.label))
        if self.failed:
            found.append(note(NAME_ROUNDS, n=len(self.failed), all=len(self._hop.legs)))
        return found

    def uids(self) -> frozenset[str]:
        """Return the measurements whose look-ups these are."""
        return frozenset(m.measurement_uid for m, _ in self._answers)


def _params(facts: DnsFacts) -> dict[str, str]:
    """Return what the sentences of the artefact rows name."""
    notice = facts.notice
    return {
        "answer": facts.injected[1] or (notice.excerpt if notice else facts.bogon),
        "forged": facts.injected[0],
        "local": facts.local,
        "fingerprint": notice.id if notice else "",
    }


def _failed_round(leg: Any, m: Measurement, failures: list[DNSLookup]) -> Round:
    """Count one failure a round: of the query that tells most, A before AAAA, a packet before the library."""
    told = min(failures, key=lambda q: (q.engine == "getaddrinfo", q.query_type != "A", q.t0))
    failure = told.failure or f.DNS_NO_ANSWER
    one = Failed(
        m.measurement_uid, k.dns_kind_of(failure), failure, m.started_s + told.t0, m.started_s + told.t, 4, 53
    )
    return Round(leg, Layer.DNS, [one])


def _may_clear(facts: DnsFacts) -> bool:
    """Say whether another resolver may show that the user's own is not the one that lies."""
    return facts.local.endswith(" resolver")


def _is_public(name: str) -> bool:
    return "." in name and not name.endswith(_OWN_NAMES)
