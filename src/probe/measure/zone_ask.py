"""One question to one name server over UDP, every reply kept, or over TCP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import anyio

from probe.measure import tcp
from probe.measure.failure import classify
from probe.measure.zone_message import Heard, heard, question
from probe.model import failure as f

if TYPE_CHECKING:
    import socket

    from dns.message import Message

    from probe.measure.stream import Stream
    from probe.measure.trace import Context

UDP_S: Final = 3.0
"""The whole wait; the question is sent again after half of it."""
LINGER_S: Final = 0.4
"""After the first answer: a forged one wins by the round trip behind the forger."""
MAX_REPLIES: Final = 4
MAX_DATAGRAM: Final = 65535
PORT: Final = 53
ARM: Final = "zone"


async def over_udp(ctx: Context, ip: str, name: str, rdtype: str) -> list[Heard]:
    """Return every reply in order of arrival; a failure without one where there is none."""
    asked, found = question(name, rdtype), list[Heard]()
    failure = f.TIMEOUT
    try:
        sock = ctx.network.open_udp(ip, PORT)
    except OSError as error:
        return [Heard(t=ctx.now(), failure=classify(error), size=0)]
    with sock:
        try:
            with anyio.move_on_after(min(UDP_S, ctx.options.timeout_s)) as scope:
                await _exchange(ctx, sock, asked, found, scope)
        except OSError as error:
            failure = classify(error)
            failure = f.CONNECTION_REFUSED if failure in f.RESETS else failure
    answers = [each for each in found if each.is_answer]
    return answers or [Heard(t=ctx.now(), failure=found[0].failure if found else failure, size=0)]


async def _exchange(
    ctx: Context, sock: socket.socket, asked: Message, found: list[Heard], scope: anyio.CancelScope
) -> None:
    loop, wire = asyncio.get_running_loop(), asked.to_wire()
    begun = anyio.current_time()
    for again in (False, True):
        await loop.sock_sendall(sock, wire)
        ctx.bytes_sent += len(wire)
        half = begun + (scope.deadline - begun) / 2
        with anyio.CancelScope(deadline=scope.deadline if again else half):
            while len(found) < MAX_REPLIES:
                data = await loop.sock_recv(sock, MAX_DATAGRAM)
                ctx.bytes_received += len(data)
                found.append(heard(data, asked, t=ctx.now()))
                if found[-1].is_answer:
                    scope.deadline = min(scope.deadline, anyio.current_time() + LINGER_S)
        if any(each.is_answer for each in found):
            return


async def over_tcp(ctx: Context, ip: str, name: str, rdtype: str) -> list[Heard]:
    """Return the one reply, or the failure of the connection."""
    asked = question(name, rdtype)
    async with ctx.at((ip,)):
        connected, stream = await tcp.connect(
            ctx, ip, PORT, arm=ARM, timeout_s=min(UDP_S, ctx.options.timeout_s)
        )
        if stream is None:
            return [Heard(t=ctx.now(), failure=connected.failure, size=0)]
        try:
            with anyio.fail_after(min(UDP_S, ctx.options.timeout_s)):
                return [heard(await _framed(stream, asked.to_wire()), asked, t=ctx.now())]
        except (OSError, EOFError) as error:
            return [Heard(t=ctx.now(), failure=classify(error), size=0)]
        finally:
            stream.close()


async def _framed(stream: Stream, wire: bytes) -> bytes:
    """Write with the length in front, read one message (RFC 1035, 4.2.2). Raises EOFError."""
    await stream.write(len(wire).to_bytes(2, "big") + wire)
    held = b""
    while len(held) < 2 or len(held) < 2 + int.from_bytes(held[:2], "big"):
        data = await stream.read()
        if not data:
            raise EOFError
        held += data
    return held[2 : 2 + int.from_bytes(held[:2], "big")]
