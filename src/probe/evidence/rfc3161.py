"""A time stamp as RFC 3161 has it: the question about a hash, and what an answer says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.evidence.der import (
    BOOLEAN,
    INTEGER,
    NULL,
    OCTETS,
    SEQUENCE,
    DerError,
    Element,
    children,
    dotted,
    element,
    identifier,
    integer,
    moment,
    number,
    wanted,
    whole,
)

if TYPE_CHECKING:
    from datetime import datetime

SHA256: Final = "2.16.840.1.101.3.4.2.1"
QUERY_TYPE: Final = "application/timestamp-query"
REPLY_TYPE: Final = "application/timestamp-reply"
GRANTED: Final = (0, 1)
"""Granted, and granted with changes; every other status is a no."""
_VERSION: Final = 1


class Stamp(Struct, frozen=True, kw_only=True):
    """What an authority says: that it saw this hash at this time."""

    imprint: bytes
    """SHA-256; empty where it is of another kind."""
    time: datetime
    policy: str
    serial: int
    nonce: int | None


def question(digest: bytes, nonce: int) -> bytes:
    """Return a TimeStampReq for a SHA-256 that asks for the authority's certificate too."""
    return element(
        SEQUENCE,
        integer(_VERSION),
        element(SEQUENCE, element(SEQUENCE, identifier(SHA256), element(NULL)), element(OCTETS, digest)),
        integer(nonce),
        element(BOOLEAN, b"\xff"),
    )


def answer(data: bytes) -> tuple[int, bytes]:
    """Return status and token of a TimeStampResp, the token empty where there is none. Raises DerError."""
    parts = children(whole(data, SEQUENCE))
    if not 1 <= len(parts) <= 2:
        raise DerError("no answer")
    status = children(wanted(parts[0], SEQUENCE))
    code = number(wanted(status[0] if status else None, INTEGER))
    return code, parts[1].raw if len(parts) == 2 else b""


def stamp(content: bytes) -> Stamp:
    """Read a TSTInfo. Raises DerError."""
    version, policy, imprint, serial, time, *others = children(_long_enough(whole(content, SEQUENCE)))
    if number(version) != _VERSION:
        raise DerError("another version")
    hashed, digest = _two(imprint)
    kind = children(wanted(hashed, SEQUENCE))
    nonces = [number(each) for each in others if each.tag == INTEGER]
    return Stamp(
        imprint=wanted(digest, OCTETS).content if kind and dotted(kind[0]) == SHA256 else b"",
        time=moment(time),
        policy=dotted(policy),
        serial=number(serial),
        nonce=nonces[0] if nonces else None,
    )


def _long_enough(info: Element) -> Element:
    if len(children(info)) < 5:
        raise DerError("no time stamp")
    return info


def _two(each: Element) -> tuple[Element, Element]:
    parts = children(wanted(each, SEQUENCE))
    if len(parts) != 2:
        raise DerError("two parts are wanted")
    return parts[0], parts[1]
