"""A page made comparable: its visible words and its markup in one case, in time linear in its length."""

import re
from functools import lru_cache
from html import unescape
from typing import Final

from msgspec import Struct

MAX_CHARS: Final = 16_384
"""Of a body: what an observation keeps of it."""
CUT_BYTES: Final = 16_000
"""A body this long in UTF-8 was cut, or is at least as long as no notice is: 384 bytes allow for the cut."""
NOTICE_CHARS: Final = 6_000
"""Visible text beyond which a page is no notice: the longest known Russian one, with all four registers
explained, has about 4,500 characters; articles on blocking have more."""
OWN_MASK: Final = re.compile(r"\[(?:user|host|home|own)\](?!-(?:width|height)\b)")
"""Stands where a name of the volunteer's stood. Before -width or -height it was a word of a style sheet."""
_HIDING: Final = re.compile(
    rf"{OWN_MASK.pattern}|\[cookie\]|authorization[\"']?\s{{0,8}}[:=]\s{{0,8}}\[account\]", re.IGNORECASE
)
"""Masks that may have taken any word; the others take numbers, addresses, mail and parameters of a URL."""
_TAKEN: Final = re.compile(r"[?&;]\w{1,40}=[^&;#\s]+|\S{1,400}@\S+")
"""What those others may take of a text: no word of it tells a report from a notice."""

# None of these can look at a character more than a few times: what they repeat excludes what ends it.
_WORD: Final = re.compile(r"\w+")
_TAG: Final = re.compile(r"<[^<>]*>?")
_SILENT: Final = re.compile(r"<(!--|script|style|template|svg)", re.IGNORECASE)
_ENDS: Final = {
    "!--": re.compile("-->"),
    **{
        name: re.compile(f"</{name}[^<>]*>?", re.IGNORECASE)
        for name in ("script", "style", "template", "svg")
    },
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


class Page(Struct, frozen=True):
    """What fingerprints are looked for in."""

    title: str
    text: str
    """What a reader sees, folded: no tags, scripts or styles. Empty where it is longer than any notice."""
    length: int
    """Characters of what a reader sees, white space collapsed."""
    markup: str
    """The source in lower case, so that links and paths can be found."""
    is_cut: bool
    """There was more source than an observation keeps."""
    hides: bool
    """A mask may stand where a word stood that tells an innocent page from a notice."""

    @property
    def words(self) -> frozenset[str]:
        """Of the text; most pages are never asked for them."""
        return _words(self.text)


@lru_cache(maxsize=16)
def _words(text: str) -> frozenset[str]:
    if "@" in text or "=" in text:
        text = _TAKEN.sub(" ", text)
    return frozenset(_WORD.findall(text))


def fold(text: str) -> str:
    """Return the text in lower case, dashes alike, yo as ye, quotes and runs of white space one space."""
    text = text.lower()
    for odd, plain in _ALIKE:
        if odd in text:
            text = text.replace(odd, plain)
    return " ".join(text.split())


@lru_cache(maxsize=16)
def page_of(title: str | None, body: str, body_bytes: int | None = None) -> Page:
    """Return the page for a title and body; both kinds of fingerprints ask for the same one in a row.

    `body_bytes`: how long the body was in UTF-8 before masks changed it. What they took counts as seen text:
    a mask may make a page longer than a notice is, never shorter.
    """
    body = body[:MAX_CHARS]
    now = len(body.encode("utf-8", "replace"))
    was = max(now, body_bytes or 0)
    seen = " ".join(visible(body).split())
    text = fold(unescape(seen)) if len(seen) + was - now <= NOTICE_CHARS else ""
    return Page(
        title=fold(title if title is not None else title_of(body)),
        text=text,
        length=len(text or seen) + was - now,
        markup=body.lower(),
        is_cut=was >= CUT_BYTES,
        hides=_HIDING.search(body) is not None or _HIDING.search(title or "") is not None,
    )


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
