"""Judge who answers for a resolver over plain DNS: whose address it asks from, here and over TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.judge import kind as k
from probe.judge.bench import UDP53
from probe.judge.note import WHO_UNPUBLISHED, note
from probe.judge.outcome import Outcome, Wants, conclude
from probe.judge.rule import Rule, always, first_match
from probe.judge.server import near
from probe.judge.witness import Failed, count
from probe.model import failure as f
from probe.model.words import ControlSource, Layer, ReasonCode, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.judge.hop import Hop
    from probe.judge.witness import Count
    from probe.model.measurement import Measurement
    from probe.model.verdict import Note
    from probe.model.who import WhoAnswer

PLAIN: Final = {"dns+udp": "udp", "dns+tcp": "tcp"}
VERIFIED: Final = frozenset({"dot", "doh"})

SPOKEN: Final = frozenset({None, f.DNS_NXDOMAIN, f.DNS_NO_ANSWER, f.DNS_SERVFAIL, f.DNS_BOGON})
"""What a resolver that was reached says, whoever runs the servers of such names."""


class WhoFacts(Struct, frozen=True, kw_only=True):
    """In no round was the asker's address its owner's."""

    heard: bool
    """Over a channel that nobody can write into the resolver told that it asks from its owner's."""
    near: str
    """Why the answers may be made near the user; empty otherwise."""
    count: Count


_ELSEWHERE = (
    "{name}: what answers there over {plain} asks other servers from addresses outside of those that the"
    " resolver's owner publishes"
)

WHO_RULES: tuple[Rule[WhoFacts], ...] = (
    Rule(
        "resolver.who_unknown",
        lambda w: not w.heard,
        State.INCONCLUSIVE,
        _ELSEWHERE + "; the resolver itself was not heard over a channel that nobody can write into.",
        reason_code=ReasonCode.NO_CONTROL,
    ),
    Rule(
        "resolver.who_at_home",
        lambda w: w.near,
        State.INCONCLUSIVE,
        _ELSEWHERE + ", and over TLS from within; a router, a filter or a tunnel of the user's own does so"
        " too ({local}).",
        reason_code=ReasonCode.LOCAL_INTERCEPTION,
    ),
    Rule(
        "resolver.who_too_few",
        lambda w: not w.count.stands,
        State.INCONCLUSIVE,
        _ELSEWHERE + ", and over TLS from within; {n} such answers have witnesses on both sides, three in"
        " three rounds over 20 s are needed.",
        reason_code=ReasonCode.UNCONFIRMED,
    ),
    Rule(
        "resolver.who_else",
        always,
        State.BLOCKED,
        _ELSEWHERE + ": {n} such answers in {rounds} rounds over {spread} s, none from within, while over TLS"
        " the same address asks from within. So somebody else answers for it; these data do not show who.",
        mechanism="dns.intercepted",
    ),
)
"""Asked where all that was told here speaks against the resolver; who answers is not shown."""


def judge_who(hop: Hop) -> Outcome | None:
    """Judge a resolver asked over plain DNS by whose address it asks from; None: that accuses nobody."""
    plain = PLAIN.get(hop.place.scheme, "")
    told = _told(hop, hop.reading.own, frozenset({plain}))
    if not told or any(a.whence == "owner" for _, a in told):
        return None
    over_tls = _told(hop, hop.reading.aside, VERIFIED)
    if any(a.whence == "elsewhere" for _, a in over_tls):
        return None
    counted = count(
        [_as_failed(m, a) for m, a in told],
        hop.facts.bench,
        sides=hop.sides,
        not_resolver=hop.place.host,
    )
    facts = WhoFacts(heard=bool(over_tls), near=near(hop), count=counted)
    rule = first_match(WHO_RULES, facts)
    outcome = conclude(
        rule,
        Layer.DNS,
        hop=hop,
        count=counted,
        params={"plain": plain.upper(), "local": facts.near},
        uids=frozenset(m.measurement_uid for m, _ in (*told, *over_tls)),
        wants=Wants(resolver=True, rounds=facts.heard and not facts.near and not counted.stands),
    )
    outcome.failure = None
    if over_tls:
        outcome.sources = (ControlSource.RESOLVER, *outcome.sources)
        outcome.n_controls = len(over_tls)
    return outcome


def is_heard(hop: Hop) -> bool:
    """Say whether the resolver, asked who it is, answered over a channel that nobody can write into."""
    return any(
        a.transport in VERIFIED and a.ip == hop.place.host and a.failure in SPOKEN
        for m in hop.reading.aside
        for a in m.who_answers
    )


def who_notes(hop: Hop) -> list[Note]:
    """Tell that a resolver asks from addresses that its owner does not publish, over TLS too."""
    over_tls = _told(hop, hop.reading.aside, VERIFIED)
    return [note(WHO_UNPUBLISHED)] if any(a.whence == "elsewhere" for _, a in over_tls) else []


def _told(
    hop: Hop, measurements: Sequence[Measurement], transports: frozenset[str]
) -> list[tuple[Measurement, WhoAnswer]]:
    """Return what was told of the asker by this very address."""
    return [
        (m, a)
        for m in measurements
        for a in m.who_answers
        if a.whence and a.transport in transports and a.ip == hop.place.host
    ]


def _as_failed(m: Measurement, a: WhoAnswer) -> Failed:
    """Count an answer of somebody else's as failures are counted: what it accuses of needs the same floor."""
    port = UDP53 if a.transport == "udp" else 443
    family = 6 if ":" in a.ip else 4
    return Failed(m.measurement_uid, k.OTHER, "", m.started_s + a.t0, m.started_s + a.t, family, port)
