"""Headers, frames and redirects that are known, and how pages are read."""

import pytest

from probe.judge.fingerprints import Match, Scope, is_notice_host, match_page, match_redirect
from probe.judge.fingerprints.book import RedirectRule, book
from probe.judge.fingerprints.page import title_of, visible

URL = "http://blocked.example/"


def page(
    body: str,
    status: int = 200,
    title: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
    url: str = URL,
) -> tuple[Match, ...]:
    return match_page(status=status, headers=headers, title=title, body=body, url=url)


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
        "<iframe width=100% src = http://warning.or.kr/?x=1>",
        "<IFRAME/style='border: 0' SRC=http://warning.or.kr/>",
        '<frameset><frame name="a" src=" http://warning.or.kr/">',
        "<meta content='5 ; URL = \"http://warning.or.kr/\"' http-equiv=Refresh>",
        "<meta http-equiv=refresh content=0;url=http://warning.or.kr>",
        '<script>location.href="http://www.warning.or.kr";</script>',
        "<script type='text/javascript'>window.location = 'http://warning.or.kr/'</script>",
        "<script>top.location.replace('http://warning.or.kr/')</script>",
        "<!-- a comment --><title>x</title><iframe src='http://warning.or.kr/'>",
    ],
)
def test_a_page_that_sends_a_browser_to_a_notice_host_is_a_redirect(body: str) -> None:
    assert [(m.id, m.kind) for m in page(body)] == [("redirect.kr.warning", "redirect_host")]
    assert page(f"<p>Журналист пишет:</p>{body}") == ()  # what reports on a notice may show it


@pytest.mark.parametrize(
    "body",
    [
        '<a href="http://warning.or.kr/">warning</a>',
        '<meta http-equiv="refresh" content="0; url=http://example.org/">',
        '<iframe src="http://warning.or.kr/"></iframe>' + "<p>word</p>" * 400,
        "x://y " * 20 + '<iframe src="http://warning.or.kr/"></iframe>',
        '<meta content="0; url=http://[::1/">',
        '<meta http-equiv="refresh" content="0; url=http://[::1/">',
        "<form action=http://warning.or.kr>",  # whoever sends it has read the page
        '<a href="/away.php?url=http://warning.or.kr/?host=x">a counter of those who leave</a>',
        '<a href="/go?location=http://warning.or.kr/">another</a>',
        "<pre>HTTP/1.1 302 Found Location: http://warning.or.kr/?id=1</pre>",
        "<pre>location.href='http://warning.or.kr/'</pre>",
        "<pre>&lt;iframe src=http://warning.or.kr/&gt;</pre>",
        "<iframe src='/away.php?url=http://warning.or.kr/'></iframe>",
        "<iframe data-src='http://warning.or.kr/' title='src=http://warning.or.kr/'></iframe>",
        "<iframe src='/own' src='http://warning.or.kr/'></iframe>",
        "<meta name=description content='0; url=http://warning.or.kr/'>",
        "<meta http-equiv=refresh content='0; url=/away.php?url=http://warning.or.kr/'>",
        "<script>var seen = {location: 'http://warning.or.kr/', mylocation: 1}</script>",
        "<script>mylocation = 'http://warning.or.kr/'</script>",
        "<script>location = '/away.php?url=http://warning.or.kr/'</script>",
        "<a onclick=\"location.href='http://warning.or.kr/'\">a link</a>",
        "<textarea><iframe src='http://warning.or.kr/'></iframe></textarea>",
        "<!-- <iframe src='http://warning.or.kr/'></iframe> -->",
        "<title><iframe src='http://warning.or.kr/'></title>",
        "<template><iframe src='http://warning.or.kr/'></iframe></template>",
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
        "http://eais.rkn.gov.ru/",  # the register's own sites redirect there too
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
    assert match_redirect("http://block.mts.ru/", origin="http://blocked.mts.ru/") is None
    notice = "<title>Доступ ограничен</title><p>Доступ к ресурсу ограничен, 149-ФЗ</p>"
    assert [m.id for m in page(notice)] == ["page.ru.notice.law_149"]
    assert page(notice, url="http://blocked.mts.ru/") == ()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.warning.rt.ru/?id=1", True),
        ("http://95.167.13.50/", True),
        ("https://ufanet.ru/blocking.html", True),
        ("https://ufanet.ru/", False),  # its ordinary pages may be blocked as anybody's
        ("https://rt.ru/", False),
        ("http://unblock.mts.ru/", False),
        ("http://[", False),
    ],
)
def test_a_notice_host_is_known_by_its_url(url: str, expected: bool) -> None:
    assert is_notice_host(url) is expected


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
        "<iframe " + "a=" * 2_000,
        "<iframe " + "a" * 4_000,
        "<meta http-equiv=refresh content='" + "url=" * 900,
        "<script>" + "location " * 450,
        "<textarea" * 450,
        "<script" * 580,
        "<iframe a='" + '"' * 4_000,
    ],
)
def test_hostile_pages_cost_no_more_than_honest_ones(body: str) -> None:
    assert page(body) == ()  # quadratic work on these would take minutes
