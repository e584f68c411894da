"""The scenarios by name: the demo, the worlds with a censor, and their innocent twins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.lab import pages
from probe.lab.facts import FACTS
from probe.lab.innocent import INNOCENT
from probe.lab.interference import INTERFERENCE
from probe.lab.names import NOTICE_ADDRESS, SYSTEM_RESOLVERS
from probe.lab.networks import NETWORKS
from probe.lab.parts import PARTS
from probe.lab.quic_server import has_quic
from probe.lab.quic_worlds import QUIC
from probe.lab.records import Expected, Rule, Scenario, Site
from probe.lab.shop_worlds import SHOPS
from probe.lab.slow import SLOW
from probe.lab.throttled import POLICED, THROTTLED
from probe.lab.who_worlds import WHO
from probe.lab.zoned import ZONED

if TYPE_CHECKING:
    from collections.abc import Mapping

NEWS = "http://news.probe-lab.example/"
GONE = "https://gone.probe-lab.example/"
SHOP = "https://shop.probe-lab.example/"

DEMO = Scenario(
    name="demo",
    title="An operator blocks services in five ways and slows one; one site refuses, one is down for all",
    services=(
        *("media-meduza", "facebook", "instagram", "telegram-web", "youtube", "sanctions-docker"),
        "google-play",
    ),
    urls=(NEWS, GONE, SHOP),
    rules=(
        Rule(stage="hello", what="reset", names=("@media-meduza",)),
        Rule(stage="query", what="nxdomain", names=("@instagram",), addresses=SYSTEM_RESOLVERS),
        Rule(
            stage="query",
            what="forge",
            names=("@facebook",),
            addresses=SYSTEM_RESOLVERS,
            detail=NOTICE_ADDRESS,
        ),
        Rule(stage="syn", what="drop", names=("@telegram-web",)),
        Rule(stage="request", what="page", names=("news.probe-lab.example",), detail="notice"),
        Rule(stage="flow", what="slow", names=("googlevideo.com",), speed=POLICED),
    ),
    sites={
        "gone.probe-lab.example": Site(syn="reset"),
        "hub.docker.com": Site(answer=pages.always(pages.CLOUDFRONT_REFUSAL), only_here=True),
        "shop.probe-lab.example": Site(answer=pages.always(pages.WAF_403), only_here=True),
    },
    expected=(
        Expected(subject="network", state="reachable", mechanism="network.none"),
        Expected(subject="media-meduza", state="blocked", mechanism="tls.reset.sni", located="path"),
        Expected(subject="facebook", state="blocked", mechanism="dns.blockpage", located="operator_network"),
        Expected(subject="instagram", state="blocked", mechanism="dns.nxdomain", located="resolver"),
        Expected(subject="telegram-web", state="blocked", mechanism="tcp.timeout", located="path"),
        Expected(
            subject="youtube",
            state="throttled",
            mechanism="throughput.?.sni",
            located="path",
            confirmed=True,
        ),
        Expected(subject="google-play", state="reachable"),
        Expected(subject="sanctions-docker", state="geoblocked", located="server"),
        Expected(subject=NEWS, state="blocked", mechanism="http.blockpage"),
        Expected(subject=GONE, state="down"),
        Expected(subject=SHOP, state="inconclusive", reason_code="AMBIGUOUS_REFUSAL"),
    ),
    options={"timeout_s": 4.0, "confirm_after_s": 5.0},
)

SCENARIOS: Mapping[str, Scenario] = {
    s.name: s
    for s in (
        DEMO,
        *INTERFERENCE,
        *THROTTLED,
        *NETWORKS,
        *INNOCENT,
        *PARTS,
        *SLOW,
        *(QUIC if has_quic() else ()),
        *ZONED,
        *SHOPS,
        *FACTS,
        *WHO,
    )
}


def scenario_named(name: str) -> Scenario:
    """Return a scenario. Raises KeyError with the names there are."""
    if name not in SCENARIOS:
        raise KeyError(f"no scenario {name!r}; there are: {', '.join(SCENARIOS)}")
    return SCENARIOS[name]
