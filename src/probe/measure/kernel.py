"""What the Linux kernel knows about one socket: TCP_INFO, and the ICMP message that ended a connect."""

import socket
import struct
import sys
from typing import Final

from probe.model.observation import ICMPError, TCPInfo

IS_LINUX: Final = sys.platform.startswith("linux")
_IP_RECVERR, _IPV6_RECVERR, _MSG_ERRQUEUE = 11, 25, 0x2000
"""linux/in.h, linux/in6.h, bits/socket.h: not in Python's socket module before 3.14."""
_TCP_INFO: Final = 11
_ORIGINS: Final = frozenset({2, 3})
"""SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6 (linux/errqueue.h): an error made on this machine is not ICMP."""


def tcp_info(sock: socket.socket) -> TCPInfo | None:
    """Read struct tcp_info (linux/tcp.h); None elsewhere, or when the socket is gone."""
    if not IS_LINUX or sock.fileno() < 0:
        return None
    try:
        raw = sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 232)
    except OSError:
        return None
    if len(raw) < 104:
        return None
    words = struct.unpack_from("24I", raw, 8)
    acked, received = struct.unpack_from("QQ", raw, 120) if len(raw) >= 136 else (None, None)
    return TCPInfo(
        rtt_us=words[15],
        rttvar_us=words[16],
        min_rtt_us=struct.unpack_from("I", raw, 148)[0] if len(raw) >= 152 else None,
        unacked=words[4],
        lost=words[6],
        retrans=words[7],
        total_retrans=words[23],
        bytes_acked=acked,
        bytes_received=received,
    )


def watch_icmp(sock: socket.socket, watch: bool) -> None:
    """Queue ICMP errors on the socket, or stop it.

    Only while connecting: on an open connection it would make a soft, forgeable ICMP error end what an
    ordinary program's connection survives (man 7 ip, IP_RECVERR).
    """
    if not IS_LINUX:
        return
    v6 = sock.family == socket.AF_INET6
    level, option = (socket.IPPROTO_IPV6, _IPV6_RECVERR) if v6 else (socket.IPPROTO_IP, _IP_RECVERR)
    try:
        sock.setsockopt(level, option, int(watch))
    except OSError:
        return


def icmp_error(sock: socket.socket) -> ICMPError | None:
    """Take the ICMP error off the socket's error queue, with the address of the router that sent it."""
    if not IS_LINUX or sock.fileno() < 0:
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
