"""Worlds of shops: apps that one country's storefront no longer has, and the innocent ways to find none."""

from __future__ import annotations

from probe.lab.interference import QUICK
from probe.lab.records import Expected, Scenario
from probe.lab.shops import Shelf, sites

PROTON, NORD, SHIELD = "1437005085", "905953485", "1476245357"
G_PROTON, G_NORD = "ch.protonvpn.android", "com.nordvpn.android"
APPLE_RU = "https://apps.apple.com/ru/app/id"
GOOGLE_RU = "https://play.google.com/store/apps/details?id={}&hl=en&gl=RU"

SHOPS = (
    Scenario(
        name="store-delisted",
        title="Two apps are gone from one country's storefronts; one is nowhere; one shop asks to wait",
        services=("store-vpn-apps",),
        sites=sites(Shelf(apps={PROTON: ("us",), SHIELD: ("*",), G_PROTON: ("us",)}, busy=(G_NORD,))),
        expected=(
            Expected(
                subject=APPLE_RU + PROTON, state="reachable", mechanism="store.delisted", located="server"
            ),
            Expected(
                subject=GOOGLE_RU.format(G_PROTON),
                state="reachable",
                mechanism="store.delisted",
                located="server",
                confirmed=False,
            ),
            Expected(subject=APPLE_RU + NORD, state="reachable"),
            Expected(subject=APPLE_RU + SHIELD, state="reachable"),
            Expected(subject=GOOGLE_RU.format(G_NORD), state="reachable"),
            Expected(subject="store-vpn-apps", state="reachable", mechanism="store.delisted"),
        ),
        twin="store-outage",
        options=QUICK,
    ),
    Scenario(
        name="store-outage",
        title="A shop's interface finds nothing, and its pages are gone; the other shop has everything",
        services=("store-vpn-apps",),
        sites=sites(Shelf(apps={PROTON: ("us",), G_PROTON: ("*",), G_NORD: ("*",)}, outage="empty")),
        expected=(
            Expected(subject=APPLE_RU + PROTON, state="reachable"),
            Expected(subject=APPLE_RU + NORD, state="reachable"),
            Expected(subject=GOOGLE_RU.format(G_PROTON), state="reachable"),
            Expected(subject="store-vpn-apps", state="reachable"),
        ),
        twin="store-delisted",
        options=QUICK,
    ),
)
