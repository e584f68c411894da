"""The target fetched through a proxy of the user's choice, to see it from another network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import structs

from probe.measure import http, tls
from probe.measure.aside import aside, reach
from probe.measure.body import MAX_TEXT
from probe.measure.control_answer import endpoint
from probe.measure.tunnel import Proxy, TunnelError, greet, open_tunnel, proxy_of
from probe.measure.urls import Place, place_of
from probe.model import failure as f
from probe.model.observation import ControlAnswer, EndpointAnswer

if TYPE_CHECKING:
    from probe.measure.stream import AnyStream, Stream
    from probe.measure.trace import Context
    from probe.model.observation import HTTPRoundTrip, TLSHandshake
    from probe.model.target import Step

WEB: Final = frozenset({"http", "https"})
ASKED_SELF: Final = frozenset({f.CONNECTION_RESET, f.CONNECTION_ABORTED, f.EOF, f.TIMEOUT, f.TIMED_OUT})
"""Failures inside a tunnel that the proxy's own end looks like too, unless the proxy still talks."""


async def ask_proxy(ctx: Context, step: Step, proxy_url: str) -> ControlAnswer:
    """Fetch the step's input through the proxy, redirects not followed; never raises what the network does.

    `failure` is the proxy's own; how the target failed behind a working proxy is `http_failure`, or the
    failure of its `tcp_connect` where the input is no URL. Names are resolved at the proxy. The certificate
    has to hold: a page under another is not the target's.
    """
    t0 = ctx.now()
    answer = ControlAnswer(t0=t0, t=t0, failure=None, kind="proxy", control="", url=step.target.input)
    try:
        proxy, place = proxy_of(proxy_url), place_of(step.target.input)
    except ValueError:
        return structs.replace(answer, failure=f.HTTP_REQUEST_FAILED)
    answer = structs.replace(answer, control=proxy.label, http_asked=place.scheme in WEB)
    with aside(ctx) as other:
        answer = await _through(other, step, proxy, place, answer)
    return structs.replace(answer, t=ctx.now())


async def _through(
    ctx: Context, step: Step, proxy: Proxy, place: Place, answer: ControlAnswer
) -> ControlAnswer:
    timeout = ctx.options.timeout_s
    stream, failure = await reach(ctx, _place_of_proxy(proxy), timeout)
    if stream is None:
        return structs.replace(answer, failure=failure)
    try:
        # Twice the time: the proxy's own connect may take as long as ours would.
        await open_tunnel(stream, proxy, place.host, place.port, 2 * timeout)
    except TunnelError as error:
        stream.close()
        if not error.of_target:
            return structs.replace(answer, failure=error.failure)
        return _target_failed(answer, place, error.failure)
    if place.scheme not in WEB:
        stream.close()
        return structs.replace(answer, tcp_connect=(_endpoint(place, None),))
    answer = await _fetch(ctx, step, stream, place, answer)
    if answer.http_failure in ASKED_SELF and not await _still_talks(ctx, proxy):
        return structs.replace(answer, failure=answer.http_failure, http_failure=None)
    return answer


async def _fetch(
    ctx: Context, step: Step, stream: Stream, place: Place, answer: ControlAnswer
) -> ControlAnswer:
    """Shake hands and ask through the open tunnel."""
    inside: AnyStream = stream
    if place.scheme == "https":
        shaken, secured = await tls.handshake(
            ctx, stream, place.host, verified_name=place.host, private_ca=step.target.private_ca
        )
        answer = structs.replace(answer, certificate_issuer=_issuer(shaken))
        if place.is_literal:
            tried = EndpointAnswer(endpoint=endpoint(place.host, place.port), failure=shaken.failure)
            answer = structs.replace(answer, tls_handshake=(tried,))
        if secured is None or shaken.failure is not None:
            return structs.replace(answer, http_failure=shaken.failure)
        inside = secured
    asked = await http.round_trip(ctx, inside, place.url)
    return _with_page(answer, asked)


def _with_page(answer: ControlAnswer, asked: HTTPRoundTrip) -> ControlAnswer:
    """Take over the page. A body that broke off after good headers is no failure of the control's answer."""
    return structs.replace(
        answer,
        http_failure=asked.failure,
        status_code=asked.status_code,
        title=asked.title,
        headers=asked.headers,
        body_length=asked.body_length,
        body=asked.body[:MAX_TEXT],
    )


def _issuer(shaken: TLSHandshake) -> str:
    return shaken.certificates[0].issuer if shaken.certificates else ""


def _target_failed(answer: ControlAnswer, place: Place, failure: str) -> ControlAnswer:
    """Say that the proxy works and the target behind it does not."""
    if place.scheme in WEB:
        return structs.replace(answer, http_failure=failure)
    return structs.replace(answer, tcp_connect=(_endpoint(place, failure),))


def _endpoint(place: Place, failure: str | None) -> EndpointAnswer:
    """Name the endpoint as asked: by name where only the proxy knows the address."""
    return EndpointAnswer(endpoint=endpoint(place.host, place.port), failure=failure)


async def _still_talks(ctx: Context, proxy: Proxy) -> bool:
    """Ask the proxy once more for nothing: if it is gone, what broke was not the target."""
    stream, _ = await reach(ctx, _place_of_proxy(proxy), ctx.options.timeout_s)
    if stream is None:
        return False
    try:
        return await greet(stream, proxy, ctx.options.timeout_s)
    finally:
        stream.close()


def _place_of_proxy(proxy: Proxy) -> Place:
    return Place(url=proxy.label, scheme=proxy.scheme, host=proxy.host, port=proxy.port, target="/")
