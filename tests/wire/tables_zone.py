"""Scenarios of zones: kept out, forged, intercepted; and broken or attacked for everybody."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from probe.lab.names import SYSTEM_RESOLVERS
from probe.lab.records import Broken, Site
from probe.lab.zoned import ROOTS, SERVERS
from wire.scenario import Row, Scenario, at, named

ANCHOR: Final = Path(__file__).parent / "lab_root.ds"
"""The DS record of the lab's root: the shipped one is the real root's."""
OPTIONS: Final = ("--trust-anchor", str(ANCHOR))
OF_ROOTS: Final = [f"of {name}" for name in ROOTS]
OF_SERVERS: Final = [f"of {name}" for name in SERVERS]
RU, RF, SU = "zone-ru/ru", "zone-ru/xn--p1ai", "zone-ru/su"

ZONE: Final = (
    Scenario(
        name="zone-forged",
        about="before the root's true answer about .RU comes a forged denial; .РФ does not exist; .SU passes",
        services=("zone-ru",),
        options=OPTIONS,
        censors=(
            named("dns", "race", "ru", rcode="NXDOMAIN", addresses=OF_ROOTS),
            named("dns", "forge", "xn--p1ai", rcode="NXDOMAIN", addresses=OF_ROOTS),
        ),
        rows=(
            Row(RU, "reachable", "dns.injected", "path", confirmed=True),
            Row(RF, "blocked", "dns.nxdomain", "path", confirmed=False),
            Row(SU, "reachable"),
            Row("network", "reachable", "network.none"),
        ),
    ),
    Scenario(
        name="zone-cut",
        about="the path to the addresses of the servers of all three zones is cut; .РФ has one more",
        services=("zone-ru",),
        options=OPTIONS,
        censors=(at("drop", *OF_SERVERS),),
        rows=(
            Row(RU, "blocked", "dns.timeout", "path", confirmed=False),
            Row(SU, "blocked", "dns.timeout", "path", confirmed=False),
            Row(RF, "reachable"),
        ),
    ),
    Scenario(
        name="zone-intercepted",
        about="the operator's resolver answers every UDP/53 packet, those to root servers too",
        services=("zone-ru",),
        options=OPTIONS,
        censors=(
            {
                "kind": "redirect",
                "ports": [53],
                "protos": [17],
                "to": SYSTEM_RESOLVERS[0],
                "to6": SYSTEM_RESOLVERS[1],
            },
        ),
        rows=(
            Row(RU, "blocked", "dns.intercepted", "unknown"),
            Row(RF, "blocked", "dns.intercepted", "unknown"),
            Row(SU, "blocked", "dns.intercepted", "unknown"),
        ),
    ),
    Scenario(
        name="zone-broken",
        about="signatures of .RU are of another key, those of .РФ have run out; one server of .SU is lame",
        services=("zone-ru",),
        options=OPTIONS,
        world={
            "zones": {
                "ru": Broken(bogus=True),
                "xn--p1ai": Broken(expired=True),
                "su": Broken(lame=SERVERS[:1]),
            }
        },
        rows=(
            Row(RU, "down", "zone.bogus", "server", confirmed=False),
            Row(RF, "down", "zone.bogus", "server", confirmed=False),
            Row(SU, "reachable"),
        ),
    ),
    Scenario(
        name="zone-attacked",
        about="the servers are silent for everybody, as under attack, but for one of .РФ",
        services=("zone-ru",),
        options=OPTIONS,
        sites={server: Site(syn="drop") for server in SERVERS},
        rows=(
            Row(RU, "down", "", "server"),
            Row(SU, "down", "", "server"),
            Row(RF, "reachable"),
        ),
    ),
)
