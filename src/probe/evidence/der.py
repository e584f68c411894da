"""Distinguished Encoding Rules (X.690), as much of them as a time stamp needs, all bounded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

INTEGER, OCTETS, NULL, OID, GENERALIZED_TIME = 0x02, 0x04, 0x05, 0x06, 0x18
BOOLEAN, SEQUENCE, SET = 0x01, 0x30, 0x31
MAX_CHILDREN: Final = 64
"""Of one element: no time stamp has as many."""


class DerError(ValueError):
    """Bytes that are not what they should be."""


class Element(Struct, frozen=True, kw_only=True):
    """One element; `raw` is tag, length and content."""

    tag: int
    content: bytes
    raw: bytes


def whole(data: bytes, tag: int) -> Element:
    """Return the one element that the data is; raises DerError for another tag or for bytes behind it."""
    element, end = _next(data, 0)
    if end != len(data):
        raise DerError("bytes after the end")
    return wanted(element, tag)


def children(element: Element) -> list[Element]:
    """Return the elements that a constructed one consists of."""
    found: list[Element] = []
    at = 0
    while at < len(element.content):
        if len(found) == MAX_CHILDREN:
            raise DerError("too many parts")
        child, at = _next(element.content, at)
        found.append(child)
    return found


def wanted(element: Element | None, tag: int) -> Element:
    """Return the element if it bears this tag; raises DerError otherwise."""
    if element is None or element.tag != tag:
        raise DerError("another kind of element")
    return element


def inside(element: Element, tag: int) -> Element:
    """Return the one element inside an explicit tag."""
    return whole(element.content, tag)


def number(element: Element) -> int:
    """Return the value of an INTEGER."""
    content = wanted(element, INTEGER).content
    if not content:
        raise DerError("an empty number")
    return int.from_bytes(content, "big", signed=True)


def dotted(element: Element) -> str:
    """Return an OBJECT IDENTIFIER as people write it."""
    content = wanted(element, OID).content
    if not content or len(content) > 64 or content[-1] & 0x80:
        raise DerError("no identifier")
    arcs: list[int] = []
    value = 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def moment(element: Element) -> datetime:
    """Return a GeneralizedTime of RFC 3161, which is UTC; fractions of a second are cut off."""
    text = wanted(element, GENERALIZED_TIME).content.decode("ascii", "replace")
    seconds, point, fraction = text.removesuffix("Z").partition(".")
    if not text.endswith("Z") or len(seconds) != 14 or not (seconds + fraction).isdecimal():
        raise DerError("no time")
    if point and not 0 < len(fraction) <= 9:
        raise DerError("no time")
    try:
        return datetime.strptime(seconds, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise DerError("no time") from None


def element(tag: int, *parts: bytes) -> bytes:
    """Return an element around these bytes."""
    content = b"".join(parts)
    n = len(content)
    if n < 0x80:
        return bytes((tag, n)) + content
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def integer(value: int) -> bytes:
    """Return an INTEGER of a value that is not negative."""
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def identifier(text: str) -> bytes:
    """Return an OBJECT IDENTIFIER."""
    first, second, *others = map(int, text.split("."))
    out = bytearray()
    for arc in (40 * first + second, *others):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        out += bytes(reversed(groups))
    return element(OID, bytes(out))


def _next(data: bytes, at: int) -> tuple[Element, int]:
    """Return the element that begins here, and where it ends: definite and shortest lengths only."""
    if len(data) < at + 2 or data[at] & 0x1F == 0x1F:
        raise DerError("no element")
    n, begin = data[at + 1], at + 2
    if n >= 0x80:
        size = n & 0x7F
        n = int.from_bytes(data[begin : begin + size], "big")
        begin += size
        if not 1 <= size <= 4 or n < 0x80 or n.bit_length() <= 8 * (size - 1):
            raise DerError("no length")
    end = begin + n
    if end > len(data):
        raise DerError("cut short")
    return Element(tag=data[at], content=data[begin:end], raw=data[at:end]), end
