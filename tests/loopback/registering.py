"""What tests of registries share: answers as the services give them, and a world in which they are served."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from loopback.elsewhere import Authority, Session, a_world
from loopback.settings import a_session, a_target
from loopback.tempers import read_request, response, tls
from probe.model.target import Step

if TYPE_CHECKING:
    from probe.model.fact import RegistryAnswer
    from probe.model.measurement import Measurement

RDAP_IP, STAT_IP = "93.184.215.30", "93.184.215.31"
REGISTRIES = ("rdap https://rdap.example/", "ripestat https://stat.example/data/routing-status/data.json")

AUTNUM: dict[str, Any] = {
    "handle": "AS3333",
    "startAutnum": 3333,
    "endAutnum": 3333,
    "name": "RIPE-NCC-AS",
    "status": ["active"],
    "entities": [
        {
            "handle": "JD1-RIPE",
            "vcardArray": [
                "vcard",
                [["fn", {}, "text", "Jane Doe"], ["email", {}, "text", "jane@example.org"]],
            ],
            "roles": ["administrative"],
        }
    ],
    "remarks": [{"description": ["call Jane, +7 495 123-45-67"]}],
    "events": [
        {"eventAction": "registration", "eventDate": "2002-09-03T11:05:22Z"},
        {"eventAction": "last changed", "eventDate": "2026-06-26T12:44:53Z"},
        {"eventAction": "transfer", "eventDate": "2020-01-01T00:00:00Z"},
    ],
    "port43": "whois.ripe.net",
    "objectClassName": "autnum",
}
NETWORK: dict[str, Any] = {
    "handle": "193.0.0.0 - 193.0.7.255",
    "startAddress": "193.0.0.0",
    "endAddress": "193.0.7.255",
    "ipVersion": "v4",
    "country": "NL",
    "status": ["active"],
    "events": [{"eventAction": "registration", "eventDate": "2003-03-17T12:15:57Z"}],
    "port43": "whois.ripe.net",
    "objectClassName": "ip network",
}
STATUS: dict[str, Any] = {
    "messages": [["info", "Results exclude routes with very low visibility."]],
    "data_call_name": "routing-status",
    "data": {
        "first_seen": {"prefix": "193.0.0.0/21", "origin": "3333", "time": "2000-08-17T16:00:00"},
        "last_seen": {"prefix": "193.0.0.0/21", "origin": "3333", "time": "2026-11-21T16:00:00"},
        "visibility": {
            "v4": {"ris_peers_seeing": 328, "total_ris_peers": 330},
            "v6": {"ris_peers_seeing": 338, "total_ris_peers": 341},
        },
        "announced_space": {"v4": {"prefixes": 5, "ips": 7168}, "v6": {"prefixes": 2, "48s": 3}},
        "observed_neighbours": 90,
        "resource": "3333",
        "query_time": "2026-11-21T16:00:00",
    },
    "status": "ok",
}
PREFIX_STATUS: dict[str, Any] = {
    **STATUS,
    "data": {
        **STATUS["data"],
        "visibility": {"v4": {"ris_peers_seeing": 328, "total_ris_peers": 330}},
        "announced_space": None,
        "origins": [{"origin": 3333, "route_objects": ["RIPE"]}],
        "resource": "193.0.0.0/21",
    },
}


def says(
    answer: object,
    *,
    status: str = "200 OK",
    headers: tuple[tuple[str, str], ...] = (),
    asked: list[str] | None = None,
) -> Session:
    """A service that answers with this, JSON or bytes."""
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _ = await read_request(reader)
        if asked is not None:
            asked.append(head)
        writer.write(response(body, status=status, headers=headers))
        await writer.drain()

    return session


def measured(
    ca: Authority,
    resource: str,
    rdap: Session | None = None,
    stat: Session | None = None,
    *,
    saved: tuple[RegistryAnswer, ...] = (),
    served_by: Authority | None = None,
    plain: bool = False,
) -> Measurement:
    """Ask two services on loopback about a resource; None is an address where nobody is."""

    async def main() -> Measurement:
        async with a_world(ca) as world:
            world.names |= {"rdap.example": (RDAP_IP,), "stat.example": (STAT_IP,)}
            for ip, service in ((RDAP_IP, rdap), (STAT_IP, stat)):
                if service is not None:
                    await world.serve(ip, 443, service if plain else tls(served_by or ca, service))
            target = a_target(f"registry://{resource}", experiment="registry", registries=REGISTRIES)
            async with a_session(world) as session:
                return (
                    await session.measure(Step(target=target, experiment="registry", saved=saved))
                ).measurement

    return asyncio.run(main())
