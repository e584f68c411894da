"""What holds of runs that look like real ones: scripted rounds, controls, neutrals, cross experiments."""

from __future__ import annotations

from typing import Any

from hypothesis import find, given, settings
from hypothesis import strategies as st

from cases.debts import a_control, measurements_of
from cases.script import a_target
from cases.world import facts_of
from probe.judge import judge_target
from probe.judge.rules import ALL_RULES
from probe.model.verdict import Verdict
from probe.model.words import ControlSource, Layer, State

TRIES = settings(max_examples=250, deadline=None)
UNSIGNED = {"http.notice_page_unsigned", "resolver.intercepted"}
"""Artefacts that accuse at once, but nobody in particular, and are not confirmed."""
ARTEFACTS = {
    *UNSIGNED,
    *(rule.rule_id for rule in ALL_RULES if rule.state is State.BLOCKED and rule.confirmed is True),
}
WORDS = ("timeout", "reset", "eof", "ok", "ok", "refused", "untrusted", "mismatch")
LINES = (
    ["dns system {ip}", "tcp {ip} {word}"],
    ["dns system {ip}", "tcp {ip} ok", "tls {ip} {word}"],
    ["dns system {ip}", "tcp {ip} ok", "tls {ip} {word}", "http {ip} 200"],
    ["dns system {ip}", "tcp {ip} ok", "tls {ip} ok", "http {ip} {word}"],
    ["dns system nxdomain"],
    ["dns system timeout"],
)
BAD = {"tls": WORDS, "tcp": WORDS[:6], "http": WORDS[:6]}


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """Return a case as the golden ones are written, all parts drawn."""
    main = draw(st.sampled_from(LINES))
    word = draw(st.sampled_from(WORDS[:3]))
    rounds = []
    for _ in range(draw(st.integers(1, 6))):
        lines = main if draw(st.integers(0, 5)) else draw(st.sampled_from(LINES))
        ip = draw(st.sampled_from(("104.16.1.1", "104.16.1.1", "104.16.1.2", "185.76.144.9")))
        said = word if draw(st.integers(0, 4)) else draw(st.sampled_from(WORDS[:5]))
        layer = lines[-1].split()[0]
        said = said if said != "ok" or layer != "http" else "reset"
        rounds.append([line.format(ip=ip, word=said) for line in lines])
    http = st.sampled_from(("ok", "ok", "ok", "timeout", "reset", "vague"))
    control = [
        {"at": 40.0 + 25 * n, "http": draw(http), "failure": "timeout"}
        if draw(st.integers(0, 4)) == 0
        else {"at": 40.0 + 25 * n, "http": draw(http)}
        for n in range(draw(st.integers(0, 2)))
    ]
    row: dict[str, Any] = {
        "rounds": rounds,
        "gap": draw(st.sampled_from((3.0, 9.0, 10.5, 10.5, 10.5))),
        "control": control,
        "cross": draw(st.sampled_from(([], [{}], [{"there": "ok"}]))),
        "neutrals": draw(
            st.sampled_from(
                ({}, {}, {"until": 30}, {"families": [6]}, {"ports": [80]}, {"sides": ["domestic"]})
            )
        ),
    }
    if draw(st.integers(0, 3)) == 0:
        row["facts"] = {"baseline": {"hours": draw(st.sampled_from((2, 40)))}}
    return row


def _verdict(row: dict[str, Any]) -> Verdict:
    target = a_target(row)
    return judge_target(facts_of(row, target), target, measurements_of(row, target)).verdict


def _counted(row: dict[str, Any]) -> bool:
    verdict = _verdict(row)
    return verdict.state is State.BLOCKED and verdict.rule_id not in ARTEFACTS


def test_these_runs_reach_counted_blocks() -> None:
    assert find(rows(), _counted, settings=settings(max_examples=2000, deadline=None))


@TRIES
@given(rows())
def test_a_counted_block_has_its_rounds_its_spread_its_neutrals_and_a_control(row: dict[str, Any]) -> None:
    if not _counted(row):
        return
    verdict = _verdict(row)
    named = verdict.layer is Layer.DNS and verdict.mechanism != "dns.hijacked"  # resolvers have no side
    own = [uid for uid in verdict.witnesses if uid.startswith("m")]
    assert len(own) >= 3
    numbers = [int(uid[1:]) for uid in own]
    assert (max(numbers) - min(numbers)) * row["gap"] >= 18.0
    assert any(uid.startswith("n") for uid in verdict.witnesses)
    assert {*verdict.control_source} - {ControlSource.NEUTRAL}
    sides_and_ports = [{}, {"until": 30}, *([{"families": [6]}, {"sides": ["domestic"]}] if named else [])]
    assert row["neutrals"] in sides_and_ports


@TRIES
@given(rows())
def test_a_round_that_works_ends_every_counted_block(row: dict[str, Any]) -> None:
    works = [
        "dns system 104.16.1.1",
        "tcp 104.16.1.1 ok",
        "tls 104.16.1.1 ok",
        "http 104.16.1.1 200",
    ]
    more = {**row, "rounds": [*row["rounds"], works]}
    assert not _counted(more)


@TRIES
@given(rows(), st.sampled_from(["vague", "timeout", "reset"]), st.booleans())
def test_one_more_control_that_fails_never_brings_a_block(
    row: dict[str, Any], how: str, broken: bool
) -> None:
    target = a_target(row)
    run = measurements_of(row, target)
    said: dict[str, Any] = {
        "at": 97.0,
        "http": how,
        "dns": "servfail",
        "control": "https://second.example.net/",
    }
    said |= {"failure": "timeout"} if broken else {}
    more = [*run, a_control("zz", target, said)]
    after = judge_target(facts_of(row, target), target, more).verdict
    if after.state is State.BLOCKED:
        assert _verdict(row).state is State.BLOCKED
