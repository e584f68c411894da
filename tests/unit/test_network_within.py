"""The network over time: silences, white lists, portals and slow links in a part of a run."""

import pytest

from probe.judge.digest import ControlDigest
from probe.judge.network import NetworkFinding, NetworkHistory, network_finding, network_verdict
from probe.judge.screen import PageRate
from probe.model.words import Located, ReasonCode, State
from unit.networks import GROUPS, a_digest, a_machine, a_portal, a_try, neutrals

KNOWN = NetworkHistory(n_good=2)
LINK = a_machine(link_ipv4="wifi", link_ipv6="none")
HOME = ("domestic_listed", "domestic_unlisted")
LATER = (30.0, 41.0, 52.0, 73.0, 94.0)
FINE = ("network.fine", State.REACHABLE, "network.none", None)
DARK = ("network.shutdown_within", State.BLOCKED, "network.shutdown", ReasonCode.SHUTDOWN)
SILENT = ("network.silent_within", State.INCONCLUSIVE, "", ReasonCode.NETWORK_CHANGED)


def said(finding: NetworkFinding) -> tuple[str, State, str, ReasonCode | None]:
    return finding.rule_id, finding.state, finding.mechanism, finding.reason_code


def silence(rounds: tuple[float, ...] = LATER, *passing: str, **changes: object) -> list[ControlDigest]:
    """A run that is fine for half a minute; then only the groups in `passing` answer."""
    return [LINK, *neutrals(), *neutrals(passing, rounds=rounds, **changes)]


# --- nothing answers any more


def test_a_minute_of_silence_to_the_end_of_a_run_is_a_shutdown_where_earlier_runs_were_fine() -> None:
    finding = network_finding(silence(), KNOWN)
    assert said(finding) == DARK
    assert finding.because.startswith(
        "Until 2026-11-21 12:00:30 UTC neutral sites answered; from then on nothing did, at home or abroad,"
        " for 64 s to the end of the run, with the link up"
    )
    assert finding.notes[-1] == "it had not ended when the run did"
    verdict = network_verdict(finding)
    assert (verdict.located, verdict.confirmed) == (Located.UNKNOWN, False)


def test_another_link_that_works_does_as_well_as_earlier_runs() -> None:
    assert said(network_finding(silence(), NetworkHistory(second_link=True))) == DARK


@pytest.mark.parametrize("history", [None, NetworkHistory(n_good=1)])
def test_without_earlier_runs_a_line_that_went_dead_is_no_shutdown(history: NetworkHistory | None) -> None:
    assert said(network_finding(silence(), history)) == SILENT


def test_silence_that_ends_may_be_a_modem_that_reconnected() -> None:
    finding = network_finding([*silence(), *neutrals(rounds=(105.0,))], KNOWN)
    assert said(finding) == SILENT
    assert dict(finding.params) == {"begun": "2026-11-21 12:00:30", "seconds": "75"}
    assert finding.notes[-1] == "before the run ended it was over"


def test_silence_at_the_beginning_that_ends_is_told_alike() -> None:
    found = [LINK, *neutrals((), rounds=(0.0, 11.0, 22.0)), *neutrals(rounds=(33.0, 44.0))]
    assert said(network_finding(found, KNOWN)) == SILENT


def test_half_a_minute_of_silence_at_the_end_is_too_short_for_a_shutdown() -> None:
    assert said(network_finding(silence((30.0, 41.0, 52.0)), KNOWN)) == SILENT


def test_ten_seconds_of_silence_are_told_of_and_change_nothing() -> None:
    found = [LINK, *neutrals(), *neutrals((), rounds=(30.0, 36.0)), *neutrals(rounds=(40.0,))]
    finding = network_finding(found, KNOWN)
    assert said(finding) == FINE
    assert finding.notes[-1] == (
        "from 2026-11-21 12:00:30 UTC on no neutral site answered for 10 s (24 tries)"
    )


def test_one_neutral_that_dies_in_mid_run_is_no_silence() -> None:
    found = [*silence((), *GROUPS), *(a_try("foreign-0", "foreign", 30.0 + n, ok=False) for n in range(60))]
    assert said(network_finding(found, KNOWN)) == FINE


def test_an_answer_of_a_public_resolver_shows_that_the_line_is_not_dead() -> None:
    resolvers = [
        a_try("dns.google", "", at, layer="dns", port=53, address="8.8.8.8")
        for at in (35.0, 46.0, 57.0, 80.0)
    ]
    assert network_finding([*silence(), *resolvers], KNOWN).rule_id == "network.no_quorum"


def test_silence_abroad_alone_is_not_silence_where_nobody_at_home_was_tried() -> None:
    abroad = [a_try(f"foreign-{n}", "foreign", at, ok=False) for at in LATER for n in range(3)]
    assert said(network_finding([LINK, *neutrals(), *abroad], KNOWN)) == SILENT


def test_names_alone_do_not_make_a_shutdown() -> None:
    found = silence(layer="dns", family=0, port=0, address="")
    assert said(network_finding(found, KNOWN)) == SILENT


def test_a_link_that_was_gone_for_a_while_is_this_machines_own() -> None:
    finding = network_finding([*silence(failure="network_unreachable"), *neutrals(rounds=(105.0,))], KNOWN)
    assert said(finding) == ("network.no_link_within", State.INCONCLUSIVE, "", ReasonCode.NO_NETWORK)


def test_a_line_that_lost_its_link_at_times_was_not_shut_down() -> None:
    found = [*silence(), a_try("foreign-1", "foreign", 60.0, ok=False, failure="network_unreachable")]
    assert network_finding(found, KNOWN).rule_id == "network.no_link_within"


def test_of_silences_beside_the_finding_three_are_told() -> None:
    found = [LINK, *neutrals(rounds=(0.0,))]
    for n in range(5):
        found += neutrals((), rounds=(10.0 * n + 3, 10.0 * n + 8)) + neutrals(rounds=(10.0 * n + 10,))
    assert sum("no neutral site answered" in one for one in network_finding(found).notes) == 3


def test_a_silence_within_what_the_row_tells_is_not_told_again() -> None:
    early = [a_try(f"foreign-{n}", "foreign", at, ok=False) for at in (23.0, 29.0) for n in range(3)]
    finding = network_finding([*early, *silence(LATER, "domestic_listed")])
    assert finding.rule_id == "network.listed_only_within"
    assert finding.notes[-1] == "it had not ended when the run did"


@pytest.mark.parametrize(
    "rounds", [(30.0, 86400.0, 86411.0), (30.0, 86400.0, 86411.0, 86422.0), (30.0, 41.0, 60.0, 86400.0)]
)
def test_the_night_in_which_nobody_looked_is_no_silence(rounds: tuple[float, ...]) -> None:
    assert network_finding(silence(rounds), KNOWN).state is not State.BLOCKED


def test_a_run_that_ends_in_a_minute_of_silence_when_taken_up_again_is_a_shutdown() -> None:
    finding = network_finding(silence((30.0, 86400.0, 86421.0, 86442.0, 86464.0)), KNOWN)
    assert said(finding) == DARK
    assert dict(finding.params)["seconds"] == "64"


def test_a_minute_of_silence_that_nobody_saw_end_is_no_shutdown() -> None:
    found = [*silence(), *neutrals((), rounds=(86400.0,)), *neutrals(rounds=(86410.0,))]
    assert said(network_finding(found, KNOWN)) == SILENT


def test_a_dead_line_that_was_looked_at_again_for_a_moment_is_no_white_list() -> None:
    dead = [a_try(f"foreign-{n}", "foreign", 86400.0 + n, ok=False) for n in range(2)]
    listed = neutrals(("domestic_listed",), rounds=(0.0, 11.0, 22.0))
    finding = network_finding([LINK, *listed, *neutrals((), rounds=(30.0, 41.0)), *dead])
    assert finding.rule_id != "network.domestic_listed_only"


# --- only home, or a part of it, answers


def test_a_white_list_that_begins_in_mid_run_is_the_finding() -> None:
    finding = network_finding(silence(LATER, "domestic_listed"))
    assert said(finding) == (
        "network.listed_only_within",
        State.BLOCKED,
        "network.domestic_only",
        ReasonCode.DOMESTIC_ONLY,
    )
    assert dict(finding.params) == {"begun": "2026-11-21 12:00:30", "seconds": "64"}


def test_a_white_list_is_not_told_by_sites_at_home_that_never_answered() -> None:
    """A volunteer abroad, or behind a defence: what is lost in mid-run is the transit, and no more."""
    usual = [group for group in GROUPS if group != "domestic_unlisted"]
    found = [LINK, *neutrals(usual), *neutrals(("domestic_listed",), rounds=LATER)]
    assert network_finding(found).rule_id == "network.home_only_within"


def test_a_white_list_is_not_told_by_sites_at_home_that_failed_once() -> None:
    later = [d for d in neutrals(("domestic_listed",), rounds=LATER) if "unlisted" not in d.uid]
    once = [a_try(f"domestic_unlisted-{n}", "domestic_unlisted", 30.0, ok=False) for n in range(3)]
    assert network_finding([LINK, *neutrals(), *later, *once]).rule_id == "network.home_only_within"


def test_a_modem_after_which_listed_sites_answer_first_is_no_white_list() -> None:
    listed = [
        a_try(f"domestic_listed-{n}", "domestic_listed", 50.0 + turn) for turn in range(3) for n in range(3)
    ]
    abroad = [a_try(f"foreign-{n}", "foreign", 53.0, ok=False) for n in range(3)]
    found = [*silence((30.0, 41.0)), *listed, *abroad, *neutrals(rounds=(75.0,))]
    assert network_finding(found, KNOWN).rule_id == "network.home_only_within"


def test_a_white_list_that_begins_with_a_silence_is_one_all_the_same() -> None:
    found = [*silence((30.0,)), *neutrals(("domestic_listed",), rounds=(41.0, 52.0, 63.0, 74.0))]
    assert network_finding(found).rule_id == "network.listed_only_within"


def test_one_round_of_a_white_list_and_another_a_day_later_are_not_a_day_of_it() -> None:
    listed = ("domestic_listed",)
    found = silence((30.0, 41.0), *listed) + neutrals(listed, rounds=(86400.0,)) + neutrals(rounds=(86430.0,))
    assert network_finding(found, None).state is not State.BLOCKED


def test_abroad_cut_off_in_mid_run_may_be_a_cable() -> None:
    finding = network_finding(silence(LATER, *HOME))
    assert said(finding) == (
        "network.home_only_within",
        State.INCONCLUSIVE,
        "",
        ReasonCode.DOMESTIC_ONLY,
    )


def test_unlisted_sites_that_pass_alone_are_home_too() -> None:
    assert network_finding(silence(LATER, "domestic_unlisted")).rule_id == "network.home_only_within"


def test_ten_seconds_without_abroad_are_nothing() -> None:
    assert said(network_finding([*silence((30.0, 36.0), *HOME), *neutrals(rounds=(40.0,))])) == FINE


def test_one_foreign_site_that_is_silent_is_not_abroad() -> None:
    one = [a_try("foreign-0", "foreign", at, ok=False) for at in LATER]
    assert said(network_finding([*silence(LATER, *HOME)[:-60], *one])) == FINE


# --- portals


def test_a_page_of_payment_that_appears_in_mid_run_is_a_portal() -> None:
    pages = [a_portal(url, "other_host", "pay.example", at=31.0) for url in ("http://a/", "http://m/")]
    finding = network_finding([*silence((30.0, 41.0)), *pages], KNOWN)
    assert said(finding) == (
        "network.portal_within",
        State.INCONCLUSIVE,
        "network.captive_portal",
        ReasonCode.CAPTIVE_PORTAL,
    )


def test_check_pages_that_lead_elsewhere_while_tls_works_are_no_portal() -> None:
    pages = [a_portal(url, "other_host", "ads.example", at=31.0) for url in ("http://a/", "http://m/")]
    assert said(network_finding([*silence((30.0,), *GROUPS), *pages])) == FINE


# --- slow links


def pages(kbps: float, *at: float) -> list[ControlDigest]:
    """Two pages of 60 kB in each round, at a link of this rate."""
    page = PageRate(n_bytes=60_000, seconds=0.1 + 480 / kbps, rtt_s=0.04, first_byte_s=0.1)
    return [a_digest(f"page-{when:g}-{n}", when, pages=(page,)) for when in at for n in range(2)]


USED_TO = NetworkHistory(n_good=3, link_kbps=8000.0)
DEGRADED = (State.INCONCLUSIVE, "network.degraded", ReasonCode.NETWORK_DEGRADED)


def test_a_link_an_eighth_as_fast_as_it_used_to_be_is_slowed() -> None:
    finding = network_finding([*neutrals(), *pages(128, 0.0)], USED_TO)
    assert said(finding) == ("network.slowed", *DEGRADED)
    assert finding.because == (
        "Neutral sites' pages came at 128 kbit/s, all of them, and at 8000 in this network's earlier runs."
    )
    assert finding.link_kbps == 128.0


@pytest.mark.parametrize(
    ("kbps", "history"),
    [
        (128, NetworkHistory(n_good=2, link_kbps=8000.0)),
        (128, NetworkHistory(n_good=3)),
        (128, NetworkHistory(n_good=3, link_kbps=1000.0)),
        (600, USED_TO),
    ],
)
def test_a_link_is_slowed_only_beside_three_runs_that_were_eight_times_as_fast(
    kbps: float, history: NetworkHistory
) -> None:
    assert said(network_finding([*neutrals(), *pages(kbps, 0.0)], history)) == FINE


def test_pages_that_slow_start_alone_explains_tell_no_rate() -> None:
    quick = [
        a_digest(f"p{n}", 0.0, pages=(PageRate(n_bytes=60_000, seconds=0.1, rtt_s=0.04, first_byte_s=0.1),))
        for n in range(2)
    ]
    assert network_finding([*neutrals(), *quick], USED_TO).link_kbps is None


def test_a_link_that_becomes_slow_in_mid_run_is_degraded() -> None:
    found = [*neutrals(), *pages(8000, 0.0), *pages(128, 30.0, 41.0, 52.0)]
    assert said(network_finding(found)) == ("network.slowed_within", *DEGRADED)


@pytest.mark.parametrize("late", [(30.0, 41.0), ()])
def test_two_slow_rounds_are_not_enough(late: tuple[float, ...]) -> None:
    assert said(network_finding([*neutrals(), *pages(8000, 0.0), *pages(128, *late)])) == FINE


def test_a_first_round_of_one_page_tells_no_rate() -> None:
    found = [*neutrals(), *pages(8000, 0.0)[:1], *pages(128, 30.0, 41.0, 52.0)]
    assert said(network_finding(found)) == FINE
