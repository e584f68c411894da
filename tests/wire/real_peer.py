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
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import asdict

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
PATIENCE_S: Final = 60.0


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


def openvpn(folder: Path, proto: str, wrap: str) -> Iterator[Path]:
    """Serve with OpenVPN itself, certificates of a small authority; yield the client's profile."""
    from probe.lab.openvpn import Pki, profile

    pki = Pki.made()
    for name, text in pki.files().items():
        (folder / name).write_text(text)
    wrapping = {"": (), "auth": ("--tls-auth", "static.key", "0"), "crypt": ("--tls-crypt", "static.key")}
    server = subprocess.Popen(
        ["openvpn", "--dev", "tun9", "--dev-type", "tun", "--proto", proto, "--local", ADDRESS,
         "--port", "1194", "--server", "10.77.0.0", "255.255.255.0", "--topology", "subnet",
         "--keepalive", "10", "60",
         "--ca", "ca.pem", "--cert", "server.pem", "--key", "server-key.pem", "--dh", "none", "--verb", "4",
         *wrapping[wrap]],
        cwd=folder, stdout=(folder / "server.log").open("w"), stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + PATIENCE_S
        log = folder / "server.log"
        while "Initialization Sequence Completed" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.1)
        path = folder / "client.ovpn"
        path.write_text(profile(pki, ADDRESS, 1194, proto.partition("-")[0], wrap))
        yield path
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


def obfs4proxy(folder: Path) -> Iterator[Path]:
    """Serve with obfs4proxy as Tor would start it; yield the bridge line that it tells."""
    server = subprocess.Popen(
        ["obfs4proxy"], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "TOR_PT_MANAGED_TRANSPORT_VER": "1", "TOR_PT_STATE_LOCATION": str(folder / "pt"),
             "TOR_PT_SERVER_TRANSPORTS": "obfs4", "TOR_PT_SERVER_BINDADDR": f"obfs4-{ADDRESS}:4444",
             "TOR_PT_ORPORT": "127.0.0.1:9001"},
    )  # fmt: skip
    try:
        assert server.stdout
        told = next(line for line in server.stdout if line.startswith("SMETHOD obfs4 "))
        cert = told.partition("cert=")[2].partition(",")[0]
        path = folder / "bridge.txt"
        path.write_text(f"Bridge obfs4 {ADDRESS}:4444 {'0' * 40} cert={cert} iat-mode=0\n")
        yield path
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


PEERS: Final[Mapping[str, Callable[[Path], Iterator[Path]]]] = {
    "wireguard": wireguard_go,
    "obfs4": obfs4proxy,
    "openvpn-udp": lambda folder: openvpn(folder, "udp", ""),
    "openvpn-udp-auth": lambda folder: openvpn(folder, "udp", "auth"),
    "openvpn-udp-crypt": lambda folder: openvpn(folder, "udp", "crypt"),
    "openvpn-tcp-crypt": lambda folder: openvpn(folder, "tcp-server", "crypt"),
}


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
