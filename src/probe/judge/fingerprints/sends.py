"""Where a short page sends a browser by itself: what it frames, refreshes to, or has a script load.

A link is none of these, nor is a URL that stands in another URL, in text, or in what a browser shows as text:
forums count those who leave through links with the goal in them, and reports quote headers and sources.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

MAX_URLS: Final = 16
"""A page with more of them does more than send a browser elsewhere: what follows is not looked at."""

# None of these can look at a character more than a few times: what they repeat excludes what ends it.
_PART: Final = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?P<shown>textarea|title|template|style|xmp)\b.*?(?:</(?P=shown)|\Z)"
    r"|<script\b[^<>]{0,400}>(?P<script>.*?)(?:</script|\Z)"
    r"|<(?P<tag>iframe|frame|meta)\b(?P<said>[^<>]*)",
    re.DOTALL,
)
_ATTRIBUTE: Final = re.compile(
    r"(?<![\w:.-])(?P<name>[a-z-]{1,20})\s{0,8}=\s{0,8}"
    r"(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s\"'>]+))"
)
_URL: Final = r"(?P<url>https?://[^\s\"'<>\\)]*)"
_FRAMED: Final = re.compile(r"\s{0,8}" + _URL)
_REFRESHED: Final = re.compile(r"[\s\d.,;]{0,24}url\s{0,8}=\s{0,8}[\"']?\s{0,8}" + _URL)
_SCRIPTED: Final = re.compile(
    r"(?<![\w$])location(?:(?:\.href)?\s{0,8}=\s{0,8}|\.(?:replace|assign)\s{0,8}\(\s{0,8})[\"']\s{0,8}"
    + _URL
)


def sent_to(markup: str) -> Iterator[str]:
    """Give the URLs that a page, its source in lower case, sends a browser to without being asked."""
    for part in _PART.finditer(markup):
        if markup.count("://", 0, part.start()) >= MAX_URLS:
            return
        if part["tag"]:
            found = _of_tag(part["tag"], _attributes(part["said"]))
        else:
            found = _SCRIPTED.search(part["script"] or "")
        if found is not None:
            yield found["url"]


def _of_tag(tag: str, said: Mapping[str, str]) -> re.Match[str] | None:
    if tag != "meta":
        return _FRAMED.match(said.get("src", ""))
    if said.get("http-equiv", "").strip() != "refresh":
        return None
    return _REFRESHED.match(said.get("content", ""))


def _attributes(said: str) -> dict[str, str]:
    """Return a tag's attributes; of two of one name a browser takes the first."""
    found: dict[str, str] = {}
    for one in _ATTRIBUTE.finditer(said):
        found.setdefault(one["name"], one["double"] or one["single"] or one["bare"] or "")
    return found
