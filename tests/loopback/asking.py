"""What tests of the helper client share: a true answer, helpers that say anything, how to ask them."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from msgspec import structs

from loopback.elsewhere import Authority, Session, a_world
from loopback.settings import QUICK, a_session, a_target
from loopback.tempers import read_request, response
from probe.model.target import Step, Target

if TYPE_CHECKING:
    from probe.model.measurement import Measurement
    from probe.model.observation import ControlAnswer

HELPER, HELPER_IP = "https://helper.example/", "93.184.215.20"
SECOND, SECOND_IP = "https://second.example/", "93.184.215.21"
TARGET = a_target("https://target.example/path")

TRUE: dict[str, Any] = {
    "tcp_connect": {"93.184.215.14:443": {"status": True, "failure": None}},
    "tls_handshake": {
        "93.184.215.14:443": {"server_name": "target.example", "status": True, "failure": None}
    },
    "quic_handshake": {},
    "http_request": {
        "body_length": 5000,
        "discovered_h3_endpoint": "",
        "failure": None,
        "title": "The page",
        "headers": {"Server": "x", "Content-Type": "text/html"},
        "status_code": 200,
    },
    "http3_request": None,
    "dns": {"failure": None, "addrs": ["93.184.215.14", "2606:2800::1"]},
    "ip_info": {"93.184.215.14": {"asn": 15133, "flags": 11}},
}


def says(answer: object, *, status: str = "200 OK", asked: list[tuple[str, Any]] | None = None) -> Session:
    """A helper that answers with this, JSON or bytes."""
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, question = await read_request(reader)
        if asked is not None:
            asked.append((head, json.loads(question)))
        writer.write(response(body, status=status))
        await writer.drain()

    return session


def ask(
    ca: Authority,
    helpers: dict[str, Session],
    *,
    target: Target = TARGET,
    addresses: tuple[str, ...] = (),
    times: int = 1,
) -> list[Measurement]:
    """Run the control step against helpers by address; both names resolve."""
    options = structs.replace(QUICK, controls=(HELPER, SECOND) if SECOND_IP in helpers else (HELPER,))

    async def main() -> list[Measurement]:
        async with a_world(ca) as world:
            world.names |= {"helper.example": (HELPER_IP,), "second.example": (SECOND_IP,)}
            for ip, helper in helpers.items():
                await world.serve(ip, 443, helper)
            async with a_session(world, options=options) as session:
                step = Step(target=target, experiment="control", addresses=addresses)
                return [(await session.measure(step)).measurement for _ in range(times)]

    return asyncio.run(main())


def answers(ca: Authority, helper: Session, **more: Any) -> tuple[ControlAnswer, ...]:
    return ask(ca, {HELPER_IP: helper}, **more)[0].controls
