"""Text that came from the network, a list or a file, made safe to look at on a terminal."""

import unicodedata
from typing import Final

MARKS_IN_A_ROW: Final = 3
"""Combining marks kept on one letter: enough for every living script, too few to flood the lines around."""
LIMIT: Final = 300
"""Characters shown of one value, unless the caller says otherwise."""

_ESCAPED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""General categories that a terminal may obey, hide behind or reorder by, rather than draw: C0, C1 and DEL;
bidirectional and zero-width controls; lone surrogates; private and unassigned; line separators."""
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, limit: int = LIMIT) -> str:
    """Return the text with every character that a terminal would act on written as an escape.

    At most `limit` characters of the original are looked at; what was cut is said. The result holds no
    control character, no line break, no bidirectional control and no flood of combining marks.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():  # nearly all, and tables hold millions
        return text
    shown: list[str] = []
    marks = 0
    for character in text[:limit]:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category in _ESCAPED or marks > MARKS_IN_A_ROW:
            shown.append(escape(character))
        elif category == "Zs":
            shown.append(" ")
        else:
            shown.append(character)
    if len(text) > limit:
        shown.append(f"[+{len(text) - limit}]")
    return "".join(shown)


def escape(character: str) -> str:
    r"""Return a character as Python would write it: ``\x1b``, ``\u202e``, ``\U000e0001``."""
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def encodable(text: str, encoding: str) -> str:
    """Return the text with what the encoding cannot hold written as escapes."""
    return text.encode(encoding, "backslashreplace").decode(encoding)
