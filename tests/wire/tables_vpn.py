"""Tunnels and calls on the wire: handshakes or data that vanish; servers and networks that are merely so."""

from __future__ import annotations

from typing import Any, Final

from probe.lab.records import Site
from probe.lab.tunnels import DOMAIN
from wire.packets import UDP
from wire.scenario import LINK, Row, Scenario, at


def name(label: str) -> str:
    """Return the name of a server of the lab."""
    return f"{label}.{DOMAIN}"


def wireguard(label: str) -> str:
    """Return the input of a WireGuard server of the lab."""
    return f"wireguard://{name(label)}:51820"


def files(*names: str) -> tuple[str, ...]:
    """Return the options that name files of keys, which the world wrote."""
    named = [part for one in names for part in ("--vpn", f"{{folder}}/{one}")]
    return (*named, "--include-high-risk")


def drops(protocol: str, label: str, port: int, *types: int) -> dict[str, Any]:
    """Return a censor of messages of these types with one server."""
    return {
        "kind": "tunnel", "protocol": protocol, "types": list(types), "ports": [port],
        "addresses": [f"of {name(label)}"], "label": f"{protocol} {types} {label}",
    }  # fmt: skip


def openvpn(label: str) -> str:
    """Return the input of an OpenVPN server of the lab."""
    return f"openvpn+udp://{name(label)}:1194"


INITIATION, DATA = 1, 4
CLIENT_HELLO: Final = 1
RESETS, PACKETS = (7, 8), (6, 9)
"""OpenVPN's opcodes."""
VPN: Final = (
    Scenario(
        name="tunnel-cut",
        about="handshakes of one server vanish, the data of another, a caller's STUN; a baseline knows them",
        services=("calls",),
        options=files("wg-1.conf", "wg-2.conf"),
        censors=(
            drops("wireguard", "wg-1", 51820, INITIATION),
            drops("wireguard", "wg-2", 51820, DATA),
            at("drop", "of stun.fbsbx.com", ports=[3478], protos=[UDP]),
        ),
        baseline="clean",
        rows=(
            Row(wireguard("wg-1"), "blocked", "vpn.handshake", "path", confirmed=False),
            Row(wireguard("wg-2"), "blocked", "vpn.data", "path", confirmed=False),
            Row("calls/messenger", "blocked", "vpn.handshake", "path", confirmed=False),
            Row("calls/telnyx", "reachable"),
            Row("network", "reachable", "network.none"),
        ),
    ),
    Scenario(
        name="tunnel-openvpn",
        about="an OpenVPN server's resets vanish, the data of another, Tor's ClientHellos",
        services=("tor",),
        options=files("ovpn-1.ovpn", "ovpn-2.ovpn", "wg-quiet.conf"),
        censors=(
            {
                **drops("tls", "tor", 443, CLIENT_HELLO),
                "ports": [80, 443, 9201],
                "addresses": ["of @tor"],
            },
            drops("openvpn", "ovpn-1", 1194, *RESETS),
            drops("openvpn", "ovpn-2", 1194, *PACKETS),
        ),
        baseline="clean",
        rows=(
            Row(openvpn("ovpn-1"), "blocked", "vpn.handshake", "path", confirmed=False),
            Row(openvpn("ovpn-2"), "blocked", "vpn.data", "path", confirmed=False),
            Row(wireguard("wg-quiet"), "reachable"),
            Row("tor", "blocked", "vpn.handshake", "path", confirmed=False),
        ),
    ),
    Scenario(
        name="tunnel-innocent",
        about="a server that is down, keys that it does not know, a port that is closed; 3 % of packets lost",
        services=("tor",),
        options=files("wg-1.conf", "wg-wrong.conf", "wg-down.conf", "ovpn-1.ovpn", "ovpn-down.ovpn"),
        sites={name("wg-down"): Site(syn="drop"), name("ovpn-down"): Site(syn="reset")},
        link={**LINK, "loss": 0.03},
        rows=(
            Row(wireguard("wg-1"), "reachable"),
            Row(wireguard("wg-wrong"), "inconclusive", "", reason="NO_CONTROL"),
            Row(wireguard("wg-down"), "inconclusive", "", reason="NO_CONTROL"),
            Row("tor", "reachable"),
            Row(openvpn("ovpn-1"), "reachable"),
            Row(openvpn("ovpn-down"), "inconclusive", "", reason="SERVER_REFUSED|NO_CONTROL"),
            Row("network", "reachable", "network.none"),
        ),
    ),
    Scenario(
        name="tunnel-office",
        about="a firewall lets out no UDP but to resolvers; a baseline knew it all alive",
        services=("calls",),
        options=files("wg-1.conf"),
        censors=(at("drop", "0.0.0.0/0", "::/0", ports=[443, 3478, 51820], protos=[UDP]),),
        baseline="clean",
        rows=(
            Row(wireguard("wg-1"), "inconclusive", "", reason="NO_CONTROL"),
            Row("calls/messenger", "inconclusive", "", reason="NO_CONTROL"),
            Row("network", "reachable", "network.none"),
        ),
    ),
)
