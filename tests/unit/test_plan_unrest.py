"""What is asked of everybody when the heartbeat ails in mid-run."""

from probe.plan.beats import page_steps, unrest_steps
from unit.factories import a_target

NEUTRALS = tuple(
    a_target(target_id=f"neutral/{n}", input=f"https://n{n}.example.org/", neutral_group="foreign")
    for n in range(6)
)
RESOLVERS = (
    a_target(target_id="resolver/udp", input="dns+udp://9.9.9.9", experiment="dns"),
    a_target(target_id="resolver/tcp", input="dns+tcp://9.9.9.9", experiment="dns"),
)
NETWORK = tuple(
    a_target(target_id=f"network/{what}", input="http://captive.example/", experiment=what)
    for what in ("portal", "sinkhole", "local")
)
KNOWN = {"neutral/0": ("93.184.215.1", "93.184.215.2", "2606:2800::1"), "neutral/1": ("93.184.215.3",)}


def asked(number: int) -> list[tuple[str, str, tuple[str, ...]]]:
    steps = unrest_steps(number, neutrals=NEUTRALS, resolvers=RESOLVERS, network=NETWORK, addresses=KNOWN)
    assert {step.round for step in steps} == {number}
    return [(s.target.target_id, s.experiment, s.target.addresses) for s in steps]


def test_every_neutral_is_asked_once_a_family_where_it_answered_and_one_by_name() -> None:
    assert asked(3) == [
        ("neutral/0", "neutral", ("93.184.215.1",)),
        ("neutral/0", "neutral", ("2606:2800::1",)),
        ("neutral/1", "neutral", ("93.184.215.3",)),
        ("resolver/udp", "neutral", ()),
        ("neutral/3", "neutral", ()),
    ]


def test_check_pages_and_the_machine_are_asked_every_second_time() -> None:
    assert [what for name, what, _ in asked(4) if name.startswith("network")] == ["portal", "local"]


def test_without_neutrals_no_name_is_asked_for() -> None:
    steps = unrest_steps(3, neutrals=(), resolvers=RESOLVERS, network=NETWORK, addresses={})
    assert [step.target.target_id for step in steps] == ["resolver/udp"]


def test_a_links_rate_is_looked_at_by_two_long_pages_at_home_and_two_abroad() -> None:
    home = [
        a_target(target_id=f"neutral/h{n}", input=f"https://h{n}.example.org/", neutral_group=group)
        for n, group in enumerate(("domestic_listed", "domestic_unlisted", "domestic_unlisted"))
    ]
    steps = page_steps([*NEUTRALS, *home], [t.target_id for t in (*NEUTRALS[1:], *home)])
    assert [step.target for step in steps] == [*home[:2], *NEUTRALS[1:3]]
    assert {(step.experiment, step.round) for step in steps} == {("web", 0)}
