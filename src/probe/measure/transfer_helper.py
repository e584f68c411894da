"""The helper's side of transfers: what it announces, over validated TLS, and the receipts it signs."""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Struct, structs

from probe.measure.control import HEADERS, X_RESTING, body_of, exchanged, opened
from probe.measure.helper_line import Line, turn
from probe.measure.memory import memory_of
from probe.measure.transfer_receipt import JUNK, read_receipt
from probe.measure.urls import place_of
from probe.model import failure as f

if TYPE_CHECKING:
    from collections.abc import Mapping

    from probe.measure.trace import Context
    from probe.measure.urls import Place
    from probe.model.transfer import Receipt, Transfer

VERSION: Final = 1
MAX_ANNOUNCEMENT: Final = 4096
MAX_RECEIPTS: Final = 64 * 1024
HEX_64: Final = r"\A[0-9a-f]{64}\Z"


class Served(Struct, frozen=True, kw_only=True):
    """Where a helper serves transfers, and how it is known there."""

    url: str
    authority: str
    """Of its URL: the Host header."""
    ip: str
    port: int
    certificate_sha256: str
    key: str
    max_bytes: int
    max_seconds: float


async def announced(ctx: Context, url: str) -> Served | str:
    """Ask a helper once per run what transfers it serves; else the failure.

    A helper that failed twice in a row is left alone for a while, as with its other questions.
    """
    memory = memory_of(ctx)
    if url in memory.served:
        return memory.served[url]
    async with turn(ctx, url):
        if memory.helper_rests(url, ctx.network.clock.counter()):
            return X_RESTING
        found = await _ask(ctx, url)
        memory.note_helper(url, ctx.network.clock.counter(), failed=isinstance(found, str))
    if isinstance(found, Served):
        memory.served[url] = found
    return found


def forget(ctx: Context, url: str) -> None:
    """Ask again the next time: what was announced no longer holds."""
    memory_of(ctx).served.pop(url, None)


async def _ask(ctx: Context, url: str) -> Served | str:
    found = await fetched(ctx, url, "transfer")
    if isinstance(found, str):
        return found
    return read_announcement(found.body, url=url, authority=found.place.authority, ip=found.ip)


class Fetched(Struct, frozen=True, kw_only=True):
    """A small document of a helper, and where it was had."""

    body: bytes
    place: Place
    ip: str


async def fetched(ctx: Context, url: str, name: str) -> Fetched | str:
    """Fetch what a helper tells beside its looks, over validated TLS; else the failure."""
    try:
        place = place_of(url)
    except ValueError:
        return f.HTTP_REQUEST_FAILED
    if place.scheme != "https" and not _is_loopback(place):
        return f.X_HELPER_ANSWER
    line, failure = await opened(ctx, url, place)
    if line is None:
        return failure or f.HTTP_REQUEST_FAILED
    try:
        answer = await line.get(
            f"{_base(place)}/{name}",
            (("Host", place.authority), *_headers()),
            max_body=MAX_ANNOUNCEMENT,
            timeout_s=ctx.options.timeout_s,
        )
        ip = line.stream.ip
    finally:
        _close(ctx, line)
    body, failure = body_of(answer)
    return failure or Fetched(body=body, place=place, ip=ip)


def _headers() -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in HEADERS if pair[0] != "Content-Type")


def _is_loopback(place: Place) -> bool:
    return place.is_literal and ipaddress.ip_address(place.host).is_loopback


def _close(ctx: Context, line: Line) -> None:
    other = line.stream.raw.ctx
    ctx.bytes_sent += other.bytes_sent
    ctx.bytes_received += other.bytes_received
    line.close()


class _Announcement(msgspec.Struct):
    """What the protocol has a helper say; more may stand beside it."""

    v: Literal[1]
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    certificate_sha256: Annotated[str, msgspec.Meta(pattern=HEX_64)]
    key: Annotated[str, msgspec.Meta(pattern=HEX_64)]
    max_bytes: Annotated[int, msgspec.Meta(ge=1, le=2**40)]
    max_seconds: Annotated[float, msgspec.Meta(gt=0, le=86400)]


def read_announcement(body: bytes, *, url: str, authority: str, ip: str) -> Served | str:
    """Read what a helper says of its transfers; else the failure."""
    try:
        said = msgspec.json.decode(body, type=_Announcement)
    except msgspec.ValidationError:
        return f.X_HELPER_ANSWER
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return f.JSON_PARSE_ERROR
    return Served(
        url=url,
        authority=authority,
        ip=ip,
        port=said.port,
        certificate_sha256=said.certificate_sha256,
        key=said.key,
        max_bytes=said.max_bytes,
        max_seconds=said.max_seconds,
    )


async def receipts(ctx: Context, served: Served, transfers: Mapping[str, Transfer]) -> dict[str, Receipt]:
    """Ask the helper's endpoint what it signed of transfers, by nonce.

    Over the line that its other questions go by: a handshake for every pair would use up budgets of names.
    Empty where it could not be asked; a nonce that it gives nothing for is left out.
    """
    place = place_of(served.url)
    there = structs.replace(place, target=f"{_base(place)}/receipts")
    asked = json.dumps({"nonces": list(transfers)}).encode()
    async with turn(ctx, served.url) as idle:
        body, failure = await exchanged(ctx, served.url, there, asked, idle)
    return {} if failure else read_receipts(body[:MAX_RECEIPTS], served.key, transfers)


def _base(place: Place) -> str:
    return place.target.partition("?")[0].rstrip("/")


def read_receipts(body: bytes, key: str, transfers: Mapping[str, Transfer]) -> dict[str, Receipt]:
    """Give each transfer its receipt, found by the nonce in it. An answer of another kind is junk for all."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    listed = said.get("receipts") if isinstance(said, dict) else None
    if not isinstance(listed, list):
        return dict.fromkeys(transfers, JUNK)
    found: dict[str, Receipt] = {}
    for nonce, transfer in transfers.items():
        own = [each for each in listed if isinstance(each, dict) and f'"{nonce}"' in str(each.get("payload"))]
        if own:
            found[nonce] = read_receipt(own[0], key=key, nonce=nonce, transfer=transfer)
    if len(listed) > len(found):
        found |= {nonce: JUNK for nonce in transfers if nonce not in found}
    return found
