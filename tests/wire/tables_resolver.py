"""Scenarios of DNS: one resolver lies, or whatever is asked over UDP is answered by another."""

from __future__ import annotations

from typing import Any, Final

from probe.lab.names import NOTICE_ADDRESS
from probe.lab.records import Rule, Site
from probe.lab.who_worlds import GOOGLE
from wire.scenario import RESOLVERS, Row, Scenario, leads, named, start

BOGON: Final = "10.45.3.2"
STRANGER: Final = "185.76.144.9"
"""A public address in nobody's range, where nobody listens: a lie, or an old record."""
GATED: Final = "185.76.145.9"
"""Another one, behind which a gateway shows a certificate of its own: nobody's old record."""
MIDDLEBOX: Final = "middlebox.probe-lab.example"
HOPS: Final = ("nxdomain", "refused", "servfail", "silent", "bogon", "notice", "forged", "stranger", "empty")
"""Names behind a redirect from a free site, one for each lie."""


def _lies(**more: Any) -> tuple[Any, ...]:
    """Return one lie for each of ten names, told wherever `addresses` says, and the gateway behind one."""
    return (
        named("dns", "forge", ".svoboda.org", "hop-nxdomain.example.net", rcode="NXDOMAIN", **more),
        named("dns", "forge", ".meduza.io", "hop-refused.example.net", rcode="REFUSED", **more),
        named("dns", "forge", ".dw.com", "hop-servfail.example.net", rcode="SERVFAIL", **more),
        named("dns", "drop", ".currenttime.tv", "hop-silent.example.net", **more),
        named("dns", "forge", ".bbc.com", "hop-bogon.example.net", answers=[BOGON], **more),
        named("dns", "forge", ".tvrain.tv", "hop-notice.example.net", answers=[NOTICE_ADDRESS], **more),
        named("dns", "race", ".theins.ru", "hop-forged.example.net", answers=[STRANGER], **more),
        named("dns", "race", ".zona.media", rcode="NXDOMAIN", **more),
        named("dns", "forge", ".istories.media", answers=[GATED], **more),
        named("dns", "forge", "hop-stranger.example.net", answers=[STRANGER], **more),
        {
            "kind": "redirect",
            "addresses": [GATED],
            "ports": [443],
            "to": f"of {MIDDLEBOX}",
            "to6": f"of {MIDDLEBOX}",
        },
        named("dns", "forge", ".novayagazeta.eu", "hop-empty.example.net", **more),
    )


SERVICES: Final = (
    *("media-svoboda", "media-meduza", "media-dw", "media-currenttime", "media-bbc-russian", "media-tvrain"),
    *("media-the-insider", "media-mediazona", "media-istories", "media-novaya-europe", "media-wikipedia"),
)
STARTS: Final = tuple(map(start, HOPS))


def _rows(denied: str) -> tuple[Row, ...]:
    """Return what must be said; `denied` is where a denial is located."""
    return (
        Row("media-svoboda/web", "blocked", "dns.nxdomain", denied),
        Row("media-meduza/web", "blocked", "dns.refused", denied),
        Row("media-dw/web", "blocked", "dns.servfail", denied),
        Row("media-currenttime/web", "blocked", "dns.timeout", "path"),
        Row("media-bbc-russian/web", "blocked", "dns.bogon", denied, confirmed=True),
        Row("media-tvrain/web", "blocked", "dns.blockpage", "operator_network", confirmed=True),
        Row("media-the-insider/web", "blocked", "dns.injected", "path", confirmed=True),
        Row("media-mediazona/web", "blocked", "dns.injected", "path", confirmed=True),
        Row("media-istories/web", "blocked", "dns.hijacked", denied),
        Row("media-novaya-europe/web", "blocked", "dns.no_answer", denied),
        Row("media-wikipedia/web", "reachable"),
        Row(start("nxdomain"), "blocked", "dns.nxdomain", denied),
        Row(start("refused"), "blocked", "dns.refused", denied),
        Row(start("servfail"), "blocked", "dns.servfail", denied),
        Row(start("silent"), "blocked", "dns.timeout", "path"),
        Row(start("bogon"), "blocked", "dns.bogon", denied, confirmed=True),
        Row(start("notice"), "blocked", "dns.blockpage", "operator_network", confirmed=True),
        Row(start("forged"), "blocked", "dns.injected", "path", confirmed=True),
        Row(start("stranger"), "inconclusive", None, reason="CONTENT_DIFFERS"),
        Row(start("empty"), "blocked", "dns.no_answer", denied),
        Row("network", "reachable", "network.none"),
    )


GATEWAY: Final = (Rule(stage="hello", what="mitm", at=(MIDDLEBOX,), detail="middlebox"),)
SITES: Final = {
    MIDDLEBOX: Site(),
    **{name: site for what in HOPS for name, site in leads(what, f"https://hop-{what}.example.net/").items()},
}

RESOLVER: Final = (
    Scenario(
        name="dns-one",
        about="the operator's resolver lies, others do not",
        services=SERVICES,
        urls=STARTS,
        sites=SITES,
        rules=GATEWAY,
        censors=_lies(addresses=RESOLVERS),
        rows=_rows("resolver"),
    ),
    Scenario(
        name="dns-all",
        about="the path lies, whatever resolver is asked over UDP",
        services=SERVICES,
        urls=STARTS,
        sites=SITES,
        rules=GATEWAY,
        censors=_lies(),
        rows=_rows("path"),
    ),
    Scenario(
        name="dns-truth",
        about="names that do not resolve for anybody, and names that resolve otherwise elsewhere",
        services=("media-svoboda", "media-meduza", "media-dw", "media-wikipedia", "google-dns"),
        sites={
            "www.svoboda.org": Site(dns="nxdomain"),
            "meduza.io": Site(dns="servfail"),
            "www.dw.com": Site(dns="bogus"),
        },
        world={"variety": True},
        rows=(
            Row("media-svoboda/web", "down", None, "server"),
            Row("media-meduza/web", "down", None, "server"),
            Row("media-dw/web", "down", None, "server"),
            Row("media-wikipedia/web", "reachable"),
            Row("google-dns", "reachable"),
            Row("network", "reachable", "network.none"),
        ),
    ),
    Scenario(
        name="dns-intercepted",
        about="the operator's resolver answers every UDP/53 packet, even to nobody's address",
        services=("google-dns", "media-wikipedia"),
        censors=(
            {"kind": "redirect", "ports": [53], "protos": [17], "to": RESOLVERS[0], "to6": RESOLVERS[1]},
        ),
        rows=(
            Row("google-dns/udp", "blocked", "dns.intercepted"),
            Row("google-dns/doh", "reachable"),
            Row("google-dns/tcp", "reachable"),
            Row("google-dns", "blocked", "dns.intercepted"),
            Row("media-wikipedia/web", "reachable"),
        ),
    ),
    Scenario(
        name="dns-silenced",
        about="UDP/53 to Google's resolver vanishes, at all of its addresses; its other transports pass",
        services=("google-dns", "cloudflare-dns"),
        censors=(named("dns", "drop", "*", addresses=list(GOOGLE)),),
        rows=(
            Row("google-dns/udp", "blocked", "dns.timeout", "path"),
            Row("google-dns/tcp", "reachable"),
            Row("google-dns/dot", "reachable"),
            Row("google-dns/doh", "reachable"),
            Row("google-dns", "blocked", "dns.timeout", "path"),
            Row("cloudflare-dns/udp", "reachable"),
            Row("cloudflare-dns", "reachable"),
        ),
    ),
)
