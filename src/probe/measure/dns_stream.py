"""One DNS query over a connection: TCP, TLS (RFC 7858), or HTTPS (RFC 8484) by hand over our own stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio
from msgspec import Struct, structs

from probe.measure import dns_message, hello, tcp, tls
from probe.measure.failure import classify
from probe.measure.http import USER_AGENT
from probe.measure.http_exchange import Exchange
from probe.measure.http_transport import exchange
from probe.measure.urls import place_of
from probe.model import failure as f
from probe.model.observation import DNSLookup, DNSReply

if TYPE_CHECKING:
    from dns.message import Message

    from probe.measure.stream import AnyStream, Stream, TLSStream
    from probe.measure.trace import Context
    from probe.model.observation import Engine, TLSHandshake

DOH_TYPE: Final = "application/dns-message"
MAX_MESSAGE: Final = 65535


class Tags(Struct, frozen=True, kw_only=True):
    """Which lookup of the measurement this is."""

    is_system: bool = False
    checking_disabled: bool = False
    hop: int = 0
    attempt: int = 0
    arm: str = ""


def blank_lookup(
    ctx: Context, engine: Engine, resolver: tuple[str, int], question: tuple[str, str], tags: Tags
) -> DNSLookup:
    """Begin an observation: all that is known before anything was sent."""
    now = ctx.now()
    (server, port), (name, rdtype) = resolver, question
    return DNSLookup(
        t0=now,
        t=now,
        failure=None,
        hostname=name,
        query_type=rdtype,
        engine=engine,
        resolver_address=f"[{server}]:{port}" if ":" in server else f"{server}:{port}",
        is_system=tags.is_system,
        checking_disabled=tags.checking_disabled,
        hop=tags.hop,
        attempt=tags.attempt,
        arm=tags.arm,
    )


async def ask_tcp(
    ctx: Context,
    server: str,
    port: int,
    name: str,
    rdtype: str = "A",
    *,
    is_system: bool = False,
    hop: int = 0,
    attempt: int = 0,
    arm: str = "",
    timeout_s: float | None = None,
) -> DNSLookup:
    """Ask over TCP; the connect is an observation too, and its failure that of the lookup."""
    tags = Tags(is_system=is_system, hop=hop, attempt=attempt, arm=arm)
    blank = blank_lookup(ctx, "tcp", (server, port), (name, rdtype), tags)
    failure, stream = await _connected(ctx, server, port, tags, timeout_s)
    return await _framed(ctx, stream, blank, failure, timeout_s)


async def ask_dot(
    ctx: Context,
    server: str,
    port: int,
    name: str,
    rdtype: str = "A",
    *,
    server_name: str | None = None,
    verified_name: str = "",
    is_system: bool = False,
    hop: int = 0,
    attempt: int = 0,
    arm: str = "",
    timeout_s: float | None = None,
) -> DNSLookup:
    """Ask over TLS; nothing is asked of a server whose certificate does not hold for `verified_name`.

    That is the name in the ClientHello, or the address, where it is not given.
    """
    tags = Tags(is_system=is_system, hop=hop, attempt=attempt, arm=arm)
    blank = blank_lookup(ctx, "dot", (server, port), (name, rdtype), tags)
    failure, raw = await _connected(ctx, server, port, tags, timeout_s)
    stream: AnyStream | None = None
    if raw is not None:
        names = (server_name, verified_name or server_name or server)
        failure, stream = await _secured(ctx, raw, names, alpn=("dot",), tags=tags, timeout_s=timeout_s)
    return await _framed(ctx, stream, blank, failure, timeout_s)


async def ask_doh(
    ctx: Context,
    ip: str,
    port: int,
    url: str,
    name: str,
    *,
    rdtype: str = "A",
    is_system: bool = False,
    hop: int = 0,
    attempt: int = 0,
    arm: str = "",
    timeout_s: float | None = None,
) -> DNSLookup:
    """POST the query to the URL at a given address, over whichever HTTP the handshake agrees on.

    As with TLS, nothing is asked of a server whose certificate does not hold for the URL's host. The HTTP
    exchange is no HTTPRoundTrip: what it says of the resolver is the lookup's failure. Raises ValueError
    for a URL that place_of refuses.
    """
    place = place_of(url)
    tags = Tags(is_system=is_system, hop=hop, attempt=attempt, arm=arm)
    blank = blank_lookup(ctx, "doh", (ip, port), (name, rdtype), tags)
    # An id of 0 lets caches of the server see equal queries as equal (RFC 8484, 4.1).
    asked = dns_message.query(name, rdtype, number=0)
    failure, raw = await _connected(ctx, ip, port, tags, timeout_s)
    stream: TLSStream | None = None
    if raw is not None:
        names = (None if place.is_literal else place.host, place.host)
        failure, stream = await _secured(ctx, raw, names, alpn=hello.ALPN_WEB, tags=tags, timeout_s=timeout_s)
    if stream is None:
        return done(ctx, blank, failure)
    seen = Exchange()
    headers = (
        ("Host", place.authority),
        ("User-Agent", USER_AGENT),
        ("Accept", DOH_TYPE),
        ("Content-Type", DOH_TYPE),
    )
    limit = timeout_s or ctx.options.timeout_s
    try:
        await exchange(
            stream,
            place,
            method="POST",
            headers=headers,
            content=asked.to_wire(),
            max_body=MAX_MESSAGE,
            timeout_s=limit,
            seen=seen,
        )
    except BaseException:
        done(ctx, blank, seen.failure)
        raise
    return done(ctx, blank, *_doh_answer(seen, asked))


def _doh_answer(seen: Exchange, asked: Message) -> tuple[str | None, DNSReply | None]:
    if seen.failure is not None:
        return seen.failure, None
    if seen.status_code != 200:
        return f.HTTP_UNEXPECTED_STATUS, None
    if seen.header("content-type").partition(";")[0].strip().lower() != DOH_TYPE:
        return f.X_DOH_NOT_DNS, None
    reply = dns_message.reply_of(bytes(seen.raw), asked, t=seen.t)
    return reply.failure, reply


async def _connected(
    ctx: Context, server: str, port: int, tags: Tags, timeout_s: float | None
) -> tuple[str | None, Stream | None]:
    connected, stream = await tcp.connect(
        ctx, server, port, hop=tags.hop, attempt=tags.attempt, arm=tags.arm, timeout_s=timeout_s
    )
    return connected.failure, stream


async def _secured(
    ctx: Context,
    raw: Stream,
    names: tuple[str | None, str],
    *,
    alpn: tuple[str, ...],
    tags: Tags,
    timeout_s: float | None,
) -> tuple[str | None, TLSStream | None]:
    """Shake hands; a stream comes back only if the certificate holds, whatever this machine's clock says."""
    shaken, stream = await tls.handshake(
        ctx,
        raw,
        names[0],
        verified_name=names[1],
        alpn=alpn,
        hop=tags.hop,
        attempt=tags.attempt,
        arm=tags.arm,
        timeout_s=timeout_s,
    )
    if stream is not None and not is_trusted(shaken):
        stream.close()
        return shaken.failure, None
    return shaken.failure if stream is None else None, stream


def is_trusted(shaken: TLSHandshake) -> bool:
    """Tell whether the certificate holds, dates left out: a wrong clock here is no fault there."""
    return shaken.completed and shaken.chain_failure is None and bool(shaken.name_matches)


async def _framed(
    ctx: Context,
    stream: AnyStream | None,
    blank: DNSLookup,
    failure: str | None,
    timeout_s: float | None,
) -> DNSLookup:
    """Send the query with its length in front, read one message (RFC 1035, 4.2.2), close."""
    if stream is None:
        return done(ctx, blank, failure)
    asked = dns_message.query(blank.hostname, blank.query_type, checking_disabled=blank.checking_disabled)
    try:
        with anyio.fail_after(timeout_s or ctx.options.timeout_s):
            message = asked.to_wire()
            await stream.write(len(message).to_bytes(2, "big") + message)
            wire = await _message(stream)
    except (OSError, EOFError) as error:
        return done(ctx, blank, classify(error))
    except BaseException as error:
        done(ctx, blank, classify(error))
        raise
    finally:
        stream.close()
    reply = dns_message.reply_of(wire, asked, t=ctx.now())
    return done(ctx, blank, reply.failure, reply)


async def _message(stream: AnyStream) -> bytes:
    """Read one length and as many bytes. Raises EOFError."""
    held = b""
    while len(held) < 2 or len(held) < 2 + int.from_bytes(held[:2], "big"):
        data = await stream.read()
        if not data:
            raise EOFError
        held += data
    return held[2 : 2 + int.from_bytes(held[:2], "big")]


def done(ctx: Context, blank: DNSLookup, failure: str | None, reply: DNSReply | None = None) -> DNSLookup:
    """Append the lookup that `blank` began, with how it ended."""
    lookup = structs.replace(
        blank,
        t=ctx.now() if reply is None else reply.t,
        failure=failure,
        answers=() if reply is None else reply.answers,
        replies=() if reply is None else (reply,),
    )
    ctx.queries.append(lookup)
    return lookup
