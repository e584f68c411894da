"""Answers UDP: DNS, and QUIC, on loopback for all addresses at once, or on every real one of the host."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from probe.lab.hostile import doors
from probe.lab.records import Place
from probe.lab.resolver import replies

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.lab.tunnels import Datagrams
    from probe.lab.world import World

    Locate = Callable[[tuple[Any, ...]], Place | None]

LARGEST = 4096
# Linux's numbers where Python 3.11 does not name them; used when serving real addresses only.
PKTINFO = {
    socket.AF_INET: (socket.IPPROTO_IP, getattr(socket, "IP_PKTINFO", 8)),
    socket.AF_INET6: (socket.IPPROTO_IPV6, getattr(socket, "IPV6_PKTINFO", 50)),
}
RECEIVE_PKTINFO = {
    socket.AF_INET: (socket.IPPROTO_IP, getattr(socket, "IP_PKTINFO", 8)),
    socket.AF_INET6: (socket.IPPROTO_IPV6, getattr(socket, "IPV6_RECVPKTINFO", 49)),
}
FREEBIND = {socket.AF_INET: (socket.IPPROTO_IP, 15), socket.AF_INET6: (socket.IPPROTO_IPV6, 78)}
"""IP_FREEBIND and IPV6_FREEBIND: reply from an address that is local by its route only."""


def open_udp(host: str, port: int) -> socket.socket:
    """Return a bound non-blocking UDP socket. Raises OSError."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if ":" in host:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def _answer(world: World, wire: bytes, resolver: str, send: Callable[[bytes], object]) -> None:
    """Send the replies to one datagram, each when it is due."""
    resolver = world.translate(resolver)
    if (row := world.peers.get(resolver)) is not None:
        doors.datagrams(row, wire, partial(_quietly, send))
        return
    if not world.is_resolver(resolver):
        return
    loop = asyncio.get_running_loop()
    for delay, reply in replies(world, wire, resolver, "udp"):
        loop.call_later(delay + world.rtt_s, _quietly, send, reply)


def _quietly(send: Callable[[bytes], object], reply: bytes) -> None:
    with contextlib.suppress(OSError):  # the client has gone, or the lab is closing
        send(reply)


async def serve_udp(world: World, sock: socket.socket, locate: Locate, quic: Datagrams | None = None) -> None:
    """Serve until cancelled; `locate` tells from the client's address which place was meant."""
    loop = asyncio.get_running_loop()
    with sock:
        while True:
            try:
                wire, peer = await loop.sock_recvfrom(sock, LARGEST)
            except OSError:  # an ICMP error that a reply of ours brought home
                continue
            place = locate(peer)
            if place is not None and place.port == 53:
                _answer(world, wire, place.address, partial(_send_to, sock, peer))
            elif place is not None and quic is not None:
                quic.receive(wire, peer, place, partial(_send_any, sock))


async def serve_udp_everywhere(world: World, sock: socket.socket, quic: Datagrams | None = None) -> None:
    """Serve until cancelled on every address of the host (Linux); replies come from the one asked.

    DNS, unless `quic` is given. Raises OSError elsewhere.
    """
    if sys.platform == "win32":
        raise OSError(errno.EOPNOTSUPP, "real addresses are served on Linux only")
    port = sock.getsockname()[1]
    sock.setsockopt(*RECEIVE_PKTINFO[sock.family], 1)
    sock.setsockopt(*FREEBIND[sock.family], 1)
    loop = asyncio.get_running_loop()

    def readable() -> None:
        with contextlib.suppress(OSError):
            wire, ancillary, _flags, peer = sock.recvmsg(LARGEST, 256)
            for level, kind, data in ancillary:
                if (level, kind) == PKTINFO[sock.family]:
                    asked, source = _asked(sock.family, data)
                    if quic is not None:
                        away = partial(_send_any_from, sock, (level, kind, source))
                        quic.receive(wire, peer, Place(address=asked, port=port), away)
                        continue
                    send = partial(_send_from, sock, (level, kind, source), peer)
                    _answer(world, wire, asked, send)

    with sock:
        loop.add_reader(sock, readable)
        try:
            await asyncio.Event().wait()
        finally:
            loop.remove_reader(sock)


def _send_to(sock: socket.socket, peer: tuple[Any, ...], reply: bytes) -> None:
    sock.sendto(reply, peer)


def _send_any(sock: socket.socket, data: bytes, peer: tuple[Any, ...]) -> None:
    with contextlib.suppress(OSError):
        sock.sendto(data, peer)


def _send_any_from(
    sock: socket.socket, source: tuple[int, int, bytes], data: bytes, peer: tuple[Any, ...]
) -> None:
    with contextlib.suppress(OSError):
        _send_from(sock, source, peer, data)


def _send_from(
    sock: socket.socket, source: tuple[int, int, bytes], peer: tuple[Any, ...], reply: bytes
) -> None:
    if sys.platform != "win32":
        sock.sendmsg([reply], [source], 0, peer)


def _asked(family: int, data: bytes) -> tuple[str, bytes]:
    """Return the address a datagram was sent to, and the control data that sends the reply from there."""
    if family == socket.AF_INET:
        destination = data[8:12]  # struct in_pktinfo: ifindex, spec_dst, addr (ip(7))
        return socket.inet_ntop(socket.AF_INET, destination), struct.pack("=I4s4s", 0, destination, bytes(4))
    destination = data[:16]  # struct in6_pktinfo: addr, ifindex
    return socket.inet_ntop(socket.AF_INET6, destination), struct.pack("=16sI", destination, 0)
