"""What the network tells beside its state: resolver, clock, issuers, families, and its row."""

import pytest

from probe.judge.network import NetworkFinding, NetworkHistory, network_finding, network_verdict
from probe.model.words import ControlSource, Layer, Located, ReasonCode, State
from unit.networks import (
    a_clock,
    a_digest,
    a_machine,
    a_name,
    a_sinkhole,
    neutrals,
)

KNOWN = NetworkHistory(n_good=3, success_rate=0.98, handshake_ms=120.0)
LINK = a_machine(link_ipv4="mobile", link_ipv6="none")
NO_LINK = a_machine(link_ipv4="none", link_ipv6="none")
APPLE, MOZILLA, GOOGLE = "http://a/", "http://m/", "http://g/"


def said(finding: NetworkFinding) -> tuple[str, State, str, ReasonCode | None]:
    return finding.rule_id, finding.state, finding.mechanism, finding.reason_code


FINE = ("network.fine", State.REACHABLE, "network.none", None)


# --- degraded


def test_far_fewer_successes_than_this_network_used_to_have_is_degraded() -> None:
    tries = [*neutrals(("foreign",)), *neutrals((), rounds=(40.0, 51.0))]
    finding = network_finding(tries, KNOWN)
    assert said(finding) == (
        "network.degraded",
        State.INCONCLUSIVE,
        "network.degraded",
        ReasonCode.NETWORK_DEGRADED,
    )
    assert finding.because.startswith("15 % of tries")


def test_handshakes_far_slower_than_this_network_used_to_have_are_degraded() -> None:
    assert network_finding(neutrals(took=1.5), KNOWN).rule_id == "network.degraded"


@pytest.mark.parametrize(
    "history",
    [
        NetworkHistory(n_good=2, success_rate=0.98, handshake_ms=120.0),
        NetworkHistory(n_good=3),
        NetworkHistory(n_good=3, success_rate=0.5, handshake_ms=120.0),
        NetworkHistory(n_good=3, success_rate=0.98),
        NetworkHistory(n_good=3, success_rate=0.98, handshake_ms=400.0),
    ],
)
def test_without_enough_history_to_compare_with_nothing_is_degraded(history: NetworkHistory) -> None:
    assert said(network_finding(neutrals(took=1.5), history)) == FINE


def test_handshakes_below_a_second_are_not_degraded_however_fast_they_were() -> None:
    history = NetworkHistory(n_good=9, success_rate=1.0, handshake_ms=10.0)
    assert said(network_finding(neutrals(took=0.9), history)) == FINE


# --- what targets are judged with


def test_the_system_resolver_fails_when_two_of_three_neutral_names_do() -> None:
    names = [
        a_name("a.org", is_true=False, failure="dns_servfail_error"),
        a_name("b.org", is_true=False, failure="generic_timeout_error"),
        a_name("c.org"),
    ]
    finding = network_finding([*neutrals(), *names])
    assert (finding.resolver_fails, finding.fine) == (True, True)
    assert "the system's resolver failed for 2 of 3 neutral names" in finding.notes


@pytest.mark.parametrize("n_true", [1, 2])
def test_the_system_resolver_works_when_it_answers_enough_names(n_true: int) -> None:
    names = [a_name("t1.org"), a_name("t2.org")][:n_true] + [a_name("f.org", is_true=False)][: 2 - n_true]
    assert network_finding([*neutrals(), *names]).resolver_fails is False


def test_one_name_that_fails_says_nothing_of_a_resolver() -> None:
    assert network_finding([*neutrals(), a_name("f.org", is_true=False)]).resolver_fails is False


def test_a_name_that_was_answered_once_counts_as_answered() -> None:
    names = [a_name(n, is_true=t) for n in ("a.org", "b.org") for t in (False, True)]
    assert network_finding([*neutrals(), *names]).resolver_fails is False


def test_a_resolver_that_hands_out_made_up_addresses_is_noted() -> None:
    names = [a_name(n, is_true=False, kind="fake_ip") for n in ("a.org", "b.org")]
    finding = network_finding([*neutrals(), *names])
    assert finding.resolver_kind == "fake_ip"
    assert "the system's resolver answers with fake_ip addresses" in finding.notes


def test_two_agreeing_servers_tell_the_offset_of_the_clock() -> None:
    finding = network_finding([*neutrals(), a_clock("a", 7200.2), a_clock("b", 7199.8)])
    assert finding.clock_offset_s == 7200.0
    assert finding.notes == ("this machine's clock is off by 7200.0 s",)


def test_a_right_clock_is_not_worth_a_note() -> None:
    assert network_finding([*neutrals(), a_clock("a", 0.2), a_clock("b", -0.2)]).notes == ()


def test_issuers_that_neutrals_showed_accuse_nobody_later() -> None:
    odd = a_digest("x", 1.0, untrusted_issuers=("CN=Office CA",))
    finding = network_finding([*neutrals(), odd, a_clock("a", 0.0), a_clock("b", 0.0)])
    assert finding.untrusted_issuers == {"CN=Office CA"}
    assert finding.notes == ("certificates under an unknown authority were shown for neutral sites",)


def test_families_are_those_in_which_a_neutral_answered() -> None:
    tries = [*neutrals(), *neutrals((), family=6, address="2001:500::1")]
    assert network_finding(tries).families == (4,)


# --- the row


def test_the_row_of_a_fine_network() -> None:
    finding = network_finding([*neutrals(), a_sinkhole(), LINK])
    verdict = network_verdict(finding)
    assert (verdict.target_id, verdict.service, verdict.state) == ("network", "network", State.REACHABLE)
    assert (verdict.layer, verdict.located, verdict.confirmed) == (Layer.NETWORK, Located.UNKNOWN, False)
    assert verdict.control_source == (ControlSource.NEUTRAL,)
    assert verdict.measurement_uids == ("local", "sinkhole")
    assert verdict.template.format(**dict(verdict.params)) == verdict.because


def test_the_row_without_a_witness_names_no_control() -> None:
    assert network_verdict(network_finding([])).control_source == (ControlSource.NONE,)


def test_witnesses_are_the_ends_of_each_group_and_never_more_than_two_dozen() -> None:
    finding = network_finding([*neutrals(), *neutrals((), rounds=(60.0, 71.0)), a_sinkhole()])
    assert "foreign-0@0" in finding.witnesses
    assert "foreign-2@22.2" in finding.witnesses
    assert "sinkhole" in finding.witnesses
    assert len(finding.witnesses) <= 24
