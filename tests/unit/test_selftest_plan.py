"""Where neutral trials go: a helper first, then who takes any name, frozen hosters last; in blocks."""

from __future__ import annotations

from msgspec.structs import replace

from probe.model.options import RunOptions
from probe.model.target import Target
from probe.plan import estimate
from probe.plan.selftest import at_turn, self_test_sources, self_test_step
from unit.factories import a_neutral

HELPER = "https://helper.example/"
ANY = replace(
    a_neutral("speed.example", "domestic_unlisted", large_object="/100MB", any_name=True),
    addresses=("2001:db8::7", "192.0.2.7"),
)
OWN = replace(
    a_neutral("files.example", "foreign", large_object="/big"),
    addresses=("192.0.2.8",),
)
FROZEN = replace(
    a_neutral("host.example", "foreign_frozen", large_object="/1GB", any_name=True),
    addresses=("192.0.2.9",),
)
PLAIN = replace(a_neutral("plain.example", "foreign"), addresses=("192.0.2.10",))
DEAD = a_neutral("dead.example", "foreign", large_object="/never", any_name=True)
NEUTRALS = (FROZEN, DEAD, PLAIN, OWN, ANY)


def keys(neutrals: tuple[Target, ...] = NEUTRALS, *controls: str) -> list[str]:
    return [s.key for s in self_test_sources(RunOptions(controls=controls), neutrals)]


def test_who_takes_any_name_comes_before_who_does_not_and_frozen_hosters_last() -> None:
    assert keys() == ["neutral/speed.example", "neutral/files.example", "neutral/host.example"]


def test_a_campaigns_helper_comes_first_and_oonis_serve_no_transfers() -> None:
    assert keys(NEUTRALS, "https://0.th.ooni.org/", HELPER)[:2] == [HELPER, "neutral/speed.example"]


def test_nobody_answered_and_there_is_nowhere_to_go() -> None:
    assert keys((DEAD,), HELPER) == []


def test_both_arms_of_a_pair_are_the_same_and_names_take_turns() -> None:
    source = self_test_sources(RunOptions(), NEUTRALS)[0]
    steps = [self_test_step(source, number) for number in range(4)]
    plans = [step.transfer for step in steps if step.transfer is not None]
    assert [len(set(plan.arms)) for plan in plans] == [1, 1, 1, 1]
    assert [plan.arms[0].server_name for plan in plans] == [
        "speed.example",
        "plain.example",
        "files.example",
        "speed.example",
    ]
    assert {(plan.purpose, *plan.arms[0].host.split(), plan.arms[0].path) for plan in plans} == {
        ("self_test", "speed.example", "/100MB")
    }
    assert {plan.arms[0].ip for plan in plans} == {"192.0.2.7"}
    assert {arm.arm for plan in plans for arm in plan.arms} == {"N"}


def test_who_takes_one_name_only_is_asked_under_no_other() -> None:
    source = self_test_sources(RunOptions(), (OWN, PLAIN))[0]
    plans = [self_test_step(source, number).transfer for number in range(3)]
    assert {plan.arms[0].server_name for plan in plans if plan} == {"files.example"}


def test_blocks_of_six_pairs_alternate_between_the_best_two() -> None:
    sources = self_test_sources(RunOptions(controls=(HELPER,)), NEUTRALS)
    turns = [at_turn(sources, done).key for done in range(0, 24, 3)]
    assert turns == [HELPER, HELPER, "neutral/speed.example", "neutral/speed.example"] * 2


def test_who_takes_one_name_only_is_not_used_beside_a_better_one() -> None:
    turns = {at_turn(self_test_sources(RunOptions(), (OWN, ANY, PLAIN)), done).key for done in range(60)}
    assert turns == {"neutral/speed.example"}
    assert at_turn(self_test_sources(RunOptions(), (OWN, PLAIN)), 6).key == "neutral/files.example"


def test_a_hoster_that_may_be_frozen_is_not_used_beside_a_better_one() -> None:
    sources = self_test_sources(RunOptions(controls=(HELPER,)), (FROZEN, PLAIN))
    assert {at_turn(sources, done).key for done in range(60)} == {HELPER}


def test_a_self_test_is_estimated_by_its_trials() -> None:
    plain, tested = (estimate((), NEUTRALS, RunOptions(), trials=n) for n in (0, 24))
    assert tested.n_bytes - plain.n_bytes == 24 * 131_072
    assert tested.seconds > plain.seconds


def test_a_pair_at_a_helper_leaves_address_and_object_to_the_helper() -> None:
    source = self_test_sources(RunOptions(controls=(HELPER,)), NEUTRALS)[0]
    plan = self_test_step(source, 0).transfer
    assert plan is not None
    assert {(arm.helper, arm.ip, arm.arm, arm.server_name in source.names) for arm in plan.arms} == {
        (HELPER, "", "N", True)
    }
