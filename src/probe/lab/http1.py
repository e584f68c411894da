"""HTTP/1.1 as a server speaks it: requests in, answers out, on a plain or a TLS wire."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

from msgspec.structs import replace

from probe.lab.records import Answer, Request

if TYPE_CHECKING:
    from probe.lab.records import Wire

Respond = Callable[[Request], Awaitable[Answer | None]]
"""None: the connection has been dealt with, say no more."""

HEAD_LIMIT = 65536
BODY_LIMIT = 1 << 20
READ = 65536


async def read_head(wire: Wire, buffer: bytearray) -> bytes | None:
    """Return the request head without its empty line; None at the end of the stream or beyond the limit."""
    while b"\r\n\r\n" not in buffer:
        data = await wire.read(READ)
        buffer += data
        if not data or len(buffer) > HEAD_LIMIT:
            return None
    head, _, rest = bytes(buffer).partition(b"\r\n\r\n")
    buffer[:] = rest
    return head


def parse_head(head: bytes, wire: Wire, server_name: str | None, *, is_tls: bool) -> Request | None:
    """Return the request without its body; None when this is no HTTP/1 request."""
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1"):
        return None
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    host = headers.get("host", "").rpartition("@")[2].lower()
    host = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return Request(
        method=parts[0],
        path=parts[1],
        host=host.strip("[]").rstrip("."),
        headers=headers,
        body=b"",
        place=wire.place,
        is_tls=is_tls,
        server_name=server_name,
    )


async def read_body(wire: Wire, buffer: bytearray, request: Request) -> bytes:
    """Return the body by its declared length, at most `BODY_LIMIT`."""
    text = request.headers.get("content-length", "0")
    length = min(int(text) if text.isdigit() else 0, BODY_LIMIT)
    while len(buffer) < length:
        data = await wire.read(READ)
        if not data:
            break
        buffer += data
    body = bytes(buffer[:length])
    del buffer[:length]
    return body


def head_of(answer: Answer, *, keep: bool) -> bytes:
    """Return status line and headers, with the length of the body and whether the connection stays."""
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Unknown"
    names = {name.lower() for name, _ in answer.headers}
    headers = list(answer.headers)
    if "content-length" not in names:
        headers.append(("Content-Length", str(len(answer.body))))
    headers.append(("Connection", "keep-alive" if keep else "close"))
    lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"


async def serve_http1(wire: Wire, respond: Respond, server_name: str | None = None, *, is_tls: bool) -> None:
    """Answer requests until the client is done."""
    buffer = bytearray()
    while (head := await read_head(wire, buffer)) is not None:
        request = parse_head(head, wire, server_name, is_tls=is_tls)
        if request is None:
            await wire.write(head_of(Answer(status=400), keep=False))
            break
        request = replace(request, body=await read_body(wire, buffer, request))
        answer = await respond(request)
        if answer is None:
            return
        if answer.act:
            await answer.act(wire)
            return
        if answer.delay_s:
            await asyncio.sleep(answer.delay_s)
        keep = request.headers.get("connection", "").lower() != "close"
        body = b"" if request.method == "HEAD" or answer.status in (204, 304) else answer.body
        await wire.write(head_of(answer, keep=keep) + body[:READ])
        await wire.write(memoryview(body)[READ:])  # not one copy of a large object a client
        if not keep:
            break
    await wire.close()
