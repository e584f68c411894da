"""From bytes off the wire to text to look at: inflating, decoding, reading a title, each with a bound."""

import codecs
import html
import re
import zlib
from itertools import islice
from typing import Final

MAX_BODY: Final = 256 * 1024
"""Bytes read of a body, and bytes it may inflate to."""
MAX_TEXT: Final = 16 * 1024
"""Bytes decoded into the observation."""
MAX_TITLE: Final = 256
_TITLE_TRIES: Final = 8

_CHARSETS: Final = frozenset(
    {
        "utf-8",
        "utf-16",
        "ascii",
        "latin-1",
        "iso8859-1",
        "iso8859-2",
        "iso8859-3",
        "iso8859-4",
        "iso8859-5",
        "iso8859-6",
        "iso8859-7",
        "iso8859-8",
        "iso8859-9",
        "iso8859-10",
        "iso8859-13",
        "iso8859-14",
        "iso8859-15",
        "iso8859-16",
        "cp1250",
        "cp1251",
        "cp1252",
        "cp1253",
        "cp1254",
        "cp1255",
        "cp1256",
        "cp1257",
        "cp1258",
        "cp866",
        "cp874",
        "koi8-r",
        "koi8-u",
        "mac-cyrillic",
        "gbk",
        "gb2312",
        "gb18030",
        "big5",
        "big5hkscs",
        "shift_jis",
        "cp932",
        "euc_jp",
        "iso2022_jp",
        "euc_kr",
        "cp949",
        "tis-620",
    }
)
"""As Python's codecs bear them. A server may not choose among the others: punycode takes quadratic time."""
_CHARSET: Final = re.compile(rb"""charset\s{0,8}=\s{0,8}["']?([A-Za-z0-9_.:-]{2,24})""", re.IGNORECASE)
_TITLE: Final = re.compile(rb"<title", re.IGNORECASE)


def inflate(encoding: str, raw: bytes) -> tuple[bytes, bool]:
    """Undo a content coding, giving at most MAX_BODY bytes; return them and whether more was there.

    Bytes that are not what their header says come back as they are: so would a page injected with a
    copied header. A coding we did not ask for gives b"".
    """
    match encoding.strip().lower():
        case "" | "identity":
            return raw[:MAX_BODY], len(raw) > MAX_BODY
        case "gzip" | "x-gzip":
            windows: tuple[int, ...] = (31,)
        case "deflate":
            windows = (15, -15)
        case _:
            return b"", False
    for window in windows:
        inflater = zlib.decompressobj(window)
        try:
            return inflater.decompress(raw, MAX_BODY), bool(inflater.unconsumed_tail)
        except zlib.error:
            continue
    return raw[:MAX_BODY], len(raw) > MAX_BODY


def charset_of(content_type: str, data: bytes) -> str:
    """Return the codec that a header or a meta tag names, if it is one of those we let a server choose."""
    for source in (content_type.encode("latin-1", "replace")[:512], data[:1024]):
        found = _CHARSET.search(source)
        if found:
            try:
                name = codecs.lookup(found[1].decode("ascii")).name
            except LookupError:
                continue
            if name in _CHARSETS:
                return name
    return "utf-8"


def text_of(data: bytes, charset: str) -> str:
    """Decode at most the first 16 KiB; what does not decode is replaced."""
    return data[:MAX_TEXT].decode(charset, errors="replace")


def title_of(data: bytes, charset: str) -> str | None:
    """Return the text of the first title element, spaces joined, entities resolved; None without one."""
    for found in islice(_TITLE.finditer(data), _TITLE_TRIES):
        opened = data.find(b">", found.end(), found.end() + 256)
        if opened < 0:
            continue
        inside = data[opened + 1 : opened + 1 + 4 * MAX_TITLE].partition(b"<")[0]
        text = html.unescape(inside.decode(charset, errors="replace"))
        return " ".join(text.split())[:MAX_TITLE]
    return None
