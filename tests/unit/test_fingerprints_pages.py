"""Pages: notices are recognised, and nothing that merely speaks of blocking is."""

import pytest

from probe.judge.fingerprints import Match, Scope, legal_notice, match_page
from probe.judge.fingerprints.book import Origin, PageRule, book
from probe.judge.fingerprints.match import INNOCENT as INNOCENT_SCOPES
from probe.judge.fingerprints.page import NOTICE_CHARS, page_of
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


def test_of_two_notices_the_one_that_names_its_operator_is_told() -> None:
    found = page("<p>Доступ к ресурсу ограничен, 149-ФЗ, Федерального закона <a href=//warning.rt.ru>")
    accusing = legal_notice(found)
    assert ids(found) == ["page.ru.notice.law_149"]  # without the title this may be anybody's
    assert accusing is not None
    assert accusing.operator == ""
    found = page(
        "<title>Доступ ограничен</title><p>Доступ к информационному ресурсу ограничен на основании "
        "Федерального закона № 149-ФЗ. <a href=http://warning.rt.ru/>"
    )
    accusing = legal_notice(found)
    assert ids(found) == ["page.ru.notice.law_149", "page.ru.rostelecom.notice"]
    assert accusing is not None
    assert accusing.operator_asns == (12389,)


NAMES = [
    '<a href="http://expert.ru/">',
    '<a href="http://rt.ru/">',
    "<a href=http://mgts.ru/>",
    "<a href=https://domru.ru/>",
    "<a href=https://megafon.ru/>",
    "Ростелеком, МГТС, Билайн, TTK, Tele2, Дом.ru, ЭР-Телеком, МегаФон",
]


@pytest.mark.parametrize("name", NAMES)
def test_an_operators_name_or_ordinary_site_is_not_its_signature(name: str) -> None:
    found = page(
        "<title>Доступ ограничен</title><p>Доступ к информационному ресурсу ограничен на основании "
        f"Федерального закона № 149-ФЗ. Доступ к сайту ограничен, сайт заблокирован.</p>{name}"
    )
    assert ids(found) == ["page.ru.notice.law_149"]


SIGNED = [rule for rule in book().pages if rule.origin.operator]
HELP_PAGES = {"page.ru.beeline.notice": "beeline.ru/customers/help/safe-beeline"}
"""Of operators, that notices link to."""


@pytest.mark.parametrize("rule", SIGNED, ids=lambda rule: rule.origin.id)
def test_only_an_operators_own_notice_host_or_help_page_signs(rule: PageRule) -> None:
    hosts = {
        host for host, rules in book().redirects.items() if rules[0].origin.operator == rule.origin.operator
    }
    assert rule.markup
    assert set(rule.markup) <= hosts | {HELP_PAGES.get(rule.origin.id, "")}
    assert rule.also  # and it names the law or the register, as every notice must
    assert rule.any or rule.all or rule.title


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


def test_a_long_notice_needs_a_title_or_an_opening_that_says_so() -> None:
    long = "<p>Доступ к ресурсу ограничен, 149-ФЗ.</p><p>" + "разъяснение порядка " * 200
    assert legal_notice(page("<title>Доступ ограничен</title>" + long)) is not None
    assert legal_notice(page("<title>Провайдер</title>" + long)) is None
    assert legal_notice(page("<h1>Доступ к запрашиваемому ресурсу ограничен</h1>" + long)) is not None
    assert legal_notice(page(long + "<p>Доступ к запрашиваемому ресурсу ограничен")) is None


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
def test_each_accusing_rule_asks_for_two_things_or_for_the_national_frame(rule: PageRule) -> None:
    if rule.origin.scope in INNOCENT_SCOPES:
        return
    asked = [kind for kind in ("gates", "all", "any", "also", "markup", "title") if getattr(rule, kind)]
    assert len(asked) >= 2 or rule.origin.id == "page.ir.frame"
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
