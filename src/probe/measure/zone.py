"""The recipe of a zone: its delegation at the root servers, its own servers, the signatures between them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import anyio
import dns.flags
import dns.name
import dns.rcode
import dns.rdatatype
from msgspec import Struct, field, structs

from probe.measure import zone_chain as chain
from probe.measure import zone_message as zm
from probe.measure.urls import is_public, place_of
from probe.measure.zone_ask import over_tcp, over_udp
from probe.model import failure as f
from probe.model.zone import ZoneAnswer, ZoneChain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dns.name import Name
    from dns.rrset import RRset

    from probe.measure.trace import Context
    from probe.measure.zone_message import Heard
    from probe.model.target import Step
    from probe.model.zone import Result, Side

MAX_SERVERS: Final = 40
"""Addresses asked in one round, root servers included."""
ROOTS_LATER: Final = 6
"""From the second round on: what all thirteen say is known from the first."""
ROOTS_FOR_KEYS: Final = 2
PACE_S: Final = 0.02
"""Between two questions: no server gets two at once, and no link a burst."""
SECOND_LOOKS: Final = 2
"""Servers of a side that are asked once more over TCP when UDP brought nothing that holds."""
GLUE_AGREES: Final = 2
"""Root servers that must name an address before it is asked."""

Server = tuple[str, str]
"""Name and address."""


class _Reply(Struct, eq=False):
    """One reply, with what was asked."""

    side: Side
    server: Server
    name: str
    rdtype: str
    transport: str
    t0: float
    number: int
    heard: Heard
    verified: bool = False


class _Job(Struct, eq=False):
    """One round of one zone."""

    ctx: Context
    zone: str
    apex: Name
    replies: list[_Reply] = field(default_factory=list)
    chains: list[ZoneChain] = field(default_factory=list)
    _starts: anyio.Lock = field(default_factory=anyio.Lock)

    async def ask(self, side: Side, server: Server, name: str, rdtype: str) -> None:
        """Ask over UDP; what was cut short, over TCP as well."""
        async with self._starts:
            await anyio.sleep(PACE_S)
        await self.ask_by("udp", side, server, name, rdtype)
        last = self.replies_of(side, rdtype, server[1])
        if last and all(each.heard.failure == f.X_DNS_TRUNCATED for each in last):
            await self.ask_by("tcp", side, server, name, rdtype)

    async def ask_by(self, transport: str, side: Side, server: Server, name: str, rdtype: str) -> None:
        """Ask over one transport and keep the replies."""
        t0 = self.ctx.now()
        how = over_tcp if transport == "tcp" else over_udp
        found = await how(self.ctx, server[1], name, rdtype)
        self.replies += [
            _Reply(side, server, name, rdtype, transport, t0, number, each)
            for number, each in enumerate(found)
        ]

    def replies_of(self, side: Side, rdtype: str, ip: str = "") -> list[_Reply]:
        """Return the replies of one kind, of one address or of all."""
        return [r for r in self.replies if r.side == side and r.rdtype == rdtype and ip in ("", r.server[1])]


async def recipe(ctx: Context, step: Step) -> None:
    """Ask about `zone://name`; `Target.roots` and `Target.servers` say whom, `name address` each."""
    zone = place_of(step.target.input).host
    job = _Job(ctx, zone, dns.name.from_text(zone))
    try:
        await _everything(job, step)
    finally:
        ctx.zone_answers += [_answer_of(reply) for reply in job.replies]
        ctx.zone_chains += job.chains


async def _everything(job: _Job, step: Step) -> None:
    roots = _servers(step.target.roots)
    now = _first_of_each_family(roots, ROOTS_LATER) if step.round else roots
    await _all(job, "root", now, [(job.zone, "NS")])
    heard = [r.server for r in job.replies_of("root", "NS") if r.heard.message is not None]
    await _all(job, "root", list(dict.fromkeys(heard))[:ROOTS_FOR_KEYS], [(".", "DNSKEY")])
    known = _servers(step.target.servers)
    named = [s for s in _named(job) if s[1] not in {ip for _, ip in known}]
    servers = [*known, *named][: max(MAX_SERVERS - len(roots), 0)]
    await _all(job, "server", servers, [(job.zone, "SOA"), (job.zone, "DNSKEY")])
    window, signed = _root(job)
    _servers_chains(job, servers, window, signed)
    await _second_looks(job, now, servers)


async def _second_looks(job: _Job, roots: Sequence[Server], servers: Sequence[Server]) -> None:
    """Ask once more over TCP where UDP brought nothing that holds: a forger's words go over UDP."""
    bad_roots = [s for s in roots if not any(r.verified for r in job.replies_of("root", "NS", s[1]))]
    secure = {c.ip for c in job.chains if c.result == "secure"}
    bad = [s for s in servers if s[1] not in secure]
    keys = any(r.verified for r in job.replies_of("root", "DNSKEY"))
    async with anyio.create_task_group() as group:
        for server in _first_of_each_family(bad_roots, SECOND_LOOKS) if len(bad_roots) == len(roots) else ():
            group.start_soon(job.ask_by, "tcp", "root", server, job.zone, "NS")
            if not keys:
                group.start_soon(job.ask_by, "tcp", "root", server, ".", "DNSKEY")
        for server in _first_of_each_family(bad, SECOND_LOOKS) if len(bad) == len(servers) else ():
            group.start_soon(job.ask_by, "tcp", "server", server, job.zone, "SOA")
            group.start_soon(job.ask_by, "tcp", "server", server, job.zone, "DNSKEY")
    if any(r.transport == "tcp" for r in job.replies):
        job.chains.clear()
        _servers_chains(job, servers, *_root(job))


async def _all(
    job: _Job, side: Side, servers: Sequence[Server], questions: Sequence[tuple[str, str]]
) -> None:
    """Ask every server every question, one server's after one another."""

    async def one(server: Server) -> None:
        for name, rdtype in questions:
            await job.ask(side, server, name, rdtype)
            if all(r.heard.message is None for r in job.replies_of(side, rdtype, server[1])):
                return  # a silent server is not asked again

    async with anyio.create_task_group() as group:
        for server in servers:
            group.start_soon(one, server)


def _servers(texts: Sequence[str]) -> list[Server]:
    """Split `name address`."""
    pairs = (text.split() for text in texts)
    return [(pair[0], pair[1]) for pair in pairs if len(pair) == 2 and is_public(pair[1])][:MAX_SERVERS]


def _first_of_each_family(servers: Sequence[Server], n: int) -> list[Server]:
    """Return n servers, of both families where there are."""
    four = [s for s in servers if ":" not in s[1]]
    six = [s for s in servers if ":" in s[1]]
    half = n // 2
    return [*four[: max(half, n - len(six))], *six[: max(half, n - len(four))]]


def _named(job: _Job) -> list[Server]:
    """Return the servers that the delegation names, at addresses that two root servers tell alike."""
    said: Counter[Server] = Counter()
    for reply in job.replies_of("root", "NS"):
        if reply.heard.message is not None:
            told = zm.glue(reply.heard.message, job.apex)
            said.update({server for server in told if is_public(server[1])})
    return [server for server, n in sorted(said.items()) if n >= GLUE_AGREES]


def _root(job: _Job) -> tuple[chain.Window | None, chain.Delegation | None]:
    """Check what root servers said; return when their keys are valid, and the signed delegation."""
    keys: RRset | None = None
    window: chain.Window | None = None
    for reply in job.replies_of("root", "DNSKEY"):
        message = reply.heard.message
        found = chain.root_keys(message, job.ctx.options.trust_anchors) if message is not None else None
        reply.verified = found is not None
        keys, window = (keys, window) if found is None else found
    signed: chain.Delegation | None = None
    for reply in job.replies_of("root", "NS"):
        message = reply.heard.message
        if keys is None or message is None:
            continue
        found_here = chain.delegation(message, job.apex, keys)
        gone = reply.heard.failure == f.DNS_NXDOMAIN and chain.denied(message, job.apex, keys)
        reply.verified = found_here is not None or gone
        signed = signed or found_here
    return window, signed


def _servers_chains(
    job: _Job, servers: Sequence[Server], window: chain.Window | None, signed: chain.Delegation | None
) -> None:
    """Check what each of the zone's own servers shows, of those that answered for it."""
    for server in servers:
        soas = [r for r in job.replies_of("server", "SOA", server[1]) if r.heard.failure is None]
        if not soas:
            continue
        result: Result = "unknown"
        reason, windows = "root_keys" if window is None else "delegation", list[chain.Window]()
        if window is not None and signed is not None:
            if signed.ds is None:
                result, reason = "insecure", ""
            else:
                result, reason, windows = _below(job, server, soas, signed.ds)
            windows += [window, signed.window]
        begin, end = chain.common(windows) if result == "secure" else (None, None)
        job.chains.append(
            ZoneChain(
                server=server[0], ip=server[1], result=result, reason=reason, not_before=begin, not_after=end
            )
        )


def _below(
    job: _Job, server: Server, soas: Sequence[_Reply], ds: RRset
) -> tuple[Result, str, list[chain.Window]]:
    """Check keys and start of authority of one server; a forged reply beside a true one does no harm."""
    asked = [r for r in job.replies_of("server", "DNSKEY", server[1]) if r.heard.failure is None]
    if not asked:
        return "unknown", "no_keys", []
    for reply in asked:
        found = chain.zone_keys(reply.heard.message, job.apex, ds) if reply.heard.message else None
        if found is None:
            continue
        reply.verified = True
        for soa in soas:
            held = chain.authority(soa.heard.message, job.apex, found[0]) if soa.heard.message else None
            if held is not None:
                soa.verified = True
                return "secure", "", [found[1], held]
        return "bogus", "soa", []
    return "bogus", "keys", []


def _answer_of(reply: _Reply) -> ZoneAnswer:
    heard, message = reply.heard, reply.heard.message
    blank = ZoneAnswer(
        t0=reply.t0,
        t=heard.t,
        failure=heard.failure,
        side=reply.side,
        server=reply.server[0],
        ip=reply.server[1],
        query_type=reply.rdtype,
        hostname=reply.name,
        transport="tcp" if reply.transport == "tcp" else "udp",
        reply=reply.number,
        verified=reply.verified,
        n_bytes=heard.size,
    )
    if message is None:
        return blank
    name = dns.name.from_text(reply.name)
    return structs.replace(
        blank,
        rcode=dns.rcode.to_text(message.rcode()),
        authoritative=bool(message.flags & dns.flags.AA),
        recursion=bool(message.flags & dns.flags.RA),
        serial=zm.serial_of(message, name),
        ns=zm.ns_of(message, name),
        ds=zm.tags(zm.beside(message, name, dns.rdatatype.DS)),
        keys=zm.tags(zm.rrset_of(message, name, dns.rdatatype.DNSKEY)),
        ede=zm.errors(message),
    )
