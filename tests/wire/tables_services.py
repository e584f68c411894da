"""Scenarios of services: each part that letters name apart is cut by itself, or is odd by itself."""

from __future__ import annotations

from typing import Final

from probe.lab import pages
from probe.lab.records import Rule, Site
from wire.scenario import FINE, LINK, RESOLVERS, Row, Scenario, at, named

MIDDLEBOX: Final = "middlebox.probe-lab.example"
HOSTS: Final = tuple(f"e{n}.whatsapp.net" for n in range(1, 17))
DEAD: Final = ("149.154.175.50", "149.154.167.51")
"""Two of Telegram's six addresses."""
SLOW: Final = 600_000
LINE: Final = {**LINK, "rate_bps": 8_000_000.0, "buffer_bytes": 100_000}

SERVICES: Final = (
    Scenario(
        name="services-cut",
        about="data to Telegram vanishes, WhatsApp's names are denied, others are cut in one part",
        services=(
            *("telegram", "telegram-web", "whatsapp", "whatsapp-registration", "whatsapp-web"),
            *("twitter", "instagram", "signal", "youtube"),
        ),
        sites={MIDDLEBOX: Site()},
        rules=(Rule(stage="hello", what="mitm", at=(MIDDLEBOX,), detail="middlebox"),),
        censors=(
            at("data", "of @telegram", ports=[80]),
            at("rst", "of @telegram", ports=[443]),
            named("dns", "forge", *HOSTS, rcode="NXDOMAIN", addresses=RESOLVERS),
            named("tls_name", "drop", ".twimg.com"),
            named("tls_name", "rst", ".instagram.com"),
            named("tls_name", "rst", ".googlevideo.com"),
            {
                "kind": "redirect",
                "addresses": ["of chat.signal.org"],
                "ports": [443],
                "to": f"of {MIDDLEBOX}",
                "to6": f"of {MIDDLEBOX}",
            },
        ),
        rows=(
            Row("telegram/dc1-80", "blocked", "http.timeout", "path"),
            Row("telegram/dc1-443", "blocked", "tcp.refused", "path"),
            Row("telegram", "blocked", None, "path"),
            Row("telegram-web", "reachable"),
            Row("whatsapp/e1-443", "blocked", "dns.nxdomain", "resolver"),
            Row("whatsapp", "blocked", "dns.nxdomain", "resolver"),
            Row("whatsapp-registration", "reachable"),
            Row("whatsapp-web", "reachable"),
            Row("twitter/static", "blocked", "tls.timeout.sni", "path"),
            Row("twitter/web", "reachable"),
            Row("twitter", "blocked", "tls.timeout.sni", "path"),
            Row("instagram/web", "blocked", None, "path"),
            Row("instagram/images", "reachable"),
            Row("instagram", "blocked", None, "path"),
            Row("signal/chat", "blocked", "tls.mitm", "path"),
            Row("signal/storage", "reachable"),
            Row("signal", "blocked", "tls.mitm", "path"),
            Row("youtube/web", "reachable"),
            Row("youtube/video", "blocked", "tls.reset.sni", "path"),
            Row("youtube", "blocked", "tls.reset.sni", "path"),
            FINE,
        ),
    ),
    Scenario(
        name="services-apart",
        about="one part of each service is cut by name or address, and what stands apart from it works",
        services=(
            *("telegram", "telegram-web", "whatsapp", "whatsapp-registration", "whatsapp-web"),
            *("twitter", "facebook", "messenger", "signal", "youtube"),
        ),
        censors=(
            named("tls_name", "drop", ".telegram.org"),
            named("tls_name", "rst", "v.whatsapp.net"),
            named("tls_name", "rst", ".x.com"),
            named("tls_name", "drop", ".fbcdn.net"),
            named("dns", "forge", "www.youtube.com", answers=["10.45.3.2"], addresses=RESOLVERS),
            named("tls_name", "fin", "chat.signal.org"),
            at("drop", "of edge-mqtt.facebook.com"),
        ),
        rows=(
            Row("telegram", "reachable"),
            Row("telegram-web/web", "blocked", "tls.timeout.sni", "path"),
            Row("telegram-web", "blocked", "tls.timeout.sni", "path"),
            Row("whatsapp", "reachable"),
            Row("whatsapp-registration", "blocked", "tls.reset.sni", "path", confirmed=True),
            Row("whatsapp-web", "reachable"),
            Row("twitter/web", "blocked", "tls.reset.sni", "path"),
            Row("twitter", "blocked", "tls.reset.sni", "path"),
            Row("facebook/images", "blocked", "tls.timeout.sni", "path"),
            Row("facebook", "reachable"),
            Row("messenger/edge", "blocked", "tcp.timeout", "path"),
            Row("messenger/web", "reachable"),
            Row("messenger", "blocked", "tcp.timeout", "path"),
            Row("signal", "blocked", "tls.eof.sni", "path"),
            Row("youtube/video", "reachable"),
            Row("youtube/web", "blocked", "dns.bogon", "resolver", confirmed=True),
            Row("youtube", "blocked", "dns.bogon", "resolver", confirmed=True),
            FINE,
        ),
    ),
    Scenario(
        name="services-ailing",
        about="parts of services are dead, expired or refusing for everybody",
        services=(
            *("telegram", "telegram-web", "whatsapp", "whatsapp-registration", "twitter"),
            *("facebook", "instagram", "messenger", "signal", "youtube"),
        ),
        sites={
            **{address: Site(syn="drop") for address in DEAD},
            "t.me": Site(hello="drop"),
            **{name: Site(syn="drop") for name in HOSTS[:8]},
            "v.whatsapp.net": Site(answer=pages.always(pages.page("Bad Request", status=400))),
            "pbs.twimg.com": Site(certificate="expired"),
            "video.twimg.com": Site(syn="drop"),
            "scontent.xx.fbcdn.net": Site(dead=1),
            "scontent.cdninstagram.com": Site(certificate="expired"),
            "b-graph.facebook.com": Site(syn="reset"),
            "redirector.googlevideo.com": Site(syn="drop"),
            "www.youtube.com": Site(quic="none"),
        },
        rows=(
            Row("telegram/dc1-443", "down", None, "server"),
            Row("telegram", "reachable"),
            Row("telegram-web/short-link", "down", None, "server"),
            Row("telegram-web", "reachable"),
            Row("whatsapp/e1-443", "down", None, "server"),
            Row("whatsapp", "reachable"),
            Row("whatsapp-registration", "reachable"),
            Row("twitter/images", "down", None, "server"),
            Row("twitter/video", "down", None, "server"),
            Row("twitter", "reachable"),
            Row("facebook/images", "reachable"),
            Row("facebook", "reachable"),
            Row("instagram/images", "down", None, "server"),
            Row("instagram", "down", None, "server"),
            Row("messenger/graph", "down", None, "server"),
            Row("messenger", "reachable"),
            Row("signal", "reachable"),
            Row("youtube/video", "down", None, "server"),
            Row("youtube", "down", None, "server"),
            FINE,
        ),
    ),
)

OFFICE: Final = (
    Scenario(
        name="services-office",
        about="an office shuts Telegram's 443, all of 5222 and QUIC; some servers are slow by themselves",
        services=("telegram", "telegram-web", "whatsapp", "signal", "youtube"),
        link=LINE,
        throughput=True,
        censors=(
            at("drop", "of @telegram", ports=[443]),
            at("drop", "0.0.0.0/0", "::/0", ports=[5222], protos=[6]),
            {**at("drop", "0.0.0.0/0", "::/0", ports=[443], protos=[17]), "label": "no QUIC"},
            at("shape", "of redirector.googlevideo.com", "of web.telegram.org", rate_bps=SLOW),
        ),
        rows=(
            Row("telegram/dc1-80", "reachable"),
            Row("telegram", "reachable"),
            Row("telegram-web", "reachable"),
            Row("whatsapp/e1-443", "reachable"),
            Row("whatsapp", "reachable"),
            Row("signal", "reachable"),
            Row("youtube/video", "reachable"),
            Row("youtube/quic", "inconclusive", "", reason="NO_CONTROL"),
            Row("youtube", "reachable"),
            FINE,
        ),
    ),
)
"""Speeds are compared there."""
