"""What a control cannot say: innocent networks that look like a block, each beside one that is blocked."""

from typing import Any

from cases.debts import measurements_of
from cases.script import a_target
from cases.world import facts_of
from probe.judge import judge_target
from probe.model.verdict import Verdict
from probe.model.words import ControlSource, Located, ReasonCode, State

OURS = "104.16.1.1:443"
NAMED = ["dns system 104.16.1.1"]
UP = [*NAMED, "tcp 104.16.1.1 ok"]
SILENT = [*NAMED, "tcp 104.16.1.1 timeout"]
MUTE = [*UP, "tls 104.16.1.1 timeout"]
RESET = [*UP, "tls 104.16.1.1 reset"]
PLAIN = {"input": "http://site.example.org/"}
ALIVE = {"tcp": {OURS: "ok"}, "tls": {OURS: "ok"}}
NEWS = {"title": "News", "length": 90_000, "headers": ["X-News"]}


def judged(rounds: list[Any], **row: Any) -> Verdict:
    """Judge a scripted run; a row's own words are those of the golden cases."""
    row = {"rounds": rounds, **row}
    target = a_target(row)
    return judge_target(facts_of(row, target), target, measurements_of(row, target)).verdict


def test_a_site_that_drops_this_country_is_never_a_confirmed_block() -> None:
    verdict = judged(SILENT, control=[ALIVE], facts={"baseline": {"hours": 0.5}})
    assert verdict.control_source[:2] == (ControlSource.TEST_HELPER, ControlSource.BASELINE)
    assert not verdict.confirmed
    assert "on the path or at the target's side" in verdict.because


def test_a_name_that_fails_at_neutral_addresses_is_confirmed_by_crossing() -> None:
    verdict = judged(RESET, control=[ALIVE], cross=[{}])
    assert (verdict.mechanism, verdict.confirmed) == ("tls.reset.sni", True)


def test_a_data_centre_that_is_refused_makes_no_name_down_that_crossing_shows_blocked() -> None:
    refused = {"tls": {OURS: "reset"}, "http": "reset"}
    verdict = judged(RESET, control=[refused, {"at": 90, **refused}], cross=[{}])
    assert (verdict.state, verdict.mechanism) == (State.BLOCKED, "tls.reset.sni")


def test_the_same_refusals_without_crossing_are_down() -> None:
    refused = {"tls": {OURS: "reset"}, "http": "reset"}
    assert judged(RESET, control=[refused, {"at": 90, **refused}]).state is State.DOWN


def test_a_helper_that_has_one_word_for_everything_makes_nobody_down_by_it() -> None:
    vague = {"http": "vague"}
    assert judged(RESET, control=[vague, {"at": 90, **vague}]).reason_code is ReasonCode.CONTROL_FAILED


def test_a_helper_with_one_word_that_connected_where_we_did_fails_alike() -> None:
    vague = {"http": "vague", "tcp": {"104.16.1.1:80": "ok"}}
    rounds = [*UP, "http 104.16.1.1 reset"]
    assert judged(rounds, target=PLAIN, control=[vague, {"at": 90, **vague}]).state is State.DOWN


def test_a_page_that_the_helper_got_elsewhere_is_no_pass_at_a_sick_edge() -> None:
    sick = {"tcp": {OURS: "timeout"}, "addresses": ["104.16.9.9"]}
    assert judged(MUTE, control=[sick]).state is State.INCONCLUSIVE
    sick = {"tcp": {OURS: "timeout"}, "addresses": ["104.16.1.1"]}
    assert judged(MUTE, control=[sick]).state is State.INCONCLUSIVE


def test_a_page_got_over_the_other_version_of_ip_is_no_pass_over_this_one() -> None:
    rounds = ["dns system 2606:4700::1", "tcp 2606:4700::1 ok", "tls 2606:4700::1 timeout"]
    both = {"addresses": ["104.16.1.1", "2606:4700::1"]}
    ranges = {"ranges": ["2606:4700::/32"]}
    assert judged(rounds, control=[both], facts=ranges).state is State.INCONCLUSIVE
    assert judged(rounds, control=[{"addresses": ["2606:4700::1"]}], facts=ranges).state is State.BLOCKED


def test_a_handshake_that_the_helper_made_at_our_address_is_a_pass() -> None:
    assert judged(MUTE, control=[{**ALIVE, "addresses": ["104.16.9.9"]}]).state is State.BLOCKED


def test_addresses_that_were_never_shaken_hands_with_are_told() -> None:
    rounds = ["dns system 104.16.1.1,104.16.1.2,104.16.1.3"]
    rounds += [f"tcp 104.16.1.{n} ok" for n in (1, 2, 3)]
    verdict = judged([*rounds, "tls 104.16.1.1 timeout", "tls 104.16.1.2 timeout"], control=[ALIVE])
    assert (verdict.confirmed, verdict.notes) == (
        False,
        ("2 of 3 addresses that connect were tried further",),
    )


def test_an_outage_since_the_baseline_is_told_unless_the_baseline_is_of_this_hour() -> None:
    old = judged(SILENT, facts={"controls": [], "baseline": {"hours": 23}})
    assert not old.confirmed
    assert "an outage since then would look the same" in old.notes[0]
    assert judged(SILENT, facts={"controls": [], "baseline": {"hours": 0.5}}).notes == ()


def test_a_baseline_without_a_date_accuses_nobody() -> None:
    for facts in ({"clock": "unknown", "baseline": {"hours": 2}}, {"baseline": {"hours": -480}}):
        verdict = judged(SILENT, facts={"controls": [], **facts})
        assert (verdict.state, verdict.reason_code) == (State.INCONCLUSIVE, ReasonCode.CLOCK_UNTRUSTED)


def test_a_server_that_starts_again_is_no_block_that_lingers() -> None:
    refused = [*NAMED, "tcp 104.16.1.1 refused"]
    rounds = [[*UP, "tls 104.16.1.1 eof"], refused, refused]
    assert judged(rounds, control=[{"at": 95, **ALIVE}]).reason_code is ReasonCode.DISCORDANT_RERUN
    rounds = [RESET, SILENT, SILENT]
    assert judged(rounds, control=[{"at": 95, **ALIVE}]).mechanism == "tls.reset"


def test_the_real_page_is_no_block_page_where_the_helper_is_refused() -> None:
    page = [*UP, "http 104.16.1.1 200 title=News length=90000 headers=x-powered-by:1"]
    for refusal in ({"status": 403, "title": "Denied"}, {"status": 503, "title": "Just a moment"}):
        control = [{"length": 300, "headers": ["Cf-Ray"], **refusal}]
        assert judged(page, target=PLAIN, control=control).reason_code is ReasonCode.CONTENT_DIFFERS
    other = [*UP, "http 104.16.1.1 200 title=Closed length=90 headers=x-a:1"]
    assert judged(other, target=PLAIN, control=[NEWS]).mechanism == "http.blockpage"


def test_a_redirect_that_a_control_is_given_too_is_no_artefact() -> None:
    moved = [*UP, "http 104.16.1.1 302 location=http://warning.rt.ru/"]
    proxy = {"kind": "proxy", "control": "socks5://p.example", "status": 302}
    same = {**proxy, "headers": ["location: http://warning.rt.ru/abroad"]}
    assert judged(moved, target=PLAIN, control=[same]).state is State.INCONCLUSIVE
    own = {**proxy, "headers": ["location: /start"]}
    assert judged(moved, target=PLAIN, control=[own]).mechanism == "http.redirect"


def test_a_redirect_to_a_notice_that_the_control_was_led_to_is_no_artefact() -> None:
    moved = [*UP, "http 104.16.1.1 302 location=http://warning.rt.ru/"]
    text = "Доступ к информационному ресурсу ограничен на основании Федерального закона № 149-ФЗ"
    page = f"<title>Доступ ограничен</title>{text}"
    shown = {"title": "Доступ ограничен", "length": 200, "body": page}
    assert judged(moved, target=PLAIN, control=[shown]).state is State.INCONCLUSIVE


def test_a_notice_that_the_site_may_have_written_is_located_nowhere() -> None:
    text = "Доступ к странице ограничен для посетителей из России на основании 149-ФЗ"
    notice = [*UP, f"http 104.16.1.1 451 'title=Доступ ограничен' 'body=<p>{text}</p>' length=120"]
    verdict = judged(notice, target=PLAIN, control=[NEWS])
    assert (verdict.state, verdict.located, verdict.confirmed) == (State.BLOCKED, Located.UNKNOWN, False)


def test_certificates_that_servers_make_for_themselves_are_no_interception() -> None:
    for issuer in (
        "CN=TRAEFIK DEFAULT CERT",
        "CN=localhost",
        "CN=site.example.org",
        "CN=Russian Trusted Sub CA",
    ):
        verdict = judged([*UP, f"tls 104.16.1.1 untrusted 'issuer={issuer}'"], control=[ALIVE])
        assert verdict.reason_code is ReasonCode.CONTENT_DIFFERS, issuer


def test_a_strangers_certificate_is_interception_and_not_confirmed_by_one_name() -> None:
    rounds = [*UP, "tls 104.16.1.1 untrusted 'issuer=CN=Transparent Filtering Gateway CA'"]
    verdict = judged(rounds, control=[ALIVE], facts={"baseline": {"hours": 3}})
    assert (verdict.mechanism, verdict.confirmed) == ("tls.mitm", False)


def test_what_is_seen_through_a_tunnel_is_not_said_of_the_operator() -> None:
    verdict = judged(SILENT, control=[ALIVE], facts={"vantage": {"bypass": ["vpn"]}})
    assert (verdict.located, verdict.confirmed) == (Located.UNKNOWN, False)
    assert "AS12389" not in verdict.because
    assert "this connection (a VPN or proxy is active)" in verdict.because


def test_large_packets_that_are_lost_are_told_beside_an_address_that_is_silent() -> None:
    crossed = {"here": "timeout", "there": "ok", "others_here": "timeout"}
    verdict = judged(MUTE, control=[ALIVE], cross=[crossed])
    assert verdict.mechanism == "tls.timeout.ip"
    assert verdict.notes[0].endswith("a path that loses large packets")


def test_silence_over_a_certificate_that_holds_may_be_a_defence_against_robots() -> None:
    rounds = [*UP, "tls 104.16.1.1 ok", "http 104.16.1.1 timeout"]
    verdict = judged(rounds, control=[ALIVE], facts={"baseline": {"hours": 3}})
    assert (verdict.mechanism, verdict.confirmed) == ("http.timeout", False)
    assert verdict.notes == ("a server's defence against robots would look the same",)


def test_a_control_of_the_first_hop_carries_nothing_for_the_next() -> None:
    to = "ru.site.example.org"
    rounds = [*UP, "tls 104.16.1.1 ok", f"http 104.16.1.1 302 location=https://{to}/"]
    rounds += [f"1: dns system 104.16.2.2 name={to}", "1: tcp 104.16.2.2 ok"]
    rounds += [f"1: tls 104.16.2.2 timeout name={to}"]
    assert judged(rounds, control=[{}]).state is State.INCONCLUSIVE
    spent = judged(rounds, control=[{}], facts={"stopped": "time"})
    assert spent.reason_code is ReasonCode.BUDGET_SPENT
    baseline = {"controls": [], "baseline": {"hours": 3}}
    assert judged(rounds, facts=baseline).state is State.INCONCLUSIVE


def test_an_accusation_whose_control_was_never_asked_waits() -> None:
    early = judged(RESET, facts={"stopped": "interrupted", "baseline": {"hours": 3}})
    assert (early.state, early.reason_code) == (State.INCONCLUSIVE, ReasonCode.NOT_MEASURED)
    assert judged(
        RESET, facts={"stopped": "interrupted", "baseline": {"hours": 3}}, control=[ALIVE]
    ).state is (State.BLOCKED)
