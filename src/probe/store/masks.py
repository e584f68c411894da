"""What looks like an address, a device, a person or an account in a text, and what is put in its place.

Patterns match broadly and a function decides: it decodes the match and lets pass what the allow-list holds.
Each row begins with a cheap sign, so that a page without it pays nothing for the pattern.
"""

import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from probe.store.decide import (
    Allowed,
    always,
    dashed_six,
    hex_token,
    line_token,
    number,
    quad,
    six,
    telephone,
)

_HEX: Final = "0-9A-Fa-f"


def _classes(**members: str) -> bytes:
    """Return a table for bytes.translate: each member of a class becomes its sign, all else a space."""
    table = bytearray(b" " * 256)
    for sign, characters in members.items():
        for character in characters:
            table[ord(character)] = ord(sign)
    return bytes(table)


_HEX_CLASSES: Final = bytearray(
    _classes(h="0123456789abcdefABCDEF", z="ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ")
)
_DIGIT_CLASSES: Final = bytearray(_classes(d="0123456789"))
for _mark in ".:-":
    _HEX_CLASSES[ord(_mark)] = _DIGIT_CLASSES[ord(_mark)] = ord(_mark)
_HEX_CLASSES[ord("_")] = _DIGIT_CLASSES[ord("_")] = ord("-")
_ODD_DIGIT: Final = re.compile(
    "[\u0660-\u0669\u06f0-\u06f9\u07c0-\u07c9\u0966-\u096f\u09e6-\u09ef\u0e50-\u0e59\u1040-\u1049\uff10-\uff19]"
)
_ODD_BYTES: Final = (b"\xd9", b"\xdb", b"\xdf", b"\xe0", b"\xe1", b"\xef\xbc")
"""What the UTF-8 of those digits begins with: Cyrillic pages hold none of them."""
_QUADS: Final = (re.compile(rb"d\.d{1,4}\.d{1,4}\.d"), re.compile(rb"d-d{1,4}-d{1,4}-d"))
_DASHED: Final = re.compile(rb"-h{1,4}-h{1,4}-h{1,4}-h{1,4}-h{1,4}-h{1,4}-h")
_SIXES: Final = tuple(b":" + b"h" * n + b":" for n in range(5))


class View:
    """A text reduced to what the signs ask for: its lower case, and one byte for each character's class."""

    __slots__ = ("digits", "hexes", "lower", "phone", "text")

    def __init__(self, text: str) -> None:
        """Reduce a text; digits of other scripts count as digits."""
        self.text = text
        self.lower = text.lower()
        if not text.isascii():
            content = text.encode("utf-8", "replace")
            if any(byte in content for byte in _ODD_BYTES):
                text = _ODD_DIGIT.sub("0", text)
        content = text.encode("latin-1", "replace")
        self.hexes = content.translate(_HEX_CLASSES)
        self.digits = content.translate(_DIGIT_CLASSES)
        self.phone = self.digits.translate(None, b" -")


Sign = Callable[[View], object]
"""Returns something true when the pattern is worth trying."""


class Mask(Struct, frozen=True):
    """One row of the table."""

    category: str
    sign: Sign
    pattern: re.Pattern[str]
    replace: Callable[[re.Match[str], Allowed], str]
    """Returns what stands in place of the match: the match itself when it may stay."""


def _in_lower(*words: str) -> Sign:
    if len(words) == 1:
        word = words[0]
        return lambda view: word in view.lower
    return lambda view: any(word in view.lower for word in words)


def _in_hexes(*shapes: bytes) -> Sign:
    if len(shapes) == 1:
        shape = shapes[0]
        return lambda view: shape in view.hexes
    return lambda view: any(shape in view.hexes for shape in shapes)


_KEYS: Final = (
    *("login", "user", "username", "subscriber", "client", "account", "acct", "contract", "msisdn", "phone"),
    *("tel", "imei", "imsi", "session", "token", "auth", "key", "nas", "sign", "signature"),
    *("ssid", "wlan", "wlanname", "apname"),
)
"""Parameters of a URL that name a person, a device or a visit."""
_E: Final = re.IGNORECASE
_NOT_AFTER: Final = "(?<![0-9A-Za-z])"
_NOT_BEFORE: Final = "(?![0-9A-Za-z])"
MASKS: Final[tuple[Mask, ...]] = (
    Mask(
        "cookie",
        _in_lower("cookie"),
        re.compile(r"\b((?:set-)?cookie2?\s*:\s*)[^\r\n<\"]+", _E),
        always(r"\1[cookie]"),
    ),
    Mask(
        "account",
        _in_lower("authorization"),
        re.compile(r"(authorization[\"']?\s*[:=]\s*)[^\r\n<]+", _E),
        always(r"\1[account]"),
    ),
    Mask(
        "account", _in_lower("bearer "), re.compile(r"\b(bearer )[\w.~+/=-]{8,}", _E), always(r"\1[account]")
    ),
    Mask(
        "account", _in_lower("eyj"), re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"), always("[account]")
    ),
    Mask(
        "account",
        _in_lower("@"),
        re.compile(r"(://)[^\s/@:\"'<>]{1,200}(?::[^\s/@\"'<>]{0,200})?@"),
        always(r"\1[account]@"),
    ),
    Mask(
        "email",
        _in_lower("@"),
        re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"),
        always("[email]"),
    ),
    Mask(
        "account",
        _in_lower(*(f"{key}=" for key in ("ip", "addr", "mac", "id", *_KEYS))),
        re.compile(
            r"([?&;](?i:(?:[a-z]{1,12}_?)?(?:ip|addr|mac|id)|"
            rf"(?:[a-z]{{1,12}}_?)?(?:{'|'.join(_KEYS)}))=)[^&;#\s\"'<>\[]+"
        ),
        always(r"\1[account]"),
    ),
    Mask(
        "path",
        _in_lower(":\\"),
        re.compile(r"\b([A-Z]:\\+(?:Users|Documents and Settings)\\+)(?!Public\b)[^\\/\s\"'<>:|?*\[]+", _E),
        always(r"\1[user]"),
    ),
    Mask(
        "path",
        _in_lower("/home/", "/users/"),
        re.compile(r"(/(?:home|[Uu]sers)/)[^/\s\"'<>:?#&\[]+"),
        always(r"\1[user]"),
    ),
    Mask(
        "id",
        _in_hexes(b"hhhhhhhh-hhhh-hhhh-"),
        re.compile(rf"{_NOT_AFTER}[{_HEX}]{{8}}(?:-[{_HEX}]{{4}}){{3}}-[{_HEX}]{{12}}{_NOT_BEFORE}"),
        always("[id]"),
    ),
    Mask(
        "mac",
        _in_hexes(b":hh:hh:hh:", b"-hh-hh-hh-"),
        re.compile(
            rf"(?<![{_HEX}:-])[{_HEX}]{{2}}([:_-])(?:[{_HEX}]{{2}}\1){{4}}[{_HEX}]{{2}}(?![{_HEX}:-])"
        ),
        always("[mac]"),
    ),
    Mask(
        "mac",
        _in_hexes(b".hhhh."),
        re.compile(rf"(?<![{_HEX}.])[{_HEX}]{{4}}\.[{_HEX}]{{4}}\.[{_HEX}]{{4}}(?![{_HEX}.])"),
        always("[mac]"),
    ),
    Mask(
        "ip",
        _in_hexes(b".h" * 11),
        re.compile(rf"{_NOT_AFTER}[{_HEX}](?:\.[{_HEX}]){{11,31}}{_NOT_BEFORE}"),
        always("[ip]"),
    ),
    Mask(
        "ip",
        _in_hexes(*_SIXES),
        re.compile(
            rf"(?<![0-9A-Za-z:])(?<!\d\.)[{_HEX}]{{0,4}}:[{_HEX}:]{{0,48}}:"
            rf"(?:\d{{1,3}}(?:\.\d{{1,3}}){{3}}|[{_HEX}]{{1,5}})?(?:%[0-9A-Za-z._-]+)?(?![0-9A-Za-z:])"
        ),
        six,
    ),
    Mask(
        "mac",
        _in_lower("ff:fe", "fffe"),
        re.compile(
            rf"(?<![0-9A-Za-z:])(?:[{_HEX}]{{1,4}}:[{_HEX}]{{0,2}}ff:fe[{_HEX}]{{2}}:[{_HEX}]{{1,4}}"
            rf"|[{_HEX}]{{6}}fffe[{_HEX}]{{6}})(?![0-9A-Za-z:])",
            _E,
        ),
        always("[mac]"),
    ),
    Mask(
        "ip",
        lambda view: view.hexes.count(b"-") > 6 and _DASHED.search(view.hexes),
        re.compile(
            rf"{_NOT_AFTER}[{_HEX}]{{1,4}}([-_])(?:[{_HEX}]{{1,4}}\1){{6}}[{_HEX}]{{1,4}}{_NOT_BEFORE}"
        ),
        dashed_six,
    ),
    Mask(
        "ip",
        lambda view: any(shape.search(view.digits) for shape in _QUADS),
        re.compile(r"(?<!\d)\d{1,4}([.\-_])\d{1,4}\1\d{1,4}\1\d{1,4}(?!\d)"),
        quad,
    ),
    Mask(
        "ip",
        _in_lower("0x"),
        re.compile(rf"\b0[xX][{_HEX}]{{1,2}}(?:\.0[xX][{_HEX}]{{1,2}}){{3}}{_NOT_BEFORE}"),
        quad,
    ),
    Mask(
        "number",
        lambda view: b"d" * 10 in view.phone,
        re.compile(r"(?<!\d)(?:\+7|8|7)[\s(-]{0,2}\d{3}[\s)-]{0,2}\d{3}[\s-]?\d{2}[\s-]?\d{2}(?!\d)"),
        always("[number]"),
    ),
    Mask(
        "number",
        lambda view: "+" in view.text and b"d" * 10 in view.phone,
        re.compile(r"(?<![\w+])\+\d{1,3}[\s(-]{1,2}\d{2,4}[\s)-]{1,2}\d{2,4}(?:[\s-]?\d{2,4}){1,3}(?!\d)"),
        telephone,
    ),
    Mask(
        "number",
        lambda view: "ip" in view.lower and b"z" + b"h" * 8 in view.hexes,
        re.compile(r"(?<=(?<![0-9A-Za-z])ip)\d{8,12}(?![0-9A-Za-z])", _E),
        number,
    ),
    Mask(
        "number",
        lambda view: b"d" * 8 in view.digits,
        re.compile(r"(?<![\d#A-Za-z])(?<!\d\.)\d{8,20}(?![\dA-Za-z])"),
        number,
    ),
    Mask(
        "id",
        _in_hexes(b"h" * 8),
        re.compile(
            rf"(?<![0-9A-Za-z#])(?:0[xX][{_HEX}]{{12}}|0[xX][{_HEX}]{{8}}|[{_HEX}]{{32}}|[{_HEX}]{{12}}|[{_HEX}]{{8}}){_NOT_BEFORE}"
        ),
        hex_token,
    ),
    Mask(
        "ip",
        _in_hexes(*(b"z" + b"h" * n + b"." for n in (8, 12, 32))),
        re.compile(
            rf"(?<=[G-Zg-z])(?<![0-9A-Za-z]{{5}})(?:[{_HEX}]{{32}}|[{_HEX}]{{12}}|[{_HEX}]{{8}})"
            r"(?=(?:\.[0-9A-Za-z-]{1,63}){0,3}\.[A-Za-z])"
        ),
        line_token,
    ),
    Mask(
        "mac",
        _in_lower("mac"),
        re.compile(rf"(?<=mac)[{_HEX}]{{12}}{_NOT_BEFORE}", _E),
        hex_token,
    ),
)
"""Tried in this order; what an earlier row has masked, a later one no longer sees."""
