"""Scenarios of the whole network: fine, without a family, cut off, behind a portal or a white list."""

from __future__ import annotations

from typing import Final

from probe.lab import pages
from probe.lab.names import PORTAL_ADDRESS, PORTAL_NAME
from probe.lab.records import Rule, Site
from wire.scenario import FINE, LINK, RESOLVERS, Row, Scenario, at

PORTAL_TO: Final = {"kind": "redirect", "ports": [80, 443], "protos": [6], "to": PORTAL_ADDRESS}
LOSSY: Final = {**LINK, "loss": 0.03}
HOME: Final = ("of @domestic_listed", "of @domestic_unlisted", "77.88.8.0/24", *RESOLVERS)
ONE: Final = ("twitter",)
IMPATIENT: Final = ("--timeout", "2")
"""Where most tries end in silence; a round trip here takes 40 ms."""


def _all_reachable(*subjects: str) -> tuple[Row, ...]:
    return (FINE, *(Row(subject, "reachable") for subject in subjects))


NETWORK: Final = (
    Scenario(
        name="clean",
        about="nobody interferes",
        services=("twitter", "telegram", "whatsapp", "youtube", "google-dns", "sanctions-dropbox"),
        rows=_all_reachable(
            "twitter", "telegram", "whatsapp", "youtube", "google-dns", "sanctions-dropbox", "twitter/web"
        ),
    ),
    Scenario(
        name="no-ipv6",
        about="this link has no IPv6, and its modem reconnects for ten seconds",
        services=("twitter", "telegram"),
        ends={"families": "4"},
        censors=({**at("drop", "0.0.0.0/0", "::/0", from_s=6, until_s=16), "label": "modem"},),
        rows=_all_reachable("twitter", "telegram"),
    ),
    Scenario(
        name="no-ipv4",
        about="this link has no IPv4",
        services=("twitter",),
        ends={"families": "6"},
        rows=_all_reachable("twitter"),
    ),
    Scenario(
        name="nat64",
        about="IPv6 only, with NAT64 and DNS64",
        services=("twitter",),
        ends={"families": "6"},
        world={"nat64": True},
        rows=_all_reachable("twitter"),
    ),
    Scenario(
        name="fake-ip",
        about="a proxy on this machine answers DNS from 198.18.0.0/15",
        services=("twitter",),
        ends={"answering": ("198.18.0.0/15",)},
        world={"fake_ip": True},
        rows=(Row("twitter", "reachable"),),
    ),
    Scenario(
        name="antivirus",
        about="a program on this machine opens all TLS",
        services=("twitter",),
        rules=(Rule(stage="hello", what="mitm", detail="antivirus"),),
        rows=(
            Row("twitter/web", "inconclusive", "", reason="LOCAL_INTERCEPTION"),
            Row("twitter", "inconclusive"),
        ),
    ),
    Scenario(
        name="wrong-clock",
        about="this machine's clock is 400 days behind",
        services=("twitter",),
        clock_days=400,
        rows=_all_reachable("twitter"),
    ),
    Scenario(
        name="lossy",
        about="3 % of packets are lost each way",
        services=("twitter", "telegram"),
        link=LOSSY,
        rows=_all_reachable("twitter", "telegram"),
    ),
    Scenario(
        name="portal",
        options=IMPATIENT,
        about="a log-in page stands before everything",
        services=ONE,
        sites={PORTAL_NAME: Site(answer=pages.always(pages.PORTAL_LOGIN))},
        censors=(PORTAL_TO, at("drop", "::/0")),
        ends={"families": "4"},
        rows=(
            Row("network", "inconclusive", "network.captive_portal", reason="CAPTIVE_PORTAL"),
            Row("twitter/web", "inconclusive", None, reason="CAPTIVE_PORTAL"),
            Row("twitter", "inconclusive", None),
        ),
    ),
    Scenario(
        name="dark",
        options=IMPATIENT,
        about="the link is up and nothing answers, and nothing is known of this network",
        services=ONE,
        censors=(at("drop", "0.0.0.0/0", "::/0"),),
        rows=(
            Row("network", "inconclusive", "", reason="NO_NETWORK"),
            Row("twitter/web", "inconclusive", None, reason="NO_NETWORK"),
        ),
        exit_code=3,
    ),
    Scenario(
        name="shutdown",
        options=IMPATIENT,
        about="the link is up and nothing answers, where two runs went well before",
        services=ONE,
        censors=(at("drop", "0.0.0.0/0", "::/0"),),
        history=True,
        rows=(
            Row("network", "blocked", "network.shutdown", "unknown"),
            Row("twitter/web", "inconclusive", None, reason="SHUTDOWN"),
        ),
    ),
    Scenario(
        name="white-list",
        options=IMPATIENT,
        about="only listed domestic addresses answer",
        services=ONE,
        censors=(at("drop", "0.0.0.0/0", "::/0", but=["of @domestic_listed", *RESOLVERS]),),
        rows=(
            Row("network", "blocked", "network.domestic_only", "unknown"),
            Row("twitter/web", "inconclusive", None, reason="DOMESTIC_ONLY"),
        ),
    ),
    Scenario(
        name="white-list-data",
        options=IMPATIENT,
        about="SYNs pass everywhere, data only to listed domestic addresses",
        services=ONE,
        censors=(at("data", "0.0.0.0/0", "::/0", but=["of @domestic_listed", *RESOLVERS]),),
        rows=(
            Row("network", "blocked", "network.domestic_only", "unknown"),
            Row("twitter/web", "inconclusive", None, reason="DOMESTIC_ONLY"),
        ),
    ),
    Scenario(
        name="cable-cut",
        options=IMPATIENT,
        about="everything at home works, nothing abroad answers",
        services=ONE,
        censors=(at("drop", "0.0.0.0/0", "::/0", but=list(HOME)),),
        rows=(
            Row("network", "inconclusive", "", reason="DOMESTIC_ONLY"),
            Row("twitter/web", "inconclusive", None, reason="DOMESTIC_ONLY"),
        ),
    ),
)
