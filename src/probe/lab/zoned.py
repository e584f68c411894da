"""Worlds of zones: who answers in a name server's place, who is kept out, what is broken for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.lab.records import Broken, Expected, Rule, Scenario, Site
from probe.lab.zones import anchor

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE: Final = "zone-ru"
RU, RF, SU = "zone://ru", "zone://xn--p1ai", "zone://su"
SERVERS: Final = tuple(f"{letter}.dns.ripn.net" for letter in "abdef")
"""Those of all three zones."""
OF_RF: Final = "c.tld-servers.ru"
"""One that serves .РФ alone."""
ROOTS: Final = tuple(f"{letter}.root-servers.net" for letter in "abcdefghijklm")
OPTIONS: Final[Mapping[str, object]] = {"timeout_s": 4.0, "trust_anchors": (anchor(),)}


def _zone(
    zone: str,
    state: str,
    mechanism: str = "",
    located: str = "",
    reason_code: str = "",
    *,
    confirmed: bool | None = None,
) -> Expected:
    return Expected(
        subject=zone,
        state=state,
        mechanism=mechanism,
        located=located,
        reason_code=reason_code,
        confirmed=confirmed,
    )


_BLIND: Final = (
    Rule(stage="query", what="silence", at=SERVERS),
    Rule(stage="syn", what="drop", names=SERVERS),
)
"""The path to the servers of .RU and .SU, and to all but one of .РФ."""

ZONED: Final = (
    Scenario(
        name="zone-intercepted",
        title="All that is sent to UDP/53 is answered by one resolver, root servers' too",
        services=(SERVICE,),
        rules=(Rule(stage="query", what="intercept", transports=("udp",)),),
        expected=tuple(_zone(zone, "blocked", "dns.intercepted") for zone in (RU, RF, SU)),
        twin="zone-broken",
        options=OPTIONS,
    ),
    Scenario(
        name="zone-servers-dropped",
        title="The path to the servers of .RU and .SU is cut, and one server of .РФ is left",
        services=(SERVICE,),
        rules=_BLIND,
        expected=(
            _zone(RU, "blocked", "dns.timeout", "path", confirmed=False),
            _zone(SU, "blocked", "dns.timeout", "path", confirmed=False),
            _zone(RF, "reachable"),
        ),
        twin="zone-servers-down",
        options=OPTIONS,
    ),
    Scenario(
        name="zone-servers-down",
        title="The servers of .RU and .SU are silent for everybody, as under attack",
        services=(SERVICE,),
        sites={server: Site(syn="drop") for server in SERVERS},
        expected=(
            _zone(RU, "down", "", "server"),
            _zone(SU, "down", "", "server"),
            _zone(RF, "reachable"),
        ),
        twin="zone-servers-dropped",
        options=OPTIONS,
    ),
    Scenario(
        name="zone-denied-first",
        title="Before each root server's true answer comes a forged one: there is no such zone",
        services=(SERVICE,),
        rules=(Rule(stage="query", what="nxdomain_first", at=ROOTS, transports=("udp",)),),
        expected=tuple(
            _zone(zone, "reachable", "dns.injected", "path", confirmed=True) for zone in (RU, RF, SU)
        ),
        twin="zone-broken",
        options=OPTIONS,
    ),
    Scenario(
        name="zone-denied",
        title="Root servers' answers over UDP are replaced: there is no .RU",
        services=(SERVICE,),
        rules=(Rule(stage="query", what="nxdomain", names=("ru",), at=ROOTS, transports=("udp",)),),
        expected=(_zone(RU, "blocked", "dns.nxdomain", "path"), _zone(RF, "reachable")),
        twin="zone-withdrawn",
        options=OPTIONS,
    ),
    Scenario(
        name="zone-withdrawn",
        title="The root zone has no .RU any more, for anybody",
        services=(SERVICE,),
        zones={"ru": Broken(withdrawn=True)},
        sites={"nic.ru": Site(dns="nxdomain")},
        expected=(_zone(RU, "down", "zone.withdrawn", "server"), _zone(SU, "reachable")),
        twin="zone-denied",
        options=OPTIONS,
    ),
    Scenario(
        name="zone-broken",
        title="Signatures of .RU are of another key, those of .РФ too old; one server of .SU is lame",
        services=(SERVICE,),
        zones={"ru": Broken(bogus=True), "xn--p1ai": Broken(expired=True), "su": Broken(lame=SERVERS[:1])},
        expected=(
            _zone(RU, "down", "zone.bogus", "server", confirmed=False),
            _zone(RF, "down", "zone.bogus", "server", confirmed=False),
            _zone(SU, "reachable"),
        ),
        twin="zone-intercepted",
        options=OPTIONS,
    ),
    Scenario(
        name="zone-clock",
        title="This machine's clock is a year behind; .SU is lame everywhere, .РФ has a server that lags",
        services=(SERVICE,),
        clock_shift_s=-400 * 86_400.0,
        zones={"su": Broken(lame=SERVERS), "xn--p1ai": Broken(behind=(OF_RF,))},
        expected=(
            _zone(RU, "reachable"),
            _zone(SU, "down", "zone.lame", "server"),
            _zone(RF, "inconclusive", "zone.inconsistent", "server", "CONTENT_DIFFERS"),
        ),
        twin="zone-intercepted",
        options=OPTIONS,
    ),
)
