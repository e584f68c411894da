"""What holds of judging a target, whatever was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cases.script import NAME, WORDS, a_target, measured
from cases.world import facts_of
from probe.judge import judge_target
from probe.judge.bench import Bench
from probe.judge.rules import ALL_RULES
from probe.model import failure as f
from probe.model.observation import ControlAnswer, EndpointAnswer
from probe.model.words import MECHANISMS, ControlSource, ReasonCode, State
from property.strategies import a_measurement, conditions, facts_under, runs

if TYPE_CHECKING:
    from probe.judge import RunFacts
    from probe.model.measurement import Measurement
    from probe.model.target import Target
    from probe.model.verdict import Verdict

Run = tuple["Target", tuple["Measurement", ...]]
ACCUSING = {State.BLOCKED, State.THROTTLED}
NEARER_TO_ACCUSING = {
    State.REACHABLE: 0,
    State.INCONCLUSIVE: 0,
    State.DOWN: 0,
    State.GEOBLOCKED: 1,
    State.THROTTLED: 2,
    State.BLOCKED: 2,
}
UNSIGNED = {"http.notice_page_unsigned", "resolver.intercepted"}
"""Artefacts that accuse at once, but nobody in particular, and are not confirmed."""
ARTEFACTS = {
    *UNSIGNED,
    *(rule.rule_id for rule in ALL_RULES if rule.state is State.BLOCKED and rule.confirmed is True),
}
TRIES = settings(max_examples=150, deadline=None)


def _judged(known: RunFacts, run: Run) -> Verdict:
    return judge_target(known, *run).verdict


@TRIES
@given(conditions(), runs())
def test_some_rule_always_decides_and_speaks(under: str, run: Run) -> None:
    verdict = _judged(facts_under(under), run)
    assert verdict.because
    assert "{" not in verdict.because
    assert verdict.mechanism in {"", *MECHANISMS}
    assert (verdict.reason_code is None) == (verdict.state is not State.INCONCLUSIVE)


@TRIES
@given(conditions(), runs(), st.randoms(use_true_random=False))
def test_the_order_of_measurements_does_not_matter(under: str, run: Run, chance: object) -> None:
    target, found = run
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' random.Random
    known = facts_under(under)
    assert judge_target(known, target, shuffled) == judge_target(known, target, found)


@TRIES
@given(runs(), st.sampled_from([64.0, 1024.0]))
def test_a_shift_in_time_changes_nothing_but_the_stamps(run: Run, by: float) -> None:
    target, found = run
    known = facts_of({}, target)
    digests = [
        replace(
            d,
            started_s=d.started_s + by,
            witnesses=tuple(replace(w, t0_s=w.t0_s + by, t_s=w.t_s + by) for w in d.witnesses),
        )
        for d in known.digests
    ]
    later = replace(known, bench=Bench(w for d in digests for w in d.witnesses))
    shifted = [replace(m, started_s=m.started_s + by) for m in found]
    assert _judged(later, (target, tuple(shifted))) == _judged(known, run)


@TRIES
@given(conditions(), runs())
def test_nothing_is_blocked_without_an_artefact_or_the_counted_floor(under: str, run: Run) -> None:
    verdict = _judged(facts_under(under), run)
    if verdict.state not in ACCUSING or verdict.rule_id in ARTEFACTS:
        return
    own = [m for m in run[1] if m.measurement_uid in verdict.witnesses and m.experiment == run[0].experiment]
    starts = [m.started_s for m in own]
    assert len(own) >= 3
    assert max(starts) - min(starts) >= 20.0 - 8.0  # begins lie up to 8 s into a measurement
    assert ControlSource.NEUTRAL in verdict.control_source
    assert len(verdict.control_source) >= 2


@TRIES
@given(conditions(), runs())
def test_nothing_counted_is_blocked_without_neutrals(under: str, run: Run) -> None:
    bare = facts_of({"neutrals": {"beat": False}}, run[0])
    verdict = _judged(replace(bare, finding=facts_under(under).finding), run)
    assert verdict.state not in ACCUSING or verdict.rule_id in ARTEFACTS


@TRIES
@given(conditions(), runs(), st.booleans())
def test_a_failing_control_never_makes_a_verdict_worse(under: str, run: Run, broken: bool) -> None:
    target, found = run
    answer = ControlAnswer(
        t0=0.0,
        t=1.0,
        failure=f.TIMEOUT if broken else None,
        kind="test_helper",
        control="https://other.example.net/",
        url=target.input,
        dns_failure=None if broken else f.DNS_SERVFAIL,
        http_asked=True,
        http_failure=f.TIMEOUT,
    )
    more = replace(a_measurement("zz", target, 41.0, "control"), controls=(answer,))
    known = facts_under(under)
    before, after = _judged(known, run), _judged(known, (target, (*found, more)))
    assert NEARER_TO_ACCUSING[after.state] <= NEARER_TO_ACCUSING[before.state]


SCRIPTS = (
    (["dns system 104.16.1.1", "tcp 104.16.1.1 {}"], "tcp"),
    (["dns system 104.16.1.1", "tcp 104.16.1.1 ok", "tls 104.16.1.1 {}"], "tls"),
    (["dns system 104.16.1.1", "tcp 104.16.1.1 ok", "tls 104.16.1.1 ok", "http 104.16.1.1 {}"], "http"),
)


@TRIES
@given(
    st.sampled_from(SCRIPTS),
    st.sampled_from(["timeout", "reset", "eof", "refused", "unreachable", "junk"]),
    st.integers(1, 6),
    st.integers(1, 3),
)
def test_a_run_whose_controls_saw_the_same_is_never_blocked(
    script: tuple[list[str], str], word: str, rounds: int, asked: int
) -> None:
    target = a_target({})
    lines = [line.format(word) for line in script[0]]
    found = [measured(f"m{n}", target, 10 + n * 10.5, lines) for n in range(rounds)]
    failure = WORDS[word]
    ends = ("104.16.1.1:443",)
    answer = ControlAnswer(
        t0=0.0,
        t=1.0,
        failure=None,
        kind="test_helper",
        control="https://0.th.ooni.org/",
        url=target.input,
        dns_addresses=("104.16.1.1",),
        tcp_connect=tuple(
            EndpointAnswer(endpoint=e, failure=failure if script[1] == "tcp" else None) for e in ends
        ),
        tls_handshake=()
        if script[1] == "tcp"
        else tuple(
            EndpointAnswer(endpoint=e, failure=failure if script[1] == "tls" else None, server_name=NAME)
            for e in ends
        ),
        http_asked=True,
        http_failure=failure,
    )
    found += [
        replace(a_measurement(f"c{n}", target, 12.0 + 25 * n, "control"), controls=(answer,))
        for n in range(asked)
    ]
    verdict = _judged(facts_of({}, target), (target, tuple(found)))
    assert verdict.state not in ACCUSING
    if rounds >= 3 and asked >= 2:
        assert verdict.state is State.DOWN


@TRIES
@given(runs())
def test_a_stopped_run_owes_nothing(run: Run) -> None:
    judged = judge_target(facts_of({"facts": {"stopped": "time"}}, run[0]), *run)
    assert judged.debts == ()


@TRIES
@given(runs())
def test_a_network_that_is_not_fine_accuses_nobody(run: Run) -> None:
    verdict = _judged(facts_of({"facts": {"network": "SHUTDOWN"}}, run[0]), run)
    assert verdict.state in {State.REACHABLE, State.INCONCLUSIVE}
    assert verdict.reason_code in {None, ReasonCode.SHUTDOWN}
