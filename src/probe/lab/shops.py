"""The lab's shops for apps: which app each storefront offers, on its pages and in its interface."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct, field

from probe.lab import pages
from probe.lab.records import Answer, Site

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from probe.lab.records import Request

EVERYWHERE: Final = ("324715238", "org.wikipedia", "686449807", "org.telegram.messenger")
"""Offered in every storefront: control apps, and what the catalogue names as offered."""
APPLE, INTERFACE, GOOGLE = "apps.apple.com", "itunes.apple.com", "play.google.com"
TOO_MANY = pages.page("Sorry...", "<p>Our systems have detected unusual traffic.</p>", 429)


class Shelf(Struct, frozen=True, kw_only=True):
    """What a shop has: storefronts by app, `*` for all of them; apps whose pages meet too many requests."""

    apps: Mapping[str, Collection[str]] = field(default_factory=dict)
    busy: Collection[str] = ()
    outage: str = ""
    """Of the interface: error, a page of 503; empty, it finds nothing whatever it is asked."""

    def offers(self, app: str, storefront: str) -> bool:
        """Say whether a storefront offers an app."""
        where = self.apps.get(app, ())
        return app in EVERYWHERE or storefront in where or "*" in where


def sites(shelf: Shelf) -> dict[str, Site]:
    """Return the hosts of both shops, as they answer everybody."""

    def apple(request: Request) -> Answer:
        storefront, _, app = request.path.strip("/").partition("/app/id")
        return _page(shelf, app, storefront, request)

    def google(request: Request) -> Answer:
        asked = parse_qs(urlsplit(request.path).query)
        app, storefront = asked.get("id", [""])[0], asked.get("gl", [""])[0].lower()
        return _page(shelf, app, storefront, request)

    def interface(request: Request) -> Answer:
        asked = parse_qs(urlsplit(request.path).query)
        if shelf.outage == "error":
            return pages.UNAVAILABLE
        wanted, storefront = asked.get("id", [""])[0].split(","), asked.get("country", [""])[0]
        found = [] if shelf.outage else [app for app in wanted if shelf.offers(app, storefront)]
        body = {"resultCount": len(found), "results": [{"trackId": int(app)} for app in found]}
        return Answer(headers=(("Content-Type", "text/javascript"),), body=json.dumps(body).encode())

    return {APPLE: Site(answer=apple), GOOGLE: Site(answer=google), INTERFACE: Site(answer=interface)}


def _page(shelf: Shelf, app: str, storefront: str, request: Request) -> Answer:
    """Return the page of an app; any other path is the shop's own."""
    if not app:
        return pages.own_page(request.host)
    if app in shelf.busy:
        return TOO_MANY
    return pages.page(f"App {app}", "<p>Get it.</p>") if shelf.offers(app, storefront) else pages.NOT_FOUND
