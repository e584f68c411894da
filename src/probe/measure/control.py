"""The target as seen from elsewhere: test helpers in turn until one answers, and a proxy of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from probe.measure import tls
from probe.measure.aside import aside, reach
from probe.measure.body import inflate
from probe.measure.control_answer import MAX_ANSWER_BYTES, AnswerError, question, question_url, read_answer
from probe.measure.control_proxy import ask_proxy
from probe.measure.http import BROWSER_HEADERS
from probe.measure.http_transport import Exchange, exchange
from probe.measure.memory import memory_of
from probe.measure.urls import place_of
from probe.model import failure as f
from probe.model.observation import ControlAnswer

if TYPE_CHECKING:
    from probe.measure.stream import AnyStream
    from probe.measure.trace import Context
    from probe.measure.urls import Place
    from probe.model.target import Step

ANSWER_TIMEOUTS: Final = 3.0
"""Time-outs of one operation: a helper connects, shakes hands and fetches before it answers."""
TOLERABLE_WAIT_S: Final = 2.0
"""Of our own handshake budget; a helper that would have to wait longer lets the next go first."""
X_RESTING: Final = "x_control_resting"
"""The helper failed twice just now and was not asked."""

HEADERS: Final = (
    ("Content-Type", "application/json"),
    ("Accept", "application/json"),
    ("Accept-Encoding", "identity"),
    ("User-Agent", "Mozilla/5.0"),
)
"""Of the question itself; nothing in it tells volunteers apart."""
ASKED_HEADERS: Final = tuple(
    (name, value) for name, value in BROWSER_HEADERS if name in ("Accept", "Accept-Language", "User-Agent")
)
"""Of the helper's own request: as ours."""


async def recipe(ctx: Context, step: Step) -> None:
    """Ask the helpers of `options.controls` and the proxy for the target's input; an answer each.

    `step.addresses` are those that the client saw, `ip` or `ip:port`. A helper that fails is recorded too.
    """
    async with anyio.create_task_group() as tasks:
        if ctx.options.controls:
            tasks.start_soon(_ask_helpers, ctx, step)
        if ctx.proxy or ctx.options.control_proxy:
            tasks.start_soon(_ask_proxy, ctx, step)


async def _ask_proxy(ctx: Context, step: Step) -> None:
    ctx.controls.append(await ask_proxy(ctx, step, ctx.proxy or ctx.options.control_proxy))


async def _ask_helpers(ctx: Context, step: Step) -> None:
    """Ask one helper after the other until one answers."""
    memory = memory_of(ctx)
    helpers = [url for url in ctx.options.controls if url.startswith(("https://", "http://"))]
    asked = False
    for url in sorted(helpers, key=lambda url: _wait_s(ctx, url) > TOLERABLE_WAIT_S):
        queued = ctx.now()
        async with memory.helper(url):
            ctx.excuse(ctx.now() - queued)
            if memory.helper_rests(url, ctx.network.clock.counter()):
                continue
            asked = True
            answer = await _ask(ctx, url, step)
            memory.note_helper(url, ctx.network.clock.counter(), failed=answer.failure is not None)
        ctx.controls.append(answer)
        if answer.failure is None:
            return
    if not asked:
        ctx.controls.extend(_failed(ctx, url, step, ctx.now(), X_RESTING) for url in helpers)


def _wait_s(ctx: Context, url: str) -> float:
    """Return how long our own budget would keep us from greeting this helper."""
    try:
        place = place_of(url)
    except ValueError:
        return 0.0
    known = memory_of(ctx).helper_addresses.get(url, "")
    return ctx.pace.hellos.wait_s(place.host, known) if known else 0.0


async def _ask(ctx: Context, url: str, step: Step) -> ControlAnswer:
    """Ask one helper once. Whatever goes wrong on the way is the control's failure."""
    t0 = ctx.now()
    try:
        place = place_of(url)
        asked = question(step.target, step.addresses, ASKED_HEADERS)
    except ValueError:
        return _failed(ctx, url, step, t0, f.HTTP_REQUEST_FAILED)
    with aside(ctx) as other:
        stream, failure = await _open(other, place)
        if stream is None:
            return _failed(ctx, url, step, t0, failure or f.HTTP_REQUEST_FAILED)
        memory_of(ctx).helper_addresses[url] = stream.ip
        body, failure = await _post(stream, place, asked, ANSWER_TIMEOUTS * ctx.options.timeout_s)
    if failure is not None:
        return _failed(ctx, url, step, t0, failure)
    try:
        return read_answer(body, control=url, target=step.target, t0=t0, t=ctx.now())
    except AnswerError:
        return _failed(ctx, url, step, t0, f.JSON_PARSE_ERROR)


async def _open(ctx: Context, place: Place) -> tuple[AnyStream | None, str | None]:
    """Connect, and for https verify strictly: an answer over a bad certificate is nobody's word."""
    stream, failure = await reach(ctx, place, ctx.options.timeout_s)
    if stream is None or place.scheme == "http":
        return stream, failure
    shaken, secured = await tls.handshake(
        ctx, stream, place.host, verified_name=place.host, alpn=("http/1.1",)
    )
    return (secured, None) if shaken.failure is None else (None, shaken.failure)


async def _post(
    stream: AnyStream, place: Place, content: bytes, timeout_s: float
) -> tuple[bytes, str | None]:
    """Send the question; the answer's bytes, or why there are none."""
    seen = Exchange()
    await exchange(
        stream,
        place,
        method="POST",
        headers=(("Host", place.authority), *HEADERS),
        content=content,
        max_body=MAX_ANSWER_BYTES + 1,
        timeout_s=timeout_s,
        seen=seen,
    )
    if seen.failure is not None:
        return b"", seen.failure
    if seen.status_code != 200:
        return b"", f.HTTP_UNEXPECTED_STATUS
    if seen.is_capped:
        return b"", f.JSON_PARSE_ERROR if len(seen.raw) > MAX_ANSWER_BYTES else f.TIMEOUT
    coding = seen.header("content-encoding").strip().lower()
    if coding in ("", "identity"):
        return bytes(seen.raw), None
    body, more = inflate(coding, bytes(seen.raw))
    return (b"", f.JSON_PARSE_ERROR) if more else (body, None)


def _failed(ctx: Context, url: str, step: Step, t0: float, failure: str) -> ControlAnswer:
    return ControlAnswer(
        t0=t0, t=ctx.now(), failure=failure, kind="test_helper", control=url, url=question_url(step.target)
    )
