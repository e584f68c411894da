"""Planning: which steps, in which order, not before when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from probe.model.options import RunOptions
from probe.model.target import Target
from probe.model.words import Owed
from probe.plan import (
    BeatClass,
    beat_classes,
    beat_kinds,
    beat_step,
    cross_arms,
    estimate,
    interleave,
    name_step,
    network_steps,
    neutral_steps,
    quic_arms,
    round_steps,
    steps_for,
)
from probe.plan.debts import cross_allowed
from unit.factories import a_debt, a_neutral, a_target

OPTIONS = RunOptions()
WITH_CONTROL = RunOptions(controls=("https://helper.example/",))
V4, V6 = "203.0.113.9", "2001:db8::9"


def test_three_rounds_spread_over_more_than_twenty_seconds() -> None:
    steps = round_steps(a_target(), OPTIONS, started_s=5.0)
    assert [(s.round, s.not_before_s) for s in steps] == [(0, 5.0), (1, 15.5), (2, 26.0)]


def test_a_run_taken_up_again_plans_only_the_rounds_still_missing() -> None:
    steps = round_steps(a_target(), OPTIONS, started_s=100.0, done=2)
    assert [(s.round, s.not_before_s) for s in steps] == [(2, 100.0)]


def test_a_neutral_round_asks_pages_by_name_and_resolvers_by_address() -> None:
    neutral = a_neutral("a.example", "foreign")
    resolvers = (
        a_target("resolver/google", input="dns+udp://8.8.8.8:53", experiment="dns"),
        a_target("resolver/doh", input="https://dns.example/dns-query", experiment="doh"),
    )
    steps = neutral_steps([neutral], resolvers, number=1, not_before_s=3.0)
    assert [(s.target, s.experiment, s.round, s.not_before_s) for s in steps] == [
        (neutral, "web", 1, 3.0),
        (resolvers[0], "neutral", 1, 3.0),
    ]


def test_network_steps_carry_their_targets_own_experiments() -> None:
    portal = a_target("network/portal", experiment="portal")
    assert [s.experiment for s in network_steps([portal])] == ["portal"]


def test_services_take_turns() -> None:
    targets = [a_target(f"{s}/{n}") for s in ("a", "b") for n in range(3)]
    order = [t.service for t in interleave(targets, seed=7)]
    assert order in (["a", "b"] * 3, ["b", "a"] * 3)


@given(st.integers(0, 2**32), st.permutations([f"s{n % 3}/{n}" for n in range(9)]))
def test_the_order_depends_on_the_seed_alone_and_loses_nobody(seed: int, ids: list[str]) -> None:
    order = [t.target_id for t in interleave([a_target(i) for i in ids], seed)]
    assert order == [t.target_id for t in interleave([a_target(i) for i in sorted(ids)], seed)]
    assert sorted(order) == sorted(ids)


def test_another_seed_gives_another_order() -> None:
    targets = [a_target(f"s{n}/x") for n in range(20)]
    assert interleave(targets, 1) != interleave(targets, 2)


@pytest.mark.parametrize(
    ("what", "experiment"),
    [
        (Owed.ROUND, "web"),
        (Owed.ADDRESSES, "web"),
        (Owed.RESOLVER, "resolver"),
        (Owed.SMALL_SEGMENTS, "small_segments"),
    ],
)
def test_a_debt_is_paid_by_one_step_of_its_kind(what: Owed, experiment: str) -> None:
    debt = a_debt(what, addresses=(V4,), not_before_s=9.0)
    (step,) = steps_for(debt, a_target(), options=OPTIONS, rounds_done=3)
    assert (step.experiment, step.round, step.addresses, step.not_before_s, step.reason) == (
        experiment, 3, (V4,), 9.0, what,
    )  # fmt: skip


@pytest.mark.parametrize("what", [Owed.CONTROL, Owed.CONTROL_AGAIN])
def test_a_control_is_asked_only_where_one_was_allowed(what: Owed) -> None:
    assert steps_for(a_debt(what), a_target(), options=OPTIONS, rounds_done=1) == ()
    (step,) = steps_for(a_debt(what), a_target(), options=WITH_CONTROL, rounds_done=1)
    assert step.experiment == "control"
    proxied = RunOptions(control_proxy="socks5://127.0.0.1:9050")
    assert len(steps_for(a_debt(what), a_target(), options=proxied, rounds_done=1)) == 1


def test_a_control_is_asked_for_the_redirect_hop_that_matters() -> None:
    debt = a_debt(Owed.CONTROL, url="https://hop.example/x")
    (step,) = steps_for(debt, a_target(), options=WITH_CONTROL, rounds_done=1)
    assert (step.target.input, step.target.target_id) == ("https://hop.example/x", "twitter/web")


@pytest.mark.parametrize(("plain", "url"), [(False, "https://bad.example/"), (True, "http://bad.example/")])
def test_a_cross_experiment_bears_the_failing_name(plain: bool, url: str) -> None:
    neutrals = (a_neutral("a.example", "foreign", addresses=(V4,)),)
    debt = a_debt(Owed.CROSS, addresses=(V4,), server_name="bad.example", plain=plain)
    (step,) = steps_for(debt, a_target(), options=OPTIONS, rounds_done=3, neutrals=neutrals)
    assert (step.experiment, step.target.input, step.neutrals) == ("cross", url, neutrals)


def test_a_cross_experiment_without_another_name_uses_the_targets_own() -> None:
    neutrals = (a_neutral("a.example", "foreign", addresses=(V4,)),)
    debt = a_debt(Owed.CROSS, addresses=(V4,))
    (step,) = steps_for(debt, a_target(), options=OPTIONS, rounds_done=3, neutrals=neutrals)
    assert step.target == a_target()


@pytest.mark.parametrize(("addresses", "n_neutrals"), [((), 1), ((V4,), 0)])
def test_a_cross_experiment_needs_an_address_and_neutrals(
    addresses: tuple[str, ...], n_neutrals: int
) -> None:
    neutrals = (a_neutral("a.example", "foreign", addresses=(V4,)),) * n_neutrals
    debt = a_debt(Owed.CROSS, addresses=addresses)
    assert steps_for(debt, a_target(), options=OPTIONS, rounds_done=3, neutrals=neutrals) == ()


@pytest.mark.parametrize(
    ("options", "service", "so_far", "allowed"),
    [
        (OPTIONS, "twitter", 99, True),
        (WITH_CONTROL, "twitter", 2, True),
        (WITH_CONTROL, "twitter", 3, False),
        (WITH_CONTROL, "list", 11, True),
        (WITH_CONTROL, "url", 12, False),
    ],
)
def test_crosses_are_rationed_only_where_another_control_speaks(
    options: RunOptions, service: str, so_far: int, allowed: bool
) -> None:
    assert cross_allowed(a_target(f"{service}/x"), options, so_far=so_far) is allowed


NEUTRALS = (
    a_neutral("listed.example", "domestic_listed"),
    a_neutral("frozen.example", "foreign_frozen"),
    a_neutral("one.example", "foreign"),
    a_neutral("two.example", "foreign"),
    a_neutral("three.example", "foreign"),
)
KNOWN = {t.target_id: (V4, V6) for t in NEUTRALS}


def test_cross_arms_are_foreign_addresses_and_one_listed_name_without_any() -> None:
    arms = cross_arms(NEUTRALS, KNOWN, family=4, turn=0)
    assert [(t.target_id, t.addresses) for t in arms] == [
        ("neutral/listed.example", ()),
        ("neutral/one.example", (V4,)),
        ("neutral/two.example", (V4,)),
        ("neutral/three.example", (V4,)),
    ]


def test_cross_arms_take_turns_and_keep_to_the_family() -> None:
    arms = cross_arms(NEUTRALS, KNOWN, family=6, turn=1)
    assert [(t.target_id, t.addresses) for t in arms[1:]] == [
        ("neutral/two.example", (V6,)),
        ("neutral/three.example", (V6,)),
        ("neutral/one.example", (V6,)),
    ]


def test_no_cross_arms_without_two_foreign_addresses_or_a_listed_name() -> None:
    assert cross_arms(NEUTRALS, {"neutral/one.example": (V4,)}, family=4, turn=0) == ()
    assert cross_arms(NEUTRALS[1:], KNOWN, family=4, turn=0) == ()


def test_beside_a_quic_target_stand_neutrals_that_speak_it_and_have_answered_in_turn() -> None:
    speaking = (
        a_neutral("one.example", "foreign", quic=True),
        a_neutral("two.example", "foreign"),
        a_neutral("three.example", "foreign_frozen", quic=True),
        a_neutral("never.example", "foreign", quic=True),
    )
    found = [[t.target_id for t in quic_arms(speaking, KNOWN, turn=turn)] for turn in (0, 1)]
    assert found == [
        ["neutral/one.example", "neutral/three.example"],
        ["neutral/three.example", "neutral/one.example"],
    ]
    assert quic_arms(speaking, KNOWN, turn=0)[0].addresses == (V4, V6)
    assert quic_arms(speaking, {}, turn=3) == ()


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (a_target(country="US", input="quic://x.example"), {(53, True), (443, True)}),
        (a_target(country="US"), {(53, True), (443, True)}),
        (a_target(country="RU"), {(53, True), (443, False)}),
        (a_target(), {(53, True), (443, True), (443, False)}),
        (a_target(country="US", input="http://x.example/"), {(53, True), (80, True), (443, True)}),
        (a_target(country="US", input="dns+udp://8.8.8.8:53"), {(53, True), (443, True)}),
        (a_target(country="US", input="dns+tls://[2001:db8::1]:853"), {(443, True)}),
        (a_target(country="US", input="tcp://149.154.175.50:443"), {(443, True)}),
        (a_target(country="US", input="tcp://149.154.175.50:80"), {(80, True), (443, True)}),
        (a_target(country="US", input="tcp://e1.example:5222"), {(53, True), (443, True)}),
    ],
)
def test_beats_stand_in_for_what_the_targets_need(target: Target, expected: set[tuple[int, bool]]) -> None:
    classes = beat_classes(beat_kinds(target, "RU"), (6, 4, 4))
    assert {(c.port, c.foreign) for c in classes} == expected
    assert [c.family for c in classes] == sorted(c.family for c in classes)
    assert len(classes) == 2 * len(expected)


def test_beats_take_turns_over_the_neutrals_of_their_side() -> None:
    beat = BeatClass(family=4, port=443, foreign=True)
    steps = [beat_step(beat, n, neutrals=NEUTRALS, resolvers=(), addresses=KNOWN) for n in range(5)]
    assert [s and s.target.input for s in steps] == [
        "https://frozen.example/",
        "https://one.example/",
        "https://two.example/",
        "https://three.example/",
        "https://frozen.example/",
    ]
    assert {s and s.target.addresses for s in steps} == {(V4,)}
    assert {s and s.experiment for s in steps} == {"neutral"}


def test_a_beat_for_plain_pages_is_plain() -> None:
    beat = BeatClass(family=6, port=80, foreign=False)
    step = beat_step(beat, 0, neutrals=NEUTRALS, resolvers=(), addresses=KNOWN)
    assert step is not None
    assert (step.target.input, step.target.addresses) == ("http://listed.example/", (V6,))


def test_a_beat_for_udp_53_asks_another_resolver_of_the_family() -> None:
    resolvers = (
        a_target("resolver/google", input="dns+udp://8.8.8.8:53"),
        a_target("resolver/doh", input="https://dns.example/dns-query"),
    )
    beat = BeatClass(family=4, port=53, foreign=True)
    step = beat_step(beat, 3, neutrals=NEUTRALS, resolvers=resolvers, addresses=KNOWN)
    assert step is not None
    assert step.target.target_id == "resolver/google"
    other = BeatClass(family=6, port=53, foreign=True)
    assert beat_step(other, 3, neutrals=NEUTRALS, resolvers=resolvers, addresses=KNOWN) is None


def test_the_systems_resolver_is_asked_for_neutrals_in_turn_by_name_alone() -> None:
    steps = [name_step(n, NEUTRALS) for n in range(len(NEUTRALS) + 1)]
    assert [s.target.input for s in steps if s] == [t.input for t in (*NEUTRALS, NEUTRALS[0])]
    assert {(s.experiment, s.addresses, s.target.addresses) for s in steps if s} == {("neutral", (), ())}
    assert name_step(0, [replace(NEUTRALS[0], input="https://192.0.2.9/")]) is None


def test_there_is_no_beat_without_a_known_address() -> None:
    beat = BeatClass(family=4, port=443, foreign=True)
    assert beat_step(beat, 0, neutrals=NEUTRALS, resolvers=(), addresses={}) is None


def test_an_estimate_grows_with_targets_and_ends_at_the_ceilings() -> None:
    few = estimate([a_target()], (), OPTIONS)
    many = estimate([a_target(f"s/{n}") for n in range(5000)], (), OPTIONS)
    assert few.n_bytes < many.n_bytes == OPTIONS.max_bytes
    assert few.seconds < many.seconds == OPTIONS.max_seconds
    assert few.seconds > 2 * OPTIONS.round_gap_s


def test_an_estimate_for_one_round_waits_for_no_second() -> None:
    assert estimate([a_target()], (), RunOptions(rounds=1)).seconds < OPTIONS.round_gap_s
