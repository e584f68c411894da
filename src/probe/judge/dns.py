"""Judge the DNS layer: what the system's resolver said of a name, and what becomes of its addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from probe.judge import kind as k
from probe.judge.constants import FLOOR_ROUNDS, FLOOR_SPREAD_S
from probe.judge.fingerprints import Scope
from probe.judge.rule import Rule, always
from probe.model.words import Located, ReasonCode, State

if TYPE_CHECKING:
    from probe.judge.fingerprints import Match
    from probe.judge.stand import Stand
    from probe.judge.witness import Count


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsFacts:
    """What the artefact rows and the rows by count ask; `count` is None where the name resolved."""

    resolver_fails: bool
    """The system's resolver failed, or lied, for neutrals too."""
    resolver_true: bool
    """It was seen to answer neutrals truly."""
    local: str = ""
    """Why an answer is this machine's or household's own doing; empty otherwise."""
    notice: Match | None = None
    """An answered address is fingerprinted as one that notices are served from."""
    bogon: str = ""
    """A reserved address answered for a public name."""
    injected: tuple[str, str] = ("", "")
    """A forged first answer and a later one that shows a certificate valid for the name."""
    unclear: bool = False
    """Failures that name no mechanism."""
    broken_dnssec: bool = False
    count: Count | None = None
    stand: Stand
    hijacked: bool = False
    """Addresses nothing vouches for fail, while those of a control give a validated answer from here."""


ARTEFACTS: tuple[Rule[DnsFacts], ...] = (
    Rule(
        "dns.resolver_failed",
        lambda f: f.resolver_fails and (f.count is not None or f.bogon or f.notice),
        State.INCONCLUSIVE,
        "{name}: this system's resolver fails for neutral names too.",
        reason_code=ReasonCode.RESOLVER_FAILED,
    ),
    Rule(
        "dns.notice_bogon",
        lambda f: f.notice is not None and f.bogon,
        State.BLOCKED,
        "{name}: this system's resolver answers {answer}, a reserved address that denials are answered with"
        " ({fingerprint}).",
        mechanism="dns.bogon",
        located=Located.RESOLVER,
        confirmed=True,
    ),
    Rule(
        "dns.injected_address",
        lambda f: f.notice is not None and f.notice.scope is Scope.INJECTED,
        State.BLOCKED,
        "{name}: the answer is {answer}, an address that only forged answers give ({fingerprint}).",
        mechanism="dns.injected",
        located=Located.PATH,
        confirmed=True,
    ),
    Rule(
        "dns.notice_address",
        lambda f: f.notice is not None,
        State.BLOCKED,
        "{name}: this system's resolver answers {answer}, an address that notices of blocking are served from"
        " ({fingerprint}).",
        mechanism="dns.blockpage",
        located=Located.RESOLVER,
        confirmed=True,
    ),
    Rule(
        "dns.local_answer",
        lambda f: f.local,
        State.INCONCLUSIVE,
        "{name}: the answer {answer} is made on this machine or in its own network ({local}).",
        reason_code=ReasonCode.LOCAL_INTERCEPTION,
    ),
    Rule(
        "dns.injected",
        lambda f: f.injected[0],
        State.BLOCKED,
        "{name}: two answers came to one query; the first ({forged}) leads to no certificate valid for"
        " the name,"
        " the later ({answer}) does. Somebody on the path answers before the resolver.",
        mechanism="dns.injected",
        located=Located.PATH,
        confirmed=True,
    ),
    Rule(
        "dns.bogon",
        lambda f: f.bogon and f.resolver_true,
        State.BLOCKED,
        "{name}: this system's resolver, which answers neutral names truly, answers {answer}, an address"
        " that no"
        " public name can have.",
        mechanism="dns.bogon",
        located=Located.RESOLVER,
        confirmed=True,
    ),
    Rule(
        "dns.bogon_unwitnessed",
        lambda f: f.bogon,
        State.INCONCLUSIVE,
        "{name}: this system's resolver answers {answer}, an address that no public name can have; it was not"
        " seen to answer neutral names truly.",
        reason_code=ReasonCode.RESOLVER_FAILED,
    ),
)
"""Rows that settle it alone; none of them holding, judging goes on."""

_RESOLVES = "; {controls} resolved it."
_COUNTED = (
    "{name}: {n} look-ups in {rounds} rounds over {spread} s ended in {failure}, each between successes of a"
    " resolver for neutral names"
)


def _what(kind: str, mechanism: str, located: Located) -> Rule[DnsFacts]:
    return Rule(
        f"dns.blocked_{kind}",
        lambda f: f.count is not None and f.count.kind == kind and f.stand.carries,
        State.BLOCKED,
        _COUNTED + _RESOLVES,
        mechanism=mechanism,
        located=located,
        confirmed=None,
    )


FAILS: tuple[Rule[DnsFacts], ...] = (
    ARTEFACTS[0],
    Rule(
        "dns.broken_dnssec",
        lambda f: f.broken_dnssec,
        State.DOWN,
        "{name}: its zone's signatures do not hold: validating resolvers refuse it and answer when told"
        " not to"
        " validate.",
        located=Located.SERVER,
        confirmed=True,
    ),
    Rule(
        "dns.control_split",
        lambda f: f.stand.split,
        State.INCONCLUSIVE,
        "{name}: {failure} here; one control resolved it and another failed alike.",
        reason_code=ReasonCode.CONTROL_NOISY,
    ),
    Rule(
        "dns.down",
        lambda f: f.stand.down,
        State.DOWN,
        "{name}: {failure} here, and the same at {controls}: the name does not resolve for others either.",
        located=Located.SERVER,
        confirmed=None,
    ),
    Rule(
        "dns.discordant",
        lambda f: f.count is not None and f.count.mixed,
        State.INCONCLUSIVE,
        "{name}: it never resolved, but failed in ways that do not belong together.",
        reason_code=ReasonCode.DISCORDANT_RERUN,
    ),
    Rule(
        "dns.fails_alike_once",
        lambda f: f.stand.down_once,
        State.INCONCLUSIVE,
        "{name}: {failure} here and at {controls}, which was asked only once.",
        reason_code=ReasonCode.UNCONFIRMED,
    ),
    Rule(
        "dns.unclear",
        lambda f: f.count is not None and f.count.kind == k.DNS_UNCLEAR,
        State.INCONCLUSIVE,
        "{name}: it did not resolve, and this system does not tell how ({failure}).",
        reason_code=ReasonCode.RESOLVER_FAILED,
    ),
    Rule(
        "dns.too_few",
        lambda f: f.count is not None and not f.count.stands,
        State.INCONCLUSIVE,
        "{name}: {failure}; {n} failed look-ups have witnesses on both sides, three in three rounds over"
        " 20 s are"
        " needed.",
        reason_code=ReasonCode.UNCONFIRMED,
    ),
    _what(k.NXDOMAIN, "dns.nxdomain", Located.RESOLVER),
    _what(k.SERVFAIL, "dns.servfail", Located.RESOLVER),
    _what(k.REFUSED, "dns.refused", Located.RESOLVER),
    _what(k.NO_ANSWER, "dns.no_answer", Located.RESOLVER),
    _what(k.TIMEOUT, "dns.timeout", Located.PATH),
    Rule(
        "dns.baseline_old",
        lambda f: f.stand.stale,
        State.INCONCLUSIVE,
        _COUNTED + "; only a baseline older than a day shows it resolving elsewhere.",
        reason_code=ReasonCode.UNCONFIRMED,
    ),
    Rule(
        "dns.control_failed",
        lambda f: f.stand.asked,
        State.INCONCLUSIVE,
        _COUNTED + "; the control that was asked could not tell.",
        reason_code=ReasonCode.CONTROL_FAILED,
    ),
    Rule(
        "dns.no_control",
        always,
        State.INCONCLUSIVE,
        _COUNTED + "; neither a control nor another resolver showed that the name exists.",
        reason_code=ReasonCode.NO_CONTROL,
    ),
)
"""The name did not resolve, in any round."""


def _spread(count: Count | None) -> bool:
    """Say whether tries with witnesses, of whatever class, fill the floor's rounds and time."""
    return count is not None and count.n_rounds >= FLOOR_ROUNDS and count.spread_s >= FLOOR_SPREAD_S


UNTRUE: tuple[Rule[DnsFacts], ...] = (
    Rule(
        "dns.untrue_mixed",
        lambda f: f.count is not None and f.count.mixed and not f.hijacked,
        State.INCONCLUSIVE,
        "{name}: no address that this system's resolver gives ({answer}) works or is known to be its own.",
        reason_code=ReasonCode.DISCORDANT_RERUN,
    ),
    Rule(
        "dns.untrue_too_few",
        lambda f: f.hijacked and not _spread(f.count),
        State.INCONCLUSIVE,
        "{name}: the addresses that this system's resolver gives ({answer}) do not work, those of"
        " {controls} do;"
        " {n} tries have witnesses on both sides, three in three rounds over 20 s are needed.",
        reason_code=ReasonCode.UNCONFIRMED,
    ),
    Rule(
        "dns.hijacked",
        lambda f: f.hijacked,
        State.BLOCKED,
        "{name}: in {rounds} rounds over {spread} s no address that this system's resolver gives"
        " ({answer}) showed"
        " a certificate valid for the name or is otherwise known to be its own, while those of {controls}"
        " give a"
        " validated answer from here.",
        mechanism="dns.hijacked",
        located=Located.RESOLVER,
        confirmed=None,
    ),
    Rule(
        "dns.untrue_control",
        lambda f: f.stand.worked,
        State.INCONCLUSIVE,
        "{name}: {failure} at {answer}, which nothing vouches for as its own address; whether the control's"
        " addresses answer from here has not been shown.",
        reason_code=ReasonCode.UNCONFIRMED,
    ),
    Rule(
        "dns.untrue_control_failed",
        lambda f: f.stand.asked,
        State.INCONCLUSIVE,
        "{name}: {failure} at {answer}, which nothing vouches for as its own address; the control that"
        " was asked"
        " could not tell.",
        reason_code=ReasonCode.CONTROL_FAILED,
    ),
    Rule(
        "dns.untrue_no_control",
        always,
        State.INCONCLUSIVE,
        "{name}: {failure} at {answer}, which nothing vouches for as its own address.",
        reason_code=ReasonCode.NO_CONTROL,
    ),
)
"""The name resolved to addresses that nothing vouches for, and they fail."""
