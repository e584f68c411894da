"""The target as seen from elsewhere: test helpers in turn until one answers, and a proxy of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from probe.measure import tls
from probe.measure.aside import detached, reach
from probe.measure.body import inflate
from probe.measure.control_answer import MAX_ANSWER_BYTES, AnswerError, question, question_url, read_answer
from probe.measure.control_proxy import ask_proxy
from probe.measure.helper_line import Line, turn
from probe.measure.http import BROWSER_HEADERS
from probe.measure.memory import memory_of
from probe.measure.urls import place_of
from probe.model import failure as f
from probe.model.observation import ControlAnswer

if TYPE_CHECKING:
    from probe.measure.helper_line import Answer
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
    late = sorted(helpers, key=lambda url: _wait_s(ctx, url) > TOLERABLE_WAIT_S)
    for left, url in zip(range(len(late) - 1, -1, -1), late, strict=True):
        async with turn(ctx, url) as idle:
            if memory.helper_rests(url, ctx.network.clock.counter()):
                continue
            if left and not idle and _wait_s(ctx, url) > TOLERABLE_WAIT_S:
                continue  # whoever stood before us in the line used the budget up: let the next helper answer
            asked = True
            answer = await _ask(ctx, url, step, idle)
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


async def _ask(ctx: Context, url: str, step: Step, idle: list[Line]) -> ControlAnswer:
    """Ask one helper once, over an idle line if there is one. What goes wrong on the way is its failure."""
    t0 = ctx.now()
    try:
        place = place_of(url)
        asked = question(step.target, step.addresses, ASKED_HEADERS)
    except ValueError:
        return _failed(ctx, url, step, t0, f.HTTP_REQUEST_FAILED)
    try:
        body, failure = await exchanged(ctx, url, place, asked, idle)
    except BaseException:
        late = anyio.current_time() >= ctx.scope.deadline
        ctx.controls.append(_failed(ctx, url, step, t0, f.TIMEOUT if late else f.INTERRUPTED))
        raise
    if failure is not None:
        return _failed(ctx, url, step, t0, failure)
    try:
        return read_answer(body, control=url, target=step.target, t0=t0, t=ctx.now())
    except AnswerError:
        return _failed(ctx, url, step, t0, f.JSON_PARSE_ERROR)


async def exchanged(
    ctx: Context, url: str, place: Place, asked: bytes, idle: list[Line]
) -> tuple[bytes, str | None]:
    """Post a question; the answer's bytes, or why there are none. A stale line is replaced once."""
    line = idle.pop() if idle else None
    while True:
        fresh = line is None
        if line is None:
            line, failure = await opened(ctx, url, place)
            if line is None:
                return b"", failure or f.HTTP_REQUEST_FAILED
        try:
            answer = await _post(ctx, line, place, asked)
        except BaseException:
            line.close()
            raise
        if answer.failure is None and line.is_reusable():
            idle.append(line)
        else:
            line.close()
        if answer.failure is None or answer.began or fresh:
            return body_of(answer)
        line = None


async def _post(ctx: Context, line: Line, place: Place, content: bytes) -> Answer:
    """Ask over a line; its bytes are this measurement's."""
    other = line.stream.raw.ctx
    sent, received = other.bytes_sent, other.bytes_received
    try:
        return await line.post(
            place.target,
            (("Host", place.authority), *HEADERS),
            content,
            max_body=MAX_ANSWER_BYTES,
            timeout_s=ANSWER_TIMEOUTS * ctx.options.timeout_s,
        )
    finally:
        ctx.bytes_sent += other.bytes_sent - sent
        ctx.bytes_received += other.bytes_received - received


async def opened(ctx: Context, url: str, place: Place) -> tuple[Line | None, str | None]:
    """Connect, and for https verify strictly: an answer over a bad certificate is nobody's word."""
    other = detached(ctx)
    is_open = False
    try:
        stream: AnyStream | None
        stream, failure = await reach(other, place, ctx.options.timeout_s)
        if stream is not None:
            memory_of(ctx).helper_addresses[url] = stream.ip
        if stream is not None and place.scheme == "https":
            shaken, stream = await tls.handshake(
                other, stream, place.host, verified_name=place.host, alpn=("http/1.1",)
            )
            failure = shaken.failure
        is_open = stream is not None and failure is None
        return (Line(stream), None) if stream is not None and is_open else (None, failure)
    finally:
        ctx.bytes_sent += other.bytes_sent
        ctx.bytes_received += other.bytes_received
        if not is_open:
            other.close()


def body_of(answer: Answer) -> tuple[bytes, str | None]:
    """Return the content of an answer, or why there is none."""
    if answer.failure is not None:
        return b"", answer.failure
    if answer.status_code != 200:
        return b"", f.HTTP_UNEXPECTED_STATUS
    if answer.coding in ("", "identity"):
        return bytes(answer.body), None
    body, more = inflate(answer.coding, bytes(answer.body))
    return (b"", f.JSON_PARSE_ERROR) if more else (body, None)


def _failed(ctx: Context, url: str, step: Step, t0: float, failure: str) -> ControlAnswer:
    return ControlAnswer(
        t0=t0, t=ctx.now(), failure=failure, kind="test_helper", control=url, url=question_url(step.target)
    )
