"""Scenarios of a network that changes while a run goes on, and of one that is slower than it used to be."""

from __future__ import annotations

from typing import Final

from probe.lab import pages
from probe.lab.names import PORTAL_ADDRESS, PORTAL_NAME
from probe.lab.records import Site
from wire.scenario import LINK, RESOLVERS, Row, Scenario, at

ALL: Final = ("0.0.0.0/0", "::/0")
IMPATIENT: Final = ("--timeout", "2")
FROM_S: Final = 12.0
"""In mid-run: after the first round, before the second."""
PAGES: Final = {"page_bytes": 60_000}
"""Long enough to tell a link's rate by."""

WITHIN: Final = (
    Scenario(
        name="shutdown-midway",
        about="everything falls silent in mid-run and stays so, where runs went well before",
        services=("twitter",),
        options=IMPATIENT,
        history=True,
        censors=(at("drop", *ALL, from_s=FROM_S),),
        rows=(
            Row("network", "blocked", "network.shutdown", "unknown", "SHUTDOWN"),
            Row("twitter/web", "reachable|inconclusive", "", reason="|SHUTDOWN"),
        ),
    ),
    Scenario(
        name="dropout",
        about="everything falls silent in mid-run for 35 s: a modem may have done that",
        services=("twitter",),
        options=IMPATIENT,
        history=True,
        censors=(at("drop", *ALL, from_s=FROM_S, until_s=FROM_S + 35),),
        rows=(Row("network", "inconclusive", "", reason="NETWORK_CHANGED"),),
    ),
    Scenario(
        name="white-list-midway",
        about="from mid-run on only listed domestic addresses answer",
        services=("twitter",),
        options=IMPATIENT,
        censors=(at("data", *ALL, but=["of @domestic_listed", *RESOLVERS], from_s=FROM_S),),
        rows=(
            Row("network", "blocked", "network.domestic_only", "unknown", "DOMESTIC_ONLY"),
            Row("twitter/web", "reachable|inconclusive", "", reason="|DOMESTIC_ONLY"),
        ),
    ),
    Scenario(
        name="unplugged",
        about="this machine's own link is gone for half a minute, as in an aeroplane's mode",
        services=("twitter",),
        options=IMPATIENT,
        history=True,
        unplugged=(FROM_S, FROM_S + 30),
        rows=(Row("network", "inconclusive", "", reason="NO_NETWORK"),),
        exit_code=3,
    ),
    Scenario(
        name="unpaid-midway",
        about="in mid-run everything begins to lead to a page that asks for money",
        services=("twitter",),
        options=IMPATIENT,
        sites={PORTAL_NAME: Site(answer=pages.always(pages.PORTAL_LOGIN))},
        ends={"families": "4"},
        censors=(
            {
                "kind": "redirect",
                "ports": [80, 443],
                "protos": [6],
                "to": PORTAL_ADDRESS,
                "from_s": FROM_S,
            },
            at("drop", "::/0"),
        ),
        rows=(Row("network", "inconclusive", "network.captive_portal", reason="CAPTIVE_PORTAL"),),
    ),
    Scenario(
        name="slowed-midway",
        about="all flows that begin in mid-run pass at 64 kbit/s",
        services=("twitter",),
        world=PAGES,
        options=("--timeout", "10"),
        censors=(at("shape", *ALL, rate_bps=64_000, from_s=FROM_S),),
        rows=(Row("network", "inconclusive", "network.degraded", "unknown", "NETWORK_DEGRADED"),),
    ),
    Scenario(
        name="slowed-link",
        about="a link of 128 kbit/s that used to be fast",
        services=("media-wikipedia",),
        history=True,
        link={**LINK, "rate_bps": 128_000.0, "buffer_bytes": 64_000},
        world=PAGES,
        options=("--timeout", "10"),
        rows=(
            Row("network", "inconclusive", "network.degraded", "unknown", "NETWORK_DEGRADED"),
            Row("media-wikipedia/web", "reachable"),
        ),
    ),
)
