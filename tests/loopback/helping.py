"""Clients of a helper under test: plain asyncio streams, so that cut, silent and junk ends stay apart."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from probe.helper.limits import Limits
from probe.helper.transfer import TransferServer, open_transfer_server

T = TypeVar("T")
NEUTRAL = "example.org"
PATIENCE_S = 120.0
"""Of a client whose machine may be busy. What a helper promises to end is ended by itself, long before."""


def serving(use: Callable[[TransferServer], Awaitable[T]], **settings: Any) -> T:
    """Open a transfer server on loopback, use it, close it; nothing of it may be left."""

    async def run() -> T:
        faults: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: faults.append(context))
        async with open_transfer_server(**settings) as server:
            got = await use(server)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert (faults, left, server.counts["fault"]) == ([], set(), 0)
        return got

    return asyncio.run(run())


def context() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def parsed(raw: bytes) -> Answer:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    pairs = (field.partition(": ") for field in fields)
    return Answer(int(first.split()[1]), {name.lower(): value for name, _, value in pairs}, body)


async def connected(
    port: int, *, name: str | None = NEUTRAL, local: str = "", tls: bool = True
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect from an address of loopback, naming a name or none."""
    sock = socket.socket()
    sock.setblocking(False)
    try:
        if local:
            sock.bind((local, 0))
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        if not tls:
            return await asyncio.open_connection(sock=sock)
        # An empty name is none at all in the ClientHello.
        return await asyncio.open_connection(sock=sock, ssl=context(), server_hostname=name or "")
    except BaseException:
        sock.close()
        raise


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def ask(port: int, request: bytes, **how: Any) -> Answer:
    """Send a request and read the whole answer, to the server's end."""
    reader, writer = await connected(port, **how)
    try:
        writer.write(request)
        async with asyncio.timeout(PATIENCE_S):
            return parsed(await reader.read())
    finally:
        await closed(writer)


def a_nonce() -> str:
    return secrets.token_hex(16)


def download(n_bytes: int, nonce: str) -> bytes:
    return f"GET /transfer?bytes={n_bytes}&nonce={nonce} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def upload(body: bytes, nonce: str, declared: int | None = None) -> bytes:
    length = len(body) if declared is None else declared
    head = f"POST /transfer?nonce={nonce} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
    return head.encode() + body


def receipts_question(*nonces: str) -> bytes:
    body = json.dumps({"nonces": nonces}).encode()
    return f"POST /receipts HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def receipts(port: int, *nonces: str) -> list[dict[str, str]]:
    answer = await ask(port, receipts_question(*nonces))
    assert answer.status == 200
    found: list[dict[str, str]] = answer.json["receipts"]
    return found


ROOMY = Limits(connections_per_client=400, bytes_per_minute=1 << 40, requests_per_minute=1 << 20)
"""For what is not about limits."""
