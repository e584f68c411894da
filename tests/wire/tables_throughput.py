"""Scenarios of speed: flows slowed by name or address, and innocents that are slow or odd by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from probe.lab.records import Site, Speed
from wire.odd_pages import HOST, small_page, without_length
from wire.scenario import FINE, Row, Scenario, and_service, at, named

if TYPE_CHECKING:
    from collections.abc import Mapping


LINE: Final = {"delay_ms": 30.0, "rate_bps": 8_000_000.0, "buffer_bytes": 100_000}
"""A fixed link: 60 ms there and back, 8 Mbit/s, a tenth of a second in its buffer."""
OBJECT: Final = "twitter/static"
"""A target whose own large object is fetched under its own name and under a neutral one."""
VIDEO: Final = "youtube/video"
"""A target without one: only its name is tried, at neutral servers."""
SMALL_BUCKET: Final = {"rate_bps": 140_000, "burst_bytes": 16_000}
LARGE_BUCKET: Final = {"rate_bps": 140_000, "burst_bytes": 64_000}
"""Twitter 2021: 130-150 kbit/s."""
FAR: Final = {"delay_ms": 150.0, "loss": 0.1}


def _by_tls(action: str, name: str, **more: Any) -> Mapping[str, Any]:
    """Return a censor of a name in the ClientHello, whichever port it is sent to."""
    return named("tls_name", action, name, ports=[443, 8443], **more)


def _slowed(
    name: str, about: str, censor: Mapping[str, Any], *rows: Row, service: str = "twitter", **more: Any
) -> Scenario:
    return Scenario(
        name=name,
        about=about,
        services=(service,),
        censors=(censor,),
        link=LINE,
        throughput=True,
        **more,
        rows=(*and_service(service, rows), Row(f"{service}/web", "reachable"), FINE),
    )


def _innocent(
    name: str, about: str, row: Row, *, link: dict[str, float] | None = None, **more: Any
) -> Scenario:
    return Scenario(
        name=name,
        about=about,
        services=("twitter",),
        link={**LINE, **(link or {})},
        throughput=True,
        rows=(row,),
        **more,
    )


def _by_name(mechanism: str) -> Row:
    """Return what must be said of a name that is slowed; `lossy` is told from `slow` by luck alone."""
    words = (mechanism, "slow") if mechanism == "lossy" else (mechanism,)
    told = "|".join(f"throughput.{word}.sni" for word in words)
    return Row(OBJECT, "throttled", told, "path", "", confirmed=True)


def _untold(reason: str) -> Row:
    return Row(OBJECT, "inconclusive", "", reason=reason)


CENSORED: Final = (
    _slowed(
        "policed-name",
        "a name is policed to 140 kbit/s at any address, its neighbour is not",
        _by_tls("police", ".twimg.com", **SMALL_BUCKET),
        _by_name("policed"),
    ),
    _slowed(
        "policed-bucket",
        "the same with a bucket that lets 64 kB through at once",
        _by_tls("police", ".twimg.com", **LARGE_BUCKET),
        _by_name("policed"),
    ),
    _slowed(
        "policed-video",
        "a name is policed whose own objects nobody can name",
        _by_tls("police", ".googlevideo.com", **SMALL_BUCKET),
        Row(VIDEO, "throttled", "throughput.policed.sni", "path", "", confirmed=True),
        service="youtube",
    ),
    _slowed(
        "policed-unhelped",
        "the same where no helper is known: a neutral server takes the name",
        _by_tls("police", ".googlevideo.com", **SMALL_BUCKET),
        Row(VIDEO, "throttled", "throughput.policed.sni", "path", "", confirmed=True),
        service="youtube",
        helped=False,
    ),
    _slowed(
        "policed-address",
        "an address is policed whatever the name: nobody here can tell it from a slow server",
        at("police", f"of {HOST}", **SMALL_BUCKET),
        _untold("SLOW_NOT_NAME_DEPENDENT"),
    ),
    _slowed(
        "shaped-name",
        "a name waits in a queue of 300 kbit/s",
        _by_tls("shape", ".twimg.com", rate_bps=300_000),
        _by_name("shaped"),
    ),
    _slowed(
        "frozen-bytes",
        "a name's flows freeze after 16 kB",
        _by_tls("freeze", ".twimg.com", after_bytes=16_000),
        _by_name("frozen"),
    ),
    _slowed(
        "frozen-packets",
        "a name's flows freeze after 25 packets",
        _by_tls("freeze", ".twimg.com", after_packets=25),
        _by_name("frozen"),
    ),
    _slowed(
        "far-name",
        "a name is held for 300 ms a round trip, and a tenth of its packets are lost each way",
        _by_tls("spoil", ".twimg.com", **FAR),
        _by_name("lossy"),
    ),
    _slowed(
        "dropped-name",
        "two of five packets that come under a name are dropped at random",
        _by_tls("spoil", ".twimg.com", loss_down=0.4),
        _by_name("lossy"),
    ),
)

KNOWN: Final = (
    _slowed(
        "policed-address-known",
        "an address is policed, and a baseline holds at what rate its object came where nobody interfered",
        at("police", f"of {HOST}", **SMALL_BUCKET),
        Row(OBJECT, "throttled", "throughput.policed.ip", "path", ""),
        baseline="clean",
    ),
    _slowed(
        "policed-pair-known",
        "a name is policed at its own address only; a baseline saw both names alike there",
        _by_tls("police", HOST, addresses=[f"of {HOST}"], **SMALL_BUCKET),
        Row(OBJECT, "throttled", "throughput.policed", "path", ""),
        baseline="clean",
    ),
    _slowed(
        "frozen-address-known",
        "all flows of an address freeze after 16 kB; a baseline saw its object whole",
        at("freeze", f"of {HOST}", after_bytes=16_000),
        Row(OBJECT, "throttled", "throughput.frozen", "path", ""),
        baseline="clean",
    ),
    _slowed(
        "frozen-address",
        "the same without a baseline: a helper gets the object whole",
        at("freeze", f"of {HOST}", after_bytes=16_000),
        Row(OBJECT, "throttled", "throughput.frozen", "path", "", confirmed=False),
    ),
    _slowed(
        "frozen-address-alone",
        "the same where nobody knows how the server is elsewhere",
        at("freeze", f"of {HOST}", after_bytes=16_000),
        _untold("PMTU_OR_SERVER"),
        helped=False,
    ),
)

SPED: Final = (
    _innocent("fair", "a fixed link, and nobody interferes", Row(OBJECT, "reachable")),
    _innocent(
        "slow-server",
        "the server is slow for everybody and every name",
        _untold("SLOW_NOT_NAME_DEPENDENT"),
        censors=(at("shape", f"of {HOST}", rate_bps=600_000),),
    ),
    _innocent(
        "frozen-server",
        "the server falls silent after 16 kB for everybody, a helper included",
        _untold("PMTU_OR_SERVER"),
        sites={HOST: Site(speed=Speed(how="freeze", n_bytes=16_384))},
    ),
    _innocent(
        "rate-class",
        "the server has another rate for its own name than for others",
        _untold("CONTROL_UNCALIBRATED"),
        censors=(_by_tls("shape", HOST, rate_bps=600_000, addresses=[f"of {HOST}"]),),
    ),
    _innocent(
        "slow-server-known",
        "the server is slow for everybody, and was when the baseline was recorded",
        _untold("SLOW_NOT_NAME_DEPENDENT"),
        censors=(at("shape", f"of {HOST}", rate_bps=600_000),),
        baseline="same",
    ),
    _innocent(
        "rate-class-known",
        "two rates for two names, as the baseline has it too",
        _untold("CONTROL_UNCALIBRATED"),
        censors=(_by_tls("shape", HOST, rate_bps=600_000, addresses=[f"of {HOST}"]),),
        baseline="same",
    ),
    _innocent("slow-link", "a link of 250 kbit/s", _untold("LINK_TOO_SLOW"), link={"rate_bps": 250_000.0}),
    _innocent("lossy-link", "a link that loses 3 % each way", Row(OBJECT, "reachable"), link={"loss": 0.03}),
    _innocent(
        "loaded-machine",
        "a second flow of this machine fills the link",
        _untold("BACKGROUND_TRAFFIC"),
        background="machine",
    ),
    _innocent(
        "loaded-home",
        "a second flow of the home fills the link",
        Row(OBJECT, "reachable|inconclusive", "", reason="|EFFECT_BELOW_FLOOR|LINK_TOO_SLOW"),
        background="home",
    ),
    _innocent(
        "black-hole",
        "large packets from the server vanish, and nobody says so; its page fits into a small one",
        _untold("PMTU_OR_SERVER"),
        sites={HOST: Site(answer=small_page)},
        censors=(at("narrow", f"of {HOST}", mtu=1450),),
    ),
    _innocent(
        "black-hole-page",
        "the same, and its page comes in large packets too",
        _untold("PMTU_OR_SERVER"),
        censors=(at("narrow", f"of {HOST}", mtu=1450),),
    ),
    _innocent(
        "short-object",
        "the object is short and its length is not told",
        Row(OBJECT, "reachable"),
        sites={HOST: Site(answer=without_length)},
    ),
    _innocent(
        "radio-stalls",
        "the link stands still for 2 s in every 10",
        Row(OBJECT, "reachable"),
        link={"stall_every_s": 10.0, "stall_s": 2.0},
    ),
    _innocent(
        "no-object",
        "the server does not have the large object any more",
        Row(OBJECT, "reachable"),
        sites={HOST: Site(large="none")},
    ),
    _innocent(
        "helper-down",
        "the helper answers, its transfers do not",
        Row(OBJECT, "reachable"),
        world={"transfers": "down"},
    ),
    _innocent(
        "helper-stalls",
        "the helper's transfers end in silence",
        Row(OBJECT, "reachable"),
        world={"transfers": "stall"},
    ),
    _innocent(
        "no-neutral-server",
        "the neutral servers that take any name, and the helpers, are down",
        Row(OBJECT, "reachable"),
        sites={"speedtest.selectel.ru": Site(syn="drop"), "fsn1-speed.hetzner.com": Site(syn="drop")},
        world={"helper": "fails"},
    ),
)
BAD_HELPERS: Final = tuple(
    Scenario(
        name=f"helper-{whim}-video",
        about=f"only a helper's transfers could tell of a name, and they are of no use: {whim}",
        services=("youtube",),
        link=LINE,
        throughput=True,
        world={"transfers": whim},
        rows=(Row(VIDEO, "inconclusive", "", reason="CONTROL_FAILED"),),
    )
    for whim in ("stall", "lies", "cut", "certificate", "junk", "silent", "down", "none")
)
"""For the tests alone: a helper's whims do not depend on the link."""
INTERFERED: Final = frozenset(s.name for s in (*CENSORED, *KNOWN))
"""Where somebody does interfere, though it cannot always be told."""
THROUGHPUT: Final = (*CENSORED, *KNOWN, *SPED, *BAD_HELPERS)
