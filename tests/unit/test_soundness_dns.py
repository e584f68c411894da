"""Names: what the owner, the user's own filter or an honest fault does in the same way accuses nobody."""

from __future__ import annotations

from typing import Any

import pytest

from cases.debts import measurements_of
from cases.script import a_target
from cases.world import facts_of
from probe.judge import judge_target
from probe.model.verdict import Verdict
from probe.model.words import Located, Owed, ReasonCode, State

PARKED = ["dns system 127.0.0.1"]
DENIED = ["dns system nxdomain"]
STRANGER = ["dns system 185.76.144.9", "tcp 185.76.144.9 timeout"]
TRUTH = ["dns 8.8.8.8 104.16.1.1", "tls 104.16.1.1 ok"]
HELPED: list[dict[str, Any]] = [{}]


def a_verdict(
    rounds: list[str],
    *,
    other: list[str] | None = None,
    control: list[dict[str, Any]] | None = None,
    **more: Any,
) -> Verdict:
    row = {"rounds": rounds, "resolver": [other] if other else [], "control": control or [], **more}
    target = a_target(row)
    return judge_target(facts_of(row, target), target, measurements_of(row, target)).verdict


def behind(resolver_class: str, *bypass: str) -> dict[str, Any]:
    return {"vantage": {"resolver_class": resolver_class, "bypass": list(bypass)}}


@pytest.mark.parametrize(
    ("other", "control"),
    [
        (["dns 1.1.1.1 127.0.0.1 engine=doh port=443", "dns 9.9.9.9 127.0.0.1 engine=doh port=443"], []),
        (["dns 1.1.1.1 127.0.0.1 engine=doh port=443"], [{"failure": "timeout", "addresses": []}]),
        (["dns 8.8.8.8 0.0.0.0"], []),
        (["dns 1.1.1.1 104.16.1.1 engine=doh port=443"], [{"addresses": ["127.0.0.1"], "http": "refused"}]),
    ],
    ids=["two verified", "one verified, helper failed", "one open", "the control"],
)
def test_an_owner_who_parks_the_name_is_no_censor(other: list[str], control: list[dict[str, Any]]) -> None:
    assert a_verdict(PARKED, other=other, control=control).state is State.INCONCLUSIVE


def test_a_reserved_address_waits_for_another_resolver() -> None:
    row: dict[str, Any] = {"rounds": ["dns system 10.200.3.5"], "facts": {"controls": []}}
    target = a_target(row)
    judged = judge_target(facts_of(row, target), target, measurements_of(row, target))
    assert judged.verdict.reason_code is ReasonCode.NO_CONTROL
    assert [d.what for d in judged.debts] == [Owed.RESOLVER]


def test_a_reserved_address_that_a_verified_channel_contradicts_is_a_lie() -> None:
    said = a_verdict(["dns system 10.200.3.5"], other=["dns 1.1.1.1 104.16.1.1 engine=doh port=443"])
    assert (said.state, said.mechanism, said.confirmed) == (State.BLOCKED, "dns.bogon", True)


@pytest.mark.parametrize(
    ("rounds", "known"),
    [
        (["dns system 0.0.0.0"], behind("public")),
        (["dns system 0.0.0.0"], behind("named")),
        (["dns system 127.0.0.1"], behind("loopback")),
        (["dns system 10.200.3.5"], behind("operator", "vpn")),
        (DENIED, behind("public")),
        (DENIED, behind("named")),
        (DENIED, behind("operator", "fake-ip")),
        (["dns system servfail"], behind("named")),
        (["dns system empty"], behind("private")),
        (["dns system empty"], behind("loopback")),
        (STRANGER, behind("private")),
        (STRANGER, behind("named")),
    ],
)
def test_a_filter_of_the_users_own_is_local(rounds: list[str], known: dict[str, Any]) -> None:
    said = a_verdict(rounds, other=TRUTH, control=HELPED, facts=known)
    assert (said.state, said.reason_code) == (State.INCONCLUSIVE, ReasonCode.LOCAL_INTERCEPTION)


def test_the_operators_denial_behind_a_home_router_is_still_told() -> None:
    said = a_verdict(DENIED, other=TRUTH, control=HELPED, facts=behind("private"))
    assert (said.state, said.located, said.confirmed) == (State.BLOCKED, Located.UNKNOWN, False)
    assert "the resolver asked is in the user's own network: a filter there would look the same" in said.notes


@pytest.mark.parametrize("at_home", ["private", "loopback", "named", "public"])
def test_a_denial_on_the_path_is_no_filter_of_the_home(at_home: str) -> None:
    other = ["dns 8.8.8.8 nxdomain", "dns 1.1.1.1 104.16.1.1 engine=doh port=443", "tls 104.16.1.1 ok"]
    said = a_verdict(DENIED, other=other, control=HELPED, facts=behind(at_home))
    assert (said.state, said.located) == (State.BLOCKED, Located.PATH)


@pytest.mark.parametrize(
    ("rounds", "seen"),
    [
        (STRANGER, {"tcp": {"185.76.144.9:443": "timeout"}}),
        (["dns system 185.76.144.9", "tcp 185.76.144.9 ok", "tls 185.76.144.9 mismatch"], {}),
        (["dns system 185.76.144.9", "tcp 185.76.144.9 ok", "tls 185.76.144.9 untrusted"], {}),
        (["dns system 185.76.144.9", "tcp 185.76.144.9 ok", "tls 185.76.144.9 untrusted bare=1"], {}),
        (STRANGER, {}),
    ],
    ids=["off for all", "its hoster's certificate", "its own certificate", "no certificate", "nobody looked"],
)
def test_an_old_record_is_no_hijack(rounds: list[str], seen: dict[str, Any]) -> None:
    said = a_verdict(rounds, other=TRUTH, control=[seen])
    assert (said.state, said.reason_code) == (State.INCONCLUSIVE, ReasonCode.CONTENT_DIFFERS)


def test_a_certificate_made_for_the_name_where_others_find_nobody_is_a_hijack() -> None:
    rounds = ["dns system 185.76.144.9", "tcp 185.76.144.9 ok", "tls 185.76.144.9 untrusted"]
    said = a_verdict(rounds, other=TRUTH, control=[{"tcp": {"185.76.144.9:443": "timeout"}}])
    assert (said.state, said.mechanism) == (State.BLOCKED, "dns.hijacked")


@pytest.mark.parametrize(
    ("known", "took"),
    [(behind("private"), 0.02), (behind("operator", "vpn"), 0.02), (behind("operator"), 0.002)],
    ids=["a router", "a tunnel", "too near"],
)
def test_port_53_taken_in_the_home_is_not_the_operators_doing(known: dict[str, Any], took: float) -> None:
    said = a_verdict(
        [f"dns 8.8.8.8 93.184.1.1 name=example.com took={took}"],
        target={"input": "dns+udp://8.8.8.8:53", "experiment": "dns"},
        facts={"udp53_intercepted": True, **known},
    )
    assert (said.state, said.reason_code) == (State.INCONCLUSIVE, ReasonCode.LOCAL_INTERCEPTION)


def test_who_takes_port_53_is_not_shown() -> None:
    said = a_verdict(
        ["dns 8.8.8.8 93.184.1.1 name=example.com took=0.02"],
        target={"input": "dns+udp://8.8.8.8:53", "experiment": "dns"},
        facts={"udp53_intercepted": True},
    )
    assert (said.mechanism, said.located, said.confirmed) == ("dns.intercepted", Located.UNKNOWN, False)


def test_what_is_asked_openly_locates_nothing_where_one_answers_for_all() -> None:
    said = a_verdict(DENIED, other=TRUTH, control=HELPED, facts={"udp53_intercepted": True})
    assert said.located is Located.UNKNOWN


@pytest.mark.parametrize(
    ("rounds", "known"),
    [
        (
            ["dns lib 104.16.1.9", "dns system 104.16.1.9 then=104.16.1.1", "tcp 104.16.1.9 timeout"],
            behind("operator"),
        ),
        (["dns system servfail then=104.16.1.1"], behind("private")),
        (["dns system servfail then=104.16.1.1"], behind("operator")),
        (["dns system norefuse then=104.16.1.1"], behind("operator")),
        (["dns system empty then=104.16.1.1"], behind("operator")),
        (
            ["dns system 185.76.144.9 then=104.16.1.1 took=2.6", "tcp 185.76.144.9 timeout"],
            behind("operator"),
        ),
        (["dns system nxdomain then=104.16.1.1"], behind("private")),
    ],
)
def test_our_own_second_datagram_is_no_injection(rounds: list[str], known: dict[str, Any]) -> None:
    shown = [*rounds, "tcp 104.16.1.1 ok", "tls 104.16.1.1 ok"]
    control = [{"addresses": ["104.16.1.9", "104.16.1.1"]}]
    assert a_verdict(shown, control=control, facts=known).state is State.INCONCLUSIVE


def test_a_resolver_that_alone_checks_signatures_is_no_censor() -> None:
    said = a_verdict(["dns system servfail ede=6", "dns system 104.16.1.1 cd=1"], other=TRUTH, control=HELPED)
    assert (said.state, said.reason_code) == (State.INCONCLUSIVE, ReasonCode.RESOLVER_FAILED)


@pytest.mark.parametrize(
    ("other", "control"),
    [
        (["dns 8.8.8.8 servfail"], HELPED),
        (["dns 8.8.8.8 servfail"], []),
        (["dns 8.8.8.8 servfail", "dns 1.1.1.1 servfail engine=doh port=443"], HELPED),
    ],
    ids=["open only", "open only, no control", "a control resolves it"],
)
def test_a_forged_failure_of_signatures_does_not_call_the_zone_broken(
    other: list[str], control: list[dict[str, Any]]
) -> None:
    said = a_verdict(["dns system servfail ede=6"], other=other, control=control)
    assert said.state is State.INCONCLUSIVE


@pytest.mark.parametrize(
    ("rounds", "other", "known"),
    [
        (["dns system servfail"], ["dns 8.8.8.8 servfail", "dns 1.1.1.1 servfail engine=doh port=443"], {}),
        (
            DENIED,
            ["dns 1.1.1.1 nxdomain engine=doh port=443", "dns 9.9.9.9 nxdomain engine=doh port=443"],
            {},
        ),
        (DENIED, ["dns 1.1.1.1 nxdomain engine=doh port=443"], {"baseline": {"hours": 5}}),
    ],
    ids=["the zone's servers answer nobody here", "told by place", "expired since the baseline"],
)
def test_a_name_denied_over_verified_channels_is_not_blocked(
    rounds: list[str], other: list[str], known: dict[str, Any]
) -> None:
    said = a_verdict(rounds, other=other, control=HELPED, facts=known)
    assert (said.state, said.reason_code) == (State.INCONCLUSIVE, ReasonCode.DISCORDANT_RERUN)
