"""Judge a layer that failed in every round: count, controls, cross experiment, then the layer's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from probe.judge import kind as k
from probe.judge import note as notes
from probe.judge.alike import control_saw, is_settled, who_says_down
from probe.judge.bench import UDP53
from probe.judge.cross import NOTHING
from probe.judge.doq import DOQ_RULES
from probe.judge.fingerprints import Scope, is_notice_host, match_issuer
from probe.judge.floor import FloorFacts, as_far_as_crossed
from probe.judge.http import HTTP_RULES
from probe.judge.note import note
from probe.judge.outcome import Outcome, Wants, conclude
from probe.judge.rule import Rule, first_match
from probe.judge.segments import helped, to_ask_small
from probe.judge.series import SERIES
from probe.judge.server import RESOLVER_RULES, of_udp
from probe.judge.stand import stand
from probe.judge.tcp import TCP_RULES
from probe.judge.tls import TLS_RULES
from probe.judge.who import is_heard
from probe.judge.witness import count
from probe.model.words import ControlSource, Layer, ReasonCode, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from probe.judge.cross import Cross
    from probe.judge.hop import Hop, Round
    from probe.judge.reading import Try
    from probe.judge.stand import Stand
    from probe.judge.witness import Count
    from probe.model.observation import Certificate
    from probe.model.verdict import Note

TABLES: dict[Layer, tuple[Rule[FloorFacts], ...]] = {
    Layer.DNS: RESOLVER_RULES,
    Layer.TCP: TCP_RULES,
    Layer.TLS: TLS_RULES,
    Layer.HTTP: HTTP_RULES,
    Layer.QUIC: DOQ_RULES,
}
OPERATIONS = {
    Layer.DNS: "queries",
    Layer.TCP: "connection attempts",
    Layer.TLS: "handshakes",
    Layer.HTTP: "requests",
    Layer.QUIC: "QUIC handshakes",
}
WITNESSED = frozenset({UDP53, 80, 443})
"""Ports at which neutrals are tried."""
_DEFAULT_CERTIFICATES = (
    "default cert",
    "fake certificate",
    "localhost",
    "snakeoil",
    "example.com",
    "somecity",
    "plesk",
    "parallels panel",
    "cpanel",
    "internet widgits",
    "self-signed",
    "self signed",
    "openwrt",
)
"""In lower case, in the names of certificates that servers, panels and ingresses make for themselves."""
_INNOCENT_ISSUERS = frozenset({Scope.ANTIVIRUS, Scope.OFFICE, Scope.PARENTAL_FILTER})


def judge_floor(hop: Hop, rounds: Sequence[Round]) -> Outcome:
    """Judge rounds of one family, none of which worked."""
    layers = {r.layer for r in rounds}
    uids = frozenset(r.leg.measurement.measurement_uid for r in rounds)
    failures = [f for r in rounds for f in r.failures]
    deepest = max(layers, key=list(Layer).index)
    if len(layers) > 1:
        said = ", ".join(sorted({f.failure for f in failures}))
        return conclude(
            SERIES[1], deepest, hop=hop, params={"failure": said}, uids=uids, wants=Wants(control=True)
        )
    family = failures[0].family
    counted = count(
        failures,
        hop.facts.bench,
        sides=hop.sides,
        not_resolver=hop.place.host if deepest is Layer.DNS else "",
    )
    tries = [t for r in rounds for t in r.tries if t.layer is deepest]
    plain = deepest is Layer.HTTP and not hop.place.is_tls
    crossable = counted.kind in k.MIXABLE and (
        (deepest is Layer.TLS and hop.place.scheme == "https") or (plain and hop.place.scheme == "http")
    )
    cross = hop.cross_of(plain) if crossable else NOTHING
    kinds = {f.kind for f in failures}
    stood = stand(
        hop.views,
        of_udp([(v, control_saw(v, deepest, tries, kinds, hop)) for v in hop.views], kinds, hop),
        kinds,
        lives=cross.target_address_lives or resolver_valid(hop),
        extra=_extra(hop, cross),
        says_down=who_says_down(
            hop.views,
            deepest,
            tries,
            lives=cross.target_address_lives,
            answers_elsewhere=resolver_valid(hop),
        ),
    )
    shown = _untrusted(tries)
    issuer = shown.issuer if shown is not None else ""
    known = match_issuer(issuer) if issuer else None
    facts = FloorFacts(
        count=counted,
        stand=stood,
        cross=cross,
        resolver_target=hop.place.scheme.startswith("dns+"),
        unavailable=family not in hop.facts.bench.families,
        local_issuer=issuer in hop.facts.untrusted_issuers
        or (known is not None and known.scope in _INNOCENT_ISSUERS),
        known_issuer=known.id
        if known is not None and known.scope is Scope.CENSOR_CA and not is_notice_host(hop.place.url)
        else "",
        holed=all(_is_holed(t) for t in tries),
        small_passes=helped(hop, deepest),
        own_issuer=(known is not None and known.scope is Scope.NATIONAL_CA)
        or (shown is not None and _is_own(shown)),
    )
    settled = facts.small_passes or is_settled(stood, hop.views, deepest, tries)
    said_by = Layer.DNS if deepest is Layer.HTTP and hop.place.scheme.startswith("dns+") else deepest
    rule = as_far_as_crossed(first_match(TABLES[said_by], facts), cross)
    params = {
        "operation": OPERATIONS[said_by],
        "family": f"IPv{family}",
        "trigger": _trigger(cross, plain=plain),
        "issuer": issuer,
        "fingerprint": facts.known_issuer,
        "alert": next((str(t.tls.alert) for t in tries if t.tls is not None and t.tls.alert is not None), ""),
    }
    outcome = conclude(
        rule,
        said_by,
        hop=hop,
        stand=stood,
        count=counted,
        params=params,
        uids=uids | frozenset(cross.uids),
        wants=_wants(rule, counted, facts, [] if settled or not crossable else sorted({t.ip for t in tries})),
    )
    outcome.wants.segments = to_ask_small(hop, deepest, facts, tries)
    if any(r.lingers for r in rounds):
        outcome.notes.append(note(notes.LINGERS))
    if params["trigger"] == ".ip":
        silent = counted.kind == k.TIMEOUT and said_by is Layer.TLS
        outcome.notes.append(note(notes.IP_OR_PMTU if silent else notes.IP_OR_LINGERING))
    if rule.state is State.BLOCKED:
        outcome.notes += _doubts(stood, rounds, said_by, counted, plain=plain)
    if cross.uids and not params["trigger"]:
        outcome.notes.append(note(notes.CROSS_HIDDEN if cross.residual else notes.CROSS_UNCLEAR))
    return outcome


def _is_holed(tried: Try) -> bool:
    """Say whether the kernel holds later segments of an answer whose beginning never came."""
    seen = tried.http if tried.layer is Layer.HTTP else tried.tls if tried.layer is Layer.TLS else None
    info = seen.tcp_info if seen is not None else None
    return info is not None and bool(info.rcv_ooopack)


def _doubts(
    stood: Stand, rounds: Sequence[Round], layer: Layer, counted: Count, *, plain: bool
) -> Iterator[Note]:
    """Tell what looks like this block and was not ruled out."""
    if stood.unseen_since:
        yield note(notes.BASELINE_ALONE)
    others = {t.port for r in rounds for t in r.tries} - WITNESSED
    if others and ControlSource.CROSS not in stood.sources:
        yield note(notes.PORT_UNTRIED, port=", ".join(map(str, sorted(others))))
    if layer is Layer.HTTP and not plain and counted.kind in k.MIXABLE:
        yield note(notes.ROBOT_DEFENCE)
    opened = {t.ip for r in rounds for t in r.tries if t.layer is not Layer.TCP or t.kind is None}
    shaken = {t.ip for r in rounds for t in r.tries if t.layer is layer}
    if layer in {Layer.TLS, Layer.HTTP} and opened - shaken:
        yield note(notes.NOT_ALL_TRIED, n=len(opened & shaken), all=len(opened))


def _extra(hop: Hop, cross: Cross) -> tuple[ControlSource, ...]:
    """Return the sources that carry "blocked" without a control elsewhere."""
    found = (ControlSource.CROSS,) if cross.by_name else ()
    return (*found, ControlSource.RESOLVER) if resolver_lives(hop) else found


def resolver_lives(hop: Hop) -> bool:
    """Say whether a resolver that is itself the target answers here over another, verified transport.

    METHOD 3 asks for both: another resolver over the same transport, and this address over DoH or DoT.
    """
    if hop.place.scheme not in {"dns+udp", "dns+tcp"}:
        return False
    engine = hop.place.scheme.removeprefix("dns+")
    good = [
        q
        for m in hop.reading.aside
        if m.experiment == "resolver" and hop.reading.now(m)
        for q in m.queries
        if q.failure is None
    ]
    here = [q for q in good if _address(q.resolver_address) == hop.place.host]
    return (any(q.engine in {"doh", "dot"} for q in here) or is_heard(hop)) and any(
        q.engine == engine and _address(q.resolver_address) != hop.place.host for q in good
    )


def _address(resolver: str) -> str:
    return resolver.rpartition(":")[0].strip("[]")


def resolver_valid(hop: Hop) -> bool:
    """Say whether another resolver here gave an address that showed a certificate valid for the name."""
    return any(
        ip in hop.trust.shown
        for m, q in hop.reading.other_lookups.get(hop.name, ())
        if hop.reading.now(m)
        for ip in q.answers
    )


def _trigger(cross: Cross, *, plain: bool) -> str:
    if cross.by_name:
        return ".host" if plain else ".sni"
    return ".ip" if cross.by_address else ""


def _untrusted(tries: Sequence[Try]) -> Certificate | None:
    """Return the server's certificate under no known authority, of several the first by issuer."""
    return min(
        (t.tls.certificates[0] for t in tries if t.kind == k.UNTRUSTED and t.tls and t.tls.certificates),
        key=lambda c: (c.issuer, c.subject),
        default=None,
    )


def _is_own(shown: Certificate) -> bool:
    """Say whether it is one that a server makes for itself."""
    words = shown.issuer.casefold()
    return shown.subject == shown.issuer or any(word in words for word in _DEFAULT_CERTIFICATES)


def _wants(rule: Rule[Any], counted: Count, facts: FloorFacts, cross_at: list[str]) -> Wants:
    final = rule.reason_code in {
        ReasonCode.FAMILY_UNAVAILABLE,
        ReasonCode.CLOCK_UNTRUSTED,
        ReasonCode.LOCAL_INTERCEPTION,
    }
    return Wants(
        rounds=not counted.stands and not counted.mixed and not final,
        control=not final,
        control_again=facts.stand.down_once,
        resolver=not final and facts.resolver_target,
        cross=tuple(cross_at) if counted.stands else (),
    )
