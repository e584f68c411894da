"""What the rules of names ask, and the artefacts among them: answers that settle it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from probe.judge.fingerprints import Scope
from probe.judge.heard import ALIKE, OTHERWISE
from probe.judge.rule import Rule
from probe.model.words import Located, ReasonCode, State

if TYPE_CHECKING:
    from probe.judge.fingerprints import Match
    from probe.judge.stand import Stand
    from probe.judge.witness import Count


class DnsFacts(Struct, frozen=True, kw_only=True):
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
    heard: str = ""
    """What others say beside a reserved address: alike, otherwise, or nothing."""
    own: str = ""
    """Why a denial or a stranger's address may be the user's own choice; empty otherwise."""
    denied: bool = False
    """Resolvers asked from here over a verified channel deny the name too."""
    both: bool = False
    """One query was answered by a failure and then by a true address."""
    broken_dnssec: bool = False
    validates: bool = False
    """The resolver says that signatures fail, or answers truly when told not to check them."""
    count: Count | None = None
    stand: Stand
    hijacked: bool = False
    """Addresses nothing vouches for fail, while those of a control give a validated answer from here."""
    shown: str = ""
    """The issuer of an untrusted certificate, made out for the name, that such an address shows from here."""


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
        "dns.bogon_alike",
        lambda f: f.bogon and f.heard == ALIKE,
        State.INCONCLUSIVE,
        "{name}: the answer is {answer}, an address that no public name can have, and others give such a one"
        " too: that may be the record that the name's owner set.",
        reason_code=ReasonCode.UNCONFIRMED,
    ),
    Rule(
        "dns.bogon",
        lambda f: f.bogon and f.resolver_true and f.heard == OTHERWISE,
        State.BLOCKED,
        "{name}: this system's resolver, which answers neutral names truly, answers {answer}, an address"
        " that no"
        " public name can have.",
        mechanism="dns.bogon",
        located=Located.RESOLVER,
        confirmed=True,
    ),
    Rule(
        "dns.bogon_no_control",
        lambda f: f.bogon and f.resolver_true,
        State.INCONCLUSIVE,
        "{name}: this system's resolver answers {answer}, an address that no public name can have; nobody"
        " else has told whether the name's owner set it.",
        reason_code=ReasonCode.NO_CONTROL,
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
