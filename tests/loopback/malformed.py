"""Requests that no sound client sends: good ones, cut, doubled, spliced and overwritten by a seeded hand."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

NONCE = "0123456789abcdef" * 2
# A port that no helper connects to: a changed byte must not make this an address, or a name, of somebody's.
QUESTION = json.dumps(
    {
        "http_request": "http://10.0.0.1:81/",
        "http_request_headers": {"Accept": ["*/*"], "User-Agent": ["x"]},
        "tcp_connect": ["10.0.0.1:81", "[::1]:81"],
        "x_quic_enabled": False,
    }
).encode()
RECEIPTS = json.dumps({"nonces": [NONCE]}).encode()

TRANSFER_SEEDS = (
    f"GET /transfer?bytes=64&nonce={NONCE} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    f"POST /transfer?nonce={NONCE} HTTP/1.1\r\nHost: x\r\nContent-Length: 64\r\n\r\n".encode() + bytes(64),
    b"POST /receipts HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(RECEIPTS), RECEIPTS),
)
ENDPOINT_SEEDS = (
    b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
    % (len(QUESTION), QUESTION),
    b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /transfer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
)
TOKENS = (
    b"\r\n",
    b"\n",
    b"\r\n\r\n",
    b"\x00",
    b"\xff\xfe",
    b" ",
    b"Content-Length: 99999999999999999999\r\n",
    b"Content-Length: -1\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Expect: 100-continue\r\n",
    b"Upgrade: websocket\r\nConnection: Upgrade\r\n",
    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"http://127.0.0.1/",
    b"[[[[[[[[[[[[[[[[",
    b'{"a":' * 40,
    b"1e999",
    b"\\ud800",
    "é中".encode(),
    b"A" * 9000,
    b"%00%0d%0a",
    b"../" * 30,
)


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _overwrite(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        if out:
            out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def _insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(TOKENS) + data[at:]


def _drop(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + rng.randint(1, 20) :]


def _double(data: bytes, rng: random.Random) -> bytes:
    return data * rng.randint(2, 4)


def _noise(_data: bytes, rng: random.Random) -> bytes:
    return rng.randbytes(rng.randint(1, 400))


CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut,
    _overwrite,
    _insert,
    _drop,
    _double,
    _noise,
)


def malformed(seeds: tuple[bytes, ...], rng: random.Random) -> bytes:
    """Return a request made bad in one to four ways."""
    data = rng.choice(seeds)
    for _ in range(rng.randint(1, 4)):
        data = rng.choice(CHANGES)(data, rng)
    return data[:40_000]
