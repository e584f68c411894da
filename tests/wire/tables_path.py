"""Scenarios of the path: addresses out of reach, names that may not be spoken, pages put in between."""

from __future__ import annotations

from typing import Final

from probe.lab import pages
from probe.lab.names import NOTICE_HOST
from probe.lab.records import Rule, Site
from wire.scenario import Row, Scenario, at, leads, named, start

MIDDLEBOX: Final = "middlebox.probe-lab.example"
TWITTER: Final = (".x.com", ".twitter.com", ".twimg.com", ".t.co")


def page(body: bytes, head: str = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n") -> str:
    """Return the bytes of an injected answer, as text."""
    length = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n" if head else ""
    return head + length + body.decode()


PLAIN: Final = ("rst", "drop", "fin", "notice", "bare", "long", "moved", "strange", "free")
TRUE_LENGTH: Final = len(pages.own_page("long.example.org").body)
PAGES: Final = {
    "notice": page(pages.NOTICE),
    "bare": page(pages.NOTICE, ""),
    "long": page(pages.NOTICE.ljust(TRUE_LENGTH)),
    "moved": f"HTTP/1.1 302 Found\r\nLocation: http://{NOTICE_HOST}/?id=17\r\nContent-Length: 0\r\n\r\n",
    "strange": page(pages.BARE_NOTICE),
}


def _plain_rows(subject: str) -> tuple[Row, ...]:
    """Return what must be said of the nine plain sites; {what} in the subject is filled in."""
    said = {
        "rst": Row("", "blocked", "http.reset.host", "path"),
        "drop": Row("", "blocked", "http.timeout.host", "path"),
        "fin": Row("", "blocked", "http.eof.host", "path"),
        "notice": Row("", "blocked", "http.blockpage", "operator_network", confirmed=True),
        "bare": Row("", "blocked", "http.blockpage", "operator_network", confirmed=True),
        "long": Row("", "blocked", "http.blockpage", "operator_network", confirmed=True),
        "moved": Row("", "blocked", "http.redirect", "operator_network", confirmed=True),
        "strange": Row("", "blocked", "http.blockpage", "path", confirmed=False),
        "free": Row("", "reachable"),
    }
    return tuple(
        Row(subject.format(what=what), row.state, row.mechanism, row.located, row.reason, row.confirmed)
        for what, row in said.items()
    )


_HOSTS = tuple(
    named(
        "http_host",
        what if what in {"rst", "drop", "fin"} else "page",
        f"{what}.example.org",
        page=PAGES.get(what, ""),
    )
    for what in PLAIN
    if what != "free"
)

PATH: Final = (
    Scenario(
        name="address",
        about="SYNs to addresses vanish, meet RST or ICMP; one of two addresses works",
        services=(
            *("telegram", "telegram-web", "whatsapp", "whatsapp-web"),
            *("media-svoboda", "media-dw", "media-meduza", "media-tvrain", "media-wikipedia"),
        ),
        urls=(start("drop"), start("rst"), start("icmp")),
        sites={
            **leads("drop", "https://tvrain.tv/"),
            **leads("rst", "https://www.svoboda.org/"),
            **leads("icmp", "https://www.dw.com/"),
        },
        censors=(
            at("drop", "of @telegram", "of @whatsapp"),
            at("rst", "of www.svoboda.org"),
            at("icmp", "of www.dw.com"),
            at("icmp", "of meduza.io", icmp=[3, 13], icmp6=[1, 1]),
            at("drop", "of tvrain.tv"),
            at("drop", "first of ru.wikipedia.org"),
        ),
        rows=(
            Row("telegram", "blocked", "tcp.timeout", "path"),
            Row("telegram-web", "reachable"),
            Row("whatsapp/e16-5222", "blocked", "tcp.timeout", "path"),
            Row("whatsapp", "blocked", "tcp.timeout", "path"),
            Row("whatsapp-web", "reachable"),
            Row("media-svoboda/web", "blocked", "tcp.refused", "path"),
            Row("media-dw/web", "blocked", "ip.unreachable", "path"),
            Row("media-meduza/web", "blocked", "ip.unreachable", "path"),
            Row("media-tvrain/web", "blocked", "tcp.timeout", "path"),
            Row(start("drop"), "blocked", "tcp.timeout", "path"),
            Row(start("rst"), "blocked", "tcp.refused", "path"),
            Row(start("icmp"), "blocked", "ip.unreachable", "path"),
            Row("media-wikipedia/web", "reachable"),
            Row("network", "reachable", "network.none"),
        ),
    ),
    Scenario(
        name="twitter",
        about="RST after any of a service's names, at any address",
        services=("twitter", "youtube"),
        censors=(named("tls_name", "rst", *TWITTER),),
        rows=(
            Row("twitter/web", "blocked", None, "path"),
            Row("twitter/images", "blocked", None, "path"),
            Row("twitter", "blocked", None, "path"),
            Row("youtube", "reachable"),
        ),
    ),
    *(
        Scenario(
            name=f"tls-{action}",
            about=f"{action} after a name, at any address; names that only resemble it pass",
            services=("media-dw", "media-wikipedia"),
            urls=(start(action), "https://notdw.com/"),
            sites=leads(action, "https://m.dw.com/"),
            censors=(named("tls_name", action, ".dw.com"),),
            rows=(
                Row("media-dw/web", "blocked", f"tls.{what}.sni", "path", confirmed=True),
                Row(start(action), "blocked", f"tls.{what}.sni", "path", confirmed=True),
                Row("media-wikipedia/web", "reachable"),
                Row("https://notdw.com/", "reachable"),
            ),
        )
        for action, what in (("rst", "reset"), ("fin", "eof"), ("drop", "timeout"))
    ),
    Scenario(
        name="tls-address",
        about="RST, FIN or silence after any name at an address, or after one name at one address only",
        services=("media-svoboda", "media-dw", "media-meduza"),
        censors=(
            named("tls_name", "rst", "*", addresses=["of www.svoboda.org"]),
            named("tls_name", "drop", "*", addresses=["of www.dw.com"]),
            named("tls_name", "rst", "meduza.io", addresses=["of meduza.io"]),
        ),
        rows=(
            Row("media-svoboda/web", "blocked", "tls.reset.ip", "path"),
            Row("media-dw/web", "blocked", "tls.timeout.ip", "path"),
            Row("media-meduza/web", "blocked", "tls.reset", "path"),
        ),
    ),
    Scenario(
        name="tls-residual",
        about="after the name nothing passes to that address for a while: that costs only the suffix",
        services=("media-svoboda", "media-dw", "media-wikipedia"),
        censors=(
            named("tls_name", "rst", ".svoboda.org", residual_s=75),
            named("tls_name", "drop", ".dw.com", residual_s=40),
        ),
        rows=(
            Row("media-svoboda/web", "blocked", None, "path"),
            Row("media-dw/web", "blocked", None, "path"),
            Row("media-wikipedia/web", "reachable"),
        ),
    ),
    Scenario(
        name="tls-share",
        about="RST after the name in 60 % of flows; the seeds make it the first 18, 6 and 3 of a name",
        services=("media-svoboda", "media-dw", "media-meduza"),
        censors=(
            named("tls_name", "rst", ".svoboda.org", share=0.6, seed=20224),
            named("tls_name", "rst", ".dw.com", share=0.6, seed=317),
            named("tls_name", "rst", "meduza.io", share=0.6, seed=3746),
        ),
        rows=(
            Row("media-svoboda/web", "blocked", None, "path"),
            Row("media-dw/web", "inconclusive", None, reason="INTERMITTENT"),
            Row("media-meduza/web", "reachable"),
        ),
    ),
    Scenario(
        name="middlebox",
        about="TLS to two names is led to a gateway with a certificate of its own",
        services=("media-svoboda", "media-dw", "media-wikipedia"),
        urls=(start("mitm"),),
        sites={MIDDLEBOX: Site(), **leads("mitm", "https://www.dw.com/ru/")},
        rules=(Rule(stage="hello", what="mitm", at=(MIDDLEBOX,), detail="middlebox"),),
        censors=(
            {
                "kind": "redirect",
                "addresses": ["of www.svoboda.org", "of www.dw.com"],
                "ports": [443],
                "to": f"of {MIDDLEBOX}",
                "to6": f"of {MIDDLEBOX}",
            },
        ),
        rows=(
            Row("media-svoboda/web", "blocked", "tls.mitm", "path"),
            Row("media-dw/web", "blocked", "tls.mitm", "path"),
            Row(start("mitm"), "blocked", "tls.mitm", "path"),
            Row("media-wikipedia/web", "reachable"),
        ),
    ),
    Scenario(
        name="plain",
        about="RST, silence, FIN, pages and a redirect after a Host header on plain HTTP",
        urls=tuple(f"http://{what}.example.org/" for what in PLAIN),
        censors=_HOSTS,
        rows=_plain_rows("http://{what}.example.org/"),
    ),
    Scenario(
        name="plain-behind",
        about="the same behind a redirect from a free site",
        urls=tuple(start(what) for what in PLAIN),
        sites={
            name: site for what in PLAIN for name, site in leads(what, f"http://{what}.example.org/").items()
        },
        world={"urls": tuple(f"http://{what}.example.org/" for what in PLAIN)},
        censors=_HOSTS,
        rows=_plain_rows(start("{what}")),
    ),
)
