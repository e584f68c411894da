"""One request over one TLS connection: a download, an upload, or a question for receipts."""

from __future__ import annotations

import asyncio
import json
import struct
import sys
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.helper.receipts import VERSION, Seen
from probe.helper.request import NONCE, Head, RefusedError, answer_head, answer_json, read_head

if TYPE_CHECKING:
    import socket

    from probe.helper.limits import Client
    from probe.helper.receipts import Receipts

CHUNK: Final = 16 * 1024
BUFFER: Final = 64 * 1024
HEAD_S: Final = 5.0
POLL_S: Final = 0.01
MAX_NONCES: Final = 128
"""In one question for receipts."""
MAX_QUESTION: Final = 16 * 1024


class Visit(Struct, frozen=True, kw_only=True):
    """A connection whose handshake is done, and what it may use."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    twin: socket.socket
    """The kernel is asked of the connection through it."""
    client: Client
    client_asn: str
    server_name: str
    receipts: Receipts
    block: memoryview
    """What downloads are cut from; its length is the most that is sent or taken."""


async def answer(visit: Visit) -> HTTPStatus:
    """Read one request and answer it; return the answer's status. Raises OSError, EOFError, TimeoutError."""
    try:
        async with asyncio.timeout(HEAD_S):
            head = await read_head(visit.reader)
        await _answered(visit, head)
    except RefusedError as refused:
        visit.writer.write(answer_json({"error": refused.status.phrase}, refused.status))
        await visit.writer.drain()
        return refused.status
    return HTTPStatus.OK


async def _answered(visit: Visit, head: Head) -> None:
    if not visit.client.requests.take(1, time.monotonic()):
        raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS)
    match head.method, head.path:
        case (("GET" | "POST"), "/transfer"):
            await _transfer(visit, head)
        case "POST", "/receipts":
            await _tell_receipts(visit, head)
        case _:
            raise RefusedError(HTTPStatus.NOT_FOUND)


async def _transfer(visit: Visit, head: Head) -> None:
    nonce, n_bytes = head.query.get("nonce", ""), _wanted(head)
    if n_bytes is None or not NONCE.fullmatch(nonce):
        raise RefusedError(HTTPStatus.BAD_REQUEST)
    if n_bytes > len(visit.block):
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if not visit.client.bytes.take(n_bytes, time.monotonic()):
        raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS)
    seen = Seen(
        nonce=nonce,
        direction="down" if head.method == "GET" else "up",
        server_name=visit.server_name,
        client_asn=visit.client_asn,
        sock=visit.twin,
    )
    visit.receipts.begin(seen)
    try:
        if seen.direction == "down":
            await _send(visit, seen, n_bytes)
            await _acknowledged(visit)
        else:
            await _take(visit, seen, head)
            visit.writer.write(answer_json({"bytes": seen.n_bytes, "v": VERSION}))
            await visit.writer.drain()
    finally:
        visit.client.bytes.give_back(n_bytes - seen.n_bytes)
        visit.receipts.end(seen)


def _wanted(head: Head) -> int | None:
    """Return the length of the body that is asked for or announced; None if that makes no sense."""
    if head.method == "POST":
        return head.length
    text = head.query.get("bytes", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and not head.length else None


async def _send(visit: Visit, seen: Seen, n_bytes: int) -> None:
    """Send the body in pieces, everybody in turn."""
    visit.writer.write(answer_head(HTTPStatus.OK, n_bytes, "application/octet-stream"))
    while seen.n_bytes < n_bytes:
        piece = visit.block[seen.n_bytes : min(n_bytes, seen.n_bytes + CHUNK)]
        seen.n_bytes += len(piece)  # before it goes: what a client has is never more than was counted
        visit.writer.write(piece)
        await visit.writer.drain()
        await asyncio.sleep(0)


async def _take(visit: Visit, seen: Seen, head: Head) -> None:
    """Read the body to its declared length. Raises EOFError if it ends before."""
    seen.n_bytes = min(len(head.begun), head.length)
    while seen.n_bytes < head.length:
        data = await visit.reader.read(min(BUFFER, head.length - seen.n_bytes))
        if not data:
            raise EOFError
        seen.n_bytes += len(data)


async def _tell_receipts(visit: Visit, head: Head) -> None:
    if head.length > MAX_QUESTION:
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    body = head.begun[: head.length]
    body += await visit.reader.readexactly(head.length - len(body))
    visit.writer.write(answer_json({"receipts": visit.receipts.of(nonces_of(body))}))
    await visit.writer.drain()


def nonces_of(body: bytes) -> list[str]:
    """Return what receipts are asked for. Raises RefusedError for what is no such question."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError(HTTPStatus.BAD_REQUEST) from None
    nonces = asked.get("nonces") if isinstance(asked, dict) else None
    if not isinstance(nonces, list) or len(nonces) > MAX_NONCES:
        raise RefusedError(HTTPStatus.BAD_REQUEST)
    if not all(isinstance(nonce, str) and NONCE.fullmatch(nonce) for nonce in nonces):
        raise RefusedError(HTTPStatus.BAD_REQUEST)
    return nonces


async def _acknowledged(visit: Visit) -> None:
    """Wait until the client has acknowledged everything, or has left: retransmits are known only then."""
    empty = 0
    while empty < 2 and not visit.reader.at_eof():
        await asyncio.sleep(POLL_S)
        empty = empty + 1 if _unacknowledged(visit.twin) == 0 else 0


def _unacknowledged(sock: socket.socket) -> int:
    """Return the bytes in the send queue (SIOCOUTQ, tcp(7)); 0 where the system does not say."""
    if sys.platform == "win32":
        return 0
    import fcntl
    import termios

    try:
        (left,) = struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)))
    except OSError:
        return 0
    return int(left)
