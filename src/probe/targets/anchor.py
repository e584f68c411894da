"""The trust anchor of the DNS root: a small file of DS records, one a line, shipped or the user's."""

import re
from pathlib import Path
from typing import Final

from probe.targets.error import CatalogueError
from probe.targets.toml_file import read_text

MOST_RECORDS: Final = 16
_RECORD: Final = re.compile(
    r"\.\s+(?:\d{1,10}\s+)?(?:IN\s+)?DS\s+(\d{1,5})\s+(\d{1,3})\s+([124])\s+([0-9A-F \t]+)",
    re.ASCII | re.IGNORECASE,
)
_DIGITS: Final = {"1": 40, "2": 64, "4": 96}
"""Hex digits of SHA-1, SHA-256 and SHA-384 (RFC 8624)."""
_EXAMPLE: Final = "as Debian's dns-root-data has them: . IN DS 20326 8 2 E06D…"


def read_trust_anchor(path: Path) -> tuple[bytes, tuple[str, ...]]:
    """Return the file's bytes and its DS records, `tag algorithm type HEX`. Raises CatalogueError.

    Lines that begin with `;` or `#` are comments.
    """
    content, text = read_text(path)
    found: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        written = line.split(";")[0].strip()
        if not written or written.startswith("#"):
            continue
        record = _RECORD.fullmatch(written)
        if record is None:
            hint = f"Write one DS record of the root a line, {_EXAMPLE}"
            raise CatalogueError(str(path), number, f"{written[:80]!r} is no DS record of the root", hint)
        tag, algorithm, kind, digest = record.groups()
        digest = "".join(digest.split()).upper()
        if int(tag) > 0xFFFF or int(algorithm) > 0xFF or len(digest) != _DIGITS[kind]:
            hint = f"Copy the record whole; a digest of type {kind} has {_DIGITS[kind]} hex digits."
            raise CatalogueError(str(path), number, "a number or the digest is not of its size", hint)
        if len(found) == MOST_RECORDS:
            raise CatalogueError(str(path), number, f"more than {MOST_RECORDS} records", "Delete old ones.")
        found.append(f"{int(tag)} {int(algorithm)} {kind} {digest}")
    if not found:
        raise CatalogueError(str(path), 1, "no DS record", f"Write one a line, {_EXAMPLE}")
    return content, tuple(dict.fromkeys(found))
