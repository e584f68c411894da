"""Scenarios of shops for apps, of firms that refuse, and of media with mirrors."""

from __future__ import annotations

from typing import Final

from probe.lab import pages
from probe.lab.records import Answer, Request, Rule, Site
from probe.lab.shop_worlds import APPLE_RU, G_NORD, G_PROTON, GOOGLE_RU, NORD, PROTON, SHIELD
from probe.lab.shops import Shelf, sites
from wire.scenario import Row, Scenario, named
from wire.tables_path import MIDDLEBOX, page

APPS: Final = "store-vpn-apps"
TELEGRAM_KZ: Final = "https://apps.apple.com/kz/app/id686449807"
BANNER: Final = "/content/www/us/en/support/ru-banner-inside.html"
DOCKER: Final = pages.page(
    "403 Forbidden",
    "<p>Since Docker is a US company, we must comply with US export control regulations.</p>",
    403,
)
ABOUT_SANCTIONS: Final = pages.page(
    "What sanctions changed", "<p>Many firms refuse due to international sanctions; we do not.</p>" * 60
)
CLEAR: Final = "http://clear.example.org/"
HOME: Final = "https://{}.example.net/"


def _intel(request: Request) -> Answer:
    """Send visitors from here to a banner, as the firm's site was seen to do."""
    if request.path == BANNER:
        return pages.page("Intel", "<p>We have suspended all business operations in Russia.</p>")
    return pages.redirect(f"https://{request.host}{BANNER}")


def _login(request: Request) -> Answer:
    """Show a page that asks to log in."""
    if request.path == "/signin":
        return pages.page("Sign in", "<form><input name=email></form>")
    return pages.redirect(f"https://{request.host}/signin")


def _only_here(answer: Answer) -> Site:
    return Site(answer=pages.always(answer), only_here=True)


STORES: Final = (
    Scenario(
        name="shops-gone",
        about="two apps are gone from one country's storefronts; one is nowhere; one shop asks to wait",
        services=(APPS,),
        sites=sites(Shelf(apps={PROTON: ("us",), SHIELD: ("*",), G_PROTON: ("us",)}, busy=(G_NORD,))),
        rows=(
            Row(APPLE_RU + PROTON, "reachable", "store.delisted", "server", confirmed=False),
            Row(GOOGLE_RU.format(G_PROTON), "reachable", "store.delisted", "server", confirmed=False),
            Row(APPLE_RU + NORD, "reachable"),
            Row(APPLE_RU + SHIELD, "reachable"),
            Row(GOOGLE_RU.format(G_NORD), "reachable"),
            Row(APPS, "reachable", "store.delisted", "server"),
        ),
    ),
    Scenario(
        name="shops-cut",
        about="one shop's name is reset; the other's interface finds nothing at all, and its pages are gone",
        services=(APPS,),
        sites=sites(Shelf(apps={PROTON: ("us",), G_PROTON: ("*",), G_NORD: ("*",)}, outage="empty")),
        censors=(named("tls_name", "rst", "play.google.com"),),
        options=("--app", "apple:686449807:kz"),
        rows=(
            Row(GOOGLE_RU.format(G_PROTON), "blocked", "tls.reset|tls.reset.sni", "path"),
            Row(GOOGLE_RU.format(G_NORD), "blocked", "tls.reset|tls.reset.sni", "path"),
            Row(APPLE_RU + PROTON, "reachable"),
            Row(APPLE_RU + NORD, "reachable"),
            Row(TELEGRAM_KZ, "reachable"),
        ),
    ),
    Scenario(
        name="firms",
        about="firms that refuse this country, and what only looks like it; a gateway that speaks for one",
        services=tuple(
            f"sanctions-{name}"
            for name in (
                *("adobe", "docker", "intel", "namecheap", "paypal", "ea", "blizzard", "coinbase", "aws"),
                "binance",
            )
        ),
        urls=(CLEAR,),
        sites={
            "www.adobe.com": _only_here(pages.CLOUDFRONT_REFUSAL),
            "hub.docker.com": _only_here(DOCKER),
            "www.intel.com": Site(answer=_intel, only_here=True),
            "www.namecheap.com": _only_here(pages.LEGAL_451),
            "www.paypal.com": _only_here(pages.WAF_403),
            "www.ea.com": _only_here(pages.CAPTCHA),
            "www.blizzard.com": _only_here(ABOUT_SANCTIONS),
            "www.coinbase.com": Site(answer=_login, only_here=True),
            "aws.amazon.com": Site(answer=pages.always(pages.CLOUDFRONT_REFUSAL)),
            MIDDLEBOX: Site(answer=pages.always(pages.CLOUDFRONT_REFUSAL)),
        },
        rules=(Rule(stage="hello", what="mitm", at=(MIDDLEBOX,), detail="middlebox"),),
        censors=(
            {
                "kind": "redirect",
                "addresses": ["of www.binance.com"],
                "ports": [443],
                "to": f"of {MIDDLEBOX}",
                "to6": f"of {MIDDLEBOX}",
            },
            named(
                "http_host",
                "page",
                "clear.example.org",
                page=page(
                    pages.CLOUDFRONT_REFUSAL.body,
                    "HTTP/1.1 403 Forbidden\r\nServer: CloudFront\r\nContent-Type: text/html\r\n",
                ),
            ),
        ),
        rows=(
            *(
                Row(f"sanctions-{name}/web", "geoblocked", "", "server")
                for name in ("adobe", "docker", "intel", "namecheap")
            ),
            Row("sanctions-paypal/web", "inconclusive", "", reason="AMBIGUOUS_REFUSAL"),
            *(Row(f"sanctions-{name}/web", "reachable") for name in ("ea", "blizzard", "coinbase", "aws")),
            Row("sanctions-binance/web", "blocked", "tls.mitm", "path"),
            Row(CLEAR, "inconclusive", "", reason="AMBIGUOUS_REFUSAL"),
        ),
    ),
    Scenario(
        name="media-mirrors",
        about="names of media and of a mirror may not be spoken; one is down, one mirror is retired",
        services=("media-meduza", "media-tvrain", "media-istories", "media-the-insider"),
        urls=tuple(HOME.format(name) for name in ("works", "blocked", "retired")),
        sites={
            "istories.media": Site(syn="reset"),
            "works.example.net": Site(),
            "blocked.example.net": Site(),
            "retired.example.net": Site(dns="nxdomain"),
        },
        censors=(
            named("tls_name", "rst", "meduza.io"),
            named("tls_name", "drop", "tvrain.tv", "blocked.example.net"),
        ),
        rows=(
            Row("media-meduza/web", "blocked", "tls.reset.sni", "path", confirmed=True),
            Row("media-meduza", "blocked", "tls.reset.sni", "path"),
            Row(HOME.format("works"), "reachable"),
            Row("media-tvrain/web", "blocked", "tls.timeout.sni", "path", confirmed=True),
            Row(HOME.format("blocked"), "blocked", "tls.timeout.sni", "path", confirmed=True),
            Row("media-istories/web", "down", "", "server"),
            Row("media-the-insider/web", "reachable"),
            Row(HOME.format("retired"), "down", "", "server"),
        ),
    ),
)
