"""The fingerprints as data: what is shipped beside this file, read once and checked as it is read."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

from msgspec import Struct

from probe.judge.fingerprints.bogon import bare_address
from probe.judge.fingerprints.page import NOTICE_CHARS, fold

FINGERPRINTS_VERSION: Final = 1
"""Goes up, from the first release on, with every change of the data that can change a verdict."""

FILES: Final = (
    "addresses.toml",
    "issuers.toml",
    "lookalikes.toml",
    "pages_ru.toml",
    "pages_world.toml",
    "redirects.toml",
    "refusals.toml",
)


class Scope(StrEnum):
    """What kind of page, address or issuer it is; `legal_notice` and `injected` alone accuse."""

    LEGAL_NOTICE = "legal_notice"
    INJECTED = "injected"
    """An address without a notice that only forged answers give."""
    OPERATOR_GENERIC = "operator_generic"
    PARENTAL_FILTER = "parental_filter"
    UNPAID_BILL = "unpaid_bill"
    ANTIVIRUS = "antivirus"
    OFFICE = "office"
    CAPTIVE_PORTAL = "captive_portal"
    NATIONAL_CA = "national_ca"
    """An authority of a state, also used by sites of that country of their own accord."""
    CENSOR_CA = "censor_ca"
    """An authority seen in nothing but interception by order of a state."""
    LOOKALIKE = "lookalike"
    """A page of a CDN, firewall, hoster or web server that speaks like a notice and is none."""


class Confidence(StrEnum):
    """How well a refusal signature tells a refusal by place from any other."""

    HIGH = "high"
    MEDIUM = "medium"
    AMBIGUOUS = "ambiguous"
    CAPTCHA = "captcha"
    """A challenge or a rate limit: the service is there and answers."""


class Origin(Struct, frozen=True, kw_only=True):
    """Whose it is and who says so."""

    id: str
    scope: Scope
    cc: str = ""
    operator: str = ""
    operator_asns: tuple[int, ...] = ()
    source: str = ""
    dated: str = ""


class PageRule(Struct, frozen=True, kw_only=True):
    """A page, as literals only: nothing here can take more than linear time.

    `gates`: one of these words or phrases is in the visible text, or nothing else is looked at; a rule
    without any is looked at when one of `markup` is in the source. `title`, `any`, `also` and `markup` each
    need one of theirs, `all` needs every one; `title` is looked for in the title, the others in the text.
    """

    origin: Origin
    gates: tuple[str, ...]
    title: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    markup: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    max_length: int = NOTICE_CHARS
    """Characters of visible text."""
    long_titles: tuple[str, ...] = ()
    """Beginnings of titles under which the text may be longer, up to NOTICE_CHARS."""
    long_openings: tuple[str, ...] = ()
    """Words of the first 300 characters with which it may be longer too."""


class HeaderRule(Struct, frozen=True, kw_only=True):
    """A header that a filter signs its answers with."""

    origin: Origin
    name: str
    value: str


class RedirectRule(Struct, frozen=True, kw_only=True):
    """A host (and all names under it) that serves notices; a shared host needs its path too."""

    origin: Origin
    host: str
    path: str = ""


class Refusal(Struct, frozen=True, kw_only=True):
    """How a service itself refuses, or challenges, a client."""

    id: str
    confidence: Confidence
    service: str = ""
    source: str = ""
    statuses: tuple[int, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    """Name and a part of the value, or an empty part; all are needed."""
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    url: str = ""
    """A part of the final URL."""
    max_length: int = NOTICE_CHARS
    """Characters of visible text; longer pages speak of other things too."""


class Book(Struct, frozen=True, kw_only=True):
    """All of it, indexed for one pass over a page."""

    lookalikes: tuple[PageRule, ...]
    pages: tuple[PageRule, ...]
    headers: tuple[HeaderRule, ...]
    redirects: Mapping[str, tuple[RedirectRule, ...]]
    addresses: Mapping[str, Origin]
    issuers: tuple[tuple[str, Origin], ...]
    refusals: tuple[Refusal, ...]


def fingerprint_files() -> dict[str, bytes]:
    """Return the data files by name, so that a run can keep what it was judged with."""
    folder = files("probe.judge.fingerprints") / "data"
    return {name: (folder / name).read_bytes() for name in FILES}


@cache
def fingerprints_digest() -> str:
    """Return the SHA-256 of the data files, in the order of their names."""
    return hashlib.sha256(b"".join(fingerprint_files().values())).hexdigest()


@cache
def book() -> Book:
    """Return the shipped book; read at the first call."""
    return read_book(fingerprint_files())


def notice_addresses() -> frozenset[str]:
    """Return the addresses at which notices are served: in a page they are evidence, and nobody's own."""
    return frozenset(filter(None, map(bare_address, book().redirects)))


def read_book(contents: Mapping[str, bytes]) -> Book:
    """Return the book of these files. Raises ValueError for two entries of one id or an unknown field."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for content in contents.values():
        document = tomllib.loads(content.decode())
        common = document.pop("common", {})
        for kind, rows in document.items():
            tables.setdefault(kind, []).extend(common | row for row in rows)
    _refuse_twins(row["id"] for rows in tables.values() for row in rows)
    redirects: dict[str, tuple[RedirectRule, ...]] = {}
    for rule in (RedirectRule(origin=_origin(row), **row) for row in tables["redirect"]):
        redirects[rule.host] = (*redirects.get(rule.host, ()), rule)
    return Book(
        lookalikes=tuple(_page_rule(row) for row in tables["lookalike"]),
        pages=tuple(_page_rule(row) for row in tables["page"]),
        headers=tuple(_header_rule(row) for row in tables["header"]),
        redirects=redirects,
        addresses={
            ip: origin
            for row in tables["address"]
            for ips, origin in [(row.pop("ip"), _origin(row))]
            for ip in ips
        },
        issuers=tuple(
            (fold(part), origin)
            for row in tables["issuer"]
            for parts, origin in [(row.pop("any"), _origin(row))]
            for part in parts
        ),
        refusals=tuple(_refusal(row) for row in tables["refusal"]),
    )


def _refuse_twins(ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise ValueError(f"fingerprint {one!r} is there twice")
        seen.add(one)


_ORIGIN_FIELDS: Final = ("id", "scope", "cc", "operator", "operator_asns", "source", "dated")


def _origin(row: dict[str, Any]) -> Origin:
    """Take the fields of an origin out of the row."""
    taken = {name: row.pop(name) for name in _ORIGIN_FIELDS if name in row}
    taken["operator_asns"] = tuple(taken.get("operator_asns", ()))
    return Origin(**taken | {"scope": Scope(taken["scope"])})


def _page_rule(row: dict[str, Any]) -> PageRule:
    origin = _origin(row)
    literals: dict[str, Any] = {
        name: tuple(map(fold, row.pop(name, ())))
        for name in ("gates", "title", "all", "any", "also", "long_titles", "long_openings")
    }
    literals["markup"] = tuple(part.lower() for part in row.pop("markup", ()))
    if not (literals["gates"] or literals["markup"]):
        raise ValueError(f"fingerprint {origin.id!r} has neither gates nor markup")
    statuses = tuple(row.pop("statuses", ()))
    return PageRule(origin=origin, **literals, **{"statuses": statuses} | row)


def _header_rule(row: dict[str, Any]) -> HeaderRule:
    return HeaderRule(origin=_origin(row), name=row["name"].lower(), value=row["value"].lower())


def _refusal(row: dict[str, Any]) -> Refusal:
    literals: dict[str, Any] = {name: tuple(map(fold, row.pop(name, ()))) for name in ("all", "any")}
    headers = tuple((name.lower(), value.lower()) for name, value in row.pop("headers", {}).items())
    statuses = tuple(row.pop("statuses", ()))
    confidence = Confidence(row.pop("confidence"))
    row.pop("dated", None)
    return Refusal(confidence=confidence, statuses=statuses, headers=headers, **literals, **row)
