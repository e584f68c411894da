"""One trial of one arm: connect, shake hands under the arm's name, ask; what moved, and how it ended."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import anyio
from msgspec import Struct

from probe.measure import kernel, tcp, tls
from probe.measure.aside import aside
from probe.measure.failure import classify
from probe.measure.memory import memory_of
from probe.measure.transfer_http import Asked, Seen, exchange
from probe.measure.transfer_watch import foreign_bytes, quiet
from probe.model import failure as f
from probe.model.transfer import Transfer

if TYPE_CHECKING:
    from probe.measure.stream import Stream, TLSStream
    from probe.measure.trace import Context
    from probe.model.transfer import ArmPlan, TransferPlan

UNCAPPED: Final = {"freeze": True, "small_segments": False}
"""Purposes whose trials go on to their silence; false where it is waited for as long as for a page. One trial
in small segments is: a server that pauses for everybody goes on in it, and is no freeze."""
SAFETY_BYTES: Final = 1_000_000
"""Where they end all the same."""
HTTP_1: Final = ("http/1.1",)


class Goal(Struct, frozen=True, kw_only=True):
    """Where an arm goes, all of it known."""

    ip: str
    port: int
    host: str
    target: str
    """Of the request: path and query, percent-encoded."""
    path: str
    """As it is published: without a nonce."""
    max_bytes: int
    max_seconds: float
    certificate_sha256: str = ""
    """Hex; the leaf must be this one. Empty: any."""


class Turn(Struct, frozen=True, kw_only=True):
    """One arm of a plan, and its place in the order."""

    plan: TransferPlan
    arm: ArmPlan
    position: int


async def trial(ctx: Context, turn: Turn, goal: Goal) -> Transfer:
    """Run one arm once. The observation is appended to `ctx.transfers`, whatever happened, and returned.

    Nothing of it appears among the context's connections and handshakes. Raises faults of ours.
    """
    arm, purpose = turn.arm, turn.plan.purpose
    asked = Asked(
        direction=turn.plan.direction,
        target=goal.target,
        host=goal.host,
        max_bytes=goal.max_bytes,
        max_seconds=ctx.options.timeout_s if purpose in UNCAPPED else goal.max_seconds,
        timeout_s=ctx.options.timeout_s,
        ends_at_silence=UNCAPPED.get(purpose, False),
    )
    await _room(ctx, arm.server_name or goal.ip, goal.ip)
    seen = Seen(t0=ctx.now())
    try:
        async with memory_of(ctx).name(arm.server_name), ctx.at((goal.ip,)):
            await quiet(ctx)
            seen.t0 = ctx.now()
            with aside(ctx) as other:
                await _run(other, turn, goal, asked, seen)
    except BaseException as error:
        seen.failure = seen.failure or classify(error)
        raise
    finally:
        found = record(turn, goal, seen, max_seconds=asked.max_seconds, t=ctx.now())
        ctx.transfers.append(found)
    return found


async def _room(ctx: Context, name: str, ip: str) -> None:
    """Wait for the whole of the handshake budget before connecting: the trial's time is its own."""
    wait = ctx.pace.hellos.wait_s(name, ip)
    if wait > 0:
        ctx.excuse(wait)
        await anyio.sleep(wait)


async def _run(ctx: Context, turn: Turn, goal: Goal, asked: Asked, seen: Seen) -> None:
    before = ctx.network.interface_bytes()
    connected, raw = await tcp.connect(ctx, goal.ip, goal.port, max_segment=turn.plan.max_segment)
    seen.t0, seen.tcp_info, seen.failure = connected.t0, connected.tcp_info, connected.failure
    if raw is None:
        seen.foreign_bytes = foreign_bytes(before, ctx.network.interface_bytes(), 0)
        return
    seen.connect_s = connected.t - connected.t0
    try:
        stream = await _secured(ctx, raw, turn.arm, goal, seen)
        if stream is not None:
            await exchange(stream, asked, seen)
    finally:
        _last_look(ctx, raw, before, seen)


async def _secured(ctx: Context, raw: Stream, arm: ArmPlan, goal: Goal, seen: Seen) -> TLSStream | None:
    """Shake hands; any certificate will do unless one was announced."""
    seen.stage = "tls"
    name = arm.server_name or None
    shaken, stream = await tls.handshake(ctx, raw, name, verified_name=name or goal.ip, alpn=HTTP_1)
    if stream is None:
        seen.failure = shaken.failure
        seen.ended_by = raw.ended_by
        return None
    seen.tls_s = shaken.t - shaken.t0
    chain = tls.unverified_chain(stream.tls)
    seen.chain_length = len(chain)
    seen.certificate_sha256 = hashlib.sha256(chain[0]).hexdigest() if chain else ""
    if goal.certificate_sha256 and seen.certificate_sha256 != goal.certificate_sha256:
        seen.stage, seen.failure = "helper", f.X_HELPER_CERTIFICATE
        return None
    return stream


def _last_look(ctx: Context, raw: Stream, before: int | None, seen: Seen) -> None:
    """Close; count what the kernel has taken and we have not read, for the user has paid for it too."""
    seen.tcp_info = raw.tcp_info() or seen.tcp_info
    own = kernel.wire_bytes(raw.sock)
    if own is None:
        own = ctx.bytes_sent + raw.received
    seen.foreign_bytes = foreign_bytes(before, ctx.network.interface_bytes(), own)
    received = seen.tcp_info.bytes_received if seen.tcp_info else None
    ctx.bytes_received += max(0, (received or 0) - raw.received)
    raw.close()


def record(turn: Turn, goal: Goal, seen: Seen, *, max_seconds: float, t: float) -> Transfer:
    """Return the observation of a trial that ended at `t`."""
    plan, arm = turn.plan, turn.arm
    return Transfer(
        t0=seen.t0,
        t=t,
        failure=seen.failure,
        stage=seen.stage,
        arm=arm.arm,
        purpose=plan.purpose,
        test=plan.test,
        number=plan.number,
        position=turn.position,
        ip=goal.ip,
        port=goal.port,
        server_name=arm.server_name,
        host=goal.host,
        path=goal.path,
        direction=plan.direction,
        helper=arm.helper,
        connect_s=seen.connect_s,
        tls_s=seen.tls_s,
        requested=seen.requested,
        first_byte=seen.first_byte,
        status_code=seen.status_code,
        declared_length=seen.declared_length,
        n_bytes=seen.n_bytes,
        n_socket_bytes=sum(n for _, n in seen.series),
        series=tuple((round(at, 6), n) for at, n in seen.series),
        samples=tuple(seen.samples),
        tcp_info=seen.tcp_info,
        chain_length=seen.chain_length,
        certificate_sha256=seen.certificate_sha256,
        ended_by=seen.ended_by,
        max_bytes=goal.max_bytes,
        max_seconds=max_seconds,
        max_segment=plan.max_segment,
        foreign_bytes=seen.foreign_bytes,
    )
