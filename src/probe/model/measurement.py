"""One target, measured once, from one place."""

from msgspec import Struct

from probe.model.appstore import StoreAnswer
from probe.model.bounds import Real, Seconds, Uid, Utc, Whole
from probe.model.fact import PathTrace, RegistryAnswer
from probe.model.observation import (
    ControlAnswer,
    DNSLookup,
    HTTPRoundTrip,
    LocalFact,
    NetworkEvent,
    TCPConnect,
    TLSHandshake,
)
from probe.model.quic import QUICHandshake
from probe.model.transfer import Transfer
from probe.model.vpn import VPNExchange
from probe.model.who import WhoAnswer
from probe.model.zone import ZoneAnswer, ZoneChain

DATA_FORMAT_VERSION = "0.1.0"


class VantagePoint(Struct, frozen=True, kw_only=True, gc=False):
    """Where the probe stood; never the volunteer's address."""

    probe_asn: str = "AS0"
    asn_source: str = "none"
    """declared, helper (told by one, or signed in its receipts), detected or none."""
    probe_cc: str = "ZZ"
    probe_network_name: str = ""
    region: str = "withheld"
    access_type: str = ""
    resolver_class: str = "unknown"
    """operator, public, private, loopback, named (by --dns) or unknown."""
    resolver_asn: str = ""
    bypass: tuple[str, ...] = ()
    """Declared or detected: vpn, proxy, fake-ip, hosts, zapret."""
    software: str = ""


class Measurement(Struct, frozen=True, kw_only=True, gc=False):
    """Raw evidence: one target x experiment x round. It carries no verdict.

    Observations lie in a tuple per kind, under OONI's names. `started_s` is seconds since the run began
    on a clock that is never stepped; all judging of order and distance in time uses it.
    """

    measurement_uid: Uid
    target_id: str
    service: str
    input: str
    experiment: str
    round: Whole
    is_control: bool
    measurement_start_time: Utc
    started_s: Seconds
    runtime_s: Seconds
    loop_lag_ms: Real = 0.0
    bytes_sent: Whole = 0
    bytes_received: Whole = 0
    interrupted: bool = False
    queries: tuple[DNSLookup, ...] = ()
    tcp_connect: tuple[TCPConnect, ...] = ()
    tls_handshakes: tuple[TLSHandshake, ...] = ()
    requests: tuple[HTTPRoundTrip, ...] = ()
    network_events: tuple[NetworkEvent, ...] = ()
    controls: tuple[ControlAnswer, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    quic_handshakes: tuple[QUICHandshake, ...] = ()
    zone_answers: tuple[ZoneAnswer, ...] = ()
    zone_chains: tuple[ZoneChain, ...] = ()
    vpn_exchanges: tuple[VPNExchange, ...] = ()
    registry_answers: tuple[RegistryAnswer, ...] = ()
    path_traces: tuple[PathTrace, ...] = ()
    store_answers: tuple[StoreAnswer, ...] = ()
    who_answers: tuple[WhoAnswer, ...] = ()
    local: tuple[LocalFact, ...] = ()
    data_format_version: str = DATA_FORMAT_VERSION
