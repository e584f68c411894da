"""A page made comparable: its visible words and its markup in one case, in time linear in its length."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Final

MAX_CHARS: Final = 16_384
"""Of a body: what an observation keeps of it."""

# None of these can look at a character more than a few times: what they repeat excludes what ends it.
_TAG: Final = re.compile(r"<[^<>]*>?")
_SILENT: Final = re.compile(r"<(!--|script|style|template|svg)", re.IGNORECASE)
_ENDS: Final = {
    "!--": re.compile("-->"),
    **{name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "template", "svg")},
}
_ALIKE: Final = tuple(
    (odd, plain)
    for plain, odds in {
        "\u0435": "\u0451",
        "": "\u0307\u00ad",
        " ": '«»“”„"\u2018\u2019',
        "-": "\u2010\u2011\u2012\u2013\u2014",
    }.items()
    for odd in odds
)
"""Letters and signs that mean the same: Russian yo, the dot of a Turkish i, quotes, dashes."""


@dataclass(frozen=True, slots=True)
class Page:
    """What fingerprints are looked for in; every string is folded by `fold`."""

    title: str
    text: str
    """What a reader sees: no tags, scripts or styles."""
    markup: str
    """The source, so that links and paths can be found."""


def fold(text: str) -> str:
    """Return the text in lower case, dashes alike, yo as ye, quotes and runs of white space one space."""
    text = text.lower()
    for odd, plain in _ALIKE:
        if odd in text:
            text = text.replace(odd, plain)
    return " ".join(text.split())


def source_of(body: str) -> str:
    """Return the first 16 KiB of a body, folded, with entities resolved where letters may hide in them."""
    body = body[:MAX_CHARS]
    return fold(unescape(body) if "&#" in body or "&nbsp" in body else body)


def page_of(title: str | None, body: str, markup: str) -> Page:
    """Return the page for a title and body; `markup` is `source_of(body)`, which callers have already."""
    text = fold(unescape(visible(body[:MAX_CHARS])))
    return Page(fold(title or title_of(body)), text, markup)


def title_of(body: str) -> str:
    """Return what stands in the first `<title>` of the body, at most 300 characters."""
    head = body[:MAX_CHARS]
    folded = head.lower()
    start = folded.find("<title")
    inside = folded.find(">", start) + 1
    if start < 0 or not inside or len(folded) != len(head):
        return ""
    end = folded.find("<", inside)
    return unescape(head[inside : end if end >= 0 else None][:300])


def visible(body: str) -> str:
    """Return the body without tags, comments, scripts and styles, in one pass whatever is left unclosed."""
    kept: list[str] = []
    at = 0
    while opened := _SILENT.search(body, at):
        kept.append(body[at : opened.start()])
        closed = _ENDS[opened[1].lower()].search(body, opened.end())
        at = closed.end() if closed else len(body)
    kept.append(body[at:])
    return _TAG.sub(" ", " ".join(kept))
