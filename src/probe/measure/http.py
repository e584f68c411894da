"""One HTTP request over an open stream, as a browser would send it, and what came back."""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING, Final

from probe.measure.body import MAX_TEXT, charset_of, inflate, text_of, title_of
from probe.measure.http_exchange import Exchange
from probe.measure.http_transport import exchange, is_http
from probe.measure.urls import REDIRECTS, joined, place_of
from probe.model import failure as f
from probe.model.observation import HTTPRoundTrip

if TYPE_CHECKING:
    from probe.measure.stream import AnyStream
    from probe.measure.trace import Context

USER_AGENT: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36"
)
BROWSER_HEADERS: Final[tuple[tuple[str, str], ...]] = (
    ("User-Agent", USER_AGENT),
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("Accept-Language", "en"),
    ("Accept-Encoding", "gzip"),
)
"""Every volunteer sends the same: a locale would tell who asks, and make answers differ."""
MAX_LOCATION: Final = 2048


async def round_trip(
    ctx: Context,
    stream: AnyStream,
    url: str,
    *,
    method: str = "GET",
    host: str = "",
    headers: tuple[tuple[str, str], ...] = BROWSER_HEADERS,
    content: bytes = b"",
    headers_only: bool = False,
    hop: int = 0,
    attempt: int = 0,
    arm: str = "",
    trial: int = 0,
    timeout_s: float | None = None,
) -> HTTPRoundTrip:
    """Ask for the URL over the stream and close it; the observation is appended, whatever happened.

    `host` replaces the Host header's value (cross experiments). With `headers_only` the body is left
    unread. The deadline is one for everything: a slow loris ends at it; a body that still moves then is
    capped, one that stands still is a time-out. Raises ValueError for a URL that place_of refuses.
    """
    place = place_of(url)
    seen = Exchange()
    fixed = (("Host", host or place.authority), *headers)
    try:
        await exchange(
            stream,
            place,
            method=method,
            headers=fixed,
            content=content,
            headers_only=headers_only,
            timeout_s=timeout_s or ctx.options.timeout_s,
            seen=seen,
        )
    finally:
        tagged = functools.partial(
            HTTPRoundTrip, method=method, host=host, hop=hop, attempt=attempt, arm=arm, trial=trial
        )
        observed = _observed(ctx, stream, url, seen, tagged)
        ctx.requests.append(observed)
        if ctx.keep_series and stream.raw.series:
            ctx.network_events.append(stream.raw.event(hop=hop, attempt=attempt))
    return observed


def _observed(
    ctx: Context, stream: AnyStream, url: str, seen: Exchange, tagged: functools.partial[HTTPRoundTrip]
) -> HTTPRoundTrip:
    failure = seen.failure
    location, invalid = _location(url, seen)
    body, more = inflate(seen.header("content-encoding"), bytes(seen.raw))
    if seen.status_code is None and seen.head:
        # No HTTP answer was understood: what came instead is the evidence.
        body = seen.head
        if failure is not None and not is_http(body) and stream.alpn != "h2" and failure != f.INTERRUPTED:
            failure = f.X_HTTP_NO_STATUS_LINE
    charset = charset_of(seen.header("content-type"), body)
    if len(body) > MAX_TEXT:
        ctx.keep(body)
    answered = seen.status_code is not None
    return tagged(
        t0=seen.t0,
        t=seen.t,
        failure=f.HTTP_INVALID_REDIRECT if failure is None and invalid else failure,
        url=url,
        ip=stream.ip,
        port=stream.port,
        is_tls=stream.is_tls,
        http_version=seen.http_version,
        status_code=seen.status_code,
        headers=tuple(seen.headers),
        body=text_of(body, charset),
        body_sha256=hashlib.sha256(body).hexdigest() if body else "",
        body_length=len(body) if answered else None,
        declared_length=_declared(seen),
        body_is_capped=seen.is_capped or more,
        title=title_of(body, charset),
        location=location,
        first_byte_s=_between(seen.t_sent, seen.t_first),
        ended_by=seen.ended_by,
        tcp_info=stream.raw.tcp_info(),
    )


def _location(url: str, seen: Exchange) -> tuple[str | None, bool]:
    """Return where a redirect leads, and whether it leads nowhere."""
    header = seen.header("location")
    if seen.status_code not in REDIRECTS or not header:
        return None, False
    there = joined(url, header)
    return (there, False) if there else (header[:MAX_LOCATION], True)


def _declared(seen: Exchange) -> int | None:
    text = seen.header("content-length")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _between(earlier: float | None, later: float | None) -> float | None:
    return None if earlier is None or later is None else max(0.0, later - earlier)
