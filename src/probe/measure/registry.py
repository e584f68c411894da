"""The recipe of a prefix or AS number: what its registry and the view of routing say of it, once each."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import anyio
from msgspec import structs

from probe.measure import tls
from probe.measure.aside import aside, reach
from probe.measure.body import inflate
from probe.measure.failure import classify
from probe.measure.http_exchange import Exchange
from probe.measure.http_transport import exchange
from probe.measure.registry_read import MAX_ANSWER_BYTES, AnswerError, read_answer
from probe.measure.urls import REDIRECTS, joined, place_of
from probe.model import failure as f
from probe.model.fact import REGISTRIES, RegistryAnswer

if TYPE_CHECKING:
    from probe.measure.stream import AnyStream
    from probe.measure.trace import Context
    from probe.measure.urls import Place
    from probe.model.target import Step

HEADERS: Final = (
    ("Accept", "application/rdap+json, application/json"),
    ("Accept-Encoding", "identity"),
    ("User-Agent", "Mozilla/5.0"),
)
"""Nothing in it tells volunteers apart."""
ANSWER_TIMEOUTS: Final = 3.0
"""Time-outs of one operation: routing tables are looked through before an answer comes."""
TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"


async def recipe(ctx: Context, step: Step) -> None:
    """Ask each service that the catalogue names about `registry://…`; an answer each, failed ones too.

    `step.saved` are answers that were read from files: kept as they are, and nobody is asked.
    """
    if step.saved:
        ctx.registry_answers.extend(step.saved)
        return
    resource = resource_named(step.target.input)
    for text in step.target.registries:
        kind, _, base = text.partition(" ")
        found = next(each for each in REGISTRIES if each == kind)
        blank = RegistryAnswer(
            t0=ctx.now(),
            t=ctx.now(),
            failure=None,
            kind=found,
            resource=resource,
            source=question(kind, base, resource),
            asked_utc=ctx.network.clock.utc().strftime(TIME_FORMAT),
        )
        try:
            answer = await _ask(ctx, blank)
        except BaseException:
            late = anyio.current_time() >= ctx.scope.deadline
            ctx.registry_answers.append(_failed(ctx, blank, f.TIMEOUT if late else f.INTERRUPTED))
            raise
        ctx.registry_answers.append(structs.replace(answer, t=ctx.now()))


def resource_named(text: str) -> str:
    """Return the prefix or AS number of an input that was checked when it was read, in its usual spelling."""
    rest = text.partition("://")[2].strip("/").replace("[", "").replace("]", "")
    return str(ip_network(rest)) if "/" in rest else f"AS{int(rest.upper().removeprefix('AS'))}"


def question(kind: str, base: str, resource: str) -> str:
    """Return the URL to be asked."""
    if kind == "ripestat":
        return f"{base}?resource={resource}"
    return f"{base}autnum/{resource[2:]}" if resource.startswith("AS") else f"{base}ip/{resource}"


def _failed(ctx: Context, blank: RegistryAnswer, failure: str, status: int | None = None) -> RegistryAnswer:
    return structs.replace(blank, t=ctx.now(), failure=failure, status_code=status)


async def _ask(ctx: Context, blank: RegistryAnswer) -> RegistryAnswer:
    """Ask one service; an answer over a certificate that does not hold is nobody's word."""
    place = place_of(blank.source)
    await ctx.room_for_hello(place.host, "")
    with aside(ctx) as other:
        stream, failure = await _opened(other, place)
        if stream is None or failure is not None:
            return _failed(ctx, blank, failure or f.HTTP_REQUEST_FAILED)
        seen = Exchange()
        try:
            await exchange(
                stream,
                place,
                method="GET",
                headers=(("Host", place.authority), *HEADERS),
                max_body=MAX_ANSWER_BYTES,
                timeout_s=ANSWER_TIMEOUTS * ctx.options.timeout_s,
                seen=seen,
            )
        except OSError as error:
            return _failed(ctx, blank, classify(error))
    return _read(ctx, blank, seen)


async def _opened(other: Context, place: Place) -> tuple[AnyStream | None, str | None]:
    stream: AnyStream | None
    stream, failure = await reach(other, place, other.options.timeout_s)
    if stream is not None and place.scheme == "https":
        shaken, stream = await tls.handshake(
            other, stream, place.host, verified_name=place.host, alpn=("http/1.1",)
        )
        failure = shaken.failure
    return stream, failure


def _read(ctx: Context, blank: RegistryAnswer, seen: Exchange) -> RegistryAnswer:
    if seen.failure is not None or seen.status_code is None:
        return _failed(ctx, blank, seen.failure or f.HTTP_REQUEST_FAILED, seen.status_code)
    if seen.status_code in REDIRECTS:
        there = joined(blank.source, seen.header("location"))
        refused = _failed(ctx, blank, f.HTTP_UNEXPECTED_STATUS, seen.status_code)
        return structs.replace(refused, referred_to=(urlsplit(there).hostname or "")[:253] if there else "")
    if seen.status_code != 200:
        return _failed(ctx, blank, f.HTTP_UNEXPECTED_STATUS, seen.status_code)
    body, more = inflate(seen.header("content-encoding"), bytes(seen.raw))
    if more or seen.is_capped:
        return _failed(ctx, blank, f.JSON_PARSE_ERROR, seen.status_code)
    try:
        return read_answer(body, structs.replace(blank, status_code=seen.status_code))
    except AnswerError:
        return _failed(ctx, blank, f.JSON_PARSE_ERROR, seen.status_code)
