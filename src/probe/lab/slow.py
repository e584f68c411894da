"""Innocent worlds of speed: slow servers and links, missing objects, helpers that fail. None is throttled."""

from __future__ import annotations

from probe.lab.records import LINK, Expected, Scenario, Site, Speed
from probe.lab.throttled import (
    FROZEN,
    LONG,
    LONG_PAGE,
    NAME,
    NAMES,
    OBJECT,
    OBJECT_HOST,
    OBJECTS,
    ONCE,
    POLICED,
    untold,
)

FAST = Expected(subject=OBJECT, state="reachable")
THIN = Speed(how="shape", rate_bps=200_000, n_bytes=14_600)


def _with(
    name: str,
    title: str,
    site: Site,
    expected: Expected,
    twin: str,
    *,
    link: Speed | None = LINK,
    calibration: float | None = None,
) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        services=(OBJECTS,),
        sites={OBJECT_HOST: site},
        link=link,
        expected=(expected,),
        twin=twin,
        options=ONCE,
        calibration=calibration,
    )


def _helped(name: str, title: str, transfers: str) -> Scenario:
    """Return a world where nobody slows anything, and the helper's transfers are not to be relied on."""
    return Scenario(
        name=name,
        title=title,
        services=(NAMES,),
        transfers=transfers,
        expected=(untold("CONTROL_FAILED", NAME),),
        twin="throttled-name-only",
        options=ONCE,
    )


SLOW = (
    _with("fast", "Nobody slows anything", Site(), FAST, "throttled-name"),
    _with(
        "slow-for-all",
        "Its server is slow for everybody and every name",
        Site(speed=POLICED),
        untold("SLOW_NOT_NAME_DEPENDENT"),
        "throttled-address",
    ),
    _with(
        "other-class",
        "Its server is slow for its own name; other names meet another, faster backend",
        Site(speed=POLICED, speed_of="own"),
        untold("CONTROL_UNCALIBRATED"),
        "throttled-both",
    ),
    _with(
        "other-class-known",
        "The same, and a baseline knows that other names are faster there for everybody",
        Site(speed=POLICED, speed_of="own"),
        untold("CONTROL_UNCALIBRATED"),
        "throttled-both",
        calibration=0.05,
    ),
    _with(
        "frozen-for-all",
        "Its server falls silent after 16 kB for everybody and every name",
        Site(speed=FROZEN),
        untold("PMTU_OR_SERVER"),
        "frozen-name",
    ),
    _with(
        "slow-link",
        "The volunteer's link carries 200 kbit/s",
        Site(),
        untold("LINK_TOO_SLOW"),
        "throttled-name",
        link=THIN,
    ),
    _with("no-object", "Its large object is gone", Site(large="none"), FAST, "throttled-name"),
    _with("tiny-object", "Its large object is two bytes now", Site(large="short"), FAST, "frozen-name"),
    _with(
        "refuses-names",
        "Its server answers 421 where the ClientHello bears a stranger's name",
        Site(own_names_only=True),
        FAST,
        "throttled-both",
    ),
    Scenario(
        name="long-page",
        title="A long page comes slowly, as everything does over a link of 200 kbit/s",
        urls=(LONG_PAGE,),
        link=THIN,
        page_bytes=LONG,
        expected=(Expected(subject=LONG_PAGE, state="reachable"),),
        twin="throttled-page",
        options=ONCE,
    ),
    _helped("transfers-none", "The helper serves no transfers", "none"),
    _helped("transfers-down", "The helper's transfer port resets everybody", "down"),
    _helped("transfers-silent", "The helper never says where its transfers are", "silent"),
    _helped("transfers-junk", "The helper says in junk where its transfers are", "junk"),
    _helped("transfers-certificate", "The helper shows another certificate than it told of", "certificate"),
    _helped("transfers-cut", "The helper hangs up in the middle of a transfer", "cut"),
    _helped(
        "transfers-stall",
        "The helper falls silent in the middle of a transfer, for every name",
        "stall",
    ),
    _helped("transfers-lies", "The helper signs for other bytes than it sent", "lies"),
)
