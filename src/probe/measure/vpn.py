"""The recipe `vpn`: a tunnel's handshake with keys that the user named, then packets of data through it."""

from __future__ import annotations

import contextlib
import secrets
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from probe.measure import inner, obfs4, openvpn, stun, tor, wireguard
from probe.measure.names import resolve
from probe.measure.urls import is_public, place_of
from probe.measure.vpn_talk import Asked, Talk, ask, ask_anew, handshake_s, thrice
from probe.measure.web import choose
from probe.model.vpn import NEUTRAL, WireGuardKeys

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from probe.measure.trace import Context
    from probe.measure.wireguard import Tunnel
    from probe.model.target import Step

DATA_S: Final = 12.5
"""A WireGuard server that has nothing to say still answers data within ten seconds, by a keepalive."""
DATA_AT: Final = (0.0, 1.5, 4.0)
LINGER_S: Final = 0.5
"""After the first packet of data: the others tell of sizes that pass."""
STUN_S: Final = 3.0
NEUTRALS: Final = 2
"""STUN servers asked when a handshake over UDP stays silent: one that answers is enough."""


async def recipe(ctx: Context, step: Step) -> None:
    """Try the first address of each family of the target's server, by its protocol.

    Raises ValueError for an input that is none, KeyError for a tunnel without keys.
    """
    place = place_of(step.target.input)
    known = step.target.addresses or await resolve(ctx, place.host)
    ips = [ip for ip in dict.fromkeys((*choose(known), *choose(step.addresses))) if is_public(ip)]
    for family in (4, 6):
        for ip in [ip for ip in ips if (":" in ip) == (family == 6)][:1]:
            async with ctx.at((ip,)):
                works = await PROTOCOLS[place.scheme](Asked(ctx, step, ip, place.port))
            if not works and step.target.servers:
                await _neutral(ctx, step, family)


async def _wireguard(asked: Asked) -> bool:
    """Shake hands, then send echo requests; say whether the handshake was answered."""
    ctx, keys = asked.ctx, asked.keys(WireGuardKeys)
    tries: list[wireguard.Initiation] = []
    talk = asked.talk("wireguard")

    def fresh(_turn: int) -> Iterable[bytes]:
        tries.append(wireguard.Initiation(keys, ctx.network.clock.utc()))
        return (tries[-1].message,)

    def read(packet: bytes) -> Tunnel | None:
        if wireguard.is_cookie(packet):
            talk.reached = "cookie"
        return next((opened for one in tries if (opened := one.answered(packet)) is not None), None)

    seconds = handshake_s(ctx)
    found = await talk.over(ask_anew(talk, at=thrice(seconds), timeout_s=seconds, packets=fresh, read=read))
    if found is None:
        return False
    sock, tunnel = found
    with contextlib.closing(sock):
        data = talk.next("data")
        await data.over(_carry(data, sock, tunnel, keys))
    return True


async def _carry(data: Talk, sock: socket.socket, tunnel: Tunnel, keys: WireGuardKeys) -> bytes | None:
    """Send a keepalive and echo requests of three sizes, up to three times; return the first that came."""

    def packets(turn: int) -> Iterable[bytes]:
        plain = (b"",) * (turn == 0) + inner.echoes(keys.own, keys.inside)
        data.sizes += map(len, plain)
        return map(tunnel.pack, plain)

    def read(packet: bytes) -> bytes | None:
        got = tunnel.unpack(packet)
        if got is not None:
            data.reached = "echo" if inner.is_reply(got) or data.reached == "echo" else "packet"
        return got

    return await ask(data, sock, at=DATA_AT, timeout_s=DATA_S, packets=packets, read=read, linger_s=LINGER_S)


async def _stun(asked: Asked) -> bool:
    """Ask for a binding; say whether it was answered."""
    return await _bound(asked.talk("stun"), handshake_s(asked.ctx))


async def _bound(talk: Talk, seconds: float) -> bool:
    transaction = secrets.token_bytes(12)
    packet = stun.request(transaction)

    def read(answer: bytes) -> str | None:
        if stun.mapped_address(answer, transaction) is None:
            return None
        talk.reached = "mapped"
        return talk.reached

    found = await talk.over(
        ask_anew(talk, at=thrice(seconds), timeout_s=seconds, packets=lambda _: (packet,), read=read)
    )
    if found is not None:
        found[0].close()
    return found is not None


async def _neutral(ctx: Context, step: Step, family: int) -> None:
    """Find out whether UDP gets anywhere from here: ask neutral STUN servers until one answers."""
    pool = step.target.servers
    first = step.round % len(pool)
    for server in (*pool[first:], *pool[:first])[:NEUTRALS]:
        place = place_of(f"stun://{server}")
        known = [
            ip for ip in await resolve(ctx, place.host) if (":" in ip) == (family == 6) and is_public(ip)
        ]
        for ip in known[:1]:
            async with ctx.at((ip,)):
                talk = Talk(ctx=ctx, ip=ip, port=place.port, protocol="stun", arm=NEUTRAL, t0=ctx.now())
                if await _bound(talk, min(STUN_S, handshake_s(ctx))):
                    return


PROTOCOLS: Final[Mapping[str, Callable[[Asked], Awaitable[bool]]]] = MappingProxyType(
    {
        "wireguard": _wireguard,
        "openvpn+udp": openvpn.over_udp,
        "openvpn+tcp": openvpn.over_tcp,
        "obfs4": obfs4.over_tcp,
        "tor": tor.over_tcp,
        "stun": _stun,
    }
)
"""By the scheme of the input; each says whether the handshake was answered."""
