"""A question to an authority that stamps time: posted over HTTP, the answer bounded in size and in time."""

from __future__ import annotations

import asyncio
from typing import Final

import httpx
from msgspec import Struct

from probe.measure.failure import classify
from probe.measure.urls import Place, place_of
from probe.model import failure as f

MAX_REPLY_BYTES: Final = 64 * 1024
DEADLINE_S: Final = 30.0
"""For the whole exchange, however its bytes trickle in."""
HEADERS: Final = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
    "Accept-Encoding": "identity",
    "User-Agent": "Mozilla/5.0",
}
"""Nothing in it tells one machine from another."""
X_TOO_LARGE: Final = "x_reply_too_large"


class Reply(Struct, frozen=True, kw_only=True):
    """The body of a 200, or why there is none."""

    body: bytes = b""
    failure: str = ""
    """A failure string; empty where there is a body."""
    status_code: int = 0


def authority_at(url: str) -> Place:
    """Read the address of an authority; ValueError for anything but http and https, and for credentials."""
    place = place_of(url)
    if place.scheme not in ("http", "https") or "@" in url.partition("://")[2].partition("/")[0]:
        raise ValueError("no authority's address")
    return place


def post(url: str, question: bytes, *, deadline_s: float = DEADLINE_S) -> Reply:
    """Send the question and return what came back. Follows no redirect, uses no proxy of the environment."""
    return asyncio.run(_post(authority_at(url), question, deadline_s))


async def _post(place: Place, question: bytes, deadline_s: float) -> Reply:
    url = f"{place.scheme}://{place.authority}{place.target}"
    try:
        async with (
            asyncio.timeout(deadline_s),
            httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=deadline_s) as client,
            client.stream("POST", url, content=question, headers=HEADERS) as response,
        ):
            return await _read(response)
    except TimeoutError:
        return Reply(failure=f.TIMEOUT)
    except (httpx.HTTPError, OSError) as error:
        return Reply(failure=_named(error))


async def _read(response: httpx.Response) -> Reply:
    if response.status_code != httpx.codes.OK:
        return Reply(failure=f.HTTP_UNEXPECTED_STATUS, status_code=response.status_code)
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > MAX_REPLY_BYTES:
            return Reply(failure=X_TOO_LARGE, status_code=response.status_code)
    return Reply(body=bytes(body), status_code=response.status_code)


def _named(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f.TIMEOUT
    if isinstance(error, httpx.RemoteProtocolError):
        return f.EOF if "disconnected" in str(error) else f.X_HTTP_PARSE
    failure = classify(error)
    return f.HTTP_REQUEST_FAILED if failure.startswith(f.UNKNOWN_PREFIX) else failure
