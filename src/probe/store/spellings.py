"""Spellings that hide a text in a text: percent signs, escapes, entities, base64, UTF-16."""

import base64
import binascii
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

DEEPEST: Final = 3
"""Spellings inside spellings that are followed."""
_LONGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class Spelling:
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
_RUN_BEFORE: Final = re.compile(r"[A-Za-z0-9+/_-]*\Z")
_RUN: Final = re.compile(r"[A-Za-z0-9+/_-]*")


def _escapes(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text)


def _drop_nul(text: str) -> str:
    return text.replace("\0", "")


SPELLINGS: Final[tuple[Spelling, ...]] = (
    Spelling("%", re.compile(rf"%[0-9A-Fa-f]{{2}}{_REST}"), lambda text: unquote(text, "latin-1"), True),
    Spelling("\\", re.compile(rf"\\(?:u[0-9A-Fa-f]{{4}}|x[0-9A-Fa-f]{{2}}){_REST}"), _escapes, True),
    Spelling("&", re.compile(rf"&(?:#|period;|colon;|commat;){_REST}"), html.unescape, True),
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
        if match.start() < done:
            continue
        start = match.start()
        if spelling.before and (word := _WORD_END.search(text, max(done, start - 64), start)):
            start = word.start()
        hidden = spelling.decode(text[start : match.end()])
        shown = mask(hidden)
        if shown != hidden:
            parts += [text[done:start], shown]
            done = match.end()
    return "".join([*parts, text[done:]]) if parts else text


_BASE64: Final = (
    re.compile(rf"(?:{_V4_GROUP}){{2}}"),
    re.compile(rf"(?:{_V6_GROUP}){{3}}"),
)
_PLAIN_RUN: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,400}={0,2}(?![A-Za-z0-9+/_-])")


def _unhide_base64(text: str, mask: Callable[[str], str]) -> str:
    """Find base64 by the shape that digits and dots take in it, and short runs that decode to plain words."""
    for pattern in _BASE64:
        text = _unhide_runs(text, pattern, mask)
    return _PLAIN_RUN.sub(lambda match: _shown(match[0], mask) or match[0], text)


def _unhide_runs(text: str, pattern: re.Pattern[str], mask: Callable[[str], str]) -> str:
    parts: list[str] = []
    done = 0
    for match in pattern.finditer(text):
        if match.start() < done:
            continue
        before = _RUN_BEFORE.search(text, max(done, match.start() - _LONGEST), match.start())
        start = before.start() if before else match.start()
        start += (match.start() - start) % 4
        run = _RUN.match(text, match.start(), match.start() + _LONGEST)
        end = run.end() if run else match.end()
        content = _decoded(text[start:end])
        if mask(content) != content:
            parts += [text[done:start], "[base64]"]
            done = end
    return "".join([*parts, text[done:]]) if parts else text


def _shown(run: str, mask: Callable[[str], str]) -> str | None:
    content = _decoded(run)
    if not content.isascii() or not content.isprintable():
        return None
    return "[base64]" if mask(content) != content else None


def _decoded(run: str) -> str:
    standard = run.rstrip("=").replace("-", "+").replace("_", "/")
    standard = standard[: len(standard) - (len(standard) % 4 == 1)]
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4)).decode("latin-1")
    except binascii.Error:
        return ""
