"""Opens a lab: the servers of a scenario on loopback, and the Network that leads everything to them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from probe.lab.ca import Authority
from probe.lab.dns_server import open_udp, serve_udp
from probe.lab.names import HELPERS
from probe.lab.network import LabNetwork, Meant, Ports
from probe.lab.quic_server import QuicWorld, has_quic
from probe.lab.scenarios import scenario_named
from probe.lab.tcp_server import listen, serve_tcp
from probe.lab.transfer import open_transfers
from probe.lab.tunnels import Datagrams
from probe.lab.web import serve
from probe.lab.world import World
from probe.model.measurement import VantagePoint

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from probe.lab.records import CatalogueLike, Expected, Scenario

RTT_S = 0.015
"""What a round trip of the lab takes, so that its figures look like a network's."""


VANTAGE = VantagePoint(
    probe_asn="AS12389",
    asn_source="declared",
    probe_cc="RU",
    probe_network_name="Rostelecom (lab)",
    access_type="fixed",
)
"""A subscriber of the operator whose resolver and notice server the lab holds."""


class Lab(Struct, frozen=True, kw_only=True):
    """An open lab: what to measure through, what to measure, and what must come out."""

    network: LabNetwork
    scenario: Scenario
    controls: tuple[str, ...]
    """URLs of its test helpers, for `RunOptions.controls`."""
    options: Mapping[str, object]
    """Overrides for `RunOptions`."""
    services: tuple[str, ...]
    urls: tuple[str, ...]
    """Inputs to measure beside the services, as by `--url`."""
    expected: tuple[Expected, ...]
    calibration: float | None
    """What a baseline knows of every target's pair of arms; None where there is no baseline."""
    vantage: VantagePoint
    """Where the lab's volunteer stands."""
    seed: int


def _ports(stack: contextlib.AsyncExitStack, host: str) -> tuple[Ports, socket.socket, socket.socket]:
    """Bind the sockets of one family. Raises OSError where the machine has no such loopback."""
    with contextlib.ExitStack() as undo:
        tcp = undo.enter_context(listen(host, 0))
        udp = undo.enter_context(open_udp(host, 0))
        closed = undo.enter_context(socket.socket(tcp.family, socket.SOCK_STREAM))
        closed.bind((host, 0))
        stack.callback(undo.pop_all().close)
    numbers = [s.getsockname()[1] for s in (tcp, udp, closed)]
    return Ports(host=host, tcp=numbers[0], udp=numbers[1], closed=numbers[2]), tcp, udp


@contextlib.asynccontextmanager
async def open_lab(
    scenario: str, catalogue: CatalogueLike, *, seed: int = 1, rtt_s: float = RTT_S
) -> AsyncIterator[Lab]:
    """Serve a scenario on 127.0.0.1 and ::1 until the block ends; everything is closed by then.

    Raises KeyError for a scenario that nobody wrote.
    """
    wanted = scenario_named(scenario)
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="probe-lab-"))
        world = World(wanted, catalogue, Authority(Path(folder)), seed=seed)
        world.rtt_s = rtt_s
        world.has_link = rtt_s > 0
        await stack.enter_async_context(open_transfers(world))
        meant = Meant()
        quic = Datagrams(world, QuicWorld(world) if has_quic() else None)
        ports: dict[int, Ports] = {}
        tasks: list[asyncio.Task[None]] = []
        stack.push_async_callback(_end, tasks)
        for version, host in ((4, "127.0.0.1"), (6, "::1")):
            try:
                ports[version], tcp, udp = _ports(stack, host)
            except OSError:  # a machine without ::1: IPv6 then goes over 127.0.0.1
                ports[version] = ports[4]
                continue
            tasks.append(asyncio.create_task(serve_tcp(tcp, meant.of_tcp, partial(serve, world))))
            tasks.append(asyncio.create_task(serve_udp(world, udp, meant.of, quic)))
        yield Lab(
            network=LabNetwork(world, ports, meant),
            scenario=wanted,
            controls=tuple(f"https://{name}/" for name in HELPERS),
            options=wanted.options,
            services=wanted.services,
            urls=wanted.urls,
            expected=wanted.expected,
            calibration=wanted.calibration,
            vantage=VANTAGE,
            seed=seed,
        )


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
