"""The recipe of an app in a shop: its page, and beside it what the shop says of it and of a control app."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import anyio
from msgspec import structs

from probe.measure.web import web
from probe.model import failure as f
from probe.model.appstore import App, StoreAnswer, app_of, lookup_of

if TYPE_CHECKING:
    from probe.measure.trace import Context
    from probe.model.observation import HTTPRoundTrip
    from probe.model.target import Step

LOOKS: Final = 2
"""Rounds in which an interface is asked: what is gone twice is gone. Each look is a handshake of one name."""
GONE: Final = frozenset({404, 410})
MAX_RESULTS: Final = 200
_NO_ANSWER: Final = "unknown_failure: no answer"


async def recipe(ctx: Context, step: Step) -> None:
    """Fetch the app's page as any page; beside it ask the shop about the app and about a control app.

    `Target.control_app` and `Target.elsewhere` (a storefront) say with what it is compared: once, in the
    first round; what is missing is looked for again in the next. Raises ValueError for an input that is no
    page of a shop.
    """
    app = app_of(step.target.input)
    if app is None:
        raise ValueError("not the page of an app")
    tasks = ctx.tasks
    try:
        async with anyio.create_task_group() as ctx.tasks:  # all of it is the page's, before others are asked
            await web(ctx, step)
    finally:
        ctx.tasks = tasks
    page = _last(ctx, 0)
    failure = _failure(ctx, page, [0, 0, 0])
    ctx.store_answers.append(_said(ctx, app, page, failure, t0=0.0, listed=_listed(app, page)))
    if step.target.control_app:
        ask = _ask_apple if app.shop == "apple" else _ask_google
        await ask(ctx, step, app, gone=ctx.store_answers[-1].listed is False)


async def _ask_apple(ctx: Context, step: Step, app: App, *, gone: bool) -> None:
    """Ask the interface: here in the first round, and again where the app is gone; elsewhere once."""
    if step.round and not (gone and step.round < LOOKS):
        return
    if not await _look_up(ctx, step, app) and not step.round:
        await _look_up(ctx, step, structs.replace(app, storefront=step.target.elsewhere))


async def _look_up(ctx: Context, step: Step, app: App) -> bool | None:
    """Ask about the app and the control app in one question; return whether the app is offered."""
    control = step.target.control_app
    t0 = ctx.now()
    reply, body, failure = await _fetch(ctx, step, lookup_of(app.storefront, app.app, control))
    known = ids_in(body) if failure is None and reply is not None and reply.status_code == 200 else None
    for one in (app.app, control):
        asked = structs.replace(app, app=one)
        listed = None if known is None else one in known
        made = _said(ctx, asked, reply, failure, t0=t0, listed=listed, is_control=one == control)
        ctx.store_answers.append(structs.replace(made, said_by="api"))
    return None if known is None else app.app in known


async def _ask_google(ctx: Context, step: Step, app: App, *, gone: bool) -> None:
    """Ask once, where the app's page is gone, for the control app's here and for the app's elsewhere."""
    if step.round or not gone:
        return
    for other in (
        structs.replace(app, app=step.target.control_app),
        structs.replace(app, storefront=step.target.elsewhere),
    ):
        t0 = ctx.now()
        reply, _, failure = await _fetch(ctx, step, other.page)
        is_control = other.app != app.app
        listed = _listed(other, reply)
        made = _said(ctx, other, reply, failure, t0=t0, listed=listed, is_control=is_control)
        ctx.store_answers.append(made)


async def _fetch(ctx: Context, step: Step, url: str) -> tuple[HTTPRoundTrip | None, bytes, str | None]:
    """Fetch a URL as a page is fetched; return its last answer, its body, and why there is none that holds.

    Of a question beside the target only what the shop said is kept: its connections are not the target's.
    """
    lists: tuple[list[Any], ...] = (
        ctx.queries,
        ctx.tcp_connect,
        ctx.tls_handshakes,
        ctx.requests,
        ctx.network_events,
    )
    marks = [len(each) for each in lists]
    blobs = set(ctx.blobs)
    tasks = ctx.tasks
    target = structs.replace(step.target, input=url)
    try:
        async with anyio.create_task_group() as ctx.tasks:
            await web(ctx, structs.replace(step, target=target, round=0, addresses=()))
        reply = _last(ctx, marks[3])
        failure = _failure(ctx, reply, marks)
        body = b"" if reply is None else ctx.blobs.get(reply.body_sha256) or reply.body.encode()
    finally:
        ctx.tasks = tasks
        for each, mark in zip(lists, marks, strict=True):
            del each[mark:]
        for digest in set(ctx.blobs) - blobs:
            del ctx.blobs[digest]
    return reply, body, failure


def _last(ctx: Context, mark: int) -> HTTPRoundTrip | None:
    """Return the answer at which the redirects ended, among the requests from a mark on."""
    made = ctx.requests[mark:]
    hop = max((r.hop for r in made), default=0)
    final = [r for r in made if r.hop == hop]
    # Of two families one is read to the headers only.
    return min(final, key=lambda r: (r.status_code is None, not r.body, ":" in r.ip), default=None)


def _failure(ctx: Context, reply: HTTPRoundTrip | None, marks: list[int]) -> str | None:
    """Return why no answer over a certificate that holds came; None where one did."""
    if reply is None:
        said = [x.failure for x in ctx.queries[marks[0] :]]
        said += [x.failure for x in ctx.tcp_connect[marks[1] :]]
        said += [x.failure for x in ctx.tls_handshakes[marks[2] :]]
        return next((x for x in reversed(said) if x is not None), _NO_ANSWER)
    if reply.status_code is None:
        return reply.failure or _NO_ANSWER
    return None if _holds(ctx, reply) else f.TLS_INVALID_CERTIFICATE


def _holds(ctx: Context, reply: HTTPRoundTrip) -> bool:
    """Say whether a certificate valid for the name, dates left out, stood behind an answer."""
    return any(
        h.ip == reply.ip and h.hop == reply.hop and h.chain_failure is None and h.name_matches
        for h in ctx.tls_handshakes
    )


def _said(
    ctx: Context,
    app: App,
    reply: HTTPRoundTrip | None,
    failure: str | None,
    *,
    t0: float,
    listed: bool | None,
    is_control: bool = False,
) -> StoreAnswer:
    """Put together what an answer said of an app; one that nothing vouches for says nothing."""
    return StoreAnswer(
        t0=t0,
        t=ctx.now(),
        failure=failure,
        ip=reply.ip if reply is not None else "",
        status_code=reply.status_code if reply is not None else None,
        said_by="page",
        storefront=app.storefront,
        app=app.app,
        is_control=is_control,
        listed=listed if failure is None else None,
    )


def _listed(app: App, page: HTTPRoundTrip | None) -> bool | None:
    """Read a page: there, gone, or something else altogether."""
    if page is None or page.status_code in GONE:
        return None if page is None else False
    return True if page.status_code == 200 and app.is_page(page.url) else None


def ids_in(body: bytes) -> frozenset[str] | None:
    """Return the apps that a look-up found; None for anything that is no look-up's answer."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    results = said.get("results") if isinstance(said, dict) else None
    if not isinstance(results, list) or said.get("resultCount") != len(results) or len(results) > MAX_RESULTS:
        return None
    return frozenset(str(one.get("trackId")) for one in results if isinstance(one, dict))
