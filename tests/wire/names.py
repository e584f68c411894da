"""What a middlebox reads: the name in a ClientHello, a Host header, a DNS question."""

from __future__ import annotations

import struct
from typing import Final

UNFINISHED: Final = ""
"""More bytes may still bring a name."""
MAX_BYTES: Final = 16_384


def _hello(stream: bytes) -> bytes | None:
    """Join the handshake records at the start of a stream; None where no ClientHello starts there."""
    message = b""
    while stream:
        if stream[0] != 0x16 or (len(stream) > 1 and stream[1] != 3):
            return None
        if len(stream) < 5:
            break
        size = int.from_bytes(stream[3:5])
        message += stream[5 : 5 + size]
        stream = stream[5 + size :]
    if message and message[0] != 1:
        return None
    return message


def server_name(stream: bytes) -> str | None:
    """Read the name of a TLS ClientHello from the first bytes of a stream.

    Returns it in lower case; UNFINISHED while bytes are missing; None when none will come.
    """
    message = _hello(stream)
    if message is None or len(stream) > MAX_BYTES:
        return None
    if len(message) < 4 or len(message) < 4 + int.from_bytes(message[1:4]):
        return UNFINISHED
    try:
        return _name_in(message[4 : 4 + int.from_bytes(message[1:4])])
    except (IndexError, struct.error):
        return None


def _name_in(body: bytes) -> str | None:
    """Read the host_name of the server_name extension, RFC 6066 section 3."""
    at = 2 + 32
    at += 1 + body[at]
    at += 2 + int.from_bytes(body[at : at + 2])
    at += 1 + body[at]
    end = at + 2 + int.from_bytes(body[at : at + 2])
    at += 2
    while at + 4 <= end:
        kind, size = struct.unpack_from("!HH", body, at)
        if kind == 0:
            (length,) = struct.unpack_from("!H", body, at + 7)
            return body[at + 9 : at + 9 + length].decode("ascii", "replace").lower()
        at += 4 + size
    return None


def host(stream: bytes) -> str | None:
    """Read the Host header of an HTTP request; the same three answers as `server_name`."""
    first = stream[:8]
    if first and not first[:1].isalpha():
        return None
    head, ended, _ = stream.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n")[1:]:
        key, colon, value = line.partition(b":")
        if colon and key.strip().lower() == b"host" and (ended or line != head.split(b"\r\n")[-1]):
            name = value.strip().decode("ascii", "replace").lower()
            return name.rsplit(":", 1)[0] if name.rpartition(":")[2].isdigit() else name
    return None if ended or len(stream) > MAX_BYTES else UNFINISHED


def question(message: bytes) -> tuple[str, int, int] | None:
    """Read the question of a DNS query: name, type, and where the question ends; None without one."""
    if len(message) < 17 or message[2] & 0x80:
        return None
    labels, at = [], 12
    while at < len(message) and message[at]:
        size = message[at]
        if size > 63:
            return None
        labels.append(message[at + 1 : at + 1 + size].decode("ascii", "replace").lower())
        at += 1 + size
    if at + 5 > len(message):
        return None
    return ".".join(labels), int.from_bytes(message[at + 1 : at + 3]), at + 5


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Say whether a name is one of these; a pattern with a dot in front is the name and all below it."""
    name = name.rstrip(".")
    return any(
        name == pattern
        or (pattern.startswith(".") and (name.endswith(pattern) or name == pattern[1:]))
        or pattern == "*"
        for pattern in patterns
    )
