"""A debt of transfers becomes the arms that METHOD section 7 names, or nothing."""

from msgspec.structs import replace

from probe.model.options import RunOptions
from probe.model.target import Debt, Step, Target
from probe.model.transfer import TRIAL_BYTES, Arm, ArmPlan, TransferPlan
from probe.model.words import Owed
from probe.plan import estimate, transfer_step
from probe.plan.transfers import FREEZE_BYTES, SMALL_SEGMENT, is_campaign, neutral_name

VIDEO = Target(target_id="youtube/video", service="youtube", input="https://v.example/", experiment="web")
IANA = Target(
    target_id="neutral/iana", service="neutral", input="https://www.iana.org/", experiment="web",
    neutral_group="foreign", addresses=("192.0.2.7",),
)  # fmt: skip
SPEED = Target(
    target_id="neutral/speed", service="neutral", input="https://speed.example/", experiment="web",
    neutral_group="domestic_unlisted", large_object="/100MB", any_name=True,
    addresses=("192.0.2.9", "2001:db8::9"),
)  # fmt: skip
FROZEN = replace(
    SPEED, target_id="neutral/frozen", input="https://frozen.example/", neutral_group="foreign_frozen",
    addresses=("192.0.2.10",),
)  # fmt: skip
OWN = Debt(
    target_id=VIDEO.target_id, what=Owed.TRANSFER, why="it came slowly", arms="T/C1",
    addresses=("192.0.2.1",), server_name="v.example", url="https://v.example:8443/big?x=1",
    not_before_s=7.0, number=3, test=1,
)  # fmt: skip
NAME = replace(OWN, arms="X/C2", url="", addresses=())


def step(debt: Debt, *neutrals: Target, seed: int = 1, options: RunOptions | None = None) -> Step | None:
    return transfer_step(debt, VIDEO, options=options or RunOptions(), neutrals=neutrals, seed=seed)


def plan(debt: Debt, *neutrals: Target, seed: int = 1, options: RunOptions | None = None) -> TransferPlan:
    made = step(debt, *neutrals, seed=seed, options=options)
    assert made is not None
    assert made.transfer is not None
    return made.transfer


def by_name(arms: tuple[ArmPlan, ...]) -> list[ArmPlan]:
    return sorted(arms, key=lambda arm: arm.arm)


def own(arm: Arm, name: str) -> ArmPlan:
    return ArmPlan(
        arm=arm, ip="192.0.2.1", port=8443, host="v.example:8443", path="/big?x=1", server_name=name
    )


def at_speed(arm: Arm, name: str) -> ArmPlan:
    return ArmPlan(arm=arm, ip="192.0.2.9", host="speed.example", path="/100MB", server_name=name)


def test_the_own_object_is_fetched_under_both_names_with_its_owner_in_the_host_header() -> None:
    made = step(OWN, IANA)
    assert made is not None
    assert made.transfer is not None
    assert by_name(made.transfer.arms) == [own("C1", "www.iana.org"), own("T", "v.example")]
    assert (made.experiment, made.round, made.not_before_s, made.reason) == ("throughput", 3, 7.0, OWN.what)
    assert (made.transfer.test, made.transfer.number, made.transfer.max_bytes) == (1, 3, TRIAL_BYTES)


def test_a_name_is_tried_at_a_neutral_server_that_takes_any_name() -> None:
    made = plan(NAME, IANA, FROZEN, SPEED)
    assert by_name(made.arms) == [at_speed("C2", "www.iana.org"), at_speed("X", "v.example")]


def test_a_frozen_hosters_server_is_taken_only_where_there_is_no_other() -> None:
    assert {arm.ip for arm in plan(NAME, IANA, FROZEN).arms} == {"192.0.2.10"}


def test_the_neutral_server_is_asked_in_the_family_of_the_debt() -> None:
    assert {arm.ip for arm in plan(replace(NAME, addresses=("2001:db8::1",)), IANA, SPEED, FROZEN).arms} == {
        "2001:db8::9"
    }


def test_another_familys_server_is_taken_where_the_debts_own_has_none() -> None:
    made = plan(replace(NAME, addresses=("2001:db8::1",)), IANA, FROZEN)
    assert {arm.ip for arm in made.arms} == {"192.0.2.10"}


def test_a_campaigns_helper_is_taken_before_a_neutral_and_tells_its_own_address() -> None:
    options = RunOptions(controls=("https://0.th.ooni.org/", "https://helper.example/"))
    assert by_name(plan(NAME, IANA, SPEED, options=options).arms) == [
        ArmPlan(arm="C2", server_name="www.iana.org", helper="https://helper.example/"),
        ArmPlan(arm="X", server_name="v.example", helper="https://helper.example/"),
    ]


def test_public_helpers_serve_no_transfers() -> None:
    assert not is_campaign("https://1.th.ooni.org/")
    assert not is_campaign("https://x.cloudfront.net/")
    assert is_campaign("https://a.example/")


def test_without_a_neutral_name_a_server_or_an_address_nothing_can_be_paid() -> None:
    assert step(OWN, SPEED) is None
    assert step(NAME, IANA) is None
    assert step(replace(OWN, addresses=()), IANA) is None
    assert step(replace(OWN, server_name=""), IANA) is None
    assert step(replace(NAME, purpose="elsewhere"), SPEED) is None
    assert step(replace(OWN, purpose="freeze", addresses=()), IANA) is None


def test_the_order_within_pairs_is_shuffled_by_the_seed_and_is_the_same_again() -> None:
    def order(seed: int) -> list[str]:
        return [plan(replace(OWN, number=n), IANA, seed=seed).arms[0].arm for n in range(32)]

    assert order(1) == order(1)
    assert order(1) != order(2)
    assert 8 <= order(1).count("T") <= 24


def test_a_freeze_is_tried_without_cap_and_again_with_small_segments() -> None:
    options = RunOptions(timeout_s=4.0)
    frozen = plan(replace(OWN, purpose="freeze"), IANA, options=options)
    small = plan(replace(OWN, purpose="small_segments"), IANA, options=options)
    assert frozen.arms == small.arms == (own("T", "v.example"),)
    assert (frozen.max_bytes, frozen.max_seconds) == (FREEZE_BYTES, 4.0)
    assert (frozen.max_segment, small.max_segment) == (None, SMALL_SEGMENT)


def test_as_many_bytes_as_a_freeze_let_through_are_fetched_from_a_server_elsewhere() -> None:
    made = plan(replace(OWN, purpose="elsewhere", n_bytes=16_384), IANA, SPEED)
    assert made.arms == (at_speed("N", "www.iana.org"),)
    assert made.max_bytes == 16_384


def test_targets_take_different_neutral_names_in_turn() -> None:
    names = [replace(IANA, target_id=f"neutral/{n}", input=f"https://n{n}.example/") for n in range(4)]
    targets = [replace(VIDEO, target_id=f"list/{n}") for n in range(32)]
    assert {neutral_name(t, names) for t in targets} == {f"n{n}.example" for n in range(4)}


def test_the_name_that_a_baseline_knows_comes_first_where_it_answers() -> None:
    names = [replace(IANA, target_id=f"neutral/{n}", input=f"https://n{n}.example/") for n in range(4)]
    targets = [replace(VIDEO, target_id=f"list/{n}") for n in range(32)]
    assert {neutral_name(t, names, "n2.example") for t in targets} == {"n2.example"}
    gone = [replace(t, addresses=()) if t is names[2] else t for t in names]
    assert {neutral_name(t, gone, "n2.example") for t in targets} == {
        "n0.example",
        "n1.example",
        "n3.example",
    }
    assert {neutral_name(t, names, "elsewhere.example") for t in targets} == {
        f"n{n}.example" for n in range(4)
    }
    for debt, at in ((OWN, "C1"), (NAME, "C2"), (replace(OWN, purpose="elsewhere", n_bytes=1), "N")):
        arms = plan(replace(debt, neutral_name="n2.example"), *names, SPEED).arms
        assert {arm.server_name for arm in arms if arm.arm == at} == {"n2.example"}


def test_paired_targets_are_in_the_estimate_unless_transfers_are_off() -> None:
    paired = [replace(VIDEO, paired="name")]
    few, off = RunOptions(), RunOptions(throughput=False)
    more = estimate(paired, (), few).n_bytes - estimate([VIDEO], (), few).n_bytes
    assert more == 4 * TRIAL_BYTES
    assert estimate(paired, (), off) == estimate([VIDEO], (), off)
