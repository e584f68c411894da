"""The scenarios: worlds to measure in, and what an honest measurement says there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.lab import pages
from probe.lab.names import BLOCK_PAGE_ADDRESS, SYSTEM_RESOLVER
from probe.lab.records import Expected, Rule, Scenario, Site

if TYPE_CHECKING:
    from collections.abc import Mapping

_AT_RESOLVER = {"resolvers": (SYSTEM_RESOLVER,)}

DEMO = Scenario(
    name="demo",
    title="An operator that blocks six services in six ways; one refuses by itself, one is down for everybody",
    services=("twitter", "facebook", "instagram", "telegram", "whatsapp-web", "sanctions-docker", "youtube"),
    urls=(
        "http://news.probe-lab.example/",
        "https://gone.probe-lab.example/",
        "https://flaky.probe-lab.example/",
    ),
    rules=(
        Rule(stage="hello", what="reset", names=("x.com", "twitter.com", "twimg.com", "t.co")),
        Rule(
            stage="query",
            what="nxdomain",
            names=("instagram.com", "cdninstagram.com"),
            resolvers=(SYSTEM_RESOLVER,),
        ),
        Rule(
            stage="query",
            what="forge",
            names=("facebook.com", "fbcdn.net"),
            resolvers=(SYSTEM_RESOLVER,),
            detail=BLOCK_PAGE_ADDRESS,
        ),
        Rule(stage="syn", what="drop", names=("@telegram",)),
        Rule(stage="request", what="page", names=("news.probe-lab.example",), detail="notice"),
        Rule(stage="hello", what="reset", names=("flaky.probe-lab.example",), flows=0.5),
    ),
    sites={
        "gone.probe-lab.example": Site(syn="reset"),
        "hub.docker.com": Site(answer=pages.always(pages.CLOUDFRONT_REFUSAL), only_here=True),
    },
    expected=(
        Expected(subject="twitter", state="blocked", mechanism="tls.reset.sni", located="path"),
        Expected(subject="instagram", state="blocked", mechanism="dns.nxdomain", located="resolver"),
        Expected(subject="facebook", state="blocked", mechanism="dns.blockpage"),
        Expected(subject="telegram", state="blocked", mechanism="tcp.timeout", located="path"),
        Expected(subject="http://news.probe-lab.example/", state="blocked", mechanism="http.blockpage"),
        Expected(subject="sanctions-docker", state="geoblocked", located="server"),
        Expected(subject="https://gone.probe-lab.example/", state="down"),
        Expected(
            subject="https://flaky.probe-lab.example/", state="inconclusive", reason_code="INTERMITTENT"
        ),
        Expected(subject="whatsapp-web", state="reachable"),
        Expected(subject="youtube", state="reachable"),
        Expected(subject="network", state="reachable", mechanism="network.none"),
    ),
)

CLEAN = Scenario(
    name="clean",
    title="Nobody interferes",
    services=("twitter",),
    expected=(Expected(subject="twitter", state="reachable"),),
)

_ALL = (
    DEMO,
    CLEAN,
    Scenario(
        name="tls-reset-sni",
        title="RST after a ClientHello with the name, at any address",
        services=("twitter",),
        rules=(Rule(stage="hello", what="reset", names=("@twitter",)),),
        expected=(Expected(subject="twitter", state="blocked", mechanism="tls.reset.sni", located="path"),),
        twin="down-for-all",
    ),
    Scenario(
        name="dns-nxdomain",
        title="The operator's resolver says that the name does not exist",
        services=("twitter",),
        rules=(Rule(stage="query", what="nxdomain", names=("@twitter",), resolvers=(SYSTEM_RESOLVER,)),),
        expected=(
            Expected(subject="twitter", state="blocked", mechanism="dns.nxdomain", located="resolver"),
        ),
        twin="broken-dnssec",
    ),
)

SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _ALL}


def scenario_named(name: str) -> Scenario:
    """Return a scenario. Raises KeyError with the names there are."""
    if name not in SCENARIOS:
        raise KeyError(f"no scenario {name!r}; there are: {', '.join(SCENARIOS)}")
    return SCENARIOS[name]
