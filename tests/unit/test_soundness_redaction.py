"""Masking changes no verdict for the worse: whatever is taken out of a page, it accuses nobody it did not."""

import re
from typing import Any

import pytest

from cases.debts import measurements_of
from cases.script import a_target
from cases.world import facts_of
from probe.judge import judge_target
from probe.judge.fingerprints import legal_notice, match_page, match_refusal, notice_addresses
from probe.judge.fingerprints.book import book
from probe.judge.fingerprints.match import INNOCENT as INNOCENT_SCOPES
from probe.judge.fingerprints.match import REPORTING
from probe.judge.fingerprints.page import CUT_BYTES, OWN_MASK, page_of
from probe.model.observation import HTTPRoundTrip
from probe.model.verdict import Verdict
from probe.store import OwnValues, Redactor
from unit.a_run import a_measurement
from unit.pages import BESIDE_A_NOTICE, INNOCENT, LOOKALIKES, NOTICES

URL = "http://site.example.org/"
UP = ["dns system 104.16.1.1", "tcp 104.16.1.1 ok"]
NOTICE = "<title>Доступ ограничен</title><p>Доступ к сайту ограничен на основании 149-ФЗ.</p>"
NEWS = "<title>News in brief</title><p>Доступ к сайту ограничен, said the portal, quoting 149-ФЗ.</p>"
NOBODY = OwnValues()
INNOCENT_PAGES = {
    **INNOCENT,
    **{name: body for name, (_, body) in (LOOKALIKES | BESIDE_A_NOTICE).items()},
}


def a_trip(body: str, **changes: Any) -> HTTPRoundTrip:
    fields: dict[str, Any] = {"url": URL, "ip": "104.16.1.1", "port": 80, "status_code": 200} | changes
    return HTTPRoundTrip(t0=0.0, t=0.1, failure=None, body=body, **fields)


def stored(trip: HTTPRoundTrip, own: OwnValues = NOBODY) -> HTTPRoundTrip:
    clean, _ = Redactor(own).measurement(a_measurement(input=URL, requests=(trip,)), {})
    return clean.requests[0]


def accuses(trip: HTTPRoundTrip) -> bool:
    found = match_page(
        status=trip.status_code,
        headers=trip.headers,
        title=trip.title,
        body=trip.body,
        url=trip.url,
        body_bytes=trip.body_text_bytes,
    )
    return legal_notice(found) is not None


def judged(body: str, own: OwnValues) -> tuple[Verdict, Verdict]:
    """What is said of a page as it was measured, and as it lies on the disk."""
    title = body[7 : body.index("</title>")]
    answer = f"http 104.16.1.1 200 'title={title}' 'body={body}'"
    row = {"target": {"input": URL}, "rounds": [*UP, answer], "facts": {"controls": []}}
    target, redactor = a_target(row), Redactor(own)
    measured = measurements_of(row, target)
    kept = [redactor.measurement(m, {})[0] for m in measured]
    facts = facts_of(row, target)
    return judge_target(facts, target, measured).verdict, judge_target(facts, target, kept).verdict


@pytest.mark.parametrize("body", INNOCENT_PAGES.values(), ids=INNOCENT_PAGES.keys())
def test_whatever_the_user_is_called_an_innocent_page_stays_innocent(body: str) -> None:
    words = {word.lower() for word in re.findall(r"[^\W_]{3,}", body)}
    assert not accuses(a_trip(body))
    assert [word for word in sorted(words) if accuses(stored(a_trip(body), OwnValues(user=word)))] == []
    assert [word for word in sorted(words) if accuses(stored(a_trip(body), OwnValues(hostname=word)))] == []


@pytest.mark.parametrize("name", sorted(REPORTING))
def test_a_user_called_like_a_word_of_reporting_makes_no_notice_of_a_report(name: str) -> None:
    raw, kept = judged(NEWS.replace("said", name), OwnValues(user=name))
    assert (raw.state, raw.rule_id) == (kept.state, kept.rule_id)
    assert kept.rule_id == "http.plain_no_control"


def test_a_notice_in_which_no_name_of_the_users_stands_is_a_notice_on_the_disk_too() -> None:
    raw, kept = judged(NOTICE, OwnValues(user="said", hostname="author"))
    assert (kept.state, kept.rule_id) == (raw.state, raw.rule_id)
    assert kept.rule_id.startswith("http.notice_page")


def test_a_notice_that_greets_the_user_by_name_accuses_nobody() -> None:
    _, kept = judged(NOTICE.replace("<p>", "<p>said, "), OwnValues(user="said"))
    assert kept.rule_id == "http.plain_no_control"


def test_a_user_called_max_does_not_hide_every_page_with_a_style_sheet() -> None:
    styled = stored(a_trip(f"<style>p {{ max-width: 9em }}</style>{NOTICE}"), OwnValues(user="max"))
    assert "[user]-width" in styled.body
    assert accuses(styled)


def test_no_word_that_tells_innocent_pages_ends_in_a_width_or_height() -> None:
    rules = [*book().lookalikes, *(r for r in book().pages if r.origin.scope in INNOCENT_SCOPES)]
    literals = {p for r in rules for p in (*r.gates, *r.all, *r.any, *r.also, *r.title, *r.markup)}
    assert [p for p in sorted(literals | REPORTING) if re.search("-(width|height)", p)] == []


def test_no_mask_changes_what_innocent_pages_are_known_by() -> None:
    rules = [*book().lookalikes, *(r for r in book().pages if r.origin.scope in INNOCENT_SCOPES)]
    literals = {p for r in rules for p in (*r.gates, *r.all, *r.any, *r.also, *r.title, *r.markup)}
    assert [p for p in sorted(literals | REPORTING) if Redactor(NOBODY).text(p) != p] == []


@pytest.mark.parametrize(
    "said",
    [
        "Cookie: said the portal",
        "Authorization: said the portal",
        "see http://said:word@portal.example/",
        "write to said@portal.example",
        "see http://portal.example/?a=b&token=said",
    ],
)
def test_a_word_of_reporting_that_a_mask_swallows_makes_no_notice(said: str) -> None:
    with_it = a_trip(f"<title>News</title><p>Доступ к сайту ограничен, 149-ФЗ.</p><p>{said}</p>")
    kept = stored(with_it)
    assert "said" not in kept.body
    assert accuses(with_it) or not accuses(kept)


def test_what_masks_swallow_between_blanks_shows_in_the_page() -> None:
    assert not accuses(stored(a_trip(NOTICE + "<p>Cookie: said the portal</p>")))
    assert not accuses(stored(a_trip(NOTICE + "<p>Authorization: said the portal</p>")))
    assert accuses(stored(a_trip(NOTICE + "<p>help@operator.example, 8 800 555 35 35, 93.184.1.1</p>")))


def test_a_cut_page_stays_a_cut_page_when_masks_make_it_shorter() -> None:
    links = "".join(f"<a href=/p?a=1&token={'q' * 60}{i}>.</a>" for i in range(400))
    page = (NOTICE + links)[:16384]
    raw, kept = judged(page, NOBODY)
    assert (raw.state, raw.rule_id) == (kept.state, kept.rule_id)
    assert kept.rule_id == "http.plain_no_control"
    clean = stored(a_trip(page))
    assert len(clean.body.encode()) < CUT_BYTES
    assert clean.body_text_bytes == len(page.encode())


def test_what_masks_took_counts_as_seen_text() -> None:
    short = page_of(None, "<p>a</p>")
    assert (short.length, short.is_cut) == (1, False)
    assert page_of(None, "<p>a</p>", 108).length == 101
    assert page_of(None, "<p>a</p>", 3).length == 1
    assert page_of(None, "<p>a</p>", CUT_BYTES).is_cut


def test_a_page_without_masks_keeps_no_length_and_a_second_masking_keeps_the_first() -> None:
    assert stored(a_trip(NOTICE)).body_text_bytes is None
    once = stored(a_trip("a 93.184.1.1 said"))
    again = stored(once, OwnValues(user="said"))
    assert (once.body, once.body_text_bytes) == ("a [ip] said", 17)
    assert (again.body, again.body_text_bytes) == ("a [ip] [user]", 17)


def test_a_name_masked_in_a_title_or_a_header_takes_the_accusation_back_too() -> None:
    assert accuses(a_trip(NOTICE, title="Доступ ограничен"))
    assert not accuses(a_trip(NOTICE, title="[host] Доступ ограничен"))
    assert not accuses(a_trip(NOTICE, headers=(("X-Squid-Error", "[user]_ACCESS_DENIED 0"),)))
    assert accuses(a_trip(NOTICE, headers=(("Set-Cookie", "[cookie]"),)))


def test_a_refusal_beside_a_masked_name_accuses_no_service() -> None:
    def refusal(body: str) -> str:
        found = match_refusal(status=403, headers=(), title=None, body=body, url=URL)
        return found.id if found else ""

    text = "Sorry, this service is not available in your country."
    assert refusal(text).startswith("geo.")
    assert refusal(f"[user] {text}") == ""
    assert refusal("[user] <title>Just a moment...</title>") == "challenge.cloudflare"


@pytest.mark.parametrize(("_rule", "body"), NOTICES.values(), ids=NOTICES.keys())
def test_a_notice_is_still_one_on_the_disk(_rule: str, body: str) -> None:
    redactor = Redactor(NOBODY, allowed=notice_addresses())
    clean, _ = redactor.measurement(a_measurement(input=URL, requests=(a_trip(body),)), {})
    assert accuses(clean.requests[0])


def test_addresses_of_notices_stay_but_for_the_users_own() -> None:
    assert {"10.10.34.34", "95.167.13.50"} <= notice_addresses()
    own = OwnValues(addresses=("10.10.34.34",))
    assert Redactor(own, allowed=notice_addresses()).text("10.10.34.34 95.167.13.50") == "[ip] 95.167.13.50"


def test_the_masks_that_hide_are_those_that_masking_writes() -> None:
    own = OwnValues(user="nadya", hostname="nadyas-pc", home="/srv/nadya", others=("cafe net",))
    masked = Redactor(own).text("nadya, nadyas-pc, /srv/nadya, cafe net")
    assert masked == "[user], [host], [home], [own]"
    assert len(OWN_MASK.findall(masked)) == 4
