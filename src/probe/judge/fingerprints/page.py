"""A page made comparable: its visible words and its markup in one case, in time linear in its length."""

from dataclasses import dataclass
from html import unescape
from typing import Final

MAX_CHARS: Final = 16_384
"""Of a body: what an observation keeps of it."""

_SILENT: Final = ("script", "style", "noscript", "template", "svg")
_QUOTES: Final = str.maketrans(
    {"ё": "е", "«": " ", "»": " ", "“": " ", "”": " ", "„": " ", '"': " ", "\u00a0": " ", "\u0307": ""}
)


@dataclass(frozen=True, slots=True)
class Page:
    """What fingerprints are looked for in; every string is folded by `fold`."""

    title: str
    text: str
    """What a reader sees: no tags, scripts or styles."""
    markup: str
    """The source, so that links and paths can be found."""


def fold(text: str) -> str:
    """Return the text in lower case, quotes and runs of white space as one space, ё as е."""
    return " ".join(text.lower().translate(_QUOTES).split())


def source_of(body: str) -> str:
    """Return the first 16 KiB of a body, folded, with numeric entities resolved."""
    body = body[:MAX_CHARS]
    return fold(unescape(body) if "&#" in body else body)


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
    """Return the body without tags, comments, scripts and styles; one pass, whatever is nested or unclosed."""
    kept: list[str] = []
    silent = ""
    for index, part in enumerate(body.split("<")):
        if not index:
            kept.append(part)
            continue
        if silent:
            if not _closes(part, silent):
                continue
            silent = ""
        elif part.startswith("!--"):
            silent = "" if "-->" in part else "-->"
            kept.append(part.partition("-->")[2])
            continue
        else:
            name = part[:9].lower()
            silent = next((word for word in _SILENT if name.startswith(word)), "")
            if silent:
                continue
        kept.append(part.partition("-->" if part.startswith("!--") else ">")[2])
    return " ".join(kept)


def _closes(part: str, silent: str) -> bool:
    if silent == "-->":
        return "-->" in part
    return part[: len(silent) + 1].lower() == "/" + silent
