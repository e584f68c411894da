"""The lab's tunnel and STUN servers, at every address where somebody lives, and the files of their keys."""

from __future__ import annotations

import asyncio
import ipaddress
import struct
from typing import TYPE_CHECKING, Any, Final

from probe.lab import openvpn, wireguard
from probe.lab.records import Place
from probe.measure import stun, tor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from probe.lab.quic_server import QuicWorld
    from probe.lab.records import Wire
    from probe.lab.world import World

HEADER: Final = 20
STUN_PORTS: Final = (3478, 19302)
UDP_PORTS: Final = (wireguard.PORT, openvpn.PORT, *STUN_PORTS)
OWN_NAMES: Final = {
    "wg-1": {},
    "wg-2": {},
    "wg-quiet": {"inside": "10.66.0.9"},
    "wg-wrong": {"wrong": True},
    "wg-down": {},
}
"""WireGuard servers by the first label of their names, and how their files differ."""
OPENVPN: Final = {"ovpn-1": "crypt", "ovpn-2": "", "ovpn-down": "auth"}
"""OpenVPN servers, and how their control channel is wrapped."""
DOMAIN: Final = "tunnels.example.net"


def write_files(folder: Path) -> None:
    """Write each server's file of keys, `<label>.conf` or `<label>.ovpn`."""
    for label, options in OWN_NAMES.items():
        endpoint = f"{label}.{DOMAIN}:{wireguard.PORT}"
        (folder / f"{label}.conf").write_text(wireguard.conf(endpoint, **options))  # type: ignore[arg-type]  # by name

    for label, wrap in OPENVPN.items():
        text = openvpn.profile(openvpn.Pki.made(), f"{label}.{DOMAIN}", openvpn.PORT, "udp", wrap)
        (folder / f"{label}.ovpn").write_text(text)


class Datagrams:
    """Whoever answers datagrams that are no DNS: tunnels and STUN by their port, QUIC for the rest."""

    def __init__(self, world: World, quic: QuicWorld | None) -> None:
        """Begin without a session."""
        self._world = world
        self._quic = quic
        self._wireguard: dict[str, wireguard.WireGuardServer] = {}
        self._openvpn: dict[str, openvpn.OpenVPNServer] = {}

    def receive(
        self, data: bytes, peer: tuple[Any, ...], place: Place, send: Callable[[bytes, Any], object]
    ) -> None:
        """Take one datagram that was sent to a place."""
        if place.port not in UDP_PORTS:
            if self._quic is not None:
                self._quic.receive(data, peer, place, send)
            return
        world = self._world
        place = Place(address=world.translate(place.address), port=place.port)
        if world.true_syn(place.address) or world.on_quic(place, world.home(place.address, None), whole=True):
            return
        loop = asyncio.get_running_loop()
        for delay, answer in self._answers(data, peer, place):
            loop.call_later(delay + world.rtt_s, send, answer, peer)

    def _answers(self, data: bytes, peer: tuple[Any, ...], place: Place) -> Iterator[tuple[float, bytes]]:
        if place.port in STUN_PORTS:
            yield from bound(data, peer)
        elif place.port == openvpn.PORT:
            label = self._world.home(place.address, None).partition(".")[0]
            if place.address not in self._openvpn:
                made = openvpn.OpenVPNServer(openvpn.Pki.made(), OPENVPN.get(label, ""))
                self._openvpn[place.address] = made
            yield from self._openvpn[place.address].receive(data, peer)
        else:
            yield from self._wireguard.setdefault(place.address, wireguard.WireGuardServer()).receive(data)


def bound(data: bytes, peer: tuple[Any, ...]) -> Iterator[tuple[float, bytes]]:
    """Yield the answer to a binding request: the address that it came from."""
    if len(data) < HEADER or struct.unpack_from("!H", data)[0] != stun.REQUEST:
        return
    address = ipaddress.ip_address(peer[0].partition("%")[0])
    family, mask = (1, data[4:8]) if address.version == 4 else (2, data[4:20])
    packed = bytes(a ^ b for a, b in zip(address.packed, mask, strict=True))
    value = struct.pack("!BBH", 0, family, peer[1] ^ (stun.COOKIE >> 16)) + packed
    attribute = struct.pack("!HH", stun.XOR_MAPPED_ADDRESS, len(value)) + value
    yield 0.0, struct.pack("!HH", stun.SUCCESS, len(attribute)) + data[4:20] + attribute


async def serve_relay(wire: Wire) -> None:
    """Answer Tor's versions with our own, then listen until the client is done."""
    while data := await wire.read(4096):
        if data.startswith(tor.HEAD):
            await wire.write(tor.HEAD + b"\0\2\0\5")
    await wire.close()
