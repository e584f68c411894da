"""The network first: rules that ask whether anything can be said of single targets on this network at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from probe.judge.digest import PUBLIC
from probe.judge.network_facts import PORTAL_QUORUM, NetworkFacts, NetworkHistory, network_facts
from probe.judge.rule import RULES_VERSION, Rule, always, first_match
from probe.model.verdict import Verdict
from probe.model.words import ControlSource, Layer, Located, ReasonCode, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.judge.digest import ControlDigest

__all__ = ["NetworkFacts", "NetworkFinding", "NetworkHistory", "network_finding", "network_verdict"]

SHUTDOWN_ROUNDS: Final = 3
"""METHOD 4: nothing answers in three rounds."""
GOOD_RUNS: Final = 2
"""METHOD 4 asks for "good runs" of this network before: more than one."""
DEGRADED_RUNS: Final = 3
"""Fewer runs give no median that one bad day does not move."""
DEGRADED_RATE: Final = 0.5
DEGRADED_FROM: Final = 0.8
"""Half the share of tries that used to succeed, on a network where four of five did."""
DEGRADED_HANDSHAKE: Final = 5.0
DEGRADED_HANDSHAKE_MS: Final = 1000.0
"""Handshakes five times slower and slower than a second: no change of route or radio cell does both."""
MAX_WITNESSES: Final = 24
TARGET_ID: Final = "network"


def _is_dark(f: NetworkFacts) -> bool:
    """No neutral and no check page answered."""
    return f.n_ok == 0 and f.portal_pages == 0 and f.portal_expected == 0 and f.n_tries > 0


def _is_shutdown(f: NetworkFacts) -> bool:
    known = f.history.n_good >= GOOD_RUNS or f.history.second_link
    silent = _is_dark(f) and f.by_address and not f.resolvers_ok and f.n_rounds >= SHUTDOWN_ROUNDS
    return silent and f.link_up and known


def _is_portal(f: NetworkFacts) -> bool:
    return f.portal_pages >= PORTAL_QUORUM and f.tls_neutral_failed


def _is_degraded(f: NetworkFacts) -> bool:
    h = f.history
    if h.n_good < DEGRADED_RUNS or h.success_rate is None or h.success_rate < DEGRADED_FROM:
        return False
    slow = (
        f.handshake_ms is not None
        and h.handshake_ms is not None
        and f.handshake_ms > DEGRADED_HANDSHAKE_MS
        and f.handshake_ms > DEGRADED_HANDSHAKE * h.handshake_ms
    )
    return f.success_rate < DEGRADED_RATE * h.success_rate or slow


NETWORK_RULES: Final[tuple[Rule[NetworkFacts], ...]] = (
    Rule(
        "network.no_route",
        lambda f: f.no_route,
        State.INCONCLUSIVE,
        "This machine has no link or no route to the internet.",
        reason_code=ReasonCode.NO_NETWORK,
    ),
    Rule(
        "network.shutdown",
        _is_shutdown,
        State.BLOCKED,
        "The link is up, and nothing answered at home or abroad in {n_rounds} rounds ({n_tries} tries), where "
        "this network worked before or another link works.",
        mechanism="network.shutdown",
        reason_code=ReasonCode.SHUTDOWN,
    ),
    Rule(
        "network.resolver_only",
        lambda f: _is_dark(f) and f.resolver_fails and not f.by_address,
        State.INCONCLUSIVE,
        "No name could be resolved, and nothing could be tried by address.",
        reason_code=ReasonCode.RESOLVER_FAILED,
    ),
    Rule(
        "network.dark",
        _is_dark,
        State.INCONCLUSIVE,
        "No neutral site answered, at home or abroad ({n_tries} tries); a dead link looks the same.",
        reason_code=ReasonCode.NO_NETWORK,
    ),
    Rule(
        "network.captive_portal",
        _is_portal,
        State.INCONCLUSIVE,
        "{n_portal} check pages were answered by another host or page ({portal_host}), and TLS to neutral "
        "sites fails: a log-in or payment page stands before the internet.",
        mechanism="network.captive_portal",
        reason_code=ReasonCode.CAPTIVE_PORTAL,
    ),
    Rule(
        "network.domestic_listed_only",
        lambda f: (f.listed, f.unlisted, f.foreign) == ("passes", "fails", "fails"),
        State.BLOCKED,
        "Domestic sites of the published white list answer; other domestic sites and all foreign ones fail.",
        mechanism="network.domestic_only",
        reason_code=ReasonCode.DOMESTIC_ONLY,
    ),
    Rule(
        "network.foreign_unreachable",
        lambda f: f.foreign == "fails" and "passes" in {f.listed, f.unlisted},
        State.INCONCLUSIVE,
        "Domestic sites answer and foreign ones fail; a cut cable or lost transit looks the same.",
        reason_code=ReasonCode.DOMESTIC_ONLY,
    ),
    Rule(
        "network.tcp_intercepted",
        lambda f: f.tcp_intercepted,
        State.INCONCLUSIVE,
        "A connection to 192.0.2.1, where nothing lives, was accepted: something here answers for others.",
        reason_code=ReasonCode.LOCAL_INTERCEPTION,
    ),
    Rule(
        "network.degraded",
        _is_degraded,
        State.INCONCLUSIVE,
        "{percent} % of tries at neutral sites succeeded, far below this network's own earlier runs.",
        mechanism="network.degraded",
        reason_code=ReasonCode.NETWORK_DEGRADED,
    ),
    Rule(
        "network.fine",
        lambda f: "passes" in {f.listed, f.unlisted, f.foreign},
        State.REACHABLE,
        "Neutral sites answer ({n_ok} of {n_tries} tries, {families}).",
        mechanism="network.none",
    ),
    Rule(
        "network.not_measured",
        lambda f: f.n_tries == 0,
        State.INCONCLUSIVE,
        "No neutral site was tried.",
        reason_code=ReasonCode.NOT_MEASURED,
    ),
    Rule(
        "network.no_quorum",
        always,
        State.INCONCLUSIVE,
        "Neutral sites answer only in part ({n_ok} of {n_tries} tries): no group of them has two of three.",
        reason_code=ReasonCode.INTERMITTENT,
    ),
)
"""Ordered, total, first match wins (METHOD 4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFinding:
    """The verdict on the network, and what judging a target needs of it."""

    state: State
    rule_id: str
    reason_code: ReasonCode | None
    """None when the network is fine enough to judge targets on it."""
    mechanism: str
    because: str
    template: str
    params: tuple[tuple[str, str], ...]
    families: tuple[int, ...]
    """Of addresses at which a neutral answered: 4, 6."""
    clock_offset_s: float | None
    """True time minus this machine's; None: too few servers agree, certificates' dates are not judged."""
    tcp_intercepted: bool
    udp53_intercepted: bool
    """A DNS query to an address where nothing lives was answered: rows of UDP/53 resolvers are not theirs."""
    resolver_fails: bool
    """The system's resolver failed for neutrals too."""
    resolver_kind: str
    """What it answered for most neutral names: public, fake_ip, private, …; empty without an answer."""
    untrusted_issuers: frozenset[str]
    """Issuers of certificates under no known authority that neutrals showed: these accuse nobody."""
    success_rate: float
    handshake_ms: float | None
    """Share of tries at neutrals that succeeded, median handshake: history for later runs."""
    witnesses: tuple[str, ...]
    """At most 24 uids: first and last tries of each group, portal checks, sinkhole."""
    measurement_uids: tuple[str, ...]
    n_observations: int
    started_utc: str
    ended_utc: str
    notes: tuple[str, ...] = ()

    @property
    def fine(self) -> bool:
        """Whether targets are judged on this network; a validated answer stays reachable either way."""
        return self.reason_code is None


def network_finding(
    digests: Sequence[ControlDigest], history: NetworkHistory | None = None
) -> NetworkFinding:
    """Judge the network by the digests of a run so far; total, and the same in whatever order they come."""
    digests = sorted(digests, key=lambda d: (d.started_s, d.uid))
    f = network_facts(digests, history)
    rule = first_match(NETWORK_RULES, f)
    params = {
        "families": " and ".join(f"IPv{family}" for family in f.families),
        "n_ok": str(f.n_ok),
        "n_portal": str(f.portal_pages),
        "n_rounds": str(f.n_rounds),
        "n_tries": str(f.n_tries),
        "percent": str(round(100 * f.success_rate)),
        "portal_host": f.portal_host or "another page",
    }
    used = {name: value for name, value in params.items() if "{" + name + "}" in rule.because}
    own = [d for d in digests if d.portal or d.sinkhole or d.local]
    return NetworkFinding(
        state=rule.state,
        rule_id=rule.rule_id,
        reason_code=rule.reason_code,
        mechanism=rule.mechanism,
        because=rule.because.format(**used),
        template=rule.because,
        params=tuple(used.items()),
        families=f.families,
        clock_offset_s=f.clock_offset_s,
        tcp_intercepted=f.tcp_intercepted,
        udp53_intercepted=f.udp53_intercepted,
        resolver_fails=f.resolver_fails,
        resolver_kind=f.resolver_kind,
        untrusted_issuers=f.untrusted_issuers,
        success_rate=round(f.success_rate, 4),
        handshake_ms=f.handshake_ms,
        witnesses=_witnesses(digests),
        measurement_uids=tuple(d.uid for d in own),
        n_observations=sum(d.n_observations for d in digests),
        started_utc=_stamp(digests[0].started) if digests else "",
        ended_utc=_stamp(digests[-1].started) if digests else "",
        notes=tuple(_notes(f)),
    )


def network_verdict(finding: NetworkFinding) -> Verdict:
    """Return the row of the service `network`."""
    return Verdict(
        target_id=TARGET_ID,
        service=TARGET_ID,
        input=TARGET_ID,
        state=finding.state,
        mechanism=finding.mechanism,
        layer=Layer.NETWORK,
        located=Located.UNKNOWN,
        confirmed=False,
        reason_code=finding.reason_code,
        rule_id=finding.rule_id,
        rules_version=RULES_VERSION,
        because=finding.because,
        template=finding.template,
        params=finding.params,
        witnesses=finding.witnesses,
        n_observations=finding.n_observations,
        control_source=(ControlSource.NEUTRAL,) if finding.witnesses else (ControlSource.NONE,),
        started_utc=finding.started_utc,
        ended_utc=finding.ended_utc,
        measurement_uids=finding.measurement_uids,
        notes=finding.notes,
    )


def _notes(f: NetworkFacts) -> list[str]:
    """Facts that change no state of the network."""
    said = {
        "a DNS query to 192.0.2.1 was answered: UDP/53 is intercepted": f.udp53_intercepted,
        f"the system's resolver failed for {f.names_failed} of {f.names_asked} neutral names": f.resolver_fails,
        f"the system's resolver answers with {f.resolver_kind} addresses": f.resolver_kind
        not in {"", "public"},
        "the time could not be checked against two agreeing servers": f.clock_offset_s is None and f.n_ok > 0,
        f"this machine's clock is off by {f.clock_offset_s} s": abs(f.clock_offset_s or 0.0) >= 60.0,
        "certificates under an unknown authority were shown for neutral sites": bool(f.untrusted_issuers),
    }
    return [note for note, holds in said.items() if holds]


def _witnesses(digests: Sequence[ControlDigest]) -> tuple[str, ...]:
    """Pick the first and the last measurement of each group of neutrals, and all portal and sinkhole ones."""
    picked: dict[str, None] = {d.uid: None for d in digests if d.portal or d.sinkhole}
    ends: dict[tuple[str, bool], list[str]] = {}
    for digest in digests:
        for witness in digest.witnesses:
            ends.setdefault((witness.neutral_group, witness.ok), []).append(digest.uid)
    for _, uids in sorted(ends.items()):
        picked |= dict.fromkeys((uids[0], uids[-1]))
    return tuple(sorted(picked)[:MAX_WITNESSES])


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
