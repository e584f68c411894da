"""The network first: which rule speaks, and what it may not say."""

import pytest

from probe.judge.network import NetworkFinding, NetworkHistory, network_finding, network_verdict
from probe.judge.network_rules import NETWORK_RULES
from probe.model.words import MECHANISMS, Located, ReasonCode, State
from unit.networks import (
    GROUPS,
    TIMEOUT,
    a_machine,
    a_name,
    a_portal,
    a_sinkhole,
    a_try,
    neutrals,
)

KNOWN = NetworkHistory(n_good=3, success_rate=0.98, handshake_ms=120.0)
LINK = a_machine(link_ipv4="mobile", link_ipv6="none")
NO_LINK = a_machine(link_ipv4="none", link_ipv6="none")
APPLE, MOZILLA, GOOGLE = "http://a/", "http://m/", "http://g/"


def said(finding: NetworkFinding) -> tuple[str, State, str, ReasonCode | None]:
    return finding.rule_id, finding.state, finding.mechanism, finding.reason_code


FINE = ("network.fine", State.REACHABLE, "network.none", None)


def test_neutrals_that_answer_make_a_fine_network() -> None:
    finding = network_finding([*neutrals(), LINK])
    assert said(finding) == FINE
    assert finding.fine is True
    assert finding.because == "Neutral sites answer (36 of 36 tries, IPv4)."
    assert dict(finding.params) == {"families": "IPv4", "n_ok": "36", "n_tries": "36"}
    assert (finding.families, finding.success_rate, finding.handshake_ms) == ((4,), 1.0, 100.0)
    assert (finding.started_utc, finding.ended_utc) == (
        "2026-11-21T12:00:00.000Z",
        "2026-11-21T12:00:22.200Z",
    )


def test_every_rule_has_a_known_mechanism_and_a_name_of_its_own() -> None:
    assert all(rule.mechanism in MECHANISMS or not rule.mechanism for rule in NETWORK_RULES)
    assert len({rule.rule_id for rule in NETWORK_RULES}) == len(NETWORK_RULES)


def test_a_machine_without_a_route_has_no_network() -> None:
    finding = network_finding([NO_LINK])
    assert said(finding) == ("network.no_route", State.INCONCLUSIVE, "", ReasonCode.NO_NETWORK)


def test_a_kernel_that_knows_no_way_has_no_network() -> None:
    finding = network_finding(neutrals((), failure="network_unreachable"))
    assert said(finding)[0] == "network.no_route"


def test_a_route_table_that_errs_is_overruled_by_answers() -> None:
    assert said(network_finding([NO_LINK, *neutrals()])) == FINE


def test_made_up_addresses_for_all_neutrals_are_local_interception() -> None:
    names = [a_name(f"{n}.org", is_true=False, kind="fake_ip") for n in range(3)]
    names += [a_name(f"{n}.org", is_true=False, kind="empty", failure="dns_no_answer") for n in range(3)]
    finding = network_finding([LINK, *names], KNOWN)
    assert said(finding) == (
        "network.resolver_local",
        State.INCONCLUSIVE,
        "",
        ReasonCode.LOCAL_INTERCEPTION,
    )
    assert "with fake_ip addresses" in finding.because
    assert said(network_finding([*names, *neutrals()])) == FINE


def test_nothing_answering_where_it_worked_before_is_a_shutdown() -> None:
    finding = network_finding([LINK, *neutrals(())], KNOWN)
    assert said(finding) == ("network.shutdown", State.BLOCKED, "network.shutdown", ReasonCode.SHUTDOWN)
    assert "in 3 rounds (36 tries)" in finding.because
    assert finding.because.endswith(" A dead line or SIM of one's own looks the same.")
    row = network_verdict(finding)
    assert (row.located, row.confirmed) == (Located.UNKNOWN, False)


def test_nothing_answering_while_a_second_link_works_is_a_shutdown() -> None:
    finding = network_finding([LINK, *neutrals(())], NetworkHistory(second_link=True))
    assert finding.rule_id == "network.shutdown"


def test_nothing_answering_on_a_network_never_seen_is_no_network() -> None:
    finding = network_finding([LINK, *neutrals(())])
    assert said(finding) == ("network.dark", State.INCONCLUSIVE, "", ReasonCode.NO_NETWORK)


def test_one_good_run_before_is_not_enough_for_a_shutdown() -> None:
    assert network_finding([LINK, *neutrals(())], NetworkHistory(n_good=1)).rule_id == "network.dark"


def test_two_rounds_are_not_enough_for_a_shutdown() -> None:
    finding = network_finding([LINK, *neutrals((), rounds=(0.0, 11.0))], KNOWN)
    assert finding.rule_id == "network.dark"


def test_rounds_within_ten_seconds_are_one() -> None:
    finding = network_finding([LINK, *neutrals((), rounds=(0.0, 4.0, 9.0))], KNOWN)
    assert finding.rule_id == "network.dark"


def test_without_a_link_that_is_known_to_be_up_nothing_is_shut_down() -> None:
    unknown = a_machine(link_ipv4="unknown", link_ipv6="unknown")
    assert network_finding([unknown, *neutrals(())], KNOWN).rule_id == "network.dark"


def test_a_resolver_that_speaks_shows_that_the_link_is_up() -> None:
    finding = network_finding(
        [a_name("x.org", is_true=False, failure="dns_nxdomain_error"), *neutrals(())], KNOWN
    )
    assert finding.rule_id == "network.shutdown"


def test_a_public_resolver_that_answers_is_no_shutdown() -> None:
    answer = a_try("8.8.8.8", "", 1.0, layer="dns", port=53, address="8.8.8.8")
    assert network_finding([LINK, answer, *neutrals(())], KNOWN).rule_id == "network.dark"


def test_names_that_fail_without_a_try_by_address_are_the_resolvers_failure() -> None:
    dead = [
        a_try(f"{group}-{n}", group, at, ok=False, layer="dns", port=0, family=0, address="")
        for group in GROUPS
        for n in range(3)
        for at in (0.0, 11.0, 22.0)
    ]
    names = [a_name(f"{n}.org", is_true=False, failure="dns_servfail_error") for n in range(3)]
    finding = network_finding([LINK, *dead, *names], KNOWN)
    assert said(finding) == (
        "network.resolver_only",
        State.INCONCLUSIVE,
        "",
        ReasonCode.RESOLVER_FAILED,
    )


def test_certificates_that_do_not_hold_everywhere_are_local_interception() -> None:
    finding = network_finding([LINK, *neutrals((), failure="ssl_unknown_authority")], KNOWN)
    assert said(finding) == (
        "network.tls_intercepted",
        State.INCONCLUSIVE,
        "",
        ReasonCode.LOCAL_INTERCEPTION,
    )


def test_one_neutral_with_a_bad_certificate_is_its_own_affair() -> None:
    bad = a_try("foreign-9", "foreign", 1.0, ok=False, failure="ssl_invalid_certificate")
    assert said(network_finding([*neutrals(), bad])) == FINE
    assert network_finding([bad]).rule_id == "network.no_quorum"


def test_two_check_pages_answered_by_another_and_tls_failing_is_a_portal() -> None:
    finding = network_finding(
        [
            *neutrals((), failure="ssl_unknown_authority"),  # the portal's own
            a_portal(APPLE, "other_host", "wifi.example"),
            a_portal(MOZILLA, "other_page", "status 200"),
            a_portal(GOOGLE, "failed", "eof_error"),
        ]
    )
    assert said(finding) == (
        "network.captive_portal",
        State.INCONCLUSIVE,
        "network.captive_portal",
        ReasonCode.CAPTIVE_PORTAL,
    )
    assert "(wifi.example)" in finding.because


def test_a_portal_without_another_host_is_another_page() -> None:
    finding = network_finding([*neutrals(()), a_portal(APPLE, "other_page"), a_portal(MOZILLA, "other_page")])
    assert "(another page)" in finding.because


def test_check_pages_changed_while_tls_works_are_no_portal() -> None:
    checks = [a_portal(APPLE, "other_page"), a_portal(MOZILLA, "other_page")]
    assert said(network_finding([*neutrals(), *checks])) == FINE


def test_one_check_page_changed_is_no_portal() -> None:
    checks = [a_portal(APPLE, "other_page"), a_portal(MOZILLA, "expected")]
    assert network_finding([*neutrals(("foreign",)), *checks]).rule_id == "network.fine"


def test_one_lost_handshake_beside_changed_pages_is_no_portal() -> None:
    checks = [a_portal(APPLE, "other_page"), a_portal(MOZILLA, "other_page")]
    lost = a_try("foreign-0", "foreign", 33.0, ok=False)
    assert said(network_finding([*neutrals(), lost, *checks])) == FINE


def test_only_the_white_list_answering_is_domestic_only() -> None:
    finding = network_finding(neutrals(("domestic_listed",)))
    assert said(finding) == (
        "network.domestic_listed_only",
        State.BLOCKED,
        "network.domestic_only",
        ReasonCode.DOMESTIC_ONLY,
    )
    assert finding.because.endswith(
        " A zero balance, or the white list of an office or a school, looks the same."
    )
    row = network_verdict(finding)
    assert (row.located, row.confirmed) == (Located.UNKNOWN, False)


@pytest.mark.parametrize("failure", ["network_unreachable", TIMEOUT])
def test_a_line_that_went_dead_after_the_white_list_had_answered_is_no_white_list(failure: str) -> None:
    first = [
        d for family in (4, 6) for d in neutrals(("domestic_listed",), (0.0,), failure=failure, family=family)
    ]
    silent = neutrals((), (11.0, 22.0), failure=failure)
    assert said(network_finding([*first, *silent])) == (
        "network.foreign_unreachable",
        State.INCONCLUSIVE,
        "",
        ReasonCode.DOMESTIC_ONLY,
    )
    again = neutrals(("domestic_listed",), (33.0, 44.0), failure=failure)
    assert network_finding([*first, *silent, *again]).rule_id == "network.domestic_listed_only"


def test_all_domestic_sites_answering_and_no_foreign_ones_may_be_a_cut_cable() -> None:
    finding = network_finding(neutrals(("domestic_listed", "domestic_unlisted")))
    assert said(finding) == (
        "network.foreign_unreachable",
        State.INCONCLUSIVE,
        "",
        ReasonCode.DOMESTIC_ONLY,
    )


def test_a_white_list_without_other_domestic_sites_tried_is_not_told_from_a_cut_cable() -> None:
    tried = [d for d in neutrals(("domestic_listed",)) if "unlisted" not in d.uid]
    assert network_finding(tried).rule_id == "network.foreign_unreachable"


def test_frozen_hosters_failing_alone_do_not_make_foreign_sites_fail() -> None:
    finding = network_finding(neutrals(("domestic_listed", "domestic_unlisted", "foreign")))
    assert said(finding) == FINE


def test_domestic_sites_failing_from_abroad_leave_a_fine_network() -> None:
    assert said(network_finding(neutrals(("foreign", "foreign_frozen")))) == FINE


def test_a_connection_where_nothing_lives_is_local_interception() -> None:
    finding = network_finding([*neutrals(), a_sinkhole(tcp=True)])
    assert said(finding) == (
        "network.tcp_intercepted",
        State.INCONCLUSIVE,
        "",
        ReasonCode.LOCAL_INTERCEPTION,
    )
    assert finding.tcp_intercepted is True


def test_an_answer_over_udp_53_where_nothing_lives_is_told_and_the_rest_judged_on() -> None:
    finding = network_finding([*neutrals(), a_sinkhole(dns=True)])
    assert said(finding) == FINE
    assert finding.udp53_intercepted is True
    assert finding.notes == (
        "a DNS query to 192.0.2.1 was answered: UDP/53 is intercepted",
        "the time could not be checked against two agreeing servers",
    )


def test_silence_where_nothing_lives_is_fine() -> None:
    assert said(network_finding([*neutrals(), a_sinkhole()])) == FINE


def test_plain_http_neutrals_alone_have_no_handshake_to_compare() -> None:
    finding = network_finding(neutrals(layer="http", port=80), KNOWN)
    assert said(finding) == FINE
    assert finding.handshake_ms is None


def test_without_neutrals_nothing_is_known() -> None:
    finding = network_finding([])
    assert said(finding) == ("network.not_measured", State.INCONCLUSIVE, "", ReasonCode.NOT_MEASURED)
    assert (finding.started_utc, finding.witnesses) == ("", ())


def test_neutrals_that_answer_in_part_give_no_quorum() -> None:
    tries = [a_try(f"{group}-{n}", group, 1.0 * n, ok=n == 0) for group in GROUPS for n in range(2)]
    finding = network_finding(tries)
    assert said(finding) == ("network.no_quorum", State.INCONCLUSIVE, "", ReasonCode.INTERMITTENT)


def test_one_neutral_of_a_group_is_no_quorum() -> None:
    finding = network_finding([a_try("foreign-0", "foreign", 0.0)])
    assert finding.rule_id == "network.no_quorum"


def test_a_neutral_that_answers_every_other_time_passes() -> None:
    tries = [
        a_try(f"foreign-{n}", "foreign", 10.0 * t + n, ok=t % 2 == 0) for n in range(3) for t in range(4)
    ]
    assert said(network_finding(tries)) == FINE


def test_a_family_that_is_not_there_takes_nothing_from_the_other() -> None:
    no_ipv4 = neutrals((), failure="network_unreachable")
    ipv6 = neutrals(family=6, address="2001:500::1", rounds=(5.0,))
    finding = network_finding([*no_ipv4, *ipv6], KNOWN)
    assert said(finding) == FINE
    assert finding.because == "Neutral sites answer (12 of 12 tries, IPv6)."
