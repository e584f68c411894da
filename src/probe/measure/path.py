"""The recipe of a path: connections that may go one hop, two hops, …, and who says that they ended there.

No privilege is needed: Linux hands the ICMP error to the very socket that asked for it (IP_RECVERR).
Elsewhere the measurement says that it could not be made. A hop's address is kept only where it can
be nothing of the volunteer's network; of all others the AS number is, as far as a table has it.
"""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING, Final

import anyio
from msgspec import Struct

from probe.measure import kernel
from probe.measure.failure import classify
from probe.measure.names import resolve
from probe.measure.urls import is_public, place_of
from probe.model import failure as f
from probe.model.fact import UNKNOWN_AS, PathHop, PathTrace
from probe.model.observation import LocalFact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.measure.asn_table import AsnTable
    from probe.measure.trace import Context
    from probe.model.target import Step

MAX_HOPS: Final = 30
PER_HOP: Final = 2
SILENT_HOPS: Final = 6
"""In a row: then whoever comes behind is taken to be silent too."""
PROBE_S: Final = 0.9
"""Below the second after which the kernel would send another SYN of its own."""
APART_S: Final = 0.05
"""Between the connections of one hop."""
BETWEEN_S: Final = 0.1
"""Between hops."""
SENT_BYTES: Final = {4: 60, 6: 80}
"""A SYN with its headers."""
HEARD_BYTES: Final = {4: 68, 6: 108}
"""An ICMP error with what it quotes, or a SYN-ACK: at most about so much."""
_TOO_FAR: Final = {4: 11, 6: 3}
"""ICMP time exceeded."""
_SQUATTED: Final = frozenset({6, 7, 11, 21, 22, 25, 26, 28, 29, 30, 33, 55, 214, 215})
"""First octets of two ministries of defence: operators who ran out of addresses number their inside so, and
a router that answers from there is the volunteer's operator's, whatever a table says."""
UNSUPPORTED: Final = LocalFact(name="path", value="unsupported")
"""This system does not tell a program without privileges who sent an ICMP error."""


class _Heard(Struct, frozen=True):
    """Who answered one connection attempt, and whether the way ends there."""

    ip: str
    rtt_ms: float
    is_end: bool
    failure: str | None = None


class _Hop(Struct):
    ttl: int
    n_sent: int
    heard: list[_Heard]


async def recipe(ctx: Context, step: Step) -> None:
    """Follow the path to `path://host:port`, at its first public address."""
    if sys.platform != "linux":
        ctx.local.append(UNSUPPORTED)
        return
    place = place_of(step.target.input)
    addresses = (place.host,) if place.is_literal else await resolve(ctx, place.host, hop=0)
    ip = next((each for each in addresses if is_public(each)), None)
    if ip is None:
        return
    hops: list[_Hop] = []
    t0, failure = ctx.now(), f.INTERRUPTED
    try:
        async with ctx.at((ip,)):
            failure = await _follow(ctx, ip, place.port, hops)
    finally:
        ctx.path_traces.append(
            PathTrace(
                t0=t0,
                t=ctx.now(),
                failure=failure or None,
                ip=ip,
                port=place.port,
                carrier=step.target.carrier,
                hops=told(hops, ctx.asn_table, ctx.own_asn, ip),
                as_table=_spoken(ctx.asn_table),
            )
        )


async def _follow(ctx: Context, ip: str, port: int, hops: list[_Hop]) -> str:
    """Go one hop further each time; return why it ended, "" where the address itself answered."""
    silent = 0
    for ttl in range(1, MAX_HOPS + 1):
        hop = _Hop(ttl, PER_HOP, [])
        hops.append(hop)
        async with anyio.create_task_group() as group:
            for number in range(PER_HOP):
                group.start_soon(_one, ctx, ip, port, hop, number * APART_S)
        ends = [heard for heard in hop.heard if heard.is_end]
        if any(heard.failure is None for heard in ends):
            return ""
        if ends:
            return ends[0].failure or ""
        silent = 0 if hop.heard else silent + 1
        if silent == SILENT_HOPS:
            break
        await anyio.sleep(BETWEEN_S)
    return f.TIMEOUT


async def _one(ctx: Context, ip: str, port: int, hop: _Hop, wait_s: float) -> None:
    await anyio.sleep(wait_s)
    heard = await _probe(ctx, ip, port, hop.ttl)
    if heard is not None:
        hop.heard.append(heard)


async def _probe(ctx: Context, ip: str, port: int, ttl: int) -> _Heard | None:
    """Send one SYN that may go so far; return who answered, or None."""
    version = 6 if ":" in ip else 4
    sock = ctx.network.open_tcp(ip)
    try:
        kernel.watch_icmp(sock, watch=True)
        limit_hops(sock, ttl)
        began = ctx.now()
        ctx.bytes_sent += SENT_BYTES[version]
        failure: str | None = None
        try:
            with anyio.fail_after(PROBE_S):
                await ctx.network.connect(sock, ip, port)
        except OSError as error:
            failure = classify(error)
        rtt_ms = round(1000 * (ctx.now() - began), 2)
        icmp = kernel.icmp_error(sock) if failure is not None else None
    finally:
        sock.close()
    if failure is None or (failure == f.CONNECTION_REFUSED and icmp is None):
        ctx.bytes_received += HEARD_BYTES[version]
        return _Heard(ip, rtt_ms, is_end=True)
    if icmp is None or icmp.from_ip is None:
        own = failure in f.UNREACHABLES or failure in f.LOCAL
        return _Heard("", rtt_ms, is_end=True, failure=failure) if own and rtt_ms < 1 else None
    ctx.bytes_received += HEARD_BYTES[version]
    if icmp.type == _TOO_FAR[version]:
        return _Heard(icmp.from_ip, rtt_ms, is_end=False)
    return _Heard(icmp.from_ip, rtt_ms, is_end=True, failure=None if icmp.from_ip == ip else failure)


def limit_hops(sock: socket.socket, ttl: int) -> None:
    """Let what the socket sends pass so many routers less one."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)


def told(hops: Sequence[_Hop], table: AsnTable, own_asn: int, target: str) -> tuple[PathHop, ...]:
    """Return the hops as they may be kept.

    An address is kept from the first hop on that is known to be in another AS than the volunteer's: than the
    one declared, and than the one of the first public hop, whatever was declared. It has to be in such an AS
    itself. Where neither number is known, nobody can say whose a hop is, and no address is kept. Where only
    the declared one is, and the table is one of all networks, the first that it knows may be the volunteer's.
    """
    numbers = {each.ip: _number(each.ip, table) for hop in hops for each in hop.heard if each.ip}
    public = next((each.ip for hop in hops for each in hop.heard if _is_outside(each.ip)), "")
    known = next((n for n in numbers.values() if n), None) if own_asn and table.sha256 else None
    own = {n for n in (own_asn, numbers.get(public) or known) if n}
    kept = []
    for hop in hops:
        ips = [each.ip for each in hop.heard if each.ip]
        kept.append(
            PathHop(
                ttl=hop.ttl,
                n_sent=hop.n_sent,
                rtt_ms=tuple(each.rtt_ms for each in hop.heard if each.ip),
                as_names=tuple(dict.fromkeys(_name(numbers[ip]) for ip in ips)),
                ips=tuple(
                    dict.fromkeys(
                        ip for ip in ips if ip == target or (own and numbers[ip] and numbers[ip] not in own)
                    )
                ),
            )
        )
    return tuple(kept)


def _number(ip: str, table: AsnTable) -> int | None:
    return table.lookup(ip) if _is_outside(ip) else None


def _is_outside(ip: str) -> bool:
    """Say whether an address can be that of a router beyond the operator's inner network."""
    return is_public(ip) and not (":" not in ip and int(ip.partition(".")[0]) in _SQUATTED)


def _spoken(table: AsnTable) -> str:
    """Name the table by whose it is and when it was made."""
    whose = "given" if table.sha256 else "shipped"
    return f"{whose} {table.dated.isoformat() if table.dated else 'undated'}"


def _name(number: int | None) -> str:
    return f"AS{number}" if number else UNKNOWN_AS
