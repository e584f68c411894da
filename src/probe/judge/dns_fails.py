"""The rows for names that do not resolve, and for names that resolve to addresses nothing vouches for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.judge import kind as k
from probe.judge.constants import FLOOR_ROUNDS, FLOOR_SPREAD_S
from probe.judge.dns import ARTEFACTS, DnsFacts
from probe.judge.rule import Rule, always
from probe.model.words import Located, ReasonCode, State

if TYPE_CHECKING:
    from probe.judge.witness import Count

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
    Rule(
        "dns.answered_later",
        lambda f: f.both,
        State.INCONCLUSIVE,
        "{name}: this system's resolver said {failure} and then gave a true address for the same query.",
        reason_code=ReasonCode.DISCORDANT_RERUN,
    ),
    Rule(
        "dns.only_it_validates",
        lambda f: f.validates and f.count is not None and f.count.kind == k.SERVFAIL,
        State.INCONCLUSIVE,
        "{name}: this system's resolver fails on it because it checks signatures; that they fail there only"
        " may be the resolver's own fault.",
        reason_code=ReasonCode.RESOLVER_FAILED,
    ),
    Rule(
        "dns.denied_alike",
        lambda f: f.denied,
        State.INCONCLUSIVE,
        "{name}: {failure} here, and resolvers asked from here over a channel that nobody can write into deny"
        " it too: a name may be told by place, or have gone.",
        reason_code=ReasonCode.DISCORDANT_RERUN,
    ),
    Rule(
        "dns.own_resolver",
        lambda f: f.own,
        State.INCONCLUSIVE,
        _COUNTED
        + "; the resolver is one that the user chose, or answers as a filter in the home does ({local}).",
        reason_code=ReasonCode.LOCAL_INTERCEPTION,
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
        "dns.untrue_own_resolver",
        lambda f: f.hijacked and f.own,
        State.INCONCLUSIVE,
        "{name}: no address that this system's resolver gives ({answer}) works or is known to be its own; the"
        " resolver is in the home, or one that the user chose ({local}).",
        reason_code=ReasonCode.LOCAL_INTERCEPTION,
    ),
    Rule(
        "dns.hijacked",
        lambda f: f.hijacked and f.shown,
        State.BLOCKED,
        "{name}: in {rounds} rounds over {spread} s no address that this system's resolver gives ({answer})"
        " showed a certificate valid for the name, but one under an authority that nobody trusts ({issuer}),"
        " while those of {controls} give a validated answer from here.",
        mechanism="dns.hijacked",
        located=Located.RESOLVER,
        confirmed=None,
    ),
    Rule(
        "dns.other_address",
        lambda f: f.hijacked,
        State.INCONCLUSIVE,
        "{name}: no address that this system's resolver gives ({answer}) works or is known to be its own,"
        " while those of {controls} answer from here; nothing shows that it is forged and not an old record.",
        reason_code=ReasonCode.CONTENT_DIFFERS,
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
