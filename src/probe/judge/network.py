"""The network first: rules that ask whether anything can be said of single targets on this network at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.judge import note as n
from probe.judge.constants import CLOCK_TOLERANCE_S
from probe.judge.names import PUBLIC
from probe.judge.network_facts import NetworkFacts, NetworkHistory, network_facts
from probe.judge.network_rules import NETWORK_RULES, spell_of
from probe.judge.note import note, text_of
from probe.judge.rule import RULES_VERSION, first_match
from probe.model.verdict import Note, Verdict
from probe.model.words import ControlSource, Layer, Located, ReasonCode, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from probe.judge.digest import ControlDigest
    from probe.judge.spells import Spell, SpellKind

__all__ = ["NetworkFacts", "NetworkFinding", "NetworkHistory", "network_finding", "network_verdict"]

MAX_WITNESSES: Final = 24
TARGET_ID: Final = "network"
MAX_SPELLS: Final = 3
"""Silences told of beside the finding: a line that wavers has many."""
SPOKEN_OF: Final[dict[str, SpellKind]] = {
    "network.no_link_within": "dark",
    "network.portal_within": "portal",
    "network.shutdown_within": "dark",
    "network.silent_within": "dark",
    "network.listed_only_within": "listed_only",
    "network.home_only_within": "home_only",
}


class NetworkFinding(Struct, frozen=True, kw_only=True):
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
    link_kbps: float | None
    """The link's rate by the neutrals' pages, for later runs too; None where it cannot be told."""
    witnesses: tuple[str, ...]
    """At most 24 uids: first and last tries of each group, portal checks, sinkhole."""
    measurement_uids: tuple[str, ...]
    n_observations: int
    started_utc: str
    ended_utc: str
    notes: tuple[str, ...] = ()
    notes_apart: tuple[Note, ...] = ()

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
    origin = min((d.started - timedelta(seconds=d.started_s) for d in digests), default=None)
    params = {
        "families": " and ".join(f"IPv{family}" for family in f.families),
        "n_ok": str(f.n_ok),
        "n_portal": str(f.portal_pages),
        "n_rounds": str(f.n_rounds),
        "n_tries": str(f.n_tries),
        "percent": str(round(100 * f.success_rate)),
        "portal_host": f.portal_host or "another page",
        "resolver_kind": f.resolver_kind,
        "kbps": f"{f.link_kbps or 0:.0f}",
        "earlier_kbps": f"{f.history.link_kbps or 0:.0f}",
        **_times(told_of(f, rule.rule_id), origin),
    }
    used = {name: value for name, value in params.items() if "{" + name + "}" in rule.because}
    notes = _notes(f, rule.rule_id, origin)
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
        link_kbps=f.link_kbps,
        witnesses=_witnesses(digests),
        measurement_uids=tuple(d.uid for d in own),
        n_observations=sum(d.n_observations for d in digests),
        started_utc=_stamp(digests[0].started) if digests else "",
        ended_utc=_stamp(digests[-1].started) if digests else "",
        notes=tuple(text_of(one) for one in notes),
        notes_apart=notes,
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
        notes_apart=finding.notes_apart,
    )


def told_of(f: NetworkFacts, rule_id: str) -> Spell | None:
    """Return the spell that a rule of spells speaks of."""
    kind = SPOKEN_OF.get(rule_id)
    if kind == "portal":
        return next(s for s in f.spells if s.kind == "portal")
    return None if kind is None else spell_of(f, kind)


def _times(spell: Spell | None, origin: datetime | None) -> dict[str, str]:
    if spell is None or origin is None:
        return {}
    begun = origin + timedelta(seconds=spell.begun_s)
    return {"begun": begun.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"), "seconds": f"{spell.seconds:.0f}"}


def _spell_notes(f: NetworkFacts, rule_id: str, origin: datetime | None) -> Iterator[Note]:
    """Tell of every silence that no rule speaks of, and whether the one that it speaks of was over."""
    chosen = told_of(f, rule_id)
    if chosen is not None:
        yield note(n.SPELL_OVER if chosen.over else n.SPELL_LASTS)
    silences = [s for s in f.spells if s.kind == "dark" and not (chosen and chosen.covers(s.begun_s))]
    for spell in silences[:MAX_SPELLS]:
        yield note(n.SILENCE, _times(spell, origin), n=spell.n_tries)


def _notes(f: NetworkFacts, rule_id: str, origin: datetime | None) -> tuple[Note, ...]:
    """Facts that change no state of the network."""
    strange = f.resolver_kind not in {"", PUBLIC}
    said = (
        (f.udp53_intercepted, note(n.UDP53_INTERCEPTED)),
        (f.resolver_fails, note(n.RESOLVER_FAILED, n=f.n_false, all=f.n_names)),
        (strange, note(n.RESOLVER_KIND, kind=f.resolver_kind)),
        (f.clock_offset_s is None and f.n_ok > 0, note(n.TIME_UNKNOWN)),
        (abs(f.clock_offset_s or 0.0) >= CLOCK_TOLERANCE_S, note(n.CLOCK_OFF, seconds=f.clock_offset_s)),
        (bool(f.untrusted_issuers), note(n.UNKNOWN_ISSUERS)),
    )
    return (*(one for holds, one in said if holds), *_spell_notes(f, rule_id, origin))


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
