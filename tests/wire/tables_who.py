"""Public resolvers on the wire: answered for by another, by a router in the home, and odd by themselves."""

from __future__ import annotations

from typing import Final

from probe.lab.records import Site
from probe.lab.who_worlds import CLOUDFLARE, GOOGLE, UNPUBLISHED
from wire.packets import TCP, UDP
from wire.scenario import LINK, RESOLVERS, Row, Scenario, named

HOME: Final = "192.168.1.1"
_TO_OPERATOR: Final = {"kind": "redirect", "ports": [53], "to": RESOLVERS[0], "to6": RESOLVERS[1]}

WHO: Final = (
    Scenario(
        name="who-stood-in",
        about="the operator's resolver answers for two others, for one over TCP too, and lies about a name",
        services=("google-dns", "cloudflare-dns", "quad9", "media-meduza"),
        censors=(
            named("dns", "forge", ".meduza.io", rcode="NXDOMAIN"),
            {**_TO_OPERATOR, "addresses": list(GOOGLE), "protos": [UDP], "label": "for Google"},
            {**_TO_OPERATOR, "addresses": list(CLOUDFLARE), "protos": [UDP, TCP], "label": "for Cloudflare"},
        ),
        rows=(
            Row("google-dns/udp", "blocked", "dns.intercepted", "unknown", confirmed=False),
            Row("google-dns/udp-second", "blocked", "dns.intercepted", "unknown"),
            Row("google-dns/udp-ipv6", "blocked", "dns.intercepted", "unknown"),
            Row("google-dns/tcp", "reachable"),
            Row("google-dns/dot", "reachable"),
            Row("google-dns/doh", "reachable"),
            Row("google-dns", "blocked", "dns.intercepted", "unknown"),
            Row("cloudflare-dns/udp", "blocked", "dns.intercepted", "unknown"),
            Row("cloudflare-dns/tcp", "blocked", "dns.intercepted", "unknown"),
            Row("cloudflare-dns/dot", "reachable"),
            Row("cloudflare-dns", "blocked", "dns.intercepted", "unknown"),
            Row("quad9", "reachable"),
            Row("media-meduza/web", "blocked", "dns.nxdomain", "path"),
            Row("network", "reachable", "network.none"),
        ),
    ),
    Scenario(
        name="who-odd",
        about="a resolver asks from where its owner never said, one's QUIC is down for all, and 2 % are lost",
        services=("google-dns", "cloudflare-dns", "adguard-dns"),
        sites={"dns.adguard-dns.com": Site(quic="none")},
        world={"askers": dict.fromkeys(GOOGLE, UNPUBLISHED)},
        link={**LINK, "loss": 0.02},
        rows=(
            Row("google-dns/udp", "reachable"),
            Row("google-dns/tcp", "reachable"),
            Row("google-dns", "reachable"),
            Row("cloudflare-dns/udp", "reachable"),
            Row("cloudflare-dns/dot", "reachable"),
            Row("cloudflare-dns", "reachable"),
            Row("adguard-dns/doq", "inconclusive", "", reason="CONTROL_FAILED"),
            Row("adguard-dns", "reachable"),
            Row("network", "reachable", "network.none"),
        ),
    ),
    Scenario(
        name="who-home",
        about="a router in the home, the system's resolver, passes all of UDP/53 on to the operator's",
        services=("google-dns", "media-wikipedia"),
        ends={"resolver": HOME},
        censors=({**_TO_OPERATOR, "but": ["192.0.2.1"], "protos": [UDP]},),
        rows=(
            Row("google-dns/udp", "inconclusive", "", reason="LOCAL_INTERCEPTION"),
            Row("google-dns/udp-ipv6", "inconclusive", "", reason="LOCAL_INTERCEPTION"),
            Row("google-dns/tcp", "reachable"),
            Row("google-dns", "inconclusive", "", reason="LOCAL_INTERCEPTION"),
            Row("media-wikipedia/web", "reachable"),
            Row("network", "reachable", "network.none"),
        ),
    ),
)
