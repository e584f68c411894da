"""Innocent worlds where the service itself is broken, for everybody: down, never blocked."""

from __future__ import annotations

from probe.lab import injected, pages
from probe.lab.interference import IT, NEWS, NEWS_HOST, QUICK, SERVICE
from probe.lab.records import Answer, Expected, Scenario, Site


def _for_all(name: str, title: str, site: Site, twin: str) -> Scenario:
    """Return a world where the service itself is broken, for everybody."""
    return Scenario(
        name=name,
        title=title,
        services=(SERVICE,),
        sites={IT[0]: site},
        expected=(Expected(subject=SERVICE, state="down"),),
        twin=twin,
        options=QUICK,
    )


_BROKEN = (
    _for_all("down-for-all", "Its servers refuse everybody", Site(syn="reset"), "tcp-reset"),
    _for_all("silent-for-all", "Its servers are silent for everybody", Site(syn="drop"), "tcp-drop"),
    _for_all("tls-silent-for-all", "Its TLS hangs for everybody", Site(hello="drop"), "tls-drop-sni"),
    _for_all("tls-reset-for-all", "Its TLS resets everybody", Site(hello="reset"), "tls-reset-sni"),
    _for_all("bad-cert-for-all", "Its certificate has expired", Site(certificate="expired"), "tls-mitm"),
    _for_all("broken-dnssec", "Its zone fails validation", Site(dns="bogus"), "dns-servfail"),
    _for_all("nxdomain-for-all", "Its name is gone", Site(dns="nxdomain"), "dns-nxdomain"),
)

_BROKEN_PLAIN = tuple(
    Scenario(
        name=name,
        title=title,
        urls=(NEWS,),
        sites={NEWS_HOST[0]: Site(answer=pages.always(Answer(act=act)))},
        expected=(Expected(subject=NEWS, state="down"),),
        twin=twin,
        options=QUICK,
    )
    for name, title, act, twin in (
        ("http-reset-for-all", "Its web server resets everybody", injected.reset, "http-reset-host"),
        ("http-silent-for-all", "Its web server is silent for everybody", injected.swallow, "http-drop-host"),
        ("http-eof-for-all", "Its web server hangs up on everybody", injected.fin, "http-fin-host"),
    )
)

BROKEN = (*_BROKEN, *_BROKEN_PLAIN)
