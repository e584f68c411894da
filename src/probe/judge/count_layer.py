"""Judge a layer that failed in every round: count, controls, cross experiment, then the layer's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from probe.judge import kind as k
from probe.judge import note as notes
from probe.judge.cross import NOTHING
from probe.judge.fingerprints import Scope, match_issuer
from probe.judge.floor import FloorFacts
from probe.judge.http import HTTP_RULES
from probe.judge.note import note
from probe.judge.outcome import Outcome, Wants, conclude
from probe.judge.rule import Rule, first_match
from probe.judge.series import SERIES
from probe.judge.server import RESOLVER_RULES
from probe.judge.stand import PASSES, at_http, at_tcp, at_tls, stand
from probe.judge.tcp import TCP_RULES
from probe.judge.tls import TLS_RULES
from probe.judge.witness import count
from probe.model.words import ControlSource, Layer, ReasonCode

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from probe.judge.cross import Cross
    from probe.judge.hop import Hop, Round
    from probe.judge.reading import Try
    from probe.judge.view import ControlView
    from probe.judge.witness import Count

TABLES: dict[Layer, tuple[Rule[FloorFacts], ...]] = {
    Layer.DNS: RESOLVER_RULES,
    Layer.TCP: TCP_RULES,
    Layer.TLS: TLS_RULES,
    Layer.HTTP: HTTP_RULES,
}
OPERATIONS = {
    Layer.DNS: "queries",
    Layer.TCP: "connection attempts",
    Layer.TLS: "handshakes",
    Layer.HTTP: "requests",
}
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
        [(v, control_saw(v, deepest, tries, kinds, hop)) for v in hop.views],
        kinds,
        lives=cross.target_address_lives or resolver_valid(hop),
        extra=_extra(hop, cross),
    )
    issuer = _issuer(tries)
    known = match_issuer(issuer) if issuer else None
    facts = FloorFacts(
        count=counted,
        stand=stood,
        cross=cross,
        resolver_target=hop.place.scheme.startswith("dns+"),
        unavailable=family not in hop.facts.bench.families,
        local_issuer=issuer in hop.facts.untrusted_issuers
        or (known is not None and known.scope in _INNOCENT_ISSUERS),
        known_issuer=known.id if known is not None and known.scope is Scope.CENSOR_CA else "",
    )
    said_by = Layer.DNS if deepest is Layer.HTTP and hop.place.scheme.startswith("dns+") else deepest
    rule = first_match(TABLES[said_by], facts)
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
        wants=_wants(rule, counted, facts, sorted({t.ip for t in tries}) if crossable else []),
    )
    if any(r.lingers for r in rounds):
        outcome.notes.append(note(notes.LINGERS))
    if params["trigger"] == ".ip":
        outcome.notes.append(note(notes.IP_OR_LINGERING))
    if cross.uids and not params["trigger"]:
        outcome.notes.append(note(notes.CROSS_HIDDEN if cross.residual else notes.CROSS_UNCLEAR))
    return outcome


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
        q for m in hop.reading.aside if m.experiment == "resolver" for q in m.queries if q.failure is None
    ]
    here = [q for q in good if _address(q.resolver_address) == hop.place.host]
    return any(q.engine in {"doh", "dot"} for q in here) and any(
        q.engine == engine and _address(q.resolver_address) != hop.place.host for q in good
    )


def _address(resolver: str) -> str:
    return resolver.rpartition(":")[0].strip("[]")


def control_saw(
    view: ControlView, layer: Layer, tries: Sequence[Try], kinds: Collection[str], hop: Hop
) -> str | None:
    """Say what one control saw of what failed here: passing anywhere counts before failing alike."""
    if layer is Layer.HTTP:
        return _alike(at_http(view), kinds)
    ask = {(t.ip, t.port) for t in tries}
    saw = sorted(
        said
        for ip, port in ask
        if (
            said := at_tcp(view, ip, port)
            if layer in {Layer.DNS, Layer.TCP}
            else at_tls(view, ip, port, hop.sni)
        )
        is not None
    )
    if PASSES in saw:
        return PASSES
    said = next((s for s in saw if s in kinds), saw[0] if saw else None)
    return _alike(said, kinds) if layer is Layer.TLS else said


def _alike(said: str | None, kinds: Collection[str]) -> str | None:
    """Return our own class where the control has only its one word for several."""
    return min(kinds) if said == k.OTHER and k.VAGUE.issuperset(kinds) else said


def resolver_valid(hop: Hop) -> bool:
    """Say whether another resolver here gave an address that showed a certificate valid for the name."""
    return any(
        ip in hop.trust.shown for _, q in hop.reading.other_lookups.get(hop.name, ()) for ip in q.answers
    )


def _trigger(cross: Cross, *, plain: bool) -> str:
    if cross.by_name:
        return ".host" if plain else ".sni"
    return ".ip" if cross.by_address else ""


def _issuer(tries: Sequence[Try]) -> str:
    return min(
        (
            t.tls.certificates[0].issuer
            for t in tries
            if t.kind == k.UNTRUSTED and t.tls and t.tls.certificates
        ),
        default="",
    )


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
        cross=tuple(cross_at) if counted.stands and not (facts.stand.down or facts.stand.down_once) else (),
    )
