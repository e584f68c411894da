"""Serves a scenario on real ports of every local address: the far side of the wire lab, in a namespace.

`python -m probe.lab.serve --scenario NAME` prints one JSON line when it is ready:
`{"ready": true, "scenario": …, "ca": path of the authority's PEM, "resolver": the system resolver's address,
"controls": […], "services": […], "urls": […], "silent": […], "refusing": […]}`; the last two name addresses
that are down for everybody at the level of the SYN, which only the wire can do to them.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from probe.lab import transfer
from probe.lab.ca import Authority
from probe.lab.dns_server import open_udp, serve_udp_everywhere
from probe.lab.names import HELPERS, SYSTEM_RESOLVERS
from probe.lab.quic_server import PORTS as PORTS_OF_QUIC
from probe.lab.quic_server import QuicWorld, has_quic
from probe.lab.records import Place
from probe.lab.scenarios import scenario_named
from probe.lab.tcp_server import listen, serve_tcp
from probe.lab.tunnels import UDP_PORTS, Datagrams
from probe.lab.web import serve
from probe.lab.world import World

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Sequence

PORTS = (53, 80, 443, 853, 5222, 9201, transfer.PORT)
HOSTS = ("0.0.0.0", "::")


def _local(sock: socket.socket) -> Place:
    """Return the address and port the client connected to: here they are the real ones."""
    host, port, *_ = sock.getsockname()
    return Place(address=host, port=port)


@contextlib.asynccontextmanager
async def serve_world(
    world: World, hosts: Sequence[str] = HOSTS, ports: Sequence[int] = PORTS, dns_port: int = 53
) -> AsyncIterator[None]:
    """Listen on the real ports of the hosts, TCP and UDP, until the block ends. Raises OSError."""
    async with contextlib.AsyncExitStack() as stack:
        tasks: list[asyncio.Task[None]] = []
        whole = ports == PORTS
        quic = Datagrams(world, QuicWorld(world) if has_quic() else None) if whole else None
        await stack.enter_async_context(transfer.open_transfers(world))
        stack.push_async_callback(_end, tasks)
        for host in hosts:
            for port in ports:
                tasks.append(
                    asyncio.create_task(serve_tcp(listen(host, port), _local, partial(serve, world)))
                )
                await asyncio.sleep(0)  # a task that has begun closes its own listener
            tasks.append(asyncio.create_task(serve_udp_everywhere(world, open_udp(host, dns_port))))
            await asyncio.sleep(0)
            for port in (*PORTS_OF_QUIC, *UDP_PORTS) if quic is not None else ():
                tasks.append(asyncio.create_task(serve_udp_everywhere(world, open_udp(host, port), quic)))
                await asyncio.sleep(0)
        yield


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def readiness(world: World) -> dict[str, Any]:
    """Return what the wire must know of the world."""
    scenario = world.scenario
    states = {address: world.true_syn(address) for address in world.names.all_addresses()}
    return {
        "ready": True,
        "scenario": scenario.name,
        "ca": str(world.ca.path),
        "resolver": SYSTEM_RESOLVERS[0],
        "controls": [f"https://{name}/" for name in HELPERS],
        "services": list(scenario.services),
        "urls": list(scenario.urls),
        "silent": sorted(a for a, state in states.items() if state == "drop"),
        "refusing": sorted(a for a, state in states.items() if state in ("reset", "unreachable")),
    }


async def _main(arguments: argparse.Namespace) -> None:
    from probe.targets import read_catalogue

    catalogue = read_catalogue(arguments.targets)
    with tempfile.TemporaryDirectory(prefix="probe-lab-") as folder:
        authority = Authority(arguments.ca_folder or Path(folder))
        world = World(scenario_named(arguments.scenario), catalogue, authority, seed=arguments.seed)
        world.censored = not arguments.truth
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with serve_world(world):
            line = json.dumps(readiness(world)) + "\n"
            os.write(arguments.ready_fd, line.encode())
            await stop.wait()


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m probe.lab.serve", description=__doc__)
    parser.add_argument("--scenario", required=True)
    parser.add_argument("--truth", action="store_true", help="serve the truth only; the wire is the censor")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ready-fd", type=int, default=1, help="where the JSON line goes; default stdout")
    parser.add_argument("--ca-folder", type=Path, help="where ca.pem is written; default a temporary folder")
    parser.add_argument("--targets", type=Path, help="a catalogue folder other than the shipped one")
    asyncio.run(_main(parser.parse_args(argv)))


if __name__ == "__main__":
    main(sys.argv[1:])
