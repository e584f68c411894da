"""Judge a resolver that is itself the target and is asked over UDP: silence is a failure by count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.judge import kind as k
from probe.judge.constants import NEAR_S
from probe.judge.floor import COUNTED, DIFFERENTLY, FloorFacts, after_count, before_count, blocked_row
from probe.judge.outcome import Outcome, conclude
from probe.judge.rule import Rule, always, first_match
from probe.judge.stand import PASSES
from probe.judge.whence import at_home
from probe.model.words import ControlSource, Layer, ReasonCode, State

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from probe.judge.hop import Hop
    from probe.judge.view import ControlView

PLAIN: Final = frozenset({"udp", "tcp"})

INTERCEPTION: tuple[Rule[str], ...] = (
    Rule(
        "resolver.intercepted_at_home",
        lambda near: near,
        State.INCONCLUSIVE,
        "{name}: a DNS query to an address where nothing lives (192.0.2.1) is answered on this network;"
        " a router, a filter or a tunnel of the user's own does so too ({local}).",
        reason_code=ReasonCode.LOCAL_INTERCEPTION,
    ),
    Rule(
        "resolver.intercepted",
        always,
        State.BLOCKED,
        "{name}: a DNS query to an address where nothing lives (192.0.2.1) is answered on this network, so"
        " what answers here over UDP/53 is not this resolver.",
        mechanism="dns.intercepted",
    ),
)
"""Asked of what may make such answers near the user; empty where nothing does. Who does so is not shown."""


def judge_intercepted(hop: Hop, witnesses: frozenset[str]) -> Outcome:
    """Judge a resolver of UDP/53 on a network that answers in anybody's stead."""
    local = near(hop)
    rule = first_match(INTERCEPTION, local)
    return conclude(rule, Layer.DNS, hop=hop, params={"local": local}, uids=witnesses)


def near(hop: Hop) -> str:
    """Say why the answers may be made near the user: a tunnel, a resolver in the home, answers too quick."""
    vantage = hop.facts.vantage
    if vantage.bypass:
        return ", ".join(vantage.bypass)
    if at_home(hop):
        return f"{vantage.resolver_class} resolver"
    queries = [q for leg in hop.legs for q in leg.measurement.queries if q.engine == "udp"]
    told = [a for leg in hop.legs for a in leg.measurement.who_answers if a.transport in PLAIN and a.whence]
    quick = any(r.t - q.t0 < NEAR_S for q in queries for r in q.replies)
    quick = quick or any(a.t - a.t0 < NEAR_S for a in told)
    return f"an answer within {NEAR_S * 1000:.0f} ms" if quick else ""


def of_udp(
    seen: Sequence[tuple[ControlView, str | None]], kinds: Collection[str], hop: Hop
) -> list[tuple[ControlView, str | None]]:
    """Return what controls saw of a resolver, as far as it tells of UDP; of anything else as it is.

    A helper tries the TCP port. That it got through carries an accusation only where a catalogue states, with
    date and source, that the address answers over UDP at all; it contradicts who fails alike in any case.
    """
    told = hop.place.scheme != "dns+udp" or hop.reading.target.dated or any(said in kinds for _, said in seen)
    return [
        (view, said if told or said != PASSES or view.source is ControlSource.BASELINE else None)
        for view, said in seen
    ]


RESOLVER_RULES: tuple[Rule[FloorFacts], ...] = (
    *before_count("resolver"),
    *after_count(
        "resolver",
        (
            blocked_row(
                "resolver", k.TIMEOUT, "dns.timeout", COUNTED + "; {controls} got through." + DIFFERENTLY
            ),
        ),
    ),
)
