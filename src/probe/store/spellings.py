"""Spellings that hide a text in a text: percent signs, escapes, entities, [.], base64, UTF-16."""

import base64
import html
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

from msgspec import Struct

DEEPEST: Final = 3
"""Spellings inside spellings that are followed."""


class Spelling(Struct, frozen=True):
    """One way to write a text differently."""

    sign: str
    pattern: re.Pattern[str]
    decode: Callable[[str], str]
    before: bool
    """Whether characters of a word that stand before the match belong to it."""


_REST: Final = r"[^\s\"'<>?=,/()\[\]{}|]{0,2000}"
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2}))")
_WORD_END: Final = re.compile(r"[\w.:\-]{1,64}\Z")

# Base64 of three characters of an address: each of the four is one of few, at every third place of the text.
_V4_GROUP: Final = "[LMNO][CDSTijyz][AEIMQUYcgk4][u-z0-5]"
_V6_GROUP: Final = "[MNOQRYZ][DEGTUWjkmz02][ABEFIJMNQRUVYZcdghklop][w-z0-6B-Gh-m]"
_AROUND: Final = 80
"""Characters of base64 looked at on either side of such a place: a multiple of four, three addresses long."""


def _escapes(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text)


def _drop_nul(text: str) -> str:
    return text.replace("\0", "")


_HEX_QUAD: Final = re.compile(r"(?:3\d){1,3}(?:2[eE](?:3\d){1,3}){3}")
"""Digits and dots, each in hex."""


def _of_hex(text: str) -> str:
    return bytes.fromhex(text).decode("latin-1")


SPELLINGS: Final[tuple[Spelling, ...]] = (
    Spelling("%", re.compile(rf"%[0-9A-Fa-f]{{2}}{_REST}"), lambda text: unquote(text, "latin-1"), True),
    Spelling("\\", re.compile(rf"\\(?:u[0-9A-Fa-f]{{4}}|x[0-9A-Fa-f]{{2}}){_REST}"), _escapes, True),
    Spelling("&", re.compile(rf"&(?:amp;){{0,2}}(?:#|period;|colon;|commat;){_REST}"), html.unescape, True),
    Spelling("[.]", re.compile(r"\[\.\][\w.:\-\[\]]{0,200}"), lambda text: text.replace("[.]", "."), True),
    Spelling("2e3", _HEX_QUAD, _of_hex, False),
    Spelling("2E3", _HEX_QUAD, _of_hex, False),
    Spelling("\0", re.compile(r"(?:[\x20-\x7e]\0){6,}[\x20-\x7e]?|(?:\0[\x20-\x7e]){6,}"), _drop_nul, False),
)


def unhide(text: str, mask: Callable[[str], str]) -> str:
    """Return the text with every hidden part replaced in which `mask` finds something to mask."""
    for spelling in SPELLINGS:
        if spelling.sign in text:
            text = _unhide_tokens(text, spelling, mask)
    return _unhide_base64(text, mask)


def _unhide_tokens(text: str, spelling: Spelling, mask: Callable[[str], str]) -> str:
    parts: list[str] = []
    done = 0
    for match in spelling.pattern.finditer(text):
        start = match.start()
        if spelling.before and (word := _WORD_END.search(text, max(done, start - 64), start)):
            start = word.start()
        hidden = spelling.decode(text[start : match.end()])
        shown = mask(hidden)
        if shown != hidden:
            parts += [text[done:start], shown]
            done = match.end()
    return "".join([*parts, text[done:]]) if parts else text


_BASE64: Final = (re.compile(rf"(?:{_V4_GROUP}){{2}}"), re.compile(rf"(?:{_V6_GROUP}){{3}}"))
_SHORTEST_RUN: Final = 11
"""Characters of base64 that an address of eight characters takes."""
_LONGEST_WORD: Final = 400
_CLASSES: Final = bytes(
    ord("b") if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "+/_-") else ord(" ")
    for byte in range(256)
)


def _unhide_base64(text: str, mask: Callable[[str], str]) -> str:
    """Find base64 by the shape that digits and dots take in it, and words that decode to plain text."""
    classes = text.encode("latin-1", "replace").translate(_CLASSES)
    wanted = b"b" * _SHORTEST_RUN
    parts: list[str] = []
    done = 0
    start = classes.find(wanted)
    while start >= 0:
        end = classes.find(b" ", start)
        end = len(text) if end < 0 else end
        if _hides(text[start:end], mask):
            parts += [text[done:start], "[base64]"]
            done = end + len(text[end : end + 2]) - len(text[end : end + 2].lstrip("="))
        start = classes.find(wanted, end)
    return "".join([*parts, text[done:]]) if parts else text


def _hides(run: str, mask: Callable[[str], str]) -> bool:
    """Whether a run of base64 says something to be masked, as a whole or around one of its places."""
    if run == run.lower():
        return False  # base64 of words, digits and dots always holds capitals
    if len(run) <= _LONGEST_WORD:
        content = _decoded(run)
        content = content.replace("\0", "") if content.count("\0") > len(content) // 3 else content
        if content.isascii() and content.isprintable() and mask(content) != content:
            return True
    for pattern in _BASE64:
        for match in pattern.finditer(run):
            begin = max(match.start() % 4, match.start() - _AROUND)
            content = _decoded(run[begin : match.end() + _AROUND])
            if mask(content) != content:
                return True
    return False


def _decoded(run: str) -> str:
    standard = run.replace("-", "+").replace("_", "/")
    standard = standard[: len(standard) - (len(standard) % 4 == 1)]
    return base64.b64decode(standard + "=" * (-len(standard) % 4)).decode("latin-1")
