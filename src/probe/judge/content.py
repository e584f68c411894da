"""Judge a final HTTP answer: what a validated server says is its own; plain HTTP is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.judge.fingerprints import Confidence, Scope
from probe.judge.rule import Rule, always
from probe.model.words import Layer, Located, ReasonCode, State

if TYPE_CHECKING:
    from probe.judge.fingerprints import Match, Refusal


BREAKS_OFF: Final = "http.body_breaks_off"


class ContentFacts(Struct, frozen=True, kw_only=True):
    """What the tables ask of the answers at the last hop."""

    status: int
    """Of the answers, where all rounds agree; else of the mildest."""
    broken: bool = False
    """In every round that read it the body broke off short of its declared length."""
    loops: bool = False
    """The redirects lead nowhere."""
    refusal: Refusal | None = None
    notice: Match | None = None
    """A legal notice, in any round, that neither a control nor a neutral shows."""
    notice_redirect: bool = False
    """The notice is where the answer redirects to."""
    innocent: Match | None = None
    """A fingerprint of another scope."""
    compared: bool = False
    """A control got an answer to compare with."""
    asked: bool = False
    down: bool = False
    """Controls fail alike: the redirects break for them too."""
    refused_there: bool = False
    """The control got the same refusal, or the same status."""
    served_there: bool = False
    """A control got more than a refusal, a limit or a fault of the service."""
    fresh_for_geo: bool = False
    """Such a control carries "geoblocked"."""
    same: bool = False
    """Same status class and two of title, header and length."""
    differs: bool = False
    """Nothing in common: no header, another title, another length; in every round."""
    counted: bool = False
    """The answers meet the floor of a count: three rounds, spread, neutral successes around each."""


TLS_CONTENT: tuple[Rule[ContentFacts], ...] = (
    Rule(
        "http.redirects_break_everywhere",
        lambda f: f.loops and f.down,
        State.DOWN,
        "{name}: its redirects lead nowhere, and the same at {controls}.",
        located=Located.SERVER,
        confirmed=None,
    ),
    Rule(
        "http.redirects_break_no_control",
        lambda f: f.loops and not f.compared,
        State.INCONCLUSIVE,
        "{name}: its redirects lead nowhere here; no control shows whether they do elsewhere.",
        reason_code=ReasonCode.NO_CONTROL,
    ),
    Rule(
        "http.redirects_break",
        lambda f: f.loops,
        State.INCONCLUSIVE,
        "{name}: its redirects lead nowhere here; {controls} got an answer.",
        reason_code=ReasonCode.CONTENT_DIFFERS,
    ),
    Rule(
        BREAKS_OFF,
        lambda f: f.broken,
        State.INCONCLUSIVE,
        "{name}: it answers, but its body stopped short of the length it declared, every time; a path"
        " that loses"
        " large packets or a slow server does this too.",
        reason_code=ReasonCode.PMTU_OR_SERVER,
    ),
    Rule(
        "http.geoblocked",
        lambda f: _refuses(f) and f.fresh_for_geo and not f.refused_there,
        State.GEOBLOCKED,
        "{name}: the service itself, over a certificate that holds, refuses with status {status}"
        " ({fingerprint});"
        " {controls} got another answer. Why it refuses was not measured.",
        located=Located.SERVER,
        confirmed=None,
    ),
    Rule(
        "http.refusal_no_control",
        lambda f: _refuses(f) and not f.served_there and not f.refused_there,
        State.INCONCLUSIVE,
        "{name}: the service itself refuses with status {status} ({fingerprint}); no control shows whether it"
        " refuses everybody.",
        reason_code=ReasonCode.NO_CONTROL,
    ),
    Rule(
        "http.refusal_baseline_old",
        lambda f: _refuses(f) and not f.refused_there,
        State.INCONCLUSIVE,
        "{name}: the service itself refuses with status {status} ({fingerprint}); only a baseline older"
        " than 30 days, or of unknown age, shows another answer.",
        reason_code=ReasonCode.UNCONFIRMED,
    ),
    Rule(
        "http.ambiguous_refusal",
        lambda f: _ambiguous(f) and f.compared and not f.refused_there,
        State.INCONCLUSIVE,
        "{name}: the service itself answers with status {status}, which may be a refusal by place or a"
        " defence"
        " against robots; {controls} got another answer.",
        reason_code=ReasonCode.AMBIGUOUS_REFUSAL,
    ),
    Rule(
        "http.answered",
        always,
        State.REACHABLE,
        "{name}: it answered with status {status} over a certificate that holds.",
        confirmed=True,
    ),
)

_LOCAL_SCOPES = frozenset({Scope.PARENTAL_FILTER, Scope.UNPAID_BILL, Scope.ANTIVIRUS, Scope.OFFICE})

PLAIN_CONTENT: tuple[Rule[ContentFacts], ...] = (
    Rule(
        "http.plain_local",
        lambda f: not f.same and f.innocent is not None and f.innocent.scope in _LOCAL_SCOPES,
        State.INCONCLUSIVE,
        "{name}: the answer is a page of a filter or of a bill that somebody on this side set up"
        " ({fingerprint}).",
        reason_code=ReasonCode.LOCAL_INTERCEPTION,
    ),
    Rule(
        "http.plain_portal",
        lambda f: not f.same and f.innocent is not None and f.innocent.scope is Scope.CAPTIVE_PORTAL,
        State.INCONCLUSIVE,
        "{name}: the answer is a page that asks to log in to this network ({fingerprint}).",
        reason_code=ReasonCode.CAPTIVE_PORTAL,
    ),
    Rule(
        "http.notice_redirect",
        lambda f: f.notice is not None and f.notice_redirect,
        State.BLOCKED,
        "{name}: the answer leads to a notice that access is restricted by law ({fingerprint}).",
        mechanism="http.redirect",
        located=Located.PATH,
        confirmed=True,
    ),
    Rule(
        "http.notice_page_unsigned",
        lambda f: f.notice is not None and not f.notice.operator_asns,
        State.BLOCKED,
        "{name}: the answer is a notice that access is restricted by law ({fingerprint}). It is not known as"
        " an operator's page: the site's own side may have written it as well as somebody on the path.",
        mechanism="http.blockpage",
    ),
    Rule(
        "http.notice_page",
        lambda f: f.notice is not None,
        State.BLOCKED,
        "{name}: the answer is a notice that access is restricted by law ({fingerprint}).",
        mechanism="http.blockpage",
        located=Located.PATH,
        confirmed=True,
    ),
    *TLS_CONTENT[:4],
    Rule(
        "http.plain_same",
        lambda f: f.same,
        State.REACHABLE,
        "{name}: it answered by way of plain HTTP with status {status}, as it did for {controls}.",
        confirmed=None,
    ),
    Rule(
        "http.plain_refusal",
        lambda f: f.status in {403, 429, 451} or f.status >= 500,
        State.INCONCLUSIVE,
        "{name}: an answer by way of plain HTTP with status {status}; it may be the server's or somebody"
        " else's.",
        reason_code=ReasonCode.AMBIGUOUS_REFUSAL,
    ),
    Rule(
        "http.plain_no_control",
        lambda f: not f.compared and not f.asked,
        State.INCONCLUSIVE,
        "{name}: it answered by way of plain HTTP with status {status}; no control shows whether that is"
        " its own.",
        reason_code=ReasonCode.NO_CONTROL,
    ),
    Rule(
        "http.plain_control_failed",
        lambda f: not f.compared,
        State.INCONCLUSIVE,
        "{name}: it answered by way of plain HTTP with status {status}; the control that was asked got no"
        " answer to"
        " compare it with.",
        reason_code=ReasonCode.CONTROL_FAILED,
    ),
    Rule(
        "http.plain_known_page",
        lambda f: f.differs and f.innocent is not None,
        State.INCONCLUSIVE,
        "{name}: the answer by way of plain HTTP differs from that of {controls}, but it is a page that"
        " servers and their defences show of their own accord ({fingerprint}).",
        reason_code=ReasonCode.CONTENT_DIFFERS,
    ),
    Rule(
        "http.plain_too_few",
        lambda f: f.differs and not f.counted,
        State.INCONCLUSIVE,
        "{name}: the answer had another title, another length and no header in common with that of"
        " {controls};"
        " three such answers in three rounds over 20 s are needed, each between successes of neutral sites.",
        reason_code=ReasonCode.UNCONFIRMED,
    ),
    Rule(
        "http.plain_other_page",
        lambda f: f.differs,
        State.BLOCKED,
        "{name}: in three rounds the answer had another title, another length and no header in common"
        " with that of"
        " {controls}."
        " Traffic to it is treated differently on the path of subscribers of {asn}; these data do not"
        " show by whose equipment or order.",
        mechanism="http.blockpage",
        located=Located.PATH,
    ),
    Rule(
        "http.plain_differs",
        always,
        State.INCONCLUSIVE,
        "{name}: the answer by way of plain HTTP (status {status}) differs from that of {controls}, but"
        " not in a way that means anything.",
        reason_code=ReasonCode.CONTENT_DIFFERS,
    ),
)


def _refuses(f: ContentFacts) -> bool:
    """Say whether it is a refusal: a signature of high or medium confidence, or a 451."""
    return f.status == 451 or (
        f.refusal is not None and f.refusal.confidence in {Confidence.HIGH, Confidence.MEDIUM}
    )


def _ambiguous(f: ContentFacts) -> bool:
    if f.refusal is not None:
        return f.refusal.confidence is Confidence.AMBIGUOUS
    return f.status == 403


ANSWERED: dict[Layer, Rule[object]] = {
    Layer.HTTP: Rule("http.any_answer", always, State.REACHABLE, "{name}: it answered.", confirmed=True),
    Layer.TCP: Rule(
        "tcp.connected",
        always,
        State.REACHABLE,
        "{name}: connections open; more was not asked.",
    ),
    Layer.DNS: Rule("resolver.answers", always, State.REACHABLE, "{name}: the resolver answers."),
}
"""Experiments in which any answer, or a connect, is all that is asked."""
