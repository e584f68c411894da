"""Read the answers of the last hop into facts for the content tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from probe.judge.content import ANSWERED, PLAIN_CONTENT, TLS_CONTENT, ContentFacts
from probe.judge.fingerprints import Scope, legal_notice, match_page, match_redirect
from probe.judge.hop import goal_of
from probe.judge.outcome import Wants, conclude
from probe.judge.reading import PAGES, RESOLVERS
from probe.judge.rule import first_match
from probe.judge.same_page import differs, folded, leads_there, same, shows
from probe.judge.served import BROKEN, carries_geo, is_served, redirects_at, refusal_of
from probe.judge.stand import PASSES, stand
from probe.judge.witness import Failed, count
from probe.model import failure as f
from probe.model.words import Layer, Located

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.judge.fingerprints import Match
    from probe.judge.hop import Hop, Round
    from probe.judge.outcome import Outcome
    from probe.judge.rule import Rule
    from probe.judge.stand import Stand
    from probe.judge.witness import Count
    from probe.model.observation import HTTPRoundTrip

ABSENT = frozenset({404, 410})
LOOPS = frozenset({f.X_REDIRECT_LOOP, f.X_TOO_MANY_REDIRECTS, f.HTTP_INVALID_REDIRECT})


def judge_answers(works: Outcome) -> Outcome:
    """Judge the content of a hop that answered and leads no further."""
    hop = works.hop
    answers = works.pages
    any_will_do = hop.reading.target.experiment not in PAGES
    if not answers or (any_will_do and (works.validated or notice_of(works) is None)):
        return _plainly(works, hop, answers)
    plain = not works.validated
    final = [a for a in answers if not a.location] or answers
    pages = _count(hop, works.answers) if plain else None
    facts = replace(_facts(hop, answers, final, plain=plain), counted=pages is not None and pages.stands)
    if hop.reading.target.experiment == "store" and facts.status in ABSENT:
        facts = replace(facts, refusal=None)  # words for an app that a country does not get
    rule = first_match(PLAIN_CONTENT if plain else TLS_CONTENT, facts)
    said = facts.notice or facts.innocent
    fingerprint = said.id if said is not None else (facts.refusal.id if facts.refusal is not None else "")
    stood = _stand(hop, rule, loops=facts.loops)
    own = {f"AS{asn}" for asn in facts.notice.operator_asns} if facts.notice is not None else set()
    outcome = conclude(
        rule,
        Layer.HTTP,
        hop=hop,
        stand=stood,
        count=pages if rule.rule_id == "http.plain_other_page" else None,
        params={
            "status": str(facts.status),
            "fingerprint": fingerprint,
        },
        located=Located.OPERATOR_NETWORK if hop.facts.vantage.probe_asn in own else None,
        uids=works.witnesses,
        wants=Wants(
            control=plain or facts.loops or facts.refusal is not None or facts.status in {403, 451},
            control_again=stood.down_once,
            rounds=facts.differs and not facts.counted,
        ),
    )
    return _keep(works, outcome)


def _count(hop: Hop, rounds: Sequence[Round]) -> Count:
    """Count answers as failures are counted: what another page accuses of needs the same floor."""
    pages = [
        Failed(a.uid, "page", "", a.t0, a.t, a.family, a.port) for r in rounds if (a := r.answer) is not None
    ]
    return count(pages, hop.facts.bench, sides=hop.sides)


def _stand(hop: Hop, rule: Rule[Any], *, loops: bool) -> Stand:
    """Weigh the controls that the rule looked at: whether they got an answer at all."""
    if rule.rule_id in _NEEDS_NO_CONTROL:
        return stand((), (), ())
    if rule.rule_id == "http.geoblocked":
        seen = [(v, PASSES if carries_geo(v) else None) for v in hop.views]
    else:
        seen = [(v, redirects_at(v)) for v in hop.views]
    return stand(hop.views, seen, {BROKEN} if loops else (), lives=True)


_NEEDS_NO_CONTROL = frozenset({"http.answered", "http.notice_page", "http.notice_redirect"})


def _keep(works: Outcome, outcome: Outcome) -> Outcome:
    outcome.notes = works.notes
    outcome.validated, outcome.answers = works.validated, works.answers
    outcome.wants.join(works.wants)
    if works.mechanism and not outcome.mechanism:
        outcome.mechanism, outcome.located = works.mechanism, works.located
    return outcome


def _plainly(works: Outcome, hop: Hop, answers: Sequence[HTTPRoundTrip]) -> Outcome:
    """Conclude for experiments in which any answer, or a connect, is all that is asked."""
    status = str(answers[0].status_code) if answers else ""
    asks_resolver = hop.reading.target.experiment in RESOLVERS
    layer = Layer.DNS if asks_resolver else works.layer
    rule = ANSWERED[Layer.DNS if asks_resolver else goal_of(hop)]
    outcome = conclude(rule, layer, hop=hop, params={"status": status}, uids=works.witnesses)
    return _keep(works, outcome)


def notice_of(works: Outcome) -> Match | None:
    """Return the legal notice that a hop shows or leads to, unless a control shows it too."""
    hop = works.hop
    return _notice(hop, works.pages)[0]


def _notice(hop: Hop, answers: Sequence[HTTPRoundTrip]) -> tuple[Match | None, bool, Match | None]:
    """Return the notice, whether it is the redirect's goal, and an innocent fingerprint otherwise."""
    innocent: Match | None = None
    for a in answers:
        if a.location:
            to = match_redirect(a.location, origin=a.url)
            if to is not None and to.scope is Scope.LEGAL_NOTICE:
                if not any(leads_there(v, a) for v in hop.views):
                    return to, True, None
                continue
            innocent = innocent or to
        found = match_page(
            status=a.status_code,
            headers=a.headers,
            title=a.title,
            body=a.body,
            url=a.url,
            body_bytes=a.body_text_bytes,
        )
        notice = legal_notice(found)
        if notice is not None and not any(shows(v, a) for v in hop.views):
            return notice, notice.kind == "redirect_host", None
        innocent = innocent or (found[0] if found and notice is None else None)
    return None, False, innocent


def _facts(
    hop: Hop, answers: Sequence[HTTPRoundTrip], final: Sequence[HTTPRoundTrip], *, plain: bool
) -> ContentFacts:
    statuses = [a.status_code or 0 for a in final]
    status = min(statuses, key=_mildness)
    told = max((a for a in final if (a.status_code or 0) == status), key=lambda a: len(a.body))
    notice, leads, innocent = _notice(hop, answers) if plain else (None, False, None)
    usable = [v for v in hop.views if v.usable]
    compared = [v for v in usable if v.answered]
    loops = any(a.failure in LOOPS for a in answers)
    refusal = refusal_of(told) if not plain and _may_refuse(status, told) else None
    return ContentFacts(
        status=status,
        broken=_breaks_off(final),
        loops=loops,
        down=loops
        and stand(
            usable,
            [(v, redirects_at(v)) for v in usable],
            {BROKEN},
        ).down,
        refusal=refusal,
        notice=notice,
        notice_redirect=leads,
        innocent=innocent,
        compared=bool(compared),
        asked=bool(hop.views),
        refused_there=any(
            v.status == status and (status >= 400 or folded(v.title) == folded(told.title)) for v in compared
        ),
        served_there=any(is_served(v) for v in compared),
        fresh_for_geo=any(map(carries_geo, compared)),
        same=plain and any(same(v, a) for v in compared for a in final),
        differs=plain and bool(compared) and differs(compared, final),
    )


def _mildness(status: int) -> tuple[bool, int]:
    return (status in {403, 451}, status)


def _may_refuse(status: int, a: HTTPRoundTrip) -> bool:
    return (
        status >= 400 or bool(a.hop) or "banner" in a.url or max(len(a.body), a.body_text_bytes or 0) < 4096
    )


def _breaks_off(answers: Sequence[HTTPRoundTrip]) -> bool:
    """Say whether every body that was read broke off short of its declared length."""
    read = [a for a in answers if a.body_length is not None or a.failure is not None]
    return bool(read) and all(
        a.failure is not None
        and a.failure not in LOOPS
        and not a.body_is_capped
        and (a.declared_length is None or (a.body_length or 0) < a.declared_length)
        for a in read
    )
