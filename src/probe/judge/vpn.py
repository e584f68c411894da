"""Judge a tunnel or a STUN server: by count, by whether UDP passes at all, by a baseline of the same keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.judge import kind as k
from probe.judge import note as notes
from probe.judge.clock import AGREE_S, corrected
from probe.judge.count_layer import judge_floor
from probe.judge.cross import NOTHING
from probe.judge.families import judge_families
from probe.judge.note import ROUNDS_FAILED, note
from probe.judge.outcome import Outcome, Wants, conclude
from probe.judge.reading import Leg, Try
from probe.judge.rule import first_match
from probe.judge.series import SERIES, SeriesFacts
from probe.judge.stand import PASSES, stand
from probe.judge.vpn_rules import VPN_ANSWERED, VPN_HANDSHAKE_ANSWERED, VPN_RULES, VpnFacts
from probe.judge.witness import count
from probe.model.vpn import NEUTRAL
from probe.model.words import ControlSource, Layer, ReasonCode, State

if TYPE_CHECKING:
    from datetime import datetime

    from probe.judge.facts import RunFacts
    from probe.judge.hop import Hop, Round
    from probe.model.measurement import Measurement
    from probe.model.vpn import VPNExchange

OPERATIONS = {"handshake": "handshakes", "data": "exchanges of data"}
AUTHENTIC = frozenset({"wireguard", "openvpn", "obfs4"})
"""Protocols whose answers only the holder of the server's key can make."""


def judge_vpn(hop: Hop) -> Outcome:
    """Judge a target of the experiment `vpn`: its name, then each family that it has addresses in."""
    hop.legs = [_with_exchanges(leg) for leg in hop.legs]
    return judge_families(hop, Layer.VPN, _judge_family)


def exchanges(m: Measurement, ip: str) -> list[VPNExchange]:
    """Return what was exchanged with the target's own server at one address, in order."""
    return [x for x in m.vpn_exchanges if x.ip == ip and x.arm != NEUTRAL]


def _with_exchanges(leg: Leg) -> Leg:
    """Return the leg with one try an address: the last exchange with it, data where a handshake opened it."""
    m = leg.measurement
    last = {x.ip: x for x in m.vpn_exchanges if x.arm != NEUTRAL}
    tried = [t for t in leg.tries if t.ip not in last and t.layer is Layer.TCP]
    return Leg(m, leg.hop, leg.place, tried + [_try(m, x) for x in last.values()])


def _try(m: Measurement, x: VPNExchange) -> Try:
    return Try(
        m.measurement_uid, x.ip, x.port, 6 if ":" in x.ip else 4, Layer.VPN,
        None if x.failure is None else k.kind_of(x.failure), x.failure, m.started_s + x.t0, m.started_s + x.t,
    )  # fmt: skip


def _judge_family(hop: Hop, family: int, rounds: list[Round]) -> Outcome:
    good = [r for r in rounds if r.ok]
    bad = [r for r in rounds if not r.ok]
    uids = frozenset(r.leg.measurement.measurement_uid for r in rounds)
    if not good:
        return _judge_failing(hop, family, bad)
    said = sorted({x.failure for r in bad for x in r.failures})
    last = [x for r in good for t in r.tries for x in exchanges(r.leg.measurement, t.ip)]
    answered = VPN_ANSWERED if any(x.stage == "data" for x in last) else VPN_HANDSHAKE_ANSWERED
    row = next(
        (rule for rule in SERIES if rule.when(SeriesFacts(n_ok=len(good), n_failed=len(bad)))), answered
    )
    params = {"ok": str(len(good)), "all": str(len(rounds)), "failure": ", ".join(said)}
    outcome = conclude(
        row, Layer.VPN, hop=hop, params=params, uids=uids, wants=Wants(rounds=len(bad) == len(good) == 1)
    )
    if row is not answered:
        outcome.failure = said[0]
        return outcome
    outcome.validated = last[0].protocol in AUTHENTIC
    if bad:
        outcome.notes.append(note(ROUNDS_FAILED, n=len(bad), all=len(rounds), failure=said[0]))
    return outcome


def _judge_failing(hop: Hop, family: int, rounds: list[Round]) -> Outcome:
    if any(r.layer is not Layer.VPN for r in rounds):
        return judge_floor(hop, rounds)  # the connection below already fails, here and there or always
    own = [x for r in rounds for t in r.tries for x in exchanges(r.leg.measurement, t.ip)[-1:]]
    failures = [x for r in rounds for x in r.failures]
    if len({x.stage for x in own}) > 1:
        said = ", ".join(sorted({x.failure for x in failures}))
        return conclude(SERIES[1], Layer.VPN, hop=hop, params={"failure": said})
    counted = count(failures, hop.facts.bench, sides=hop.sides)
    stage, over_udp = own[0].stage, own[0].transport == "udp"
    stood = stand(
        hop.views,
        [(v, PASSES if v.source is ControlSource.BASELINE else None) for v in hop.views],
        {x.kind for x in failures},
    )
    behind_s = hop.facts.clock_offset_s or 0.0
    is_dated = own[0].protocol == "wireguard"
    begun = min(r.leg.measurement.measurement_start_time for r in rounds)
    facts = VpnFacts(
        count=counted,
        stand=stood,
        cross=NOTHING,
        unavailable=family not in hop.facts.bench.families,
        stage=stage,
        over_udp=over_udp,
        udp_passes=all(_udp_passed(r.leg.measurement, family) for r in rounds),
        busy=any(x.reached == "cookie" for x in own),
        true=all(hop.trust.is_true(x.ip) for x in own),
        tunnel_on=own[0].protocol in AUTHENTIC and "vpn" in hop.facts.vantage.bypass,
        clock_behind=is_dated and behind_s >= AGREE_S,
        recorder_ahead=is_dated and _recorder_ahead(hop.facts, begun),
    )
    rule = first_match(VPN_RULES, facts)
    final = rule.reason_code in {ReasonCode.FAMILY_UNAVAILABLE, ReasonCode.SERVER_REFUSED}
    outcome = conclude(
        rule,
        Layer.VPN,
        hop=hop,
        stand=stood,
        count=counted,
        params={
            "operation": OPERATIONS[stage],
            "family": f"IPv{family}",
            "behind": f"{max(0.0, behind_s):.0f}",
        },
        uids=frozenset(r.leg.measurement.measurement_uid for r in rounds),
        wants=Wants(rounds=not counted.mixed and not final and not counted.stands),
    )
    if rule.state is State.BLOCKED and stage == "handshake" and stood.unseen_since:
        outcome.notes.append(note(notes.BASELINE_ALONE))
    return outcome


def _recorder_ahead(facts: RunFacts, begun: datetime) -> bool:
    """Say whether the baseline's handshakes may bear later dates than ours, the first begun at `begun`.

    Its recorder's clock was ahead of this one, and where the baseline ended it showed no earlier time than
    this one does now; or nobody knows how either went.
    """
    baseline, ours = facts.baseline, facts.clock_offset_s
    if baseline is None:
        return False
    theirs = baseline.clock_offset_s
    last = corrected(baseline.recorded_utc, None if theirs is None else -theirs)
    if ours is None or theirs is None or last is None:
        return True
    return ours - theirs >= AGREE_S and (begun - last).total_seconds() < AGREE_S


def _udp_passed(m: Measurement, family: int) -> bool:
    """Say whether a neutral server answered over UDP, in this family, while the target did not."""
    asked = [x for x in m.vpn_exchanges if x.arm == NEUTRAL and (":" in x.ip) == (family == 6)]
    return any(x.failure is None for x in asked)
