"""A world in which a registry and a view of routing answer, and the path to a carrier is one hop long."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from probe.lab import pages
from probe.lab.interference import QUICK
from probe.lab.records import Answer, Expected, Scenario, Site

if TYPE_CHECKING:
    from probe.lab.records import Request

KNOWN, PREFIX = "registry://AS3333", "registry://193.0.0.0/21"
GONE = "registry://193.0.8.0/21"
"""The registry has nothing of it, and nobody announces it."""
PERSON = {
    "vcardArray": ["vcard", [["fn", {}, "text", "A Person"], ["email", {}, "text", "person@example.org"]]]
}
BEGAN, CHANGED = "2002-09-03T11:05:22Z", "2026-06-26T12:44:53Z"


def _rdap(request: Request) -> Answer:
    """Answer as a registry does, of what it holds; 404 for the rest."""
    path = urlsplit(request.path).path
    common: dict[str, Any] = {
        "status": ["active"],
        "entities": [PERSON],
        "events": [
            {"eventAction": "registration", "eventDate": BEGAN},
            {"eventAction": "last changed", "eventDate": CHANGED},
        ],
        "port43": "whois.ripe.net",
    }
    if path == "/autnum/3333":
        numbers = {"objectClassName": "autnum", "startAutnum": 3333, "endAutnum": 3333}
        return _json({**numbers, "handle": "AS3333", **common})
    if path == "/ip/193.0.0.0/21":
        ends = {"startAddress": "193.0.0.0", "endAddress": "193.0.7.255", "country": "NL"}
        return _json({"objectClassName": "ip network", "handle": "193.0.0.0 - 193.0.7.255", **ends, **common})
    return Answer(status=404, headers=(("Content-Type", "application/rdap+json"),), body=b'{"errorCode":404}')


def _routing(request: Request) -> Answer:
    """Answer as RIPEstat does: of what nobody announces, that nobody sees it."""
    resource = parse_qs(urlsplit(request.path).query).get("resource", [""])[0]
    is_seen = resource in ("AS3333", "193.0.0.0/21")
    seen = {"time": "2026-11-21T16:00:00"} if is_seen else {}
    data: dict[str, Any] = {
        "resource": resource.removeprefix("AS"),
        "query_time": "2026-11-21T16:00:00",
        "visibility": {
            "v4": {"ris_peers_seeing": 328 if is_seen else 0, "total_ris_peers": 330},
            "v6": {"ris_peers_seeing": 0, "total_ris_peers": 341},
        },
        "first_seen": {"time": "2000-08-17T16:00:00"} if is_seen else {},
        "last_seen": seen,
        "origins": [{"origin": 3333, "route_objects": ["RIPE"]}] if resource == "193.0.0.0/21" else [],
    }
    return _json({"data_call_name": "routing-status", "data": data})


def _json(tree: object) -> Answer:
    headers = (("Content-Type", "application/json"),)
    return Answer(headers=headers, body=json.dumps(tree).encode())


FACTS = (
    Scenario(
        name="facts",
        title="A registry and a view of routing answer about prefixes and an AS number; paths are looked at",
        services=("transit",),
        urls=(KNOWN, PREFIX, GONE),
        sites={"rdap.db.ripe.net": Site(answer=_rdap), "stat.ripe.net": Site(answer=_routing)},
        expected=(Expected(subject="network", state="reachable", mechanism="network.none"),),
        twin="facts-junk",
        options=QUICK,
    ),
    Scenario(
        name="facts-junk",
        title="What answers in the registry's place is no registry, and the view of routing is down",
        services=("transit",),
        urls=(KNOWN,),
        sites={
            "rdap.db.ripe.net": Site(answer=pages.always(pages.WAF_403)),
            "stat.ripe.net": Site(syn="reset"),
        },
        expected=(Expected(subject="network", state="reachable", mechanism="network.none"),),
        twin="facts",
        options=QUICK,
    ),
)
