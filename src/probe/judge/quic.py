"""Judge QUIC: a row of its own, by count, by who else is silent, and by what controls saw of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from probe.judge import kind as k
from probe.judge import note as notes
from probe.judge.cross import NOTHING
from probe.judge.families import judge_families
from probe.judge.floor import (
    COUNTED,
    DIFFERENTLY,
    NAME_DIFFERENTLY,
    FloorFacts,
    after_count,
    before_count,
    blocked_row,
)
from probe.judge.note import ROUNDS_FAILED, note
from probe.judge.outcome import Outcome, Wants, conclude
from probe.judge.quic_arms import QuicArms, arms_of
from probe.judge.rule import Rule, always, first_match
from probe.judge.series import SERIES, SeriesFacts
from probe.judge.stand import PASSES, at_quic, stand
from probe.judge.witness import count
from probe.model.words import ControlSource, Layer, Located, ReasonCode, State

if TYPE_CHECKING:
    from probe.judge.hop import Hop, Round
    from probe.judge.view import ControlView

UNKNOWN_AS = "AS0"


class QuicFacts(FloorFacts, frozen=True, kw_only=True):
    """Handshakes of one family that failed in every round, and what stood beside them."""

    arms: QuicArms
    true: bool
    """Something vouches for every address that they failed at."""
    known_here: bool
    """A baseline of this very network shows QUIC answering."""


QUIC_ANSWERED: Rule[object] = Rule(
    "quic.answered",
    always,
    State.REACHABLE,
    "{name}: a QUIC handshake ended with a certificate that holds.",
)
_GOT_THROUGH = COUNTED + "; {controls} got through." + DIFFERENTLY

_BLOCKED: tuple[Rule[Any], ...] = (
    Rule(
        "quic.blocked_name",
        lambda f: f.arms.by_name and f.arms.wide and f.arms.neutral_passes,
        State.BLOCKED,
        COUNTED + "; other names are answered at its addresses, and at neutral servers every name that"
        " was sent but this one." + NAME_DIFFERENTLY,
        mechanism="quic.timeout.sni",
        located=Located.PATH,
        confirmed=True,
    ),
    Rule(
        "quic.blocked_name_elsewhere",
        lambda f: f.arms.by_name,
        State.BLOCKED,
        COUNTED
        + "; at neutral servers, too, other names are answered and this one is not."
        + NAME_DIFFERENTLY,
        mechanism="quic.timeout.sni",
        located=Located.PATH,
        confirmed=None,
    ),
    Rule(
        "quic.blocked_version_1",
        lambda f: f.count.kind == k.TIMEOUT and f.arms.version_1_silent and f.stand.carries,
        State.BLOCKED,
        COUNTED + "; {controls} got through. This server and neutral ones say that they speak QUIC version 1,"
        " and none of them answers it here: QUIC as a whole is treated differently on the path of"
        " subscribers of {asn}; these data do not show by whose equipment or order.",
        mechanism="quic.timeout",
        located=Located.PATH,
    ),
    Rule(
        "quic.blocked_all",
        lambda f: f.count.kind == k.TIMEOUT and f.arms.whole and f.stand.carries and f.known_here,
        State.BLOCKED,
        COUNTED + "; neutral servers do not answer QUIC either, and {controls} shows it answered on"
        " this network before: QUIC as a whole is kept out here; these data do not show by whom.",
        mechanism="quic.timeout",
    ),
    Rule(
        "quic.no_quic_here",
        lambda f: f.arms.whole,
        State.INCONCLUSIVE,
        COUNTED + "; neutral servers do not answer QUIC either. The firewall of a home or an office does"
        " that as well as an operator.",
        reason_code=ReasonCode.NO_CONTROL,
    ),
    Rule(
        "quic.untrue_address",
        lambda f: not f.true,
        State.INCONCLUSIVE,
        COUNTED + "; nothing shows that the addresses are its own.",
        reason_code=ReasonCode.NO_CONTROL,
    ),
    Rule(
        "quic.blocked_pair",
        lambda f: f.count.kind == k.TIMEOUT and f.arms.neutral_passes and f.stand.carries,
        State.BLOCKED,
        COUNTED
        + "; other names are answered at its addresses, and {controls} got through."
        + NAME_DIFFERENTLY,
        mechanism="quic.timeout",
        located=Located.PATH,
    ),
    blocked_row("quic", k.TIMEOUT, "quic.timeout", _GOT_THROUGH),
    blocked_row("quic", "reset", "quic.reset", _GOT_THROUGH, k.REFUSED),
)

QUIC_RULES: tuple[Rule[Any], ...] = (
    Rule(
        "quic.clock_untrusted",
        lambda f: f.count.kind == k.CLOCK,
        State.INCONCLUSIVE,
        "{name}: the certificate's dates do not hold by this machine's clock, and too few neutral sites told"
        " the time to correct it.",
        reason_code=ReasonCode.CLOCK_UNTRUSTED,
    ),
    Rule(
        "quic.certificate_differs",
        lambda f: f.count.kind in k.CERTIFICATE,
        State.INCONCLUSIVE,
        "{name}: what answers over QUIC shows a certificate that does not hold for the name ({failure}).",
        reason_code=ReasonCode.CONTENT_DIFFERS,
    ),
    Rule(
        "quic.family_unavailable",
        lambda f: f.unavailable,
        State.INCONCLUSIVE,
        "{name}: nothing answers over {family} on this network, neutral sites included.",
        reason_code=ReasonCode.FAMILY_UNAVAILABLE,
    ),
    before_count("quic")[0],
    Rule(
        "quic.down",
        lambda f: f.stand.down,
        State.DOWN,
        "{name}: no QUIC is answered here ({failure}), nor at {controls}: its server does not offer it. This"
        " says nothing of its site over TCP.",
        located=Located.SERVER,
        confirmed=None,
    ),
    Rule(
        "quic.other_version",
        lambda f: f.arms.other_version,
        State.INCONCLUSIVE,
        "{name}: its server speaks QUIC, but not version 1.",
        reason_code=ReasonCode.SERVER_REFUSED,
    ),
    Rule(
        "quic.server_closed",
        lambda f: f.count.kind == k.ALERT,
        State.INCONCLUSIVE,
        "{name}: the server itself ended the QUIC handshake ({failure}).",
        reason_code=ReasonCode.SERVER_REFUSED,
    ),
    *after_count("quic", _BLOCKED),
)


def judge_quic(hop: Hop) -> Outcome:
    """Judge a target of the experiment `quic`: its name, then each family that it has addresses in."""
    return judge_families(hop, Layer.QUIC, _judge_family)


def _judge_family(hop: Hop, family: int, rounds: list[Round]) -> Outcome:
    good = [r for r in rounds if r.ok]
    bad = [r for r in rounds if not r.ok]
    uids = frozenset(r.leg.measurement.measurement_uid for r in rounds)
    if not good:
        return _judge_failing(hop, family, bad)
    said = sorted({x.failure for r in bad for x in r.failures})
    params = {"ok": str(len(good)), "all": str(len(rounds)), "failure": ", ".join(said)}
    row = next(
        (rule for rule in SERIES if rule.when(SeriesFacts(n_ok=len(good), n_failed=len(bad)))), QUIC_ANSWERED
    )
    outcome = conclude(
        row, Layer.QUIC, hop=hop, params=params, uids=uids, wants=Wants(rounds=len(bad) == len(good) == 1)
    )
    if row is not QUIC_ANSWERED:
        outcome.failure = said[0]
        return outcome
    outcome.validated = True
    if bad:
        outcome.notes.append(note(ROUNDS_FAILED, n=len(bad), all=len(rounds), failure=said[0]))
    return outcome


def _judge_failing(hop: Hop, family: int, rounds: list[Round]) -> Outcome:
    failures = [x for r in rounds for x in r.failures]
    counted = count(failures, hop.facts.bench, sides=hop.sides)
    arms = arms_of([(r.leg.measurement, {t.ip for t in r.tries}) for r in rounds], family)
    # What a server's own refusal is called elsewhere is another question: silence is held against silence.
    arms = arms if counted.kind == k.TIMEOUT else replace(arms, by_name=False, wide=False)
    tried = {(t.ip, t.port) for r in rounds for t in r.tries}
    kinds = {x.kind for x in failures}
    lives = arms.version_1 or arms.neutral_passes
    stood = stand(
        hop.views,
        [(v, _control_saw(v, hop, tried, kinds)) for v in hop.views],
        kinds,
        lives=lives,
        extra=(ControlSource.CROSS,) if arms.by_name else (),
        says_down=lambda _view, _what: not lives,  # a server that speaks QUIC here offers it
    )
    facts = QuicFacts(
        count=counted,
        stand=stood,
        cross=NOTHING,
        unavailable=family not in hop.facts.bench.families,
        arms=arms,
        true=all(hop.trust.is_true(ip) for ip, _ in tried),
        known_here=_is_this_network(hop) and ControlSource.BASELINE in stood.sources,
    )
    rule = first_match(QUIC_RULES, facts)
    final = rule.reason_code in {ReasonCode.FAMILY_UNAVAILABLE, ReasonCode.CLOCK_UNTRUSTED}
    outcome = conclude(
        rule,
        Layer.QUIC,
        hop=hop,
        stand=stood,
        count=counted,
        params={"operation": "QUIC handshakes", "family": f"IPv{family}"},
        uids=frozenset(r.leg.measurement.measurement_uid for r in rounds),
        wants=Wants(
            rounds=not counted.mixed and not final and (not counted.stands or arms.undecided),
            control=not final,
            control_again=stood.down_once,
        ),
    )
    if rule.state is State.BLOCKED and stood.unseen_since:
        outcome.notes.append(note(notes.BASELINE_ALONE))
    return outcome


def _is_this_network(hop: Hop) -> bool:
    """Say whether the baseline was recorded at the operator that the volunteer names now."""
    facts = hop.facts
    return facts.baseline is not None and facts.baseline.probe_asn == facts.vantage.probe_asn != UNKNOWN_AS


def _control_saw(view: ControlView, hop: Hop, tried: set[tuple[str, int]], kinds: set[str]) -> str | None:
    """Say what one control saw of QUIC there: passing anywhere counts before failing alike."""
    saw = sorted(
        said
        for ip, port in tried
        if (said := at_quic(view, ip, port, hop.sni, is_true=hop.trust.is_true(ip))) is not None
    )
    return PASSES if PASSES in saw else next((s for s in saw if s in kinds), saw[0] if saw else None)
