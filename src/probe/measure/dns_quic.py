"""One DNS query over QUIC (RFC 9250): a stream of its own, the length in front, and the id 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from probe.measure import dns_message, quic
from probe.measure.dns_stream import Tags, blank_lookup, done
from probe.measure.failure import classify
from probe.measure.quic_line import QuicProtocolError
from probe.model import failure as f

if TYPE_CHECKING:
    from probe.measure.quic_line import Line
    from probe.measure.trace import Context
    from probe.model.observation import DNSLookup

TIMEOUT_S: Final = 5.0


async def ask_doq(
    ctx: Context, server: str, port: int, name: str, rdtype: str = "A", *, server_name: str | None = None
) -> DNSLookup:
    """Ask over QUIC; nothing is asked of a server whose certificate does not hold for its name, or address.

    The handshake is an observation too, and its failure that of the lookup.
    """
    blank = blank_lookup(ctx, "doq", (server, port), (name, rdtype), Tags())
    limit = min(ctx.options.timeout_s, TIMEOUT_S)
    seen, line = await quic.handshake(
        ctx,
        server,
        port,
        server_name,
        verified_name=server_name or server,
        alpn=quic.ALPN_DOQ,
        timeout_s=limit,
    )
    if line is None:
        return done(ctx, blank, seen.failure)
    if seen.chain_failure is not None or not seen.name_matches:
        line.close()
        return done(ctx, blank, seen.failure)
    asked = dns_message.query(blank.hostname, blank.query_type, number=0)
    try:
        with anyio.fail_after(limit):
            wire = await _exchanged(line, asked.to_wire())
    except (OSError, EOFError, QuicProtocolError) as error:
        failure = f.X_QUIC_PROTOCOL if isinstance(error, QuicProtocolError) else classify(error)
        return done(ctx, blank, failure)
    except BaseException as error:
        done(ctx, blank, classify(error))
        raise
    finally:
        line.close()
    reply = dns_message.reply_of(wire, asked, t=ctx.now())
    return done(ctx, blank, reply.failure, reply)


async def _exchanged(line: Line, message: bytes) -> bytes:
    """Send one message on a fresh stream and read one. Raises EOFError, OSError, QuicProtocolError."""
    from aioquic.quic.events import ConnectionTerminated, StreamDataReceived, StreamReset

    stream = line.connection.get_next_available_stream_id()
    line.connection.send_stream_data(stream, len(message).to_bytes(2, "big") + message, end_stream=True)
    held, ended = b"", False
    while len(held) < 2 or len(held) < 2 + int.from_bytes(held[:2], "big"):
        if ended:
            raise EOFError
        event = await line.next_event()
        if isinstance(event, StreamDataReceived) and event.stream_id == stream:
            held, ended = held + event.data, event.end_stream
        elif isinstance(event, ConnectionTerminated | StreamReset):
            ended = True
    return held[2 : 2 + int.from_bytes(held[:2], "big")]
