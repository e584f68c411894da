"""The cross experiment shows whether it is the name, the address, or only the two together.

METHOD section 6. In each sweep neutral names are said first, at the target's address and at neutral ones;
then the target's name, at each neutral address within 5 s of a neutral name that passed there. Three sweeps
suffice when nothing is retired; all that is silent costs a sweep one time-out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from probe.measure import http, tcp, tls
from probe.measure.cross_plan import Cell, Matrix, matrix_of
from probe.measure.memory import memory_of
from probe.measure.pace import sleep_until
from probe.measure.trace import is_ours

if TYPE_CHECKING:
    from collections.abc import Iterable

    from probe.measure.stream import Stream
    from probe.measure.trace import Context
    from probe.model.target import Step

TIMEOUT_S: Final = 5.0
"""Of one handshake or request: a silent cell must not cost a whole sweep."""
TRY_GAP_S: Final = 2.05
"""Between two tries of a cell, begin to begin: METHOD's 2 s, and a little for timers."""
PASS_WITHIN_S: Final = 5.0
CONNECT_MARGIN_S: Final = 1.0
"""A pass that would be this near its end before we even connect is not counted on."""
MAX_SWEEPS: Final = 6
LAST_SWEEP_S: Final = 90.0
"""No sweep begins later than this: what is incomplete then stays without a suffix."""


async def recipe(ctx: Context, step: Step) -> None:
    """Fill the matrix of names and addresses, as far as METHOD lets it be filled.

    Nothing is sent where names or addresses do not suffice. Every try is an observation with `arm` and
    `trial`; an address at which a neutral name fails is out, and another of the pool comes in.
    """
    memory = memory_of(ctx)
    matrix = matrix_of(
        step,
        is_retired=lambda ip: memory.is_retired(ip, ctx.network.clock.counter()),
        wait_s=ctx.pace.hellos.wait_s,
    )
    if matrix is None:
        return
    plain = step.target.input.startswith("http://")
    for _ in range(MAX_SWEEPS):
        if matrix.is_moot() or matrix.is_done() or ctx.now() > LAST_SWEEP_S:
            return
        await _neutral_arms(ctx, matrix, plain=plain)
        if not matrix.is_moot():
            await _target_arms(ctx, matrix, plain=plain)


async def _neutral_arms(ctx: Context, matrix: Matrix, *, plain: bool) -> None:
    """Say the neutral names: at the target's address first, for a time-out there must not age the passes."""
    own = [cell for cell in matrix.neutral_cells(matrix.target) if matrix.left(cell) > 0]
    await _all(ctx, matrix, own, plain=plain)
    fresh = list(matrix.live)
    while fresh and not matrix.is_moot():
        await _all(ctx, matrix, _alternating([matrix.to_bracket(a) for a in fresh]), plain=plain)
        now = ctx.network.clock.counter()
        for address in fresh:
            if matrix.is_silent(address):
                memory_of(ctx).retire(address.ip, now)
        fresh = matrix.replace_failed()


async def _target_arms(ctx: Context, matrix: Matrix, *, plain: bool) -> None:
    """Say the target's name wherever it is still needed, neutral addresses first: their passes age."""
    await _all(ctx, matrix, matrix.target_cells(), plain=plain)


def _alternating(groups: list[tuple[Cell, ...]]) -> list[Cell]:
    """Deal cells so that neighbours differ in name: each name's own gap then delays the others least."""
    turned = [cells[n % len(cells) :] + cells[: n % len(cells)] for n, cells in enumerate(groups) if cells]
    depth = max((len(cells) for cells in turned), default=0)
    return [cells[row] for row in range(depth) for cells in turned if row < len(cells)]


async def _all(ctx: Context, matrix: Matrix, cells: Iterable[Cell], *, plain: bool) -> None:
    async with anyio.create_task_group() as tasks:
        for cell in cells:
            tasks.start_soon(_try, ctx, matrix, cell, plain)


async def _try(ctx: Context, matrix: Matrix, cell: Cell, plain: bool) -> None:
    """Try one cell once, if its neutral pass is still fresh; a fault of this machine does not count."""
    last = matrix.last(cell)
    await _until(ctx, None if last is None else last + TRY_GAP_S)
    name, ip, port = cell.name.text, cell.address.ip, cell.address.port
    async with memory_of(ctx).name(name):
        await ctx.room_for_hello(name, ip)
        async with ctx.at((ip,)):
            if not _is_accompanied(ctx, matrix, cell, CONNECT_MARGIN_S):
                return
            trial = len(matrix.tries.get(cell, ()))
            timeout = min(ctx.options.timeout_s, TIMEOUT_S)
            connected, stream = await tcp.connect(
                ctx, ip, port, attempt=trial, arm=cell.arm, timeout_s=timeout
            )
            if stream is None:
                if not is_ours(connected.failure):
                    matrix.note(cell, connected.t0, connected.t, passed=False)
                return
            try:
                wait = ctx.pace.hellos.wait_s(name, ip)
                if _is_accompanied(ctx, matrix, cell, wait):
                    await _say(ctx, matrix, cell, stream, trial=trial, timeout_s=timeout, plain=plain)
            finally:
                stream.close()


async def _say(
    ctx: Context, matrix: Matrix, cell: Cell, stream: Stream, *, trial: int, timeout_s: float, plain: bool
) -> None:
    """Send the name in a ClientHello or a Host header; any answer in its protocol is a pass."""
    name = cell.name.text
    if plain:
        ctx.excuse(await ctx.pace.hellos.take(name, cell.address.ip))
        asked = await http.round_trip(
            ctx,
            stream,
            f"http://{name}/",
            host=name,
            headers_only=True,
            arm=cell.arm,
            attempt=trial,
            trial=trial,
            timeout_s=timeout_s,
        )
        if not is_ours(asked.failure):
            matrix.note(cell, asked.t0, asked.t, passed=asked.status_code is not None)
        return
    shaken, _ = await tls.handshake(
        ctx, stream, name, verified_name=name, arm=cell.arm, attempt=trial, trial=trial, timeout_s=timeout_s
    )
    if not is_ours(shaken.failure):
        matrix.note(cell, shaken.t0, shaken.t, passed=shaken.server_spoke)


def _is_accompanied(ctx: Context, matrix: Matrix, cell: Cell, margin_s: float) -> bool:
    """Say whether this try may be made: the target's name at a neutral address follows a fresh pass there."""
    if cell.name.kind == "neutral" or cell.address.kind == "target":
        return True
    passed = matrix.last_pass(cell.address)
    return passed is not None and ctx.now() + margin_s - passed <= PASS_WITHIN_S


async def _until(ctx: Context, moment: float | None) -> None:
    """Wait for a moment of the measurement's clock; it is our own spacing, so the deadline moves along."""
    if moment is not None and moment > ctx.now():
        ctx.excuse(moment - ctx.now())
        await sleep_until(ctx.now, moment)
