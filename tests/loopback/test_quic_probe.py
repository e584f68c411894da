"""The recipe of QUIC targets in the lab: what is tried, in which order, and when it is left at that."""

import asyncio

import pytest
from msgspec.structs import replace

from loopback.lab_clients import address_of, catalogue, in_lab
from loopback.settings import QUICK, a_session, a_target
from probe.lab import Lab
from probe.lab.quic_worlds import BARE, DRAFT, OTHER, STRANGE, VIDEO
from probe.measure import quic_probe
from probe.model.measurement import Measurement
from probe.model.target import Step, Target

ARMS = ("target@target", "version", "neutral@target", "self@neutral", "neutral@neutral", "target@neutral")


def neutrals(lab: Lab) -> tuple[Target, ...]:
    """Return the catalogue's neutrals that speak QUIC, with an IPv4 address each."""
    known = [t for t in catalogue().neutrals if t.quic]
    hosts = [t.input.removeprefix("https://").rstrip("/") for t in known]
    return tuple(replace(t, addresses=(address_of(lab, h),)) for t, h in zip(known, hosts, strict=True))


def measured(scenario: str, input_: str, *, round_: int = 0, alone: bool = False) -> Measurement:
    async def use(lab: Lab) -> Measurement:
        async with a_session(lab.network, options=QUICK) as session:
            target = a_target(input_, experiment="quic")
            others = () if alone else neutrals(lab)
            step = Step(target=target, experiment="quic", round=round_, neutrals=others)
            return (await session.measure(step)).measurement

    return in_lab(scenario, use)


def tried(m: Measurement) -> dict[str, set[str | None]]:
    """Return how each arm ended over IPv4."""
    found: dict[str, set[str | None]] = {}
    for shake in m.quic_handshakes:
        if ":" not in shake.ip:
            found.setdefault(shake.arm, set()).add(shake.failure)
    return found


def test_a_target_that_answers_is_asked_for_its_page_and_nobody_else_is_asked() -> None:
    m = measured("quic-odd", OTHER)
    assert tried(m) == {"target@target": {None}}
    assert {(r.http_version, r.status_code) for r in m.requests} == {("HTTP/3", 200)}


def test_a_later_round_ends_with_the_handshake() -> None:
    m = measured("quic-odd", OTHER, round_=1)
    assert tried(m) == {"target@target": {None}}
    assert m.requests == ()


def test_a_silent_name_is_held_against_others_there_and_at_a_neutral_server() -> None:
    m = measured("quic-drop-name", VIDEO)
    assert tried(m) == {
        "target@target": {"generic_timeout_error"},
        "version": {None},
        # Neutral names meet the address's own certificate: that they are answered is all that is asked.
        "neutral@target": {"ssl_invalid_hostname"},
        "self@neutral": {None},
        "neutral@neutral": {"ssl_invalid_hostname"},
        "target@neutral": {"generic_timeout_error"},
    }
    four = [h for h in m.quic_handshakes if ":" not in h.ip]
    begun = {arm: min(h.t0 for h in four if h.arm == arm) for arm in ARMS}
    assert begun["target@target"] < begun["self@neutral"] < begun["neutral@neutral"] < begun["target@neutral"]
    sent = {arm: next(h.server_name for h in four if h.arm == arm) for arm in ARMS}
    assert sent["target@neutral"] == sent["target@target"] == "video.probe-lab.example"
    assert sent["version"] is None
    assert sent["neutral@neutral"] != sent["self@neutral"]


def test_the_neutral_servers_take_turns() -> None:
    servers = {
        next(h.ip for h in measured("quic-drop-name", VIDEO, round_=n).quic_handshakes if h.arm == ARMS[3])
        for n in range(3)
    }
    assert len(servers) == 3


def test_where_version_1_is_silent_neutral_servers_are_asked_for_their_versions() -> None:
    m = measured("quic-drop-version-1", VIDEO)
    assert tried(m) == {
        "target@target": {"generic_timeout_error"},
        "version": {None},
        "neutral@target": {"generic_timeout_error"},
        "self@neutral": {"generic_timeout_error"},
        "version@neutral": {None},
    }
    lists = [h.server_versions for h in m.quic_handshakes if h.arm.startswith("version")]
    assert lists
    assert all("00000001" in versions for versions in lists)


def test_without_neutrals_only_the_target_is_asked() -> None:
    m = measured("quic-odd", BARE, alone=True)
    assert tried(m) == {"target@target": {"generic_timeout_error"}, "version": {"generic_timeout_error"}}


@pytest.mark.parametrize(
    ("input_", "failure"), [(DRAFT, "quic_incompatible_version"), (STRANGE, "ssl_invalid_hostname")]
)
def test_a_server_that_said_something_is_not_silent(input_: str, failure: str) -> None:
    m = measured("quic-odd", input_)
    assert tried(m)["target@target"] == {failure}
    assert "version@neutral" not in tried(m)


def test_an_address_that_is_nobodys_business_gets_no_packet() -> None:
    m = measured("quic-odd", "quic://127.0.0.1/")
    assert m.quic_handshakes == ()


def test_a_try_costs_at_most_five_seconds_whatever_was_typed() -> None:
    assert quic_probe.TIMEOUT_S == 5.0


def test_measuring_a_quic_target_can_be_broken_off() -> None:
    async def use(lab: Lab) -> None:
        async with a_session(lab.network, options=QUICK) as session:
            step = Step(target=a_target(BARE, experiment="quic"), experiment="quic")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await session.measure(step)

    in_lab("quic-odd", use)
