"""Pages: notices are recognised, and nothing that merely speaks of blocking is."""

import pytest

from probe.judge.fingerprints import Match, Scope, legal_notice, match_page, match_redirect
from probe.judge.fingerprints.book import Origin, PageRule, RedirectRule, book
from probe.judge.fingerprints.match import INNOCENT as INNOCENT_SCOPES
from probe.judge.fingerprints.page import NOTICE_CHARS, page_of, title_of, visible
from unit.pages import ARTICLE, BESIDE_A_NOTICE, INNOCENT, LOOKALIKES, NOTICES

URL = "http://blocked.example/"


def page(
    body: str,
    status: int = 200,
    title: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
    url: str = URL,
) -> tuple[Match, ...]:
    return match_page(status=status, headers=headers, title=title, body=body, url=url)


def ids(found: tuple[Match, ...]) -> list[str]:
    return [match.id for match in found]


@pytest.mark.parametrize(("expected", "body"), NOTICES.values(), ids=NOTICES.keys())
def test_a_notice_is_recognised_and_accuses(expected: str, body: str) -> None:
    found = page(body)
    assert expected in ids(found)
    accusing = legal_notice(found)
    assert accusing is not None
    assert accusing.scope is Scope.LEGAL_NOTICE


@pytest.mark.parametrize("body", INNOCENT.values(), ids=INNOCENT.keys())
def test_a_page_that_merely_speaks_of_blocking_does_not_accuse(body: str) -> None:
    assert legal_notice(page(body)) is None


@pytest.mark.parametrize(("expected", "body"), LOOKALIKES.values(), ids=LOOKALIKES.keys())
def test_a_look_alike_is_tried_before_notices(expected: str, body: str) -> None:
    found = page(body, 403)
    assert ids(found)[0] == expected
    assert {match.scope for match in found} == {Scope.LOOKALIKE}
    assert legal_notice(found) is None


@pytest.mark.parametrize(("expected", "body"), BESIDE_A_NOTICE.values(), ids=BESIDE_A_NOTICE.keys())
def test_an_innocent_scope_beside_a_notice_takes_the_accusation_back(expected: str, body: str) -> None:
    found = page(body)
    assert expected in ids(found)
    assert legal_notice(found) is None


def test_a_notice_that_names_neither_law_nor_register_is_told_and_does_not_accuse() -> None:
    found = page("<title>Доступ ограничен</title><p>Ваш провайдер закрыл этот адрес.</p>")
    assert ids(found) == ["page.ru.operator_generic"]
    assert legal_notice(found) is None


def test_an_article_that_is_as_short_as_a_notice_is_told_by_its_words() -> None:
    assert legal_notice(page(ARTICLE.format(title="Доступ ограничен", rest=""))) is None


def test_a_page_cut_off_by_us_accuses_nobody() -> None:
    notice = NOTICES["rostelecom"][1]
    filler = "<script>" + "x" * 15_990 + "</script>"
    assert legal_notice(page(notice)) is not None
    assert legal_notice(page(notice + filler)) is None


def test_a_long_notice_needs_a_title_that_says_so() -> None:
    long = "<p>Доступ к ресурсу ограничен, 149-ФЗ.</p><p>" + "разъяснение порядка " * 200
    assert legal_notice(page("<title>Доступ ограничен</title>" + long)) is not None
    assert legal_notice(page("<title>Провайдер</title>" + long)) is None


def test_a_legal_notice_does_not_need_its_title() -> None:
    _, body = NOTICES["named body"]
    assert legal_notice(page(body, title="")) is None  # its rule is anchored on the title
    assert legal_notice(page(NOTICES["rostelecom"][1], title="")) is not None


def test_words_hidden_from_the_reader_are_not_read() -> None:
    hidden = "Доступ к ресурсу ограничен 149-ФЗ"
    body = f"<p>Hello</p><script>var a='{hidden}'</script><!-- {hidden}"
    assert page(body) == ()


# --- each rule by itself


def sample(rule: PageRule, *, title: bool = True, leave_out: str = "") -> str:
    """A page with one of each kind of literal that the rule asks for, but for one kind."""
    parts = {
        "gates": " ".join(rule.gates[:1]),
        "all": " ".join(rule.all),
        "any": " ".join(rule.any[:1]),
        "also": " ".join(rule.also[:1]),
        "markup": f"<i data-x='{rule.markup[0]}'></i>" if rule.markup else "",
        "title": f"<title>{rule.title[0]}</title>" if rule.title and title else "",
    }
    return " . ".join(text for kind, text in parts.items() if kind != leave_out)


RULES = [*book().lookalikes, *book().pages]


def fits(rule: PageRule, body: str) -> bool:
    """Whether the rule is among what a page is known as; look-alikes in front of it are what hides it."""
    found = ids(match_page(status=next(iter(rule.statuses), 200), headers=(), title=None, body=body, url=URL))
    return rule.origin.id in found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.origin.id)
def test_each_rule_fits_its_own_sample(rule: PageRule) -> None:
    assert fits(rule, sample(rule))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.origin.id)
def test_no_rule_fits_the_same_words_on_a_long_page(rule: PageRule) -> None:
    assert not fits(rule, sample(rule) + " слово word" * NOTICE_CHARS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.origin.id)
def test_no_rule_fits_a_page_without_all_it_asks_for(rule: PageRule) -> None:
    asked = [kind for kind in ("all", "any", "also", "markup", "title") if getattr(rule, kind)]
    left_out = [
        kind
        for kind in asked
        if not any(part in page_of(None, sample(rule, leave_out=kind)).text for part in getattr(rule, kind))
        and not (kind == "markup" and any(p in sample(rule, leave_out=kind).lower() for p in rule.markup))
    ]
    for kind in left_out:
        assert not fits(rule, sample(rule, leave_out=kind)), kind
    assert asked


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.origin.id)
def test_each_accusing_rule_asks_for_two_things_or_the_operators_own_name(rule: PageRule) -> None:
    if rule.origin.scope in INNOCENT_SCOPES:
        return
    asked = [kind for kind in ("gates", "all", "any", "also", "markup", "title") if getattr(rule, kind)]
    own_host = rule.origin.id in {"page.ru.tele2.notice", "page.ir.frame"}
    assert len(asked) >= 2 or own_host
    assert rule.max_length <= NOTICE_CHARS


def test_every_entry_says_where_it_is_from_and_when_it_was_written() -> None:
    shelf = book()
    origins: list[Origin] = [
        *(rule.origin for rule in (*shelf.lookalikes, *shelf.pages)),
        *(rule.origin for rule in shelf.headers),
        *(rule.origin for rules in shelf.redirects.values() for rule in rules),
        *shelf.addresses.values(),
        *(origin for _, origin in shelf.issuers),
    ]
    assert all(origin.source and origin.dated == "2026-11-21" for origin in origins)


# --- statuses, headers, frames


def test_a_header_of_a_filter_is_recognised() -> None:
    found = page("", 403, headers=(("Server", "Protected by WireFilter 6100"),))
    assert [(m.id, m.kind) for m in found] == [("header.sa.wirefilter", "header")]


def test_another_servers_header_is_not() -> None:
    assert page("", 403, headers=(("Server", "nginx"), ("X-Powered-By", "Protected by WireFilter"))) == ()


@pytest.mark.parametrize(
    "body",
    [
        '<meta http-equiv="refresh" content="0; url=http://warning.or.kr/i1.html">',
        "<iframe src='https://warning.or.kr/'></iframe>",
        '<script>location.href="http://www.warning.or.kr";</script>',
        "<form action=http://warning.or.kr>",
    ],
)
def test_a_page_that_sends_a_browser_to_a_notice_host_is_a_redirect(body: str) -> None:
    assert [(m.id, m.kind) for m in page(body)] == [("redirect.kr.warning", "redirect_host")]


@pytest.mark.parametrize(
    "body",
    [
        '<a href="http://warning.or.kr/">warning</a>',
        '<meta http-equiv="refresh" content="0; url=http://example.org/">',
        '<iframe src="http://warning.or.kr/"></iframe>' + "<p>word</p>" * 400,
        "x://y " * 20 + '<iframe src="http://warning.or.kr/"></iframe>',
        '<meta content="0; url=http://[::1/">',
    ],
)
def test_a_link_a_long_page_or_another_host_is_none(body: str) -> None:
    assert page(body) == ()


def test_a_frame_of_the_host_that_was_asked_for_is_its_own_page() -> None:
    assert page("<iframe src='http://warning.or.kr/x'></iframe>", url="http://www.warning.or.kr/") == ()


# --- redirects


def test_a_redirect_to_a_notice_host_names_its_operator() -> None:
    found = match_redirect("http://warning.rt.ru/?id=13&st=0&dt=1.2.3.4&rs=http%3A%2F%2Fx%2F", origin=URL)
    assert found is not None
    assert (found.id, found.operator, found.operator_asns) == (
        "redirect.ru.rostelecom.warning",
        "Rostelecom",
        (12389,),
    )
    assert found.scope is Scope.LEGAL_NOTICE


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://95.167.13.50/?st=1", "redirect.ru.rostelecom.95_167_13_50"),
        ("https://WWW.Warning.RT.ru./", "redirect.ru.rostelecom.warning"),
        ("http://77.37.254.90/zapret/?url=x", "redirect.ru.rostelecom.onlime"),
        ("https://www.ufanet.ru/blocking.html", "redirect.ru.ufanet"),
        ("http://[d0::11]/", "redirect.ir.d0_11"),
        ("http://lawfilter.ertelecom.ru", "redirect.ru.ertelecom.lawfilter"),
    ],
)
def test_redirects_are_known_by_host_and_path(url: str, expected: str) -> None:
    found = match_redirect(url)
    assert found is not None
    assert found.id == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://notwarning.rt.ru.example/",
        "http://xwarning.rt.ru/",
        "https://rt.ru/",
        "https://www.ufanet.ru/tariffs",
        "http://77.37.254.90/",
        "nonsense",
        "http://[::1",
        "http:///path",
        "",
    ],
)
def test_other_redirects_are_not(url: str) -> None:
    assert match_redirect(url) is None


def test_a_notice_host_asked_for_by_itself_accuses_nobody() -> None:
    assert match_redirect("https://warning.rt.ru/x", origin="http://warning.rt.ru/") is None


@pytest.mark.parametrize(
    "rule",
    [rule for rules in book().redirects.values() for rule in rules],
    ids=lambda rule: str(rule.origin.id),
)
def test_each_redirect_rule_fits_its_own_host_and_not_a_neighbour(rule: RedirectRule) -> None:
    host, path = rule.host, rule.path
    there = f"http://[{host}]" if ":" in host else f"http://{host}"
    found = match_redirect(there + (path or "/"))
    assert found is not None
    assert found.id == rule.origin.id
    if not host[0].isdigit() and ":" not in host:
        assert match_redirect(f"http://x{host}{path}") is None
    if path:
        assert match_redirect(there + "/elsewhere") is None


# --- reading pages


def test_what_a_reader_sees_is_kept_in_order() -> None:
    body = "a<b>b</b><!-- c <i>d</i> -->e<SCRIPT>f</script >g<style>h</style>i<"
    assert "".join(visible(body).split()) == "abegi"


@pytest.mark.parametrize("body", ["x<script>never", "x<!-- never", "x<style>never<script></style"])
def test_what_is_never_closed_hides_the_rest(body: str) -> None:
    assert "never" not in visible(body)


def test_the_title_is_read_where_measuring_did_not() -> None:
    assert title_of("<html><TITLE lang=x>A &amp; B</TITLE>") == "A & B"
    assert [title_of(body) for body in ("", "<title", "\u0130<title>x</title>")] == ["", "", ""]
    assert title_of("<title>no end") == "no end"


@pytest.mark.parametrize(
    "body",
    [
        "<" * 16_384,
        "<script" * 2_340,
        "<!--" * 4_096,
        "<title" * 2_730,
        "&#" * 8_192,
        "://" * 5_461,
        "<iframe src=http://" * 200,
    ],
)
def test_hostile_pages_cost_no_more_than_honest_ones(body: str) -> None:
    assert page(body) == ()  # quadratic work on these would take minutes
