"""Worlds where the network is the finding: portal, shutdown, white list, cut cable; and hostile servers."""

from __future__ import annotations

from probe.lab import hostile
from probe.lab.interference import QUICK, SERVICE
from probe.lab.names import PORTAL_NAME
from probe.lab.records import Expected, Rule, Scenario

ABROAD_SILENT = Rule(
    stage="query",
    what="silence",
    addresses=(
        *("8.8.8.8", "8.8.4.4", "2001:4860:4860::8888"),
        *("1.1.1.1", "1.0.0.1", "2606:4700:4700::1111"),
        *("9.9.9.9", "149.112.112.112", "2620:fe::fe"),
    ),
)
"""Resolvers abroad hear nothing."""

NETWORKS = (
    Scenario(
        name="portal",
        title="A log-in page stands before everything",
        services=(SERVICE,),
        rules=(
            Rule(
                stage="request",
                what="redirect",
                unless=(PORTAL_NAME,),
                detail=f"http://{PORTAL_NAME}/?from=",
            ),
            Rule(stage="hello", what="reset"),
        ),
        expected=(
            Expected(
                subject="network", state="inconclusive", mechanism="network.captive_portal", reason_code="*"
            ),
            Expected(subject=SERVICE, state="inconclusive", reason_code="CAPTIVE_PORTAL"),
        ),
        twin="clean",
        options=QUICK,
    ),
    Scenario(
        name="shutdown",
        title="The link is up and nothing answers, at home or abroad",
        services=(SERVICE,),
        rules=(Rule(stage="syn", what="drop"), Rule(stage="query", what="silence")),
        expected=(
            Expected(subject="network", state="inconclusive", reason_code="NO_NETWORK"),
            Expected(subject=SERVICE, state="inconclusive", reason_code="NO_NETWORK"),
        ),
        twin="cable-cut",
        options=QUICK,
    ),
    Scenario(
        name="white-list",
        title="Only listed domestic sites pass; elsewhere SYNs pass and data does not",
        services=(SERVICE,),
        rules=(
            Rule(stage="hello", what="drop", unless=("@domestic_listed",)),
            Rule(stage="request", what="drop", unless=("@domestic_listed",)),
            ABROAD_SILENT,
        ),
        expected=(
            Expected(subject="network", state="blocked", mechanism="network.domestic_only", reason_code="*"),
            Expected(subject=SERVICE, state="inconclusive", reason_code="DOMESTIC_ONLY"),
        ),
        twin="cable-cut",
        options=QUICK,
    ),
    Scenario(
        name="hostile",
        title="Peers that mean harm, each in its own way, beside one that works",
        services=(SERVICE,),
        urls=(
            f"http://{hostile.HONEST}/",
            *map(hostile.url_of, hostile.CORPUS),
        ),
        peers=hostile.CORPUS,
        expected=(Expected(subject=SERVICE, state="reachable"),),
        twin="clean",
        options={"timeout_s": 2.0, "max_bytes": 1_000_000_000, "concurrency": 128},
    ),
    Scenario(
        name="cable-cut",
        title="Everything abroad is silent, everything at home works",
        services=(SERVICE,),
        rules=(
            Rule(stage="syn", what="drop", unless=("@domestic_listed", "@domestic_unlisted")),
            ABROAD_SILENT,
        ),
        expected=(
            Expected(subject="network", state="inconclusive", reason_code="DOMESTIC_ONLY"),
            Expected(subject=SERVICE, state="inconclusive", reason_code="DOMESTIC_ONLY"),
        ),
        twin="white-list",
        options=QUICK,
    ),
)
