"""The endpoint, over ASGI: OONI's web-connectivity helper protocol, where transfers are, a health page."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct, field

from probe import __version__
from probe.helper.guard import NotAllowedError
from probe.helper.request import RefusedError
from probe.helper.visit import nonces_of
from probe.measure.http import BROWSER_HEADERS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from probe.helper.answer import Question
    from probe.helper.limits import Clients
    from probe.helper.look import Observer
    from probe.helper.transfer import TransferServer

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

MAX_BODY: Final = 64 * 1024
MAX_URL: Final = 2048
BODY_S: Final = 10.0
LOOKS: Final = 32
"""Lookups at once, of everybody."""
SENT_HEADERS: Final = ("accept", "accept-language", "user-agent")
"""Headers that a client may choose, as with OONI's helpers."""
_VALUE: Final = re.compile(r"[\x20-\x7e]{1,256}")
_GZIP: Final = ("Accept-Encoding", "gzip")

_LATER: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class _Asked(msgspec.Struct):
    """The question; what is not known is passed over, what is null is missing."""

    http_request: str
    http_request_headers: dict[str, list[str] | str] | None = None
    tcp_connect: list[str] | None = None
    x_quic_enabled: bool | None = None


_DECODER: Final = msgspec.json.Decoder(_Asked)


class Endpoint(Struct, kw_only=True):
    """An ASGI application.

    `behind_proxy` takes the client's address from the last X-Forwarded-For, which the proxy wrote.
    """

    observer: Observer
    clients: Clients
    transfers: TransferServer | None = None
    asn_of: Callable[[str], str] = lambda _address: ""
    """The AS of an address as receipts write it."""
    behind_proxy: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    """Answers by method, route and status; no address, no name."""
    _begun: float = field(default_factory=time.monotonic)
    _looks: int = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request; anything that is none is left alone."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close"})

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        routes: dict[tuple[str, str], Callable[[Message, Receive], Awaitable[dict[str, Any]]]] = {
            ("POST", "/"): self._look,
            ("GET", "/health"): self._health,
            ("GET", "/transfer"): self._announce,
            ("GET", "/address"): self._address,
            ("POST", "/receipts"): self._receipts,
        }
        route = scope["method"], scope["path"]
        status = HTTPStatus.OK
        try:
            said = await routes.get(route, _nothing)(scope, receive)
        except RefusedError as refused:
            status, said = refused.status, {"error": refused.why or refused.status.phrase}
        except Exception as fault:  # noqa: BLE001  # ours: counted and told, and the next client is served
            sys.stderr.write(f"probe helper: a fault, {type(fault).__name__}\n")
            status, said = HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "fault"}
        self.counts[f"{' '.join(route) if route in routes else 'other'} {status.value}"] += 1
        body = json.dumps(said, indent=1 if route[1] == "/health" else None).encode("ascii")
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            *[(b"retry-after", b"30")] * (status in _LATER),
        ]
        await send({"type": "http.response.start", "status": status.value, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _health(self, _scope: Message, _receive: Receive) -> dict[str, Any]:
        transfers = self.transfers
        return {
            "service": "probe helper",
            "version": __version__,
            "uptime_s": round(time.monotonic() - self._begun),
            "requests": dict(sorted(self.counts.items())),
            "transfers": None if transfers is None else dict(sorted(transfers.counts.items())),
            "receipts_kept": 0 if transfers is None else len(transfers.receipts),
            "looking_now": self._looks,
        }

    async def _address(self, scope: Message, _receive: Receive) -> dict[str, Any]:
        """Tell whoever asks the address we see, and its AS by our table; neither is counted or kept."""
        self._count(scope)
        client = self._client(scope)
        return {"v": 1, "address": client, "asn": self.asn_of(client)}

    async def _announce(self, _scope: Message, _receive: Receive) -> dict[str, Any]:
        if self.transfers is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "no transfers here")
        return self.transfers.announcement()

    async def _receipts(self, scope: Message, receive: Receive) -> dict[str, Any]:
        """Tell what was signed of transfers, as the transfer port does."""
        if self.transfers is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "no transfers here")
        self._count(scope)
        return {"receipts": self.transfers.receipts.of(nonces_of(await _body(receive)))}

    async def _look(self, scope: Message, receive: Receive) -> dict[str, Any]:
        """Answer a question, if it is one, this client may ask it, and there is room."""
        self._count(scope)
        question = self._question(await _body(receive))
        if self._looks >= LOOKS:
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "busy")
        self._looks += 1
        try:
            return await self.observer.look(question)
        finally:
            self._looks -= 1

    def _question(self, body: bytes) -> Question:
        """Read a question. Raises RefusedError for what is none, or leads where nobody may be sent."""
        try:
            asked = _DECODER.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "no question") from None
        if len(asked.http_request) > MAX_URL:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "no URL")
        try:
            return self.observer.question(
                asked.http_request,
                asked.tcp_connect or (),
                _headers(asked),
                quic=asked.x_quic_enabled is True,
            )
        except NotAllowedError as refused:
            raise RefusedError(HTTPStatus.BAD_REQUEST, str(refused)) from None

    def _count(self, scope: Message) -> None:
        """Take one of the client's requests of this minute. Raises RefusedError where none is left."""
        if not self.clients.of(self._client(scope)).requests.take(1, time.monotonic()):
            raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS)

    def _client(self, scope: Message) -> str:
        if self.behind_proxy:
            named = [value for key, value in scope["headers"] if key.lower() == b"x-forwarded-for"]
            return named[-1].decode("latin-1").rpartition(",")[2].strip() if named else ""
        return str((scope.get("client") or ("",))[0])


async def _nothing(scope: Message, _receive: Receive) -> dict[str, Any]:
    known = scope["path"] in {"/", "/health", "/transfer", "/address", "/receipts"}
    raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED if known else HTTPStatus.NOT_FOUND)


def _headers(asked: _Asked) -> list[tuple[str, str]]:
    """Return the headers to send: those of ours that the client may replace, and no others."""
    chosen = dict.fromkeys(SENT_HEADERS, "")
    for name, values in (asked.http_request_headers or {}).items():
        value = values if isinstance(values, str) else next(iter(values), "")
        if name.lower() in chosen and _VALUE.fullmatch(value):
            chosen[name.lower()] = value
    ours = [
        (name, chosen[name.lower()] or value) for name, value in BROWSER_HEADERS if name.lower() in chosen
    ]
    return [*ours, _GZIP]


async def _body(receive: Receive) -> bytes:
    """Read the body to its end. Raises RefusedError for what is too long, too slow or broken off."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise RefusedError(HTTPStatus.BAD_REQUEST)
                body += message.get("body", b"")
                if len(body) > MAX_BODY:
                    raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise RefusedError(HTTPStatus.REQUEST_TIMEOUT) from None


async def _live(receive: Receive, send: Send) -> None:
    """Follow the server's start and end."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
