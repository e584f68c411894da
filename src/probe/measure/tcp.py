"""One TCP connection to one address."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

import anyio

from probe.measure import kernel
from probe.measure.failure import classify
from probe.measure.stream import Stream
from probe.model.observation import TCPConnect

if TYPE_CHECKING:
    from probe.measure.trace import Context


async def connect(
    ctx: Context,
    ip: str,
    port: int,
    *,
    hop: int = 0,
    attempt: int = 0,
    arm: str = "",
    timeout_s: float | None = None,
    max_segment: int | None = None,
) -> tuple[TCPConnect, Stream | None]:
    """Connect to a literal address; the observation is appended, whatever happened.

    `max_segment` is TCP_MAXSEG; where the system cannot set it, that is a failure of this machine.

    Raises nothing of the network's; a cancelled connect is recorded as `interrupted` before it goes on.
    Room at the address is the caller's: `async with ctx.at((ip,))` around the stream's life.
    """
    sock: socket.socket | None = None
    failure: str | None = None
    t0 = ctx.now()
    t = t0
    try:
        sock = ctx.network.open_tcp(ip)
        kernel.watch_icmp(sock, watch=True)
        if max_segment is not None:
            _limit_segments(sock, max_segment)
        t0 = ctx.now()
        with anyio.fail_after(timeout_s or ctx.options.timeout_s):
            moment = await ctx.network.connect(sock, ip, port)
        t = ctx.now() if moment is None else moment - ctx.zero
    except OSError as error:
        t = ctx.now()
        failure = classify(error)
    except BaseException as error:
        _note(
            ctx,
            TCPConnect(
                t0=t0,
                t=ctx.now(),
                failure=classify(error),
                ip=ip,
                port=port,
                hop=hop,
                attempt=attempt,
                arm=arm,
            ),
        )
        if sock is not None:
            sock.close()
        raise
    observed = TCPConnect(
        t0=t0,
        t=t,
        failure=failure,
        ip=ip,
        port=port,
        tcp_info=None if sock is None else kernel.tcp_info(sock),
        icmp=None if sock is None or failure is None else kernel.icmp_error(sock),
        hop=hop,
        attempt=attempt,
        arm=arm,
    )
    _note(ctx, observed)
    if sock is None or failure is not None:
        if sock is not None:
            sock.close()
        return observed, None
    kernel.watch_icmp(sock, watch=False)
    return observed, Stream(ctx, sock, ip, port)


def _limit_segments(sock: socket.socket, size: int) -> None:
    option = getattr(socket, "TCP_MAXSEG", None)
    if option is None:
        raise OSError(errno.EINVAL, "no TCP_MAXSEG here")
    sock.setsockopt(socket.IPPROTO_TCP, option, size)


def _note(ctx: Context, observed: TCPConnect) -> None:
    ctx.tcp_connect.append(observed)


def not_tried(ctx: Context, ip: str, port: int, failure: str, *, hop: int = 0) -> TCPConnect:
    """Record an address that was not connected to, and why."""
    now = ctx.now()
    observed = TCPConnect(t0=now, t=now, failure=failure, ip=ip, port=port, hop=hop)
    _note(ctx, observed)
    return observed
