"""The little HTTP/1.1 that transfers need: one request head, strictly read, and an answer's head."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    import asyncio

MAX_HEAD: Final = 8192
_END: Final = b"\r\n\r\n"
_LINE: Final = re.compile(rb"(GET|POST) (/[!-~]{0,1024}) HTTP/1\.[01]")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")
_LENGTH: Final = re.compile(rb"[0-9]{1,9}")
NONCE: Final = re.compile(r"[0-9a-f]{32}")


class RefusedError(Exception):
    """The request gets this status and no more."""

    def __init__(self, status: HTTPStatus, why: str = "") -> None:
        """Take the status and, if it needs one, a reason."""
        super().__init__(status)
        self.status = status
        self.why = why


class Head(Struct, frozen=True, kw_only=True):
    """What was asked; `length` is of the body, `begun` what came of it behind the head."""

    method: str
    path: str
    query: dict[str, str]
    length: int
    begun: bytes


async def read_head(reader: asyncio.StreamReader) -> Head:
    """Read one head of at most 8 KiB. Raises RefusedError, EOFError where the client left, OSError."""
    head = bytearray()
    while (end := head.find(_END)) < 0:
        if len(head) > MAX_HEAD:
            raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        data = await reader.read(4096)
        if not data:
            raise EOFError
        head += data
    if end > MAX_HEAD:
        raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    return parse(bytes(head[:end]), bytes(head[end + len(_END) :]))


def parse(head: bytes, begun: bytes = b"") -> Head:
    """Read a head without its last empty line. Raises RefusedError."""
    first, *fields = head.split(b"\r\n")
    line = _LINE.fullmatch(first)
    if line is None:
        raise RefusedError(HTTPStatus.BAD_REQUEST)
    lengths: set[bytes] = set()
    for field in fields:
        found = _FIELD.fullmatch(field)
        if found is None:
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        name = found[1].lower()
        if name == b"transfer-encoding":
            raise RefusedError(HTTPStatus.LENGTH_REQUIRED)
        if name == b"content-length":
            lengths.add(found[2])
    if len(lengths) > 1 or not all(_LENGTH.fullmatch(length) for length in lengths):
        raise RefusedError(HTTPStatus.BAD_REQUEST)
    if line[1] == b"POST" and not lengths:
        raise RefusedError(HTTPStatus.LENGTH_REQUIRED)
    path, _, query = line[2].decode("ascii").partition("?")
    length = int(next(iter(lengths), b"0"))
    return Head(method=line[1].decode("ascii"), path=path, query=_query(query), length=length, begun=begun)


def _query(text: str) -> dict[str, str]:
    """Read `a=1&b=2`; nothing that transfers take needs an escape."""
    pairs = (part.partition("=") for part in text.split("&") if part)
    return {key: value for key, _, value in pairs}


def answer_head(status: HTTPStatus, length: int, kind: str) -> bytes:
    """Return the head of an answer after which the connection ends."""
    return (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    ).encode("ascii")


def answer_json(value: Any, status: HTTPStatus = HTTPStatus.OK) -> bytes:
    """Return a whole answer with a JSON body."""
    body = json.dumps(value, separators=(",", ":")).encode("ascii")
    return answer_head(status, len(body), "application/json") + body
