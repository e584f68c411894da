"""Tor's link handshake with a relay: TLS as Tor has it, then versions of its cells (tor-spec, 2 and 4)."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING, Final

import anyio

from probe.measure import tcp, tls
from probe.measure.vpn_talk import RefusedError, handshake_s
from probe.model import failure as f

if TYPE_CHECKING:
    from probe.measure.stream import Stream, TLSStream
    from probe.measure.vpn_talk import Asked, Talk

VERSIONS: Final = bytes.fromhex("0000 07 0006 0003 0004 0005")
"""A cell of no circuit, command 7, that offers link versions 3 to 5."""
HEAD: Final = VERSIONS[:3]
MAX_ANSWER: Final = 16384
ARM: Final = "tor"
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"


def a_name() -> str:
    """Return a name as Tor makes them up for its ClientHello: it belongs to nobody Tor knows of."""
    return f"www.{''.join(secrets.choice(_LETTERS) for _ in range(8 + secrets.randbelow(13)))}.com"


async def over_tcp(asked: Asked) -> bool:
    """Connect, shake hands over TLS, exchange versions; say whether TLS came about."""
    ctx = asked.ctx
    _, stream = await tcp.connect(ctx, asked.ip, asked.port)
    if stream is None:
        return False
    with contextlib.closing(stream):
        talk = asked.talk("tor", over_tcp=True)
        opened = await talk.over(_shake(talk, stream))
        if opened is None:
            return False
        data = talk.next("data")
        await data.over(_versions(data, opened))
    return True


async def _shake(talk: Talk, stream: Stream) -> TLSStream | None:
    name = a_name()
    seen, opened = await tls.handshake(
        talk.ctx, stream, name, verified_name=name, alpn=(), arm=ARM, timeout_s=handshake_s(talk.ctx)
    )
    if opened is None:
        raise RefusedError(seen.failure or f.TLS_FAILED_HANDSHAKE)
    talk.reached = "tls"
    return opened


async def _versions(data: Talk, opened: TLSStream) -> bytes | None:
    """Send our versions and wait for the relay's."""
    came = b""
    with anyio.move_on_after(handshake_s(data.ctx)):
        await opened.write(VERSIONS)
        data.sent(len(VERSIONS))
        while len(came) < MAX_ANSWER:
            piece = await opened.read()
            if not piece:
                raise EOFError("the relay closed")
            came += piece
            data.bytes_received += len(piece)
            if came.startswith(HEAD) and len(came) >= 5:
                data.received(0, counts=True)
                data.reached = "versions"
                return came
            if len(came) >= len(HEAD) and not came.startswith(HEAD):
                raise RefusedError(f.X_VPN_PROTOCOL)
    return None
