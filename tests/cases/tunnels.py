"""Golden cases: what was exchanged with a tunnel's server, one exchange a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.model import failure as f
from probe.model.vpn import VPNExchange

if TYPE_CHECKING:
    from cases.script import When

PORTS = {"wireguard": 51820, "openvpn": 1194, "stun": 3478}
FAILURES = {
    "ok": None,
    "timeout": f.TIMEOUT,
    "reset": f.CONNECTION_RESET,
    "refused": f.CONNECTION_REFUSED,
    "unreachable": f.HOST_UNREACHABLE,
    "untrusted": f.TLS_UNKNOWN_AUTHORITY,
}


def an_exchange(ip: str, said: str, extra: dict[str, str], when: When) -> VPNExchange:
    """`vpn 1.2.3.4 ok|failure [stage=data] [protocol=wireguard] [by=tcp] [arm=neutral] [reached=]`."""
    protocol = extra.get("protocol", "wireguard")
    return VPNExchange(
        t0=when.t0,
        t=when.t,
        failure=FAILURES[said],
        ip=ip,
        port=PORTS[protocol],
        protocol=protocol,  # type: ignore[arg-type]  # a word of the case
        transport="tcp" if extra.get("by") == "tcp" else "udp",
        stage="data" if extra.get("stage") == "data" else "handshake",
        reached=extra.get("reached", ""),
        arm=extra.get("arm", ""),
    )
