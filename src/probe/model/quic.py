"""QUIC: one handshake over UDP from a fresh port, and what answered it."""

from typing import Final

from msgspec import Struct

from probe.model.bounds import Seconds, Whole
from probe.model.observation import Certificate

OWN: Final = "target@target"
NEUTRAL: Final = "neutral@target"
VERSION: Final = "version"
SELF_ELSEWHERE: Final = "self@neutral"
"""A neutral's own name at its own server: whether QUIC works on this network at all."""
NEUTRAL_ELSEWHERE: Final = "neutral@neutral"
"""Another neutral's name there: whether that server goes on with names that are not its own."""
OWN_ELSEWHERE: Final = "target@neutral"
VERSION_ELSEWHERE: Final = "version@neutral"
VERSION_1: Final = "00000001"


class QUICHandshake(Struct, frozen=True, kw_only=True, gc=False):
    """One handshake made without verification, its chain verified offline afterwards, as over TCP.

    Silence after the Initial and silence of a server that speaks no QUIC look alike: `version_negotiation`
    and the handshakes under other names tell them apart.
    """

    t0: Seconds
    t: Seconds
    failure: str | None
    ip: str
    port: Whole
    server_name: str | None
    """Sent in the ClientHello; None when none was sent."""
    verified_name: str
    """The name that the certificate had to hold."""
    completed: bool
    offered_version: str = ""
    """Hex of the version in our first packet; one of the reserved ones asks for version negotiation only."""
    quic_version: str = ""
    """Hex of the version that the handshake ended with."""
    server_versions: tuple[str, ...] = ()
    """What a version negotiation packet listed: somebody there speaks QUIC. At most 16."""
    negotiated_protocol: str | None = None
    cipher_suite: str | None = None
    first_byte_s: Seconds | None = None
    """From the first packet sent to the first datagram received."""
    datagrams_received: Whole = 0
    bytes_received: Whole = 0
    close_code: Whole | None = None
    """The error code of the CONNECTION_CLOSE that ended it; 0x100 and above is a TLS alert (RFC 9001)."""
    close_reason: str = ""
    """At most 256 characters."""
    chain_failure: str | None = None
    chain_code: Whole | None = None
    name_matches: bool | None = None
    certificates: tuple[Certificate, ...] = ()
    hop: Whole = 0
    attempt: Whole = 0
    arm: str = ""
    """`<target|neutral|self>@<target|neutral>`: name kind at address kind; `version` and `version@neutral`:
    version negotiation. Empty for a resolver's."""
    trial: Whole = 0
