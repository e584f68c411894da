"""Innocent twins: what is broken, slow, refusing or odd by itself, for everybody or for this client."""

from __future__ import annotations

from typing import Final

from probe.lab import injected, pages
from probe.lab.records import Answer, Site
from wire.scenario import Row, Scenario, at

DOWN: Final = {
    "refuses": Site(syn="reset"),
    "vanished": Site(syn="drop"),
    "unreachable": Site(syn="unreachable"),
    "tls-silent": Site(hello="drop"),
    "tls-reset": Site(hello="reset"),
    "tls-fin": Site(hello="fin"),
    "expired": Site(certificate="expired"),
    "self-signed": Site(certificate="selfsigned"),
    "wrong-name": Site(certificate="wrong-name"),
}
PLAIN_DOWN: Final = {"reset": injected.reset, "silent": injected.swallow, "fin": injected.fin}
ODD: Final = {
    "half-dead": (Site(dead=1), Row("", "reachable")),
    "captcha": (Site(answer=pages.always(pages.CAPTCHA), only_here=True), Row("", "reachable")),
    "busy": (Site(answer=pages.always(pages.UNAVAILABLE), only_here=True), Row("", "reachable")),
    "waf": (
        Site(answer=pages.always(pages.WAF_403), only_here=True),
        Row("", "inconclusive", "", reason="AMBIGUOUS_REFUSAL"),
    ),
    "geo-cloudfront": (
        Site(answer=pages.always(pages.CLOUDFRONT_REFUSAL), only_here=True),
        Row("", "geoblocked", "", "server"),
    ),
    "geo-cloudflare": (
        Site(answer=pages.always(pages.CLOUDFLARE_REFUSAL), only_here=True),
        Row("", "geoblocked", "", "server"),
    ),
    "legal": (
        Site(answer=pages.always(pages.LEGAL_451), only_here=True),
        Row("", "geoblocked", "", "server"),
    ),
    "speaks": (Site(answer=pages.always(pages.SPEAKS_OF_BLOCKING)), Row("", "reachable")),
    "locale": (Site(answer=pages.locale_redirect), Row("", "reachable")),
    "slow": (Site(answer=pages.slow(3.0)), Row("", "reachable")),
    "huge": (Site(answer=pages.huge), Row("", "reachable")),
}


def _url(what: str, scheme: str = "https") -> str:
    return f"{scheme}://{what}.example.org/"


INNOCENT: Final = (
    Scenario(
        name="down",
        about="servers that fail for everybody",
        urls=(*map(_url, DOWN), *(_url(f"plain-{what}", "http") for what in PLAIN_DOWN)),
        sites={
            **{f"{what}.example.org": site for what, site in DOWN.items()},
            **{
                f"plain-{w}.example.org": Site(answer=pages.always(Answer(act=a)))
                for w, a in PLAIN_DOWN.items()
            },
        },
        rows=(
            *(Row(_url(what), "down", None, "server") for what in DOWN),
            *(Row(_url(f"plain-{what}", "http"), "down", None, "server") for what in PLAIN_DOWN),
            Row("network", "reachable", "network.none"),
        ),
    ),
    Scenario(
        name="odd",
        about="servers that answer this client, or everybody, in their own way",
        urls=(*map(_url, ODD), _url("article", "http")),
        sites={
            **{f"{what}.example.org": site for what, (site, _) in ODD.items()},
            "article.example.org": Site(answer=pages.always(pages.SPEAKS_OF_BLOCKING)),
        },
        options=("--max-mb", "40"),
        rows=(
            *(Row(_url(w), r.state, r.mechanism, r.located, r.reason) for w, (_, r) in ODD.items()),
            Row(_url("article", "http"), "reachable"),
        ),
    ),
    Scenario(
        name="no-control",
        about="addresses vanish and names are reset while the test helper is out of order",
        services=("media-svoboda", "media-dw", "media-wikipedia"),
        world={"helper": "fails"},
        censors=(at("drop", "of www.svoboda.org"),),
        sites={"www.dw.com": Site(hello="reset")},
        rows=(
            Row("media-svoboda/web", "inconclusive", "", reason="CONTROL_FAILED"),
            Row("media-dw/web", "inconclusive", "", reason="CONTROL_FAILED"),
            Row("media-wikipedia/web", "reachable"),
        ),
    ),
)
