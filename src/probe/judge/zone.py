"""Judge a zone: its delegation, its servers, its signatures; gated by who answers UDP/53 here at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from probe.judge import kind as k
from probe.judge import note as notes
from probe.judge import zone_facts as z
from probe.judge.constants import NEAR_S, ZONE_AGREE
from probe.judge.note import note
from probe.judge.outcome import Outcome, Wants, conclude
from probe.judge.rule import first_match
from probe.judge.server import near
from probe.judge.stand import PASSES, at_dns, at_tcp, stand
from probe.judge.witness import count
from probe.model.words import Layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.judge.hop import Hop
    from probe.judge.view import ControlView
    from probe.judge.witness import Count, Failed
from probe.judge.zone_rules import ZONE_RULES, ZoneFacts


def judge_zone(hop: Hop) -> Outcome:
    """Judge a target of the experiment `zone`."""
    seen = z.seen_of(hop.reading.own, hop.facts.clock_offset_s)
    finding = hop.facts.finding
    views = hop.views
    silence, denial = _counted(hop, seen.silence), _counted(hop, seen.denials)
    resolving = [(v, _resolves(v, hop)) for v in views]
    facts = ZoneFacts(
        seen=seen,
        intercepted=(finding is not None and finding.udp53_intercepted) or seen.stand_ins >= ZONE_AGREE,
        near=near(hop) or (f"an answer within {NEAR_S * 1000:.0f} ms" if seen.quick else ""),
        silence=silence if not seen.refusing and not seen.answering else None,
        silent=stand(
            views,
            [(v, _reaches(v, hop)) for v in views],
            {k.TIMEOUT, k.REFUSED, k.UNREACHABLE},
            lives=seen.counted(z.SECURE) > 0,
        ),
        denial=denial,
        denied=stand(views, resolving, {k.NXDOMAIN}),
    )
    rule = first_match(ZONE_RULES, facts)
    told, by = (silence, facts.silent) if facts.silence is not None else (denial, facts.denied)
    accuses_by_count = rule.rule_id in _BY_COUNT
    outcome = conclude(
        rule,
        Layer.ZONE,
        hop=hop,
        stand=by if accuses_by_count else None,
        count=told if accuses_by_count else None,
        params=_params(facts),
        uids=seen.uids,
        wants=Wants(
            rounds=told is not None and not told.stands and not facts.intercepted,
            control=facts.silence is not None or facts.gone,
            control_again=by.down_once,
        ),
    )
    outcome.validated = rule.rule_id in {"zone.fine", "zone.injected"}
    outcome.notes += _notes(seen)
    return outcome


_BY_COUNT = frozenset(r.rule_id for r in ZONE_RULES if "{rounds}" in r.because or "{n}" in r.because) | {
    "zone.silent_down"
}


def _counted(hop: Hop, failed: Sequence[Failed]) -> Count | None:
    return count(failed, hop.facts.bench, sides=hop.sides) if failed else None


def _reaches(view: ControlView, hop: Hop) -> str | None:
    """Say whether a control connects to port 53 of the zone's servers."""
    ips = {text.partition(" ")[2] for text in hop.reading.target.servers}
    saw = sorted(said for ip in ips if (said := at_tcp(view, ip, z.UDP53)) is not None)
    return PASSES if PASSES in saw else next(iter(saw), None)


def _resolves(view: ControlView, hop: Hop) -> str | None:
    """Say whether a control finds what lies below the zone; a baseline that it found the zone itself."""
    if _reaches(view, hop) == PASSES and view.age_s is not None:
        return PASSES
    return at_dns(view) if hop.reading.target.question else None


def _params(facts: ZoneFacts) -> dict[str, str]:
    seen = facts.seen
    return {
        "local": facts.near,
        "delegating": str(seen.delegating),
        "answering": str(len(seen.answering)),
        "servers": str(seen.servers),
        "lame": str(len(seen.lame)),
        "bogus": str(seen.counted(z.BOGUS)),
        "breaks": seen.breaks,
    }


def _notes(seen: z.ZoneSeen) -> list[Any]:
    said = (
        (seen.heard < seen.roots, note(notes.ROOTS_HEARD, n=seen.heard, all=seen.roots)),
        (
            bool(seen.refusing) and bool(seen.answering),
            note(notes.SERVERS_LAME, n=len(seen.refusing), all=seen.servers),
        ),
        (
            len(seen.answering) + len(seen.refusing) < seen.servers and bool(seen.answering),
            note(
                notes.SERVERS_SILENT,
                n=seen.servers - len(seen.answering) - len(seen.refusing),
                all=seen.servers,
            ),
        ),
        (seen.raced, note(notes.ZONE_RACED)),
        (bool(seen.counted(z.BOGUS) and seen.counted(z.SECURE)), note(notes.ZONE_PARTLY_SIGNED)),
        (seen.serials_apart, note(notes.ZONE_SERIALS)),
        (seen.sets_apart, note(notes.ZONE_SETS)),
        (seen.roots_apart, note(notes.ZONE_ROOTS)),
        (0 < seen.denying < seen.heard, note(notes.ROOTS_DENY, n=seen.denying, all=seen.heard)),
    )
    return [one for holds, one in said if holds]
