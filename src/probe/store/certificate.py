"""Texts and addresses inside a certificate, found by their tags: blanked in place, so that it can be read.

A certificate of a web site names nobody who visits it; one of a router, a middlebox or a captive portal may.
Dates, numbers of companies and the places of revocation lists are left alone: they are the authority's.
"""

from __future__ import annotations

import ipaddress
import re
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

_LENGTH: Final = rb"([\x07-\x7f]|\x81[\x80-\xff]|\x82[\x01-\xff].)"
"""Of what follows a tag: in one byte, or behind how many bytes it takes (X.690, 8.1.3)."""
_TEXT: Final = re.compile(rb"[\x0c\x13\x14\x16\x1a\x81\x82]" + _LENGTH, re.DOTALL)
"""UTF8String, PrintableString, T61String, IA5String, VisibleString; e-mail and DNS names of a subject."""
_WIDE: Final = re.compile(rb"\x1e" + _LENGTH, re.DOTALL)
"""BMPString: two bytes a letter."""
_NAMES: Final = re.compile(rb"\x06\x03\x55\x1d\x11(?:\x01\x01.)?\x04", re.DOTALL)
"""The identifier of subjectAltName, before its octets."""
_ADDRESS: Final = 0x87
_WORD: Final = re.compile(r"[^\s,;=/()]+")
_TELLING: Final = re.compile(rb"[0-9@:]|-[^-]*-[^-]*-[^-]*-")
"""Something of every address, device and mail; names of this machine are looked for elsewhere."""
LARGEST: Final = 64 * 1024
"""Bytes of a certificate that is looked into: no honest one has a tenth of them."""
_LONGEST: Final = 64
"""Characters of a text whose words are blanked one by one, as of a common name (RFC 5280); else all of it."""
_MOST_BY_WORDS: Final = 50
"""Texts that are looked at so closely: there is a subject, an issuer, and few that say something."""
_MOST_NAMES: Final = 4
"""Times that alternative names are looked for: honest certificates have them once."""


def blanked(content: bytes, mask: Callable[[str], str], allowed: Collection[str]) -> bytes:
    """Return the certificate with as many `x` where `mask` would change a text, zeros for addresses.

    Addresses among the alternative names stay if one of them is in `allowed`: it is a public server's. Of one
    that is larger than any, nothing is left but its length.
    """
    if len(content) > LARGEST:
        return b"x" * len(content)
    out = bytearray(content)
    texts = list(_texts(content))
    together = "\n".join(_decoded(text) for _at, text in texts)
    for number, (at, text) in enumerate(texts if mask(together) != together else ()):
        clean = _without(text, mask, by_words=number < _MOST_BY_WORDS)
        out[at : at + len(clean)] = clean
    found = list(_addresses(content))
    if not any(str(ipaddress.ip_address(address)) in allowed for _at, address in found):
        for at, address in found:
            out[at : at + len(address)] = bytes(len(address))
    return bytes(out)


def _texts(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield place and bytes of what has the tag of a text and reads as one."""
    for match in _TEXT.finditer(content):
        size = int.from_bytes(match[1][1:] or match[1], "big")
        text = content[match.end() : match.end() + size]
        if len(text) == size and min(text) >= 0x20 and 0x7F not in text and _TELLING.search(text):
            yield match.end(), text
    for match in _WIDE.finditer(content):
        size = int.from_bytes(match[1][1:] or match[1], "big")
        wide = content[match.end() : match.end() + size // 2 * 2]
        if len(wide) == size and not any(wide[::2]) and min(wide[1::2]) >= 0x20:
            yield match.end(), wide


def _without(text: bytes, mask: Callable[[str], str], *, by_words: bool) -> bytes:
    """Blank the words that would be masked; all of it where only the whole would be, or to save time."""
    said = _decoded(text)
    if mask(said) == said:
        return text
    clean = "x" * len(said)
    if by_words and len(said) <= _LONGEST:
        some = _WORD.sub(lambda word: "x" * len(word[0]) if mask(word[0]) != word[0] else word[0], said)
        clean = some if mask(some) == some else clean
    return clean.encode("utf-16-be" if text[:1] == b"\0" else "latin-1")


def _decoded(text: bytes) -> str:
    return text.decode("utf-16-be" if text[:1] == b"\0" else "latin-1")


def _addresses(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield place and bytes of each address among the alternative names."""
    for match in islice(_NAMES.finditer(content), _MOST_NAMES):
        at, end = _inside(content, match.end())  # of the octets
        if content[at : at + 1] != b"\x30":
            continue
        at, end = _inside(content, at + 1)
        while at < min(end, len(content)):
            begin, following = _inside(content, at + 1)
            address = content[begin:following]
            if content[at] == _ADDRESS and len(address) in (4, 16) and any(address):
                yield begin, address
            at = following


def _inside(content: bytes, at: int) -> tuple[int, int]:
    """Return begin and end of what a length at this place covers."""
    n, begin = content[at] if at < len(content) else 0, at + 1
    if n >= 0x80:
        size = n & 0x7F
        n, begin = int.from_bytes(content[begin : begin + size], "big"), begin + size
    return begin, begin + n
