"""The recipe `throughput`: the arms of one plan, one after the other, nothing else of ours under way."""

from __future__ import annotations

import secrets
from collections import Counter
from typing import TYPE_CHECKING

import anyio
from msgspec import structs

from probe.measure import transfer_helper
from probe.measure.memory import memory_for
from probe.measure.transfer import SAFETY_BYTES, UNCAPPED, Goal, Turn, record, trial
from probe.measure.transfer_http import Seen
from probe.measure.urls import is_public, place_of
from probe.measure.verify import ascii_name
from probe.model import failure as f

if TYPE_CHECKING:
    from probe.measure.pace import Pace
    from probe.measure.trace import Context
    from probe.measure.transfer_helper import Served
    from probe.model.target import Step
    from probe.model.transfer import Stage, Transfer, TransferPlan

HELPER_PATH = "/transfer"


async def recipe(ctx: Context, step: Step) -> None:
    """Run the arms of `step.transfer` in their order; an observation each, in `ctx.transfers`.

    A helper's arms get its signed receipts where it gives them. Raises ValueError for a step without plan.
    """
    plan = step.transfer
    if plan is None:
        raise ValueError("no transfer is planned")
    asked: dict[Served, dict[str, Transfer]] = {}
    await _room_for_all(ctx, plan)
    for position, planned in enumerate(plan.arms):
        arm = structs.replace(planned, server_name=ascii_name(planned.server_name))
        turn = Turn(plan=plan, arm=arm, position=position)
        if not arm.helper:
            await _at_an_address(ctx, turn)
            continue
        served = await transfer_helper.announced(ctx, arm.helper)
        if isinstance(served, str):
            _not_tried(ctx, turn, "helper", served)
            continue
        nonce = secrets.token_hex(16)
        found = await _at_a_helper(ctx, turn, served, nonce)
        if found.requested is not None:
            asked.setdefault(served, {})[nonce] = found
    for served, transfers in asked.items():
        await _attach(ctx, served, transfers)


async def _room_for_all(ctx: Context, plan: TransferPlan) -> None:
    """Wait until every arm may shake hands: two arms that minutes part are no pair.

    A helper that has not told its address yet has not been greeted often either.
    """
    wait = room_wait_s(ctx.pace, plan)
    if wait > 0:
        ctx.excuse(wait)
        await anyio.sleep(wait)


def room_wait_s(pace: Pace, plan: TransferPlan) -> float:
    """Return the seconds until the handshake budget has room for all arms of a plan."""
    places: Counter[tuple[str, str]] = Counter()
    served = memory_for(pace).served
    for arm in plan.arms:
        announced = served.get(arm.helper)
        if ip := announced.ip if announced is not None else arm.ip:
            places[ascii_name(arm.server_name) or ip, ip] += 1
    return max((pace.hellos.wait_s(name, ip, n) for (name, ip), n in places.items()), default=0.0)


async def _at_an_address(ctx: Context, turn: Turn) -> None:
    arm = turn.arm
    if not is_public(arm.ip):
        _not_tried(ctx, turn, "connect", f.X_NOT_TRIED)
        return
    host = arm.host or (arm.server_name if arm.port == 443 else f"{arm.server_name}:{arm.port}")
    goal = Goal(
        ip=arm.ip,
        port=arm.port,
        host=host,
        target=place_of(f"https://{host}{arm.path}").target,
        path=arm.path,
        max_bytes=_most(turn.plan),
        max_seconds=turn.plan.max_seconds,
    )
    await trial(ctx, turn, goal)


def _most(plan: TransferPlan) -> int:
    return SAFETY_BYTES if plan.purpose in UNCAPPED else plan.max_bytes


async def _at_a_helper(ctx: Context, turn: Turn, served: Served, nonce: str) -> Transfer:
    """Run an arm at a helper, and hold what it did against what it was asked for."""
    plan, arm = turn.plan, turn.arm
    n_bytes = min(_most(plan), served.max_bytes)
    query = f"nonce={nonce}" if plan.direction == "up" else f"bytes={n_bytes}&nonce={nonce}"
    goal = Goal(
        ip=served.ip,
        port=served.port,
        host=arm.host or served.authority,
        target=f"{HELPER_PATH}?{query}",
        path=HELPER_PATH,
        max_bytes=n_bytes,
        max_seconds=plan.max_seconds,
        certificate_sha256=served.certificate_sha256,
    )
    found = await trial(ctx, turn, goal)
    failure = _fault(found)
    if failure is not None:
        found = _replace(ctx, found, structs.replace(found, failure=failure, stage="helper"))
    if found.failure == f.X_HELPER_CERTIFICATE:
        transfer_helper.forget(ctx, arm.helper)
    return found


def _fault(found: Transfer) -> str | None:
    """Return what the helper did against the protocol."""
    if found.failure is not None or found.status_code is None:
        return None
    if found.status_code != 200:
        return f.HTTP_UNEXPECTED_STATUS
    wrong = found.direction == "down" and found.declared_length != found.max_bytes
    return f.X_HELPER_ANSWER if wrong else None


async def _attach(ctx: Context, served: Served, transfers: dict[str, Transfer]) -> None:
    found = await transfer_helper.receipts(ctx, served, transfers)
    for nonce, receipt in found.items():
        _replace(ctx, transfers[nonce], structs.replace(transfers[nonce], receipt=receipt))


def _replace(ctx: Context, old: Transfer, new: Transfer) -> Transfer:
    ctx.transfers[ctx.transfers.index(old)] = new
    return new


def _not_tried(ctx: Context, turn: Turn, stage: Stage, failure: str) -> None:
    """Record an arm that no packet was sent for."""
    plan, arm = turn.plan, turn.arm
    goal = Goal(
        ip=arm.ip,
        port=arm.port,
        host=arm.host,
        target="",
        path=HELPER_PATH if arm.helper else arm.path,
        max_bytes=plan.max_bytes,
        max_seconds=plan.max_seconds,
    )
    seen = Seen(t0=ctx.now(), stage=stage, failure=failure)
    ctx.transfers.append(record(turn, goal, seen, max_seconds=plan.max_seconds, t=ctx.now()))
