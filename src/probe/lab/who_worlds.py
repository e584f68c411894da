"""Worlds of public resolvers: answered for by the operator, cut off by name, and odd of their own accord."""

from __future__ import annotations

from probe.lab.interference import QUICK
from probe.lab.records import Expected, Rule, Scenario, Site

GOOGLE = ("8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844")
CLOUDFLARE = ("1.1.1.1", "1.0.0.1", "2606:4700:4700::1111", "2606:4700:4700::1001")
UNPUBLISHED = "185.76.144.53"
"""A public address in nobody's range."""


def _seen(subject: str, state: str, mechanism: str = "", located: str = "", reason: str = "") -> Expected:
    return Expected(
        subject=subject, state=state, mechanism=mechanism, located=located, reason_code=reason, confirmed=None
    )


WHO = (
    Scenario(
        name="resolver-stood-in",
        title="The operator answers what is sent to two resolvers over UDP/53, and to nobody else",
        services=("google-dns", "cloudflare-dns"),
        rules=(Rule(stage="query", what="intercept", addresses=(*GOOGLE, *CLOUDFLARE), transports=("udp",)),),
        expected=(
            _seen("google-dns", "blocked", "dns.intercepted", "unknown"),
            _seen("dns+udp://8.8.8.8:53", "blocked", "dns.intercepted", "unknown"),
            _seen("dns+tcp://8.8.8.8:53", "reachable"),
            _seen("dns+tls://8.8.8.8:853", "reachable"),
            _seen("https://dns.google/dns-query", "reachable"),
            _seen("cloudflare-dns", "blocked", "dns.intercepted", "unknown"),
            _seen("dns+udp://1.0.0.1:53", "blocked", "dns.intercepted", "unknown"),
            _seen("network", "reachable", "network.none"),
        ),
        twin="resolver-odd",
        options=QUICK,
    ),
    Scenario(
        name="resolver-no-tls",
        title="DNS over TLS and HTTPS meets RST after a resolver's name; plain DNS is left alone",
        services=("google-dns",),
        rules=(Rule(stage="hello", what="reset", names=("dns.google",)),),
        expected=(
            _seen("google-dns", "reachable"),
            _seen("dns+udp://8.8.8.8:53", "reachable"),
            _seen("dns+tls://8.8.8.8:853", "inconclusive", reason="CONTROL_FAILED"),
            _seen("https://dns.google/dns-query", "blocked", "tls.reset.sni", "path"),
        ),
        twin="resolver-odd",
        options=QUICK,
    ),
    Scenario(
        name="resolver-odd",
        title="A resolver asks from an address that its owner never published; one's QUIC is down for all",
        services=("google-dns", "cloudflare-dns", "adguard-dns"),
        askers=dict.fromkeys(GOOGLE, UNPUBLISHED),
        sites={"dns.adguard-dns.com": Site(quic="none")},
        expected=(
            _seen("google-dns", "reachable"),
            _seen("dns+udp://8.8.8.8:53", "reachable"),
            _seen("dns+tcp://8.8.4.4:53", "reachable"),
            _seen("cloudflare-dns", "reachable"),
            _seen("adguard-dns", "reachable"),
            _seen("dns+tls://94.140.14.14:853", "reachable"),
            _seen("dns+quic://94.140.14.14:853", "inconclusive", reason="CONTROL_FAILED"),
        ),
        twin="resolver-stood-in",
        options=QUICK,
    ),
)
