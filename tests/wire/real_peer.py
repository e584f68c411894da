"""Measures a real tunnel server within a network namespace of its own; prints the exchanges as JSON.

`unshare --net python -m wire.real_peer KIND FOLDER` starts the implementation that is installed here at a
public address of the loopback interface, which leads nowhere else.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from probe.lab import wireguard
from probe.measure.dial import RealNetwork
from probe.measure.runner import Session
from probe.measure.wireguard import public_of
from probe.model.options import RunOptions
from probe.model.target import Step, Target
from probe.targets import read_vpn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ADDRESS: Final = "151.101.1.99"
PATIENCE_S: Final = 10.0


def done(*command: str) -> None:
    """Run a command. Raises CalledProcessError."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def key(folder: Path, name: str, content: bytes) -> str:
    """Write a key as wg(8) reads it."""
    path = folder / name
    path.write_text(base64.b64encode(content).decode() + "\n")
    return str(path)


def wireguard_go(folder: Path) -> Iterator[Path]:
    """Serve the lab's keys with wireguard-go; yield the client's file."""
    server = subprocess.Popen(
        ["wireguard-go", "--foreground", "wg0"], env={**os.environ, "LOG_LEVEL": "verbose"},
        stdout=(folder / "server.log").open("w"), stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not Path("/var/run/wireguard/wg0.sock").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        private = key(folder, "server.key", wireguard.SERVER.private_bytes_raw())
        shared = key(folder, "shared.key", wireguard.SHARED)
        peer = base64.b64encode(public_of(wireguard.CLIENT)).decode()
        done("wg", "set", "wg0", "listen-port", "51820", "private-key", private,
             "peer", peer, "preshared-key", shared, "allowed-ips", wireguard.OWN + "/32")  # fmt: skip
        done("ip", "addr", "add", wireguard.INSIDE + "/24", "dev", "wg0")
        done("ip", "link", "set", "wg0", "up")
        path = folder / "client.conf"
        path.write_text(wireguard.conf(f"{ADDRESS}:51820"))
        yield path
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


PEERS: Final[Mapping[str, Callable[[Path], Iterator[Path]]]] = {"wireguard": wireguard_go}


async def measured(path: Path) -> list[dict[str, object]]:
    """Measure the server that the file names."""
    server, keys = read_vpn(path).servers[0]
    target = Target(target_id="real", service="vpn", input=server, experiment="vpn")
    network = RealNetwork()
    async with Session(
        network, options=RunOptions(timeout_s=4.0), run_id="real", started=network.clock.counter(),
        keys={"real": keys},
    ) as session:  # fmt: skip
        found = (await session.measure(Step(target=target, experiment="vpn"))).measurement
    return [asdict(exchange) for exchange in found.vpn_exchanges]


def main() -> None:
    """Start the server, measure it once, stop it."""
    done("ip", "link", "set", "lo", "up")
    done("ip", "addr", "add", ADDRESS + "/32", "dev", "lo")
    for path in PEERS[sys.argv[1]](Path(sys.argv[2])):
        sys.stdout.write(json.dumps(asyncio.run(measured(path))) + "\n")


if __name__ == "__main__":
    main()
