"""The network's rules, in METHOD's order: what is asked before anything is said of a single target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.judge.fingerprints import LOCAL_KINDS
from probe.judge.link import fell
from probe.judge.network_facts import PORTAL_QUORUM, NetworkFacts
from probe.judge.rule import Rule, always
from probe.model.words import ReasonCode, State

if TYPE_CHECKING:
    from probe.judge.spells import Spell, SpellKind

SHUTDOWN_ROUNDS: Final = 3
"""METHOD 4: nothing answers in three rounds."""
GOOD_RUNS: Final = 2
"""METHOD 4 asks for "good runs" of this network before: more than one."""
SHUTDOWN_WITHIN_S: Final = 60.0
"""A modem that reconnects, a lift, a tunnel: in mid-run silence must last longer than in a whole run."""
DEGRADED_RUNS: Final = 3
"""Fewer runs give no median that one bad day does not move."""
DEGRADED_RATE: Final = 0.5
DEGRADED_FROM: Final = 0.8
"""Half the share of tries that used to succeed, on a network where four of five did."""
DEGRADED_HANDSHAKE: Final = 5.0
DEGRADED_HANDSHAKE_MS: Final = 1000.0
"""Handshakes five times slower and slower than a second: no change of route or radio cell does both."""


def _is_dark(f: NetworkFacts) -> bool:
    """No neutral and no check page answered."""
    heard = f.n_ok or f.n_strange or f.portal_pages or f.portal_expected
    return not heard and f.n_tries > 0


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


def spell_of(f: NetworkFacts, kind: SpellKind) -> Spell | None:
    """Return the longest spell of the kind that lasted over three rounds."""
    return max((s for s in f.spells if s.kind == kind and s.long), key=lambda s: s.seconds, default=None)


def _went_dark(f: NetworkFacts) -> bool:
    """Nothing answered from a moment of the run on to its end, where much had answered before."""
    spell = spell_of(f, "dark")
    known = f.history.n_good >= GOOD_RUNS or f.history.second_link
    return (
        spell is not None
        and not spell.over
        and spell.whole
        and not spell.no_route
        and spell.seconds >= SHUTDOWN_WITHIN_S
        and known
    )


def _lost_its_link(f: NetworkFacts) -> bool:
    spell = spell_of(f, "dark")
    return spell is not None and spell.no_route


def _is_white_list(f: NetworkFacts) -> bool:
    """Say whether only listed sites answer; where in the end these were silent too, a line went dead."""
    dead = any(s.kind == "dark" and (s.unseen or not s.over) for s in f.spells)
    return (f.listed, f.unlisted, f.foreign) == ("passes", "fails", "fails") and not dead


def _is_slowed(f: NetworkFacts) -> bool:
    return f.history.n_good >= DEGRADED_RUNS and fell(f.link_kbps, f.history.link_kbps)


NETWORK_RULES: Final[tuple[Rule[NetworkFacts], ...]] = (
    Rule(
        "network.no_route",
        lambda f: f.no_route,
        State.INCONCLUSIVE,
        "This machine has no link or no route to the internet.",
        reason_code=ReasonCode.NO_NETWORK,
    ),
    Rule(
        "network.changed",
        lambda f: f.moved,
        State.INCONCLUSIVE,
        "The network changed during the run: the kind of link, the router or the resolver is another than"
        " before. What was measured before and after does not belong together.",
        reason_code=ReasonCode.NETWORK_CHANGED,
    ),
    Rule(
        "network.resolver_local",
        lambda f: f.resolver_fails and f.resolver_kind in LOCAL_KINDS and not f.n_connects,
        State.INCONCLUSIVE,
        "The system's resolver answers neutral names with {resolver_kind} addresses: a tunnel or filter of"
        " one's own stands in between, and nothing beyond it could be tried.",
        reason_code=ReasonCode.LOCAL_INTERCEPTION,
    ),
    Rule(
        "network.shutdown",
        _is_shutdown,
        State.BLOCKED,
        "The link is up, and nothing answered at home or abroad in {n_rounds} rounds ({n_tries} tries), "
        "where this network worked before or another link works. A dead line or SIM of one's own looks the "
        "same.",
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
        "network.tls_intercepted",
        lambda f: f.tls_intercepted,
        State.INCONCLUSIVE,
        "Neutral sites show certificates that do not hold: an antivirus program, an office gateway or"
        " another box reads TLS here.",
        reason_code=ReasonCode.LOCAL_INTERCEPTION,
    ),
    Rule(
        "network.domestic_listed_only",
        _is_white_list,
        State.BLOCKED,
        "Domestic sites of the published white list answer; other domestic sites and all foreign ones fail."
        " A zero balance, or the white list of an office or a school, looks the same.",
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
        "network.no_link_within",
        _lost_its_link,
        State.INCONCLUSIVE,
        "From {begun} UTC on this machine had no link or no route for {seconds} s; before or afterwards it"
        " had one.",
        reason_code=ReasonCode.NO_NETWORK,
    ),
    Rule(
        "network.portal_within",
        lambda f: any(s.kind == "portal" for s in f.spells),
        State.INCONCLUSIVE,
        "From {begun} UTC on check pages were answered by another host or page for {seconds} s, and TLS to"
        " neutral sites failed that had worked before or worked afterwards: a log-in or payment page.",
        mechanism="network.captive_portal",
        reason_code=ReasonCode.CAPTIVE_PORTAL,
    ),
    Rule(
        "network.shutdown_within",
        _went_dark,
        State.BLOCKED,
        "Until {begun} UTC neutral sites answered; from then on nothing did, at home or abroad, for {seconds}"
        " s to the end of the run, with the link up, where this network worked in earlier runs or another"
        " link works. A dead line or SIM of one's own looks the same.",
        mechanism="network.shutdown",
        reason_code=ReasonCode.SHUTDOWN,
    ),
    Rule(
        "network.silent_within",
        lambda f: spell_of(f, "dark") is not None,
        State.INCONCLUSIVE,
        "From {begun} UTC on nothing answered for {seconds} s, and before or afterwards much did. A line that"
        " drops out, a modem that reconnects and a short shutdown look the same.",
        reason_code=ReasonCode.NETWORK_CHANGED,
    ),
    Rule(
        "network.listed_only_within",
        lambda f: spell_of(f, "listed_only") is not None,
        State.BLOCKED,
        "From {begun} UTC on, for {seconds} s, only domestic sites of the published white list answered;"
        " other domestic sites and all foreign ones failed that answered before or afterwards. A balance that"
        " ran out looks the same.",
        mechanism="network.domestic_only",
        reason_code=ReasonCode.DOMESTIC_ONLY,
    ),
    Rule(
        "network.home_only_within",
        lambda f: spell_of(f, "home_only") is not None,
        State.INCONCLUSIVE,
        "From {begun} UTC on, for {seconds} s, domestic sites answered and foreign ones failed that answered"
        " before or afterwards; a cut cable or lost transit looks the same.",
        reason_code=ReasonCode.DOMESTIC_ONLY,
    ),
    Rule(
        "network.slowed",
        _is_slowed,
        State.INCONCLUSIVE,
        "Neutral sites' pages came at {kbps} kbit/s, all of them, and at {earlier_kbps} in this network's"
        " earlier runs.",
        mechanism="network.degraded",
        reason_code=ReasonCode.NETWORK_DEGRADED,
    ),
    Rule(
        "network.slowed_within",
        lambda f: f.link_fell,
        State.INCONCLUSIVE,
        "Neutral sites' pages came eight times slower in the last three rounds of this run than in its first,"
        " all of them.",
        mechanism="network.degraded",
        reason_code=ReasonCode.NETWORK_DEGRADED,
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
