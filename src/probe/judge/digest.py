"""What neutrals, portal checks, the sinkhole and this machine tell, in little: a run keeps thousands."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from probe.judge.clock import ClockSample, clock_samples, host_of, is_valid
from probe.judge.constants import SCREEN_LEAST_BYTES
from probe.judge.names import PUBLIC, NameAnswer, kind_of, name_answers
from probe.judge.portal import PortalCheck, Sinkhole, portal_check, read_sinkhole
from probe.judge.screen import PageRate
from probe.judge.screening import page_rates
from probe.model import failure as failures
from probe.model.measurement import Measurement
from probe.model.observation import DNSLookup, HTTPRoundTrip, LocalFact, TCPConnect, TLSHandshake
from probe.model.target import Target

Side = Literal["domestic", "foreign", ""]
ReachedLayer = Literal["dns", "tcp", "tls", "http"]

DNS_PORT: Final = 53
WEB_PORTS: Final = frozenset({80, 443})
"""Where a connect alone proves nothing: middleboxes complete it and then drop what follows."""
CHECKS: Final = frozenset({"portal", "sinkhole", "local"})
"""What answers these is what is asked: it witnesses nothing else."""
_SIDES: Final[dict[str, Side]] = {
    "domestic_listed": "domestic",
    "domestic_unlisted": "domestic",
    "foreign_frozen": "foreign",
    "foreign": "foreign",
}


class Witness(Struct, frozen=True, kw_only=True):
    """One try at a neutral (or at a control resolver): what it reached, and when.

    `ok` on a TLS port is a handshake whose chain and name hold, dates left out; on port 80 any HTTP
    status; on 53 an answer of public addresses; elsewhere a connect.
    """

    uid: str
    t0_s: float
    t_s: float
    """Begin and end, in seconds since the run began."""
    family: int
    """4 or 6; 0 where a failed look-up left none to try."""
    port: int
    side: Side
    neutral_group: str
    ok: bool
    failure: str | None
    layer: ReachedLayer
    """Where it failed, or the last one that worked."""
    name: str
    address: str
    """Of the server; for 53 of the resolver, "system" where it is the system's."""


class ControlDigest(Struct, frozen=True, kw_only=True):
    """All that judging needs of one measurement of a neutral, a network target or this machine."""

    uid: str
    target_id: str
    round: int
    started_s: float
    started: datetime
    n_observations: int
    witnesses: tuple[Witness, ...] = ()
    names: tuple[NameAnswer, ...] = ()
    clock: tuple[ClockSample, ...] = ()
    portal: PortalCheck | None = None
    sinkhole: Sinkhole | None = None
    untrusted_issuers: tuple[str, ...] = ()
    """Of certificates under no known authority that a neutral showed."""
    local: tuple[LocalFact, ...] = ()
    pages: tuple[PageRate, ...] = ()
    """What its pages moved, where they were long enough to tell the link's rate."""


def digest_control(measurement: Measurement, target: Target) -> ControlDigest:
    """Keep what the network's rules and the witnesses of §2 need of one measurement."""
    m = measurement
    is_witness = bool(target.neutral_group) or (target.is_control and target.experiment not in CHECKS)
    return ControlDigest(
        uid=m.measurement_uid,
        target_id=m.target_id,
        round=m.round,
        started_s=m.started_s,
        started=m.measurement_start_time,
        n_observations=len(m.queries) + len(m.tcp_connect) + len(m.tls_handshakes) + len(m.requests),
        witnesses=tuple(_witnesses(m, target)) if is_witness else (),
        names=tuple(name_answers(m)) if target.neutral_group else (),
        clock=tuple(clock_samples(m)) if target.neutral_group else (),
        portal=portal_check(m.requests, uid=m.measurement_uid, url=m.input, started_s=m.started_s)
        if target.experiment == "portal"
        else None,
        sinkhole=read_sinkhole(m) if target.experiment == "sinkhole" else None,
        untrusted_issuers=tuple(_untrusted(m)) if target.neutral_group else (),
        local=m.local,
        pages=tuple(p for p in page_rates((m,)) if p.n_bytes >= SCREEN_LEAST_BYTES)
        if target.neutral_group
        else (),
    )


def _witnesses(m: Measurement, target: Target) -> Iterator[Witness]:
    for connect in m.tcp_connect:
        witness = _of_connection(m, target, connect)
        if witness is not None and witness.failure not in failures.LOCAL:
            yield witness
    for query in m.queries:
        if query.engine == "udp" and query.failure not in failures.LOCAL:
            yield _of_query(m, target, query)
    if target.neutral_group and m.queries and not m.tcp_connect and _is_nameless(m.queries):
        yield _of_failed_name(m, target)


def _is_nameless(queries: Sequence[DNSLookup]) -> bool:
    """Whether no question gave an address to try, and none was broken off by ourselves."""
    return not any(q.failure in failures.LOCAL or kind_of(q.answers) == PUBLIC for q in queries)


def _of_connection(m: Measurement, target: Target, connect: TCPConnect) -> Witness | None:
    """One witness for a connection and what was done over it; None where nothing was tried on a web port."""
    shake = next((h for h in m.tls_handshakes if _same(connect, h)), None)
    trip = next((t for t in m.requests if not t.is_tls and _same(connect, t)), None)
    layer: ReachedLayer = "tcp"
    last: TCPConnect | TLSHandshake | HTTPRoundTrip = connect
    ok = connect.failure is None
    name = host_of(m.input)
    if shake is not None:
        layer, last, ok, name = "tls", shake, is_valid(shake), shake.server_name or shake.verified_name
    elif trip is not None:
        layer, last, ok = "http", trip, trip.status_code is not None
    elif ok and connect.port in WEB_PORTS:
        return None
    return Witness(
        uid=m.measurement_uid,
        t0_s=m.started_s + connect.t0,
        t_s=m.started_s + last.t,
        family=_family(connect.ip),
        port=connect.port,
        side=_SIDES.get(target.neutral_group, ""),
        neutral_group=target.neutral_group,
        ok=ok,
        failure=None if ok else last.failure or failures.TLS_INVALID_CERTIFICATE,
        layer=layer,
        name=name,
        address=connect.ip,
    )


def _of_query(m: Measurement, target: Target, query: DNSLookup) -> Witness:
    kind = kind_of(query.answers)
    resolver = "system" if query.is_system else _without_port(query.resolver_address)
    return Witness(
        uid=m.measurement_uid,
        t0_s=m.started_s + query.t0,
        t_s=m.started_s + query.t,
        family=_family(resolver),
        port=DNS_PORT,
        side=_SIDES.get(target.neutral_group, ""),
        neutral_group=target.neutral_group,
        ok=query.failure is None and kind == PUBLIC,
        failure=query.failure or (None if kind == PUBLIC else failures.DNS_BOGON),
        layer="dns",
        name=query.hostname,
        address=resolver,
    )


def _of_failed_name(m: Measurement, target: Target) -> Witness:
    """Tell of a measurement that ended at its name: nothing could be tried by address."""
    last = m.queries[-1]
    return Witness(
        uid=m.measurement_uid,
        t0_s=m.started_s + m.queries[0].t0,
        t_s=m.started_s + last.t,
        family=0,
        port=0,
        side=_SIDES.get(target.neutral_group, ""),
        neutral_group=target.neutral_group,
        ok=False,
        failure=last.failure or failures.DNS_BOGON,
        layer="dns",
        name=last.hostname,
        address="",
    )


def _untrusted(m: Measurement) -> Iterator[str]:
    for shake in m.tls_handshakes:
        if shake.completed and shake.chain_failure == failures.TLS_UNKNOWN_AUTHORITY and shake.certificates:
            yield shake.certificates[0].issuer


def _same(connect: TCPConnect, other: TLSHandshake | HTTPRoundTrip) -> bool:
    return (connect.ip, connect.port, connect.hop, connect.attempt) == (
        other.ip,
        other.port,
        other.hop,
        other.attempt,
    )


def _family(address: str) -> int:
    return 6 if ":" in address else 4


def _without_port(resolver: str) -> str:
    """`1.1.1.1:53` to `1.1.1.1`, `[2606::1]:53` to `2606::1`."""
    return resolver.rpartition(":")[0].strip("[]") if ":" in resolver else resolver
