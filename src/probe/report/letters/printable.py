"""Text for paper: what a page cannot show is written as an escape, a word of any length finds its breaks."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from probe.report.show import escape, visible

LIMIT: Final = 20_000
"""Characters printed of one text; what was cut is said."""
CELL_LIMIT: Final = 2_000
"""Characters printed of one cell of a table."""
LONGEST_WHOLE: Final = 600
"""Characters of a table's row that stands on one page."""
BREAK: Final = "\u200b"
"""Where a line may end inside a word. `visible` leaves none in, so that each is ours."""

DRAWN: Final = (
    *((0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x2FF)),
    *((0x37A, 0x37F), (0x384, 0x38A), (0x38C, 0x38C), (0x38E, 0x3A1), (0x3A3, 0x3CE), (0x3D0, 0x3E1)),
    *((0x3F0, 0x45F), (0x462, 0x463), (0x470, 0x477), (0x490, 0x4C4), (0x4C7, 0x4CC), (0x4CF, 0x4F9)),
    *((0x531, 0x556), (0x559, 0x55F), (0x561, 0x587), (0x589, 0x58A), (0x5D0, 0x5EA), (0x60C, 0x60C)),
    *((0x61B, 0x61B), (0x61F, 0x61F), (0x621, 0x63A), (0x640, 0x64A), (0x660, 0x66D), (0x67E, 0x67E)),
    *((0x686, 0x686), (0x698, 0x698), (0x6A4, 0x6A4), (0x6A9, 0x6A9), (0x6AF, 0x6AF), (0x6BE, 0x6BE)),
    *((0x6CC, 0x6CC), (0x6F0, 0x6F9), (0x10D0, 0x10FC), (0x1E00, 0x1E9B), (0x1E9E, 0x1EF9)),
    *((0x2010, 0x2027), (0x202F, 0x202F), (0x2030, 0x2037), (0x2039, 0x203F), (0x2044, 0x204B)),
    *((0x2070, 0x2071), (0x2074, 0x208E), (0x20A0, 0x20B5), (0x20B8, 0x20BA), (0x20BD, 0x20BD)),
    *((0x20BF, 0x20BF), (0x2116, 0x2117), (0x2122, 0x2122), (0x2126, 0x2126), (0x2153, 0x2184)),
    *((0x2190, 0x2220), (0x2241, 0x226B), (0x2500, 0x262F), (0x2713, 0x2718), (0xFFFD, 0xFFFD)),
)
"""Code points that the typefaces of typst's own (Libertinus Serif, DejaVu Sans Mono) hold: all of Latin,
Cyrillic and Greek that is in use, the basic letters of Armenian, Hebrew, Arabic and Georgian, signs, frames.
Combining marks are not among them: whether one can be drawn depends on the letter before it."""

IN_FIGURES: Final = (
    *((0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x17F), (0x386, 0x38A), (0x38C, 0x38C), (0x38E, 0x3A1)),
    *((0x3A3, 0x3CE), (0x400, 0x45F), (0x490, 0x491), (0x2010, 0x2015), (0x2018, 0x2022)),
    *((0x2026, 0x2026), (0x202F, 0x202F), (0x2030, 0x2030), (0x2032, 0x2033), (0x2039, 0x203A)),
    *((0x20AC, 0x20AC), (0x2116, 0x2116), (0x2122, 0x2122), (0x2190, 0x2193), (0x2212, 0x2212)),
    *((0x221E, 0x221E), (0x2248, 0x2248), (0x2260, 0x2260), (0x2264, 0x2265)),
)
"""Those that Libertinus Serif holds in each weight: in a drawing typst changes no typeface in a line."""

_DRAWN, _IN_FIGURES = (
    frozenset(chr(point) for first, last in ranges for point in range(first, last + 1))
    for ranges in (DRAWN, IN_FIGURES)
)
_KEPT_SPACES: Final = re.compile("([\u00a0\u202f])")
"""No-break spaces are French typography, not mischief."""
_LONG: Final = re.compile(r"\S{13,}")
_LONGEST_WORD: Final = 30
"""Letters of a word that finds its own breaks, by hyphens; longer ones may end a line anywhere."""
_LONGEST_CODE: Final = 12
_JOINTS: Final = re.compile(r"(?<=[./_\-:?&=,;@|+%~\\\u2013\u2014])(?=[^\s./_\-:?&=,;@|+%~\\\u2013\u2014])")
_STEP: Final = 4
_ADDRESS: Final = re.compile(r"[(\[]?\d{1,3}(?:\.\d{1,3}){3}\W*")
"""Of IPv4: short enough for any column, and broken it reads as two numbers."""


def printable(text: str, limit: int = LIMIT) -> str:
    """Return text of one line safe in any document: no control of any kind in it, composed (NFC)."""
    kept = unicodedata.normalize("NFC", text[:limit])
    parts = _KEPT_SPACES.split(kept)
    shown = "".join(part if n % 2 else visible(part, len(part)) for n, part in enumerate(parts))
    return shown if len(text) <= limit else f"{shown}[+{len(text) - limit}]"


def printable_lines(text: str, limit: int = LIMIT) -> str:
    """Return text whose line breaks are kept, safe in any document; tabs become four spaces."""
    cut = text[:limit].replace("\r\n", "\n").replace("\t", "    ")
    shown = "\n".join(printable(line) for line in cut.split("\n"))
    return shown if len(text) <= limit else f"{shown}\n[+{len(text) - limit}]"


def drawable(shown: str, *, in_figure: bool = False) -> str:
    """Return printable text, or a drawing's SVG, with what typst's typefaces lack written as escapes."""
    if shown.isascii():
        return shown
    known = _IN_FIGURES if in_figure else _DRAWN
    return "".join(c if c in known or c == "\n" else escape(c) for c in shown)


def breakable(shown: str, *, code: bool = False) -> str:
    """Return the text with a mark (BREAK) wherever a line may end inside a long word.

    Words of letters are left to hyphenation up to a length; names, addresses and hashes break behind their
    punctuation first, then every fourth character. `code` says that the text is none of words.
    """
    return _LONG.sub(lambda found: _broken(found[0], code=code), shown)


def _broken(word: str, *, code: bool) -> str:
    if _ADDRESS.fullmatch(word):
        return word
    longest = _LONGEST_CODE if code else _LONGEST_WORD
    return BREAK.join(
        piece
        if len(piece) <= longest
        else BREAK.join(piece[n : n + _STEP] for n in range(0, len(piece), _STEP))
        for piece in _JOINTS.split(word)
    )
