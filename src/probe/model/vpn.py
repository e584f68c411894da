"""Tunnels and calls: one exchange with a server of somebody's choice, and the keys, which are never kept."""

from dataclasses import dataclass
from typing import Final, Literal

from msgspec import Struct

from probe.model.bounds import Seconds, Whole

Protocol = Literal["wireguard", "openvpn", "obfs4", "tor", "stun"]
Stage = Literal["handshake", "data"]
Wrap = Literal["", "auth", "crypt"]
"""How OpenVPN's control channel is protected by a static key: not, tls-auth, tls-crypt."""
TUNNELS: Final = "vpn"
"""The service of whatever a user named by its keys."""
TUNNEL_PORTS: Final = {"wireguard": 51820, "openvpn+udp": 1194, "openvpn+tcp": 1194, "stun": 3478}
"""The usual ones, by scheme; tor and obfs4 have none."""
NEUTRAL: Final = "neutral"
"""The arm of a STUN request to a neutral server: whether UDP gets anywhere from here."""


class VPNExchange(Struct, frozen=True, kw_only=True, gc=False):
    """The handshake of one protocol with one address, or the packets sent through what it opened.

    No key, no address within a tunnel and no address that a STUN server told is in it.
    """

    t0: Seconds
    t: Seconds
    failure: str | None
    """Null where the handshake was answered as the keys demand, or at least one packet of data came back."""
    ip: str
    port: Whole
    protocol: Protocol
    transport: Literal["udp", "tcp"]
    stage: Stage
    reached: str = ""
    """How far it came: cookie, reset, tls, keys, mark, mapped; for data echo, packet or versions."""
    packets_sent: Whole = 0
    packets_received: Whole = 0
    """Of the protocol and, where it has keys, authentic."""
    strangers: Whole = 0
    """What else came: not of the protocol, or not authentic."""
    sizes: tuple[Whole, ...] = ()
    """Bytes of each packet of data sent, at most 16."""
    bytes_sent: Whole = 0
    bytes_received: Whole = 0
    first_byte_s: Seconds | None = None
    """From the first packet sent to the first that counted."""
    hop: Whole = 0
    attempt: Whole = 0
    arm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WireGuardKeys:
    """What a WireGuard `.conf` holds for one peer."""

    private_key: bytes
    peer_public_key: bytes
    preshared_key: bytes = bytes(32)
    own: str = ""
    """This end's IPv4 address within the tunnel."""
    inside: str = ""
    """An IPv4 address within it to send echo requests to: the DNS server, or the network's first address."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OpenVPNKeys:
    """What an OpenVPN profile holds: PEM texts, and the static key of its control channel."""

    ca: str
    certificate: str = ""
    private_key: str = ""
    user: str = ""
    password: str = ""
    static_key: bytes = b""
    """256 bytes of tls-auth or tls-crypt; empty where the profile has neither."""
    wrap: Wrap = ""
    direction: int | None = None
    """Key direction of tls-auth; None uses one key both ways."""
    digest: str = "sha1"
    ciphers: tuple[str, ...] = ("AES-256-GCM", "AES-128-GCM", "CHACHA20-POLY1305")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Obfs4Keys:
    """What the `cert=` of a bridge line holds."""

    node_id: bytes
    public_key: bytes


Keys = WireGuardKeys | OpenVPNKeys | Obfs4Keys
