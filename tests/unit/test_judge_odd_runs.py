"""Runs that no recipe makes: judging must still say something, and nothing that they do not carry."""

from __future__ import annotations

from msgspec.structs import replace

from cases.debts import measurements_of
from cases.script import NAME, a_target, measured
from cases.world import facts_of
from probe.judge import judge_target
from probe.judge.rules import ALL_RULES
from probe.model.failure import CONNECTION_RESET
from probe.model.words import Owed, State

HOP = "tcp 104.16.{n}.1 ok|tls 104.16.{n}.1 ok name=h{n}.example.org|http 104.16.{n}.1 302 url=https://h{n}.example.org/"


def test_more_redirects_than_are_followed_end_the_judging() -> None:
    target = a_target({"target": {"input": "https://h0.example.org/"}})
    ops = []
    for n in range(13):
        ops.append(f"{n}: dns system 104.16.{n}.1 name=h{n}.example.org")
        ops += [f"{n}: {op}" for op in HOP.format(n=n).split("|")]
        ops[-1] += f" location=https://h{n + 1}.example.org/"
    run = [measured(f"m{i}", target, 10 + 10.5 * i, ops) for i in range(3)]
    verdict = judge_target(facts_of({}, target), target, run).verdict
    assert (verdict.state, verdict.rule_id) == (State.REACHABLE, "http.answered")


def test_true_addresses_that_fail_in_different_layers_are_discordant() -> None:
    row = {
        "rounds": [
            ["dns system 185.76.144.9", "tcp 185.76.144.9 timeout", "tcp 104.16.1.1 timeout"],
            [
                "dns system 185.76.144.9",
                "tcp 185.76.144.9 timeout",
                "tcp 104.16.1.2 ok",
                "tls 104.16.1.2 reset",
            ],
            ["dns system 185.76.144.9", "tcp 185.76.144.9 timeout", "tcp 104.16.1.1 timeout"],
        ],
        "control": [{"addresses": ["104.16.1.1", "104.16.1.2"]}],
    }
    target = a_target(row)
    verdict = judge_target(facts_of(row, target), target, measurements_of(row, target)).verdict
    assert (verdict.rule_id, verdict.layer.value) == ("rounds.discordant", "tls")


def test_a_certificate_whose_chain_fails_in_a_way_of_its_own_is_no_answer() -> None:
    target = a_target({})
    made = measured("m", target, 10, ["dns system 104.16.1.1", "tcp 104.16.1.1 ok", "tls 104.16.1.1 ok"])
    shaken = replace(made.tls_handshakes[0], chain_failure="ssl_invalid_certificate")
    run = [replace(made, tls_handshakes=(shaken,))]
    assert judge_target(facts_of({}, target), target, run).verdict.rule_id == "tls.too_few"


def test_a_completed_handshake_with_a_network_failure_counts_as_that_failure() -> None:
    target = a_target({})
    made = measured("m", target, 10, ["dns system 104.16.1.1", "tcp 104.16.1.1 ok", "tls 104.16.1.1 ok"])
    run = [replace(made, tls_handshakes=(replace(made.tls_handshakes[0], failure=CONNECTION_RESET),))]
    verdict = judge_target(facts_of({}, target), target, run).verdict
    assert (verdict.rule_id, verdict.failure) == ("tls.too_few", CONNECTION_RESET)


def test_dates_without_a_zone_are_universal_time_and_no_certificate_keeps_the_machine_s_word() -> None:
    target = a_target({})
    ops = ["dns system 104.16.1.1", "tcp 104.16.1.1 ok", "tls 104.16.1.1 ok {}", "http 104.16.1.1 200"]
    known = facts_of({"facts": {"clock": 3600.0}}, target)
    for extra, rule in (("from=2026-01-01 to=2027-01-01", "http.answered"), ("bare=1", "http.answered")):
        run = [measured(f"m{n}", target, 10 + n * 10.5, [op.format(extra) for op in ops]) for n in range(3)]
        assert judge_target(known, target, run).verdict.rule_id == rule


def test_a_hop_without_a_redirect_that_led_there_is_named_by_its_certificate() -> None:
    target = a_target({})
    run = [
        measured(
            "m",
            target,
            10,
            [
                "dns system 104.16.1.1",
                "tcp 104.16.1.1 ok",
                "tls 104.16.1.1 ok",
                "http 104.16.1.1 302 location=https://site.example.org/x",
                "4: tls 104.16.1.1 reset name=lost.example.org",
            ],
        )
    ]
    assert judge_target(facts_of({}, target), target, run).verdict.rule_id == "http.answered"


def test_addresses_of_both_families_are_owed_four_each() -> None:
    row = {
        "rounds": ["dns system 185.76.144.9", "tcp 185.76.144.9 timeout"],
        "control": [{"addresses": [f"104.16.1.{n}" for n in range(9)] + ["2606:4700::1"]}],
    }
    target = a_target(row)
    debts = judge_target(facts_of(row, target), target, measurements_of(row, target)).debts
    owed = next(d for d in debts if d.what is Owed.ADDRESSES)
    assert owed.addresses == ("104.16.1.0", "104.16.1.1", "104.16.1.2", "104.16.1.3", "2606:4700::1")


def test_every_sentence_can_be_put_into_another_language() -> None:
    for rule in ALL_RULES:
        assert rule.because.endswith("."), rule.rule_id
        assert rule.rule_id.islower()
        assert NAME not in rule.because


def test_the_second_asking_is_spaced_from_when_the_first_truly_began() -> None:
    row = {
        "rounds": ["dns system 104.16.1.1", "tcp 104.16.1.1 refused"],
        "control": [{"at": 40.0, "tcp": {"104.16.1.1:443": "refused"}, "http": "refused"}],
    }
    target = a_target(row)
    run = measurements_of(row, target)
    late = replace(run[-1], controls=(replace(run[-1].controls[0], t0=3.5),))
    debts = judge_target(facts_of(row, target), target, [*run[:-1], late]).debts
    assert [(d.what, d.not_before_s) for d in debts] == [(Owed.CONTROL_AGAIN, 63.5)]
    again = replace(late, measurement_uid="c9", started_s=63.5, controls=(replace(late.controls[0], t0=0.0),))
    assert judge_target(facts_of(row, target), target, [*run[:-1], late, again]).verdict.state is State.DOWN
