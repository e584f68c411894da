"""obfs4 as far as its server proves itself: our half of the handshake, and the mark in its answer.

A server answers only who knows its identity (obfs4-spec, 4). Its key exchange is not finished: any 32 bytes
are a public key to it (Elligator 2), so none is made here that could open what follows.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
from typing import TYPE_CHECKING, Final

import anyio

from probe.measure import tcp
from probe.measure.vpn_talk import handshake_s
from probe.model.vpn import Obfs4Keys

if TYPE_CHECKING:
    from probe.measure.stream import Stream
    from probe.measure.vpn_talk import Asked, Talk

REPRESENTATIVE: Final = 32
AUTH: Final = 32
MARK: Final = 16
PADDING: Final = (77, 1000)
"""The least that the protocol asks for, and less than its most (8,128), so that it fits one packet."""
MAX_ANSWER: Final = 8192
HOUR_S: Final = 3600


def mac(keys: Obfs4Keys, *parts: bytes) -> bytes:
    """Return what only somebody who knows the server's identity can make."""
    return hmac.digest(keys.public_key + keys.node_id, b"".join(parts), "sha256")[:MARK]


def hello(keys: Obfs4Keys, unix_s: float) -> tuple[bytes, bytes]:
    """Return the client's message, and the hour that it bears."""
    hour = str(int(unix_s) // HOUR_S).encode()
    own = secrets.token_bytes(REPRESENTATIVE)
    low, high = PADDING
    body = own + secrets.token_bytes(low + secrets.randbelow(high - low)) + mac(keys, own)
    return body + mac(keys, body, hour), hour


def is_answer(keys: Obfs4Keys, data: bytes, hour: bytes) -> bool:
    """Say whether what came so far holds the server's mark, and behind it the MAC of all before."""
    mark = mac(keys, data[:REPRESENTATIVE])
    at = data.find(mark, REPRESENTATIVE + AUTH)
    end = at + MARK
    return at >= 0 and len(data) >= end + MARK and data[end : end + MARK] == mac(keys, data[:end], hour)


async def over_tcp(asked: Asked) -> bool:
    """Connect, send our half; say whether the server's answer proves that it is the server."""
    ctx, keys = asked.ctx, asked.keys(Obfs4Keys)
    _, stream = await tcp.connect(ctx, asked.ip, asked.port)
    if stream is None:
        return False
    with contextlib.closing(stream):
        talk = asked.talk("obfs4", over_tcp=True)
        return await talk.over(_shake(talk, stream, keys)) is not None


async def _shake(talk: Talk, stream: Stream, keys: Obfs4Keys) -> bytes | None:
    message, hour = hello(keys, talk.ctx.network.clock.utc().timestamp())
    data = b""
    with anyio.move_on_after(handshake_s(talk.ctx)):
        await stream.write(message)
        talk.sent(len(message))
        while len(data) < MAX_ANSWER:
            piece = await stream.read()
            if not piece:
                raise EOFError("the server closed")
            data += piece
            talk.bytes_received += len(piece)
            if is_answer(keys, data, hour):
                talk.received(0, counts=True)
                talk.reached = "mark"
                return data
    return None
