"""What the Linux kernel knows about one socket: TCP_INFO, and the ICMP message that ended a connect.

Offsets are those of struct tcp_info in linux/tcp.h; it only ever grows, so a short one is an old kernel's.
"""

import socket
import struct
import sys
from typing import Final

from probe.model.observation import ICMPError, TCPInfo
from probe.model.transfer import TCPSample

_IP_RECVERR, _IPV6_RECVERR, _MSG_ERRQUEUE = 11, 25, 0x2000
"""linux/in.h, linux/in6.h, bits/socket.h: not in Python's socket module before 3.14."""
_TCP_INFO: Final = 11
_ORIGINS: Final = frozenset({2, 3})
"""SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6 (linux/errqueue.h): an error made on this machine is not ICMP."""
_NO_RTT: Final = 0xFFFFFFFF
"""tcpi_min_rtt before the first sample."""
_SEGMENT_HEADERS: Final = 90
"""Ethernet 18, IPv6 40, TCP 20, timestamps 12: the most that usually goes round a segment."""


def _raw(sock: socket.socket) -> bytes:
    """Read struct tcp_info; empty elsewhere, or when the socket is gone."""
    if sys.platform != "linux" or sock.fileno() < 0:
        return b""
    try:
        raw = sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 232)
    except OSError:
        return b""
    return raw if len(raw) >= 104 else b""


def _at(raw: bytes, offset: int, kind: str = "I") -> int | None:
    """Return the field at an offset; None where this kernel does not have it."""
    if len(raw) < offset + struct.calcsize(kind):
        return None
    return int(struct.unpack_from(kind, raw, offset)[0])


def _min_rtt(raw: bytes) -> int | None:
    found = _at(raw, 148)
    return None if found == _NO_RTT else found


def tcp_info(sock: socket.socket) -> TCPInfo | None:
    """Read the state of a connection; None where the system does not tell."""
    raw = _raw(sock)
    if not raw:
        return None
    words = struct.unpack_from("24I", raw, 8)
    return TCPInfo(
        rtt_us=words[15],
        rttvar_us=words[16],
        min_rtt_us=_min_rtt(raw),
        unacked=words[4],
        lost=words[6],
        retrans=words[7],
        total_retrans=words[23],
        bytes_acked=_at(raw, 120, "Q"),
        bytes_received=_at(raw, 128, "Q"),
        rcv_ooopack=_at(raw, 224),
    )


def tcp_sample(sock: socket.socket, t: float) -> TCPSample | None:
    """Read what a transfer keeps of a moment `t`; None where the system does not tell."""
    raw = _raw(sock)
    if not raw:
        return None
    rate = _at(raw, 160, "Q")
    return TCPSample(
        t=t,
        rtt_us=_at(raw, 68) or 0,
        min_rtt_us=_min_rtt(raw),
        delivery_rate_bps=None if rate is None else 8 * rate,
        reordering=_at(raw, 220),
        rcv_ooopack=_at(raw, 224),
        bytes_received=_at(raw, 128, "Q"),
        total_retrans=_at(raw, 100) or 0,
        rcv_rtt_us=_at(raw, 92) or None,
    )


def bytes_acked(sock: socket.socket) -> int | None:
    """Return how many bytes the peer's kernel has acknowledged so far, the SYN being one."""
    return _at(_raw(sock), 120, "Q")


def wire_bytes(sock: socket.socket) -> int | None:
    """Return what the connection has moved over the wire so far, both ways, headers included, rounded up.

    Segments that came out of order are not among the received bytes before the gap is filled: as many more as
    there may be, by their number and the usual length, are counted too. None where the system does not tell.
    """
    raw = _raw(sock)
    sent, received = _at(raw, 200, "Q"), _at(raw, 128, "Q")
    if sent is None or received is None:
        return None
    _, _, _, rcv_mss = struct.unpack_from("4I", raw, 8)
    segs_out, segs_in = struct.unpack_from("2I", raw, 136)
    at_most = received + rcv_mss * (_at(raw, 224) or 0)
    arrived = max(received, min(at_most, rcv_mss * (_at(raw, 152) or 0)))
    return int(sent + arrived + _SEGMENT_HEADERS * (segs_out + segs_in))


def watch_icmp(sock: socket.socket, watch: bool) -> None:
    """Queue ICMP errors on the socket, or stop it.

    Only while connecting: on an open connection it would make a soft, forgeable ICMP error end what an
    ordinary program's connection survives (man 7 ip, IP_RECVERR).
    """
    if sys.platform != "linux":
        return
    v6 = sock.family == socket.AF_INET6
    level, option = (socket.IPPROTO_IPV6, _IPV6_RECVERR) if v6 else (socket.IPPROTO_IP, _IP_RECVERR)
    try:
        sock.setsockopt(level, option, int(watch))
    except OSError:
        return


def icmp_error(sock: socket.socket) -> ICMPError | None:
    """Take the ICMP error off the socket's error queue, with the address of the router that sent it."""
    if sys.platform != "linux" or sock.fileno() < 0:
        return None
    try:
        _, ancillary, _, _ = sock.recvmsg(512, 512, _MSG_ERRQUEUE)
    except OSError:
        return None
    wanted = {(socket.IPPROTO_IP, _IP_RECVERR), (socket.IPPROTO_IPV6, _IPV6_RECVERR)}
    for level, kind, data in ancillary:
        if (level, kind) in wanted and len(data) >= 16:
            _, origin, icmp_type, code = struct.unpack_from("IBBB", data)
            if origin in _ORIGINS:
                return ICMPError(type=icmp_type, code=code, from_ip=_offender(data[16:]))
    return None


def _offender(sockaddr: bytes) -> str | None:
    """Read the sockaddr that follows struct sock_extended_err."""
    if len(sockaddr) < 8:
        return None
    family = struct.unpack_from("H", sockaddr)[0]
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, sockaddr[4:8])
    if family == socket.AF_INET6 and len(sockaddr) >= 24:
        return socket.inet_ntop(socket.AF_INET6, sockaddr[8:24])
    return None
