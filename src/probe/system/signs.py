"""Signs that a console's encoding lacks, written with those of a typewriter: cp866 has no dash and no «»."""

import codecs
from typing import Final

PLAINLY: Final = "probe.plainly"
"""Name of the way to encode, for `errors=`."""
_SIGNS: Final = {
    **dict.fromkeys("\u00a0\u202f\u2009", " "),
    **dict.fromkeys("«»“”„", '"'),
    **dict.fromkeys("‘’", "'"),  # noqa: RUF001  # the typographic ones are meant
    **dict.fromkeys("–—−", "-"),  # noqa: RUF001  # as above
    "…": "...",
    "→": "->",
    "×": "x",  # noqa: RUF001  # as above
    "·": "*",
    "•": "*",
    "≥": ">=",
    "≤": "<=",
    "№": "No.",
    "œ": "oe",
    "Œ": "OE",
}


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for the characters that could not be encoded, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_SIGNS.get(one) or _escaped(one) for one in lacking), error.end


def _escaped(one: str) -> str:
    return one.encode("ascii", "backslashreplace").decode("ascii")


codecs.register_error(PLAINLY, _plainly)
