"""What a page, a redirect, an address or a certificate is known as."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct

from probe.judge.fingerprints.bogon import bare_address
from probe.judge.fingerprints.book import Confidence, Origin, PageRule, Refusal, Scope, book
from probe.judge.fingerprints.page import OWN_MASK, Page, fold, page_of
from probe.judge.fingerprints.sends import sent_to

Headers = Sequence[tuple[str, str]]
Kind = Literal["body", "title", "header", "redirect_host", "dns_address", "issuer", "certificate_name"]

# fmt: off
REPORTING: Final = frozenset({
    "сообщил", "сообщила", "сообщили", "рассказал", "рассказала", "рассказали", "заявил", "заявила",
    "заявили", "пишет", "пишут", "журналист", "журналисты", "комментарии", "комментариев", "читайте",
    "обсудим", "автор", "said", "reporter", "reporters", "journalist", "journalists", "comments",
    "newsletter", "haberi", "gazetesi",
})
# fmt: on
"""Words of articles and discussions that no notice has been seen with."""
_ARTICLE_MARKUP: Final = ("<article", "datepublished", "og:type", "article:published", "application/rss")
OPENING_CHARS: Final = 300
REDIRECTING_CHARS: Final = 4_096
"""A page that only sends a browser elsewhere (a refresh, a frame, a script) is shorter than this."""
_ACCUSING: Final = frozenset({Confidence.HIGH, Confidence.MEDIUM})
INNOCENT: Final = frozenset(
    {
        Scope.LOOKALIKE,
        Scope.PARENTAL_FILTER,
        Scope.UNPAID_BILL,
        Scope.ANTIVIRUS,
        Scope.OFFICE,
        Scope.CAPTIVE_PORTAL,
    }
)


class Match(Struct, frozen=True, kw_only=True):
    """One fingerprint that fits, and where."""

    id: str
    kind: Kind
    scope: Scope
    cc: str
    operator: str
    operator_asns: tuple[int, ...]
    excerpt: str
    """What it was recognised by, at most 160 characters."""


def match_page(
    *,
    status: int | None,
    headers: Headers,
    title: str | None,
    body: str,
    url: str,
    body_bytes: int | None = None,
) -> tuple[Match, ...]:
    """Return what an HTTP answer is known as: look-alikes alone where one fits, else everything that fits.

    `body` is the decoded text as far as it was kept, `url` what was asked for. The `Location` header is not
    looked at: that is `match_redirect`. A page that frames or refreshes to a known host counts as a redirect.
    `body_bytes` is how long the body was before masks changed it. Where one of them may hide what would have
    shown the page to be innocent, no legal notice is returned; nor where a notice host was itself asked for.
    """
    page = page_of(title, body, body_bytes)
    found = list(_fitting(_shelf(book().lookalikes), page, status))
    if found:
        return tuple(found)
    found.extend(_fitting(_shelf(book().pages), page, status))
    found.extend(_in_headers(headers))
    if max(len(body), body_bytes or 0) <= REDIRECTING_CHARS:
        goals = [match for to in sent_to(page.markup) if (match := match_redirect(to, origin=url))]
        found.extend(match for match in goals if match.scope in INNOCENT or not _reports(page))
    if page.hides or any(OWN_MASK.search(value) for _, value in headers) or is_notice_host(url):
        found = [match for match in found if match.scope is not Scope.LEGAL_NOTICE]
    return tuple(dict.fromkeys(found))


def legal_notice(matches: Iterable[Match]) -> Match | None:
    """Return the match that accuses: a legal notice, with nothing innocent beside it.

    Of several the first that names its operator is returned: only that one says whose page it is.
    """
    matches = tuple(matches)
    if any(match.scope in INNOCENT for match in matches):
        return None
    notices = [match for match in matches if match.scope is Scope.LEGAL_NOTICE]
    return next((match for match in notices if match.operator), next(iter(notices), None))


def match_redirect(url: str, *, origin: str = "") -> Match | None:
    """Return what a URL's host (and path) is known as; None where `origin` was asked for there itself.

    An operator's notice hosts lead to one another: what one of them leads to says nothing of anybody's site.
    """
    parts = _split(url)
    asked = _split(origin)
    if parts is None or (asked and is_notice_host(origin)):
        return None
    host, path = parts
    for parent in _parents(host):
        if asked and parent in _parents(asked[0]):
            return None
        for rule in book().redirects.get(parent, ()):
            if path.startswith(rule.path):
                return _match(rule.origin, "redirect_host", host + rule.path)
    return None


def is_notice_host(url: str) -> bool:
    """Say whether legal notices are what this URL's host (and path) is there for: nobody else's are there."""
    known = match_redirect(url)
    return known is not None and known.scope is Scope.LEGAL_NOTICE


@lru_cache(maxsize=2048)
def match_dns_address(ip: str) -> Match | None:
    """Return what an address in a DNS answer is known as."""
    plain = bare_address(ip)
    origin = book().addresses.get(plain) if plain else None
    return _match(origin, "dns_address", ip) if origin else None


@lru_cache(maxsize=1024)
def match_issuer(text: str) -> Match | None:
    """Return what a certificate's issuer, as text in any of the usual notations, is known as."""
    folded = fold(text[:1024])
    return next(
        (_match(origin, "issuer", part) for part, origin in book().issuers if part in folded),
        None,
    )


def match_certificate_names(names: Sequence[str]) -> Match | None:
    """Return the notice host that a certificate was made for; `names` are its subject alternative names."""
    hosts = (name.lower().removeprefix("*.") for name in names[:32])
    rules = (rule for host in hosts for rule in book().redirects.get(host, ()) if not rule.path)
    return next((_match(rule.origin, "certificate_name", rule.host) for rule in rules), None)


def match_refusal(
    *,
    status: int | None,
    headers: Headers,
    title: str | None,
    body: str,
    url: str,
    body_bytes: int | None = None,
) -> Refusal | None:
    """Return the first signature of the service's own refusal, or of a challenge, that fits the answer.

    Of a page in which a mask may hide a challenge, only a signature that accuses nobody.
    """
    lowered = [(name.lower(), value.lower()) for name, value in headers]
    page = page_of(title, body, body_bytes)
    seen = f"{page.title} {page.text}"
    for refusal in book().refusals:
        if refusal.statuses and status not in refusal.statuses:
            continue
        if refusal.url and refusal.url not in url.lower():
            continue
        if refusal.headers and not all(
            any(name == want and part in value for name, value in lowered) for want, part in refusal.headers
        ):
            continue
        if page.length > refusal.max_length and (refusal.all or refusal.any):
            continue
        if all(part in seen for part in refusal.all) and _one_of(refusal.any, seen):
            return None if page.hides and refusal.confidence in _ACCUSING else refusal
    return None


class _Shelf(Struct, frozen=True):
    """Rules by what opens them: a word of the text, or a part of the source."""

    by_word: Mapping[str, tuple[tuple[str, PageRule], ...]]
    """Word, and the gates (phrases that hold it) with their rules."""
    by_markup: tuple[tuple[str, PageRule], ...]
    order: Mapping[str, int]


@cache
def _shelf(rules: tuple[PageRule, ...]) -> _Shelf:
    by_word: dict[str, tuple[tuple[str, PageRule], ...]] = {}
    for rule in rules:
        for gate in rule.gates:
            word = max(re.findall(r"\w+", gate), key=len)
            by_word[word] = (*by_word.get(word, ()), (gate, rule))
    by_markup = tuple((part, rule) for rule in rules if not rule.gates for part in rule.markup)
    return _Shelf(by_word, by_markup, {rule.origin.id: number for number, rule in enumerate(rules)})


def _fitting(shelf: _Shelf, page: Page, status: int | None) -> Iterator[Match]:
    """Give the rules that fit, in the book's order; a page that may be a report accuses nobody."""
    opened = {
        rule.origin.id: rule
        for word in page.words & shelf.by_word.keys()
        for gate, rule in shelf.by_word[word]
        if gate in page.text
    }
    opened |= {rule.origin.id: rule for part, rule in shelf.by_markup if part in page.markup}
    for rule in sorted(opened.values(), key=lambda rule: shelf.order[rule.origin.id]):
        if _fits(rule, page, status) and (rule.origin.scope in INNOCENT or not _reports(page)):
            by_title = not (rule.all or rule.any or rule.markup)
            seen = (*rule.all, *rule.any, *rule.markup, *rule.title, *rule.gates)[0]
            yield _match(rule.origin, "title" if by_title else "body", seen)


def _fits(rule: PageRule, page: Page, status: int | None) -> bool:
    return (
        (page.length <= rule.max_length or _may_be_long(rule, page))
        and (not rule.statuses or status in rule.statuses)
        and all(part in page.text for part in rule.all)
        and _one_of(rule.title, page.title)
        and _one_of(rule.any, page.text)
        and _one_of(rule.also, page.text)
        and _one_of(rule.markup, page.markup)
    )


def _may_be_long(rule: PageRule, page: Page) -> bool:
    opening = page.text[:OPENING_CHARS]
    return page.title.startswith(rule.long_titles) or any(part in opening for part in rule.long_openings)


def _reports(page: Page) -> bool:
    """Whether the page may be an article on blocking: it goes on, or it has what articles have."""
    return page.is_cut or not REPORTING.isdisjoint(page.words) or _one_of(_ARTICLE_MARKUP, page.markup)


def _one_of(parts: Sequence[str], text: str) -> bool:
    return not parts or any(part in text for part in parts)


def _in_headers(headers: Headers) -> Iterator[Match]:
    for name, value in headers:
        low = (name.lower(), value.lower())
        for rule in book().headers:
            if rule.name == low[0] and rule.value in low[1]:
                yield _match(rule.origin, "header", f"{rule.name}: {rule.value}")


def _match(origin: Origin, kind: Kind, excerpt: str) -> Match:
    return Match(
        id=origin.id,
        kind=kind,
        scope=origin.scope,
        cc=origin.cc,
        operator=origin.operator,
        operator_asns=origin.operator_asns,
        excerpt=excerpt[:160],
    )


def _split(url: str) -> tuple[str, str] | None:
    """Return host in lower case and path with query, or None where there is no host."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    if not host:
        return None
    return host.rstrip("."), (parts.path or "/") + ("?" + parts.query if parts.query else "")


def _parents(host: str) -> Iterator[str]:
    """Give the host and every name above it, the nearest first."""
    labels = host.split(".")
    return (".".join(labels[index:]) for index in range(len(labels)))
