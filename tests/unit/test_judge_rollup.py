"""A service's state follows from its targets by the rule of its own file."""

from __future__ import annotations

import pytest

from probe.judge import RULES_VERSION, roll_up
from probe.model.target import Rule, Service, Target
from probe.model.verdict import Verdict
from probe.model.words import Layer, Located, ReasonCode, Risk, State

R, B, G, D, Q = State.REACHABLE, State.BLOCKED, State.GEOBLOCKED, State.DOWN, State.INCONCLUSIVE


def a_service(rule: Rule, essential: tuple[bool, ...]) -> Service:
    targets = tuple(
        Target(target_id=f"s/{n}", service="s", input="https://x/", experiment="web", essential=e)
        for n, e in enumerate(essential)
    )
    return Service(service="s", title="S", rule=rule, risk=Risk.LOW, targets=targets)


def a_verdict(number: int, state: State, **said: object) -> Verdict:
    given: dict[str, object] = {
        "mechanism": "tls.reset" if state is B else "",
        "located": Located.PATH if state is B else Located.UNKNOWN,
        "confirmed": False,
        "reason_code": ReasonCode.NO_CONTROL if state is Q else None,
        "because": f"because of {number}",
        "started_utc": f"2026-11-21T10:00:0{number}.000Z",
        "ended_utc": f"2026-11-21T10:00:1{number}.000Z",
    }
    return Verdict(
        target_id=f"s/{number}",
        service="s",
        input="https://x/",
        state=state,
        layer=Layer.TLS,
        rule_id="r",
        rules_version=RULES_VERSION,
        template="",
        **{**given, **said},  # type: ignore[arg-type]  # a factory's free columns
    )


@pytest.mark.parametrize(
    ("rule", "states", "wanted"),
    [
        ("any", (B, B, R), R),
        ("any", (B, B), B),
        ("any", (B, D), Q),
        ("any", (), Q),
        ("all", (R, D, B), B),
        ("all", (R, G, D), G),
        ("all", (R, Q), Q),
        ("all", (R, R), R),
        ("essential", (B, R, R), R),
        ("essential", (R, B, R), B),
    ],
)
def test_a_service_rolls_up_by_its_rule(rule: Rule, states: tuple[State, ...], wanted: State) -> None:
    service = a_service(rule, (False, True, False)[: len(states)])
    rolled = roll_up(service, [a_verdict(n, s) for n, s in enumerate(states)])
    assert rolled.state is wanted
    assert rolled.n_targets == len(states)
    assert rolled.n_blocked == states.count(B)


def test_without_essential_targets_all_are_heard() -> None:
    service = a_service("essential", (False, False))
    assert roll_up(service, [a_verdict(0, R), a_verdict(1, B)]).state is B


def test_a_service_borrows_the_words_of_a_confirmed_target() -> None:
    found = [a_verdict(0, B), a_verdict(1, B, confirmed=True)]
    rolled = roll_up(a_service("all", (False, False)), found)
    assert (rolled.because, rolled.confirmed, rolled.mechanism) == ("because of 1", True, "tls.reset")
    assert (rolled.started_utc, rolled.ended_utc) == ("2026-11-21T10:00:00.000Z", "2026-11-21T10:00:11.000Z")


def test_targets_of_one_state_and_different_mechanisms_lend_the_spokesman_s() -> None:
    found = [a_verdict(0, B, mechanism="tcp.timeout"), a_verdict(1, B, confirmed=True)]
    assert roll_up(a_service("all", (False, False)), found).mechanism == "tls.reset"


def test_endpoints_that_differ_say_how_many_of_each() -> None:
    rolled = roll_up(a_service("any", (False, False)), [a_verdict(0, B), a_verdict(1, D)])
    assert rolled.because == "Its endpoints differ: 1 blocked, 1 down."
    assert rolled.reason_code is ReasonCode.DISCORDANT_RERUN


def test_an_inconclusive_service_says_why_by_its_targets() -> None:
    rolled = roll_up(a_service("any", (False, False)), [a_verdict(0, Q), a_verdict(1, Q)])
    assert rolled.reason_code is ReasonCode.NO_CONTROL


def test_among_several_reasons_the_commonest_is_said() -> None:
    verdicts = [a_verdict(0, B), a_verdict(1, D), a_verdict(2, D, reason_code=ReasonCode.UNCONFIRMED)]
    rolled = roll_up(a_service("any", (False, False, False)), verdicts)
    assert (rolled.state, rolled.reason_code) == (Q, ReasonCode.UNCONFIRMED)


def test_a_service_without_a_measured_target_was_not_measured() -> None:
    rolled = roll_up(a_service("all", ()), [])
    assert (rolled.state, rolled.reason_code) == (Q, ReasonCode.NOT_MEASURED)
    assert rolled.because == "No target of it was measured."


def test_endpoints_of_a_family_that_this_link_lacks_are_left_out() -> None:
    lacking = a_verdict(1, Q, reason_code=ReasonCode.FAMILY_UNAVAILABLE)
    assert roll_up(a_service("any", (False, False)), [a_verdict(0, B), lacking]).state is B
    assert roll_up(a_service("all", (False, False)), [a_verdict(0, R), lacking]).state is R
    alone = roll_up(a_service("any", (False,)), [lacking])
    assert (alone.state, alone.reason_code) == (Q, ReasonCode.FAMILY_UNAVAILABLE)


def test_a_mirror_is_never_heard_though_it_is_counted() -> None:
    site = Target(target_id="s/0", service="s", input="https://x/", experiment="web")
    mirror = Target(target_id="s/1", service="s", input="https://y/", experiment="web", role="mirror")
    for rule in ("any", "all"):
        service = Service(service="s", title="S", rule=rule, risk=Risk.LOW, targets=(site, mirror))
        blocked = roll_up(service, [a_verdict(0, B), a_verdict(1, R)])
        assert (blocked.state, blocked.n_targets, blocked.n_reachable) == (B, 2, 1)
        assert roll_up(service, [a_verdict(0, R), a_verdict(1, B)]).state is R
        assert roll_up(service, [a_verdict(0, R), a_verdict(1, D)]).state is R


def test_of_what_is_reachable_the_one_that_met_something_speaks() -> None:
    gone = a_verdict(1, R, mechanism="store.delisted", located=Located.SERVER)
    told = roll_up(a_service("all", (False, False)), [a_verdict(0, R, confirmed=True), gone])
    assert (told.state, told.mechanism, told.because) == (R, "store.delisted", "because of 1")
