"""One measurement in the making: its clock, what it has seen so far, and what it may use."""

from __future__ import annotations

import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
from msgspec import Struct, field, structs

from probe.measure.asn_table import AsnTable
from probe.measure.pace import HELLO_GAP_S
from probe.model import failure as f

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from anyio.abc import TaskGroup

    from probe.measure.pace import Pace
    from probe.measure.stream import Stream
    from probe.measure.verify import Verifier
    from probe.model.appstore import StoreAnswer
    from probe.model.fact import PathTrace, RegistryAnswer
    from probe.model.network import Network
    from probe.model.observation import (
        ControlAnswer,
        DNSLookup,
        HTTPRoundTrip,
        LocalFact,
        NetworkEvent,
        TCPConnect,
        TLSHandshake,
    )
    from probe.model.options import RunOptions
    from probe.model.quic import QUICHandshake
    from probe.model.target import Target
    from probe.model.transfer import Transfer
    from probe.model.vpn import Keys, VPNExchange
    from probe.model.who import WhoAnswer
    from probe.model.zone import ZoneAnswer, ZoneChain


class Context(Struct, kw_only=True, eq=False):
    """What a recipe and its operations share; observations are appended as they complete.

    `zero` is the counter when the measurement began; `now()` is seconds since. A recipe may start tasks in
    `tasks`: the measurement ends when they have ended. Whoever calls an operation gets its observation back
    and need not append it.
    """

    network: Network
    options: RunOptions
    pace: Pace
    verifier: Verifier
    zero: float
    run_zero: float
    resolvers: tuple[Target, ...] = ()
    """Public resolvers to compare with."""
    private_cas: Mapping[str, str] = field(default_factory=dict)
    """Name to PEM."""
    keys: Mapping[str, Keys] = field(default_factory=dict)
    """Of tunnels, by target: held in memory, never in a record."""
    own_asn: int = 0
    """The volunteer's AS, 0 where nobody said."""
    ranges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Published prefixes by the name of their owner."""
    proxy: str = ""
    asn_table: AsnTable = field(default_factory=AsnTable)
    """The user's, or the few ranges that are shipped: `asn_table.lookup(ip)`."""
    keep_series: bool = True
    """Whether byte series are kept: in the first round."""
    tasks: TaskGroup
    scope: anyio.CancelScope
    """The deadline of the whole step."""

    queries: list[DNSLookup] = field(default_factory=list)
    tcp_connect: list[TCPConnect] = field(default_factory=list)
    tls_handshakes: list[TLSHandshake] = field(default_factory=list)
    requests: list[HTTPRoundTrip] = field(default_factory=list)
    network_events: list[NetworkEvent] = field(default_factory=list)
    controls: list[ControlAnswer] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    quic_handshakes: list[QUICHandshake] = field(default_factory=list)
    zone_answers: list[ZoneAnswer] = field(default_factory=list)
    zone_chains: list[ZoneChain] = field(default_factory=list)
    vpn_exchanges: list[VPNExchange] = field(default_factory=list)
    registry_answers: list[RegistryAnswer] = field(default_factory=list)
    path_traces: list[PathTrace] = field(default_factory=list)
    store_answers: list[StoreAnswer] = field(default_factory=list)
    who_answers: list[WhoAnswer] = field(default_factory=list)
    local: list[LocalFact] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    bytes_sent: int = 0
    bytes_received: int = 0
    loop_lag_ms: float = 0.0
    streams: set[Stream] = field(default_factory=set)
    """Open ones; whatever is left is closed when the measurement ends."""

    def now(self) -> float:
        """Return seconds since the measurement began."""
        return self.network.clock.counter() - self.zero

    def run_s(self) -> float:
        """Return seconds since the run began, as steps and measurements count them."""
        return self.network.clock.counter() - self.run_zero

    def keep(self, data: bytes) -> str:
        """Keep bytes as a blob; return their SHA-256."""
        digest = hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        return digest

    def excuse(self, seconds: float) -> None:
        """Move the step's deadline: time spent waiting for our own pacing is nobody's fault."""
        if seconds > 0:
            self.scope.deadline += seconds

    @asynccontextmanager
    async def at(self, ips: Iterable[str]) -> AsyncIterator[None]:
        """Hold room for a connection to each address while its streams are open; never nest two."""
        async with self.pace.addresses(ips) as waited:
            self.excuse(waited)
            yield

    async def room_for_hello(self, name: str, ip: str) -> None:
        """Wait for the long part of the handshake budget before connecting: idle connections get dropped."""
        wait = self.pace.hellos.wait_s(name, ip) - HELLO_GAP_S
        if wait > 0:
            self.excuse(wait)
            await anyio.sleep(wait)

    def amend(self, request: HTTPRoundTrip, failure: str) -> HTTPRoundTrip:
        """Say of a finished round trip what only its sequel showed: a loop, one redirect too many."""
        amended = structs.replace(request, failure=failure)
        self.requests[self.requests.index(request)] = amended
        return amended

    def close(self) -> None:
        """Close every stream that is still open."""
        for stream in tuple(self.streams):
            stream.close()


def is_ours(failure: str | None) -> bool:
    """Tell whether a failure is of this machine and says nothing about the network."""
    return failure is not None and (failure in f.LOCAL or failure.startswith("x_local_"))
