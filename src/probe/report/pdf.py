"""A report as a PDF: tagged, archivable, its data attached, the same bytes for the same document."""

from __future__ import annotations

import json
import re
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from probe.report.annex.blocks import Figure, Items, Paragraph, Table, Verbatim
from probe.report.letters.printable import (
    CELL_LIMIT,
    LONGEST_WHOLE,
    breakable,
    drawable,
    printable,
    printable_lines,
)
from probe.report.letters.typesetting import pdf
from probe.report.letters.widths import shares

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from probe.report.annex.blocks import Block, Document, Section

RELATIONSHIPS: Final = frozenset({"source", "data", "alternative", "supplement"})
NAMELESS: Final = "-"
"""What stands for an empty title or picture: PDF/UA knows none without words."""
LONGEST_NAME: Final = 120
_ODD: Final = re.compile(r"[^A-Za-z0-9._-]")
_TALLEST: Final = 215 / 166
"""Height of the largest figure a page holds with its caption, by the page's width."""
_VIEW: Final = re.compile(r'viewBox="0 0 (\d{1,5}(?:\.\d+)?) (\d{1,5}(?:\.\d+)?)"')


def pdf_of(document: Document) -> bytes:
    """Return the document as PDF/A-3 and PDF/UA-1, dated `document.generated`.

    Raises MissingLibraryError without typst, ValueError for a relationship that PDF/A-3 does not know.
    """
    virtual: dict[str, bytes] = {}
    data = {
        "lang": document.lang,
        "title": _line(document.title, marks=False) or NAMELESS,
        "subtitle": _line(document.subtitle),
        "running_head": _line(document.running_head),
        "author": _line(document.author, marks=False),
        "page": _line(document.labels.get("page", "")),
        "contents": _line(document.labels.get("contents", "")),
        "sections": [_section(section, virtual) for section in document.sections],
        "attachments": list(_attachments(document, virtual)),
    }
    virtual["document.json"] = json.dumps(data, ensure_ascii=False).encode()
    return pdf("annex.typ", virtual, document.generated)


def _section(section: Section, virtual: dict[str, bytes]) -> dict[str, Any]:
    return {
        "title": _line(f"{section.number}. {section.title}"),
        "blocks": [_DRAWN[type(block)](block, virtual) for block in section.blocks],
    }


def _paragraph(block: Paragraph, _virtual: dict[str, bytes]) -> dict[str, Any]:
    return {"kind": "paragraph", "text": _line(block.text), "strong": block.strong}


def _items(block: Items, _virtual: dict[str, bytes]) -> dict[str, Any]:
    return {"kind": "items", "items": [_line(item) for item in block.items], "ordered": block.ordered}


def _table(block: Table, _virtual: dict[str, bytes]) -> dict[str, Any]:
    return {
        "kind": "table",
        "caption": _line(block.caption),
        "head": [_line(word) for word in block.head],
        "rows": [[_cell(word, code=n in block.code) for n, word in enumerate(row)] for row in block.rows],
        "whole": [len("".join(row)) <= LONGEST_WHOLE for row in block.rows],
        "widths": shares(block),
        "code": block.code,
        "right": block.right,
    }


def _figure(block: Figure, virtual: dict[str, bytes]) -> dict[str, Any]:
    file = f"figure-{len(virtual)}.svg"
    virtual[file] = drawable(block.svg, in_figure=True).encode()
    return {
        "kind": "figure",
        "file": file,
        "width": _width(block.svg),
        "caption": _line(block.caption),
        "alt": _line(block.alt or block.caption, marks=False) or NAMELESS,
    }


def _verbatim(block: Verbatim, _virtual: dict[str, bytes]) -> dict[str, Any]:
    return {"kind": "verbatim", "text": breakable(drawable(printable_lines(block.text)), code=True)}


_DRAWN: Final[dict[type[Block], Callable[[Any, dict[str, bytes]], dict[str, Any]]]] = {
    Paragraph: _paragraph,
    Items: _items,
    Table: _table,
    Figure: _figure,
    Verbatim: _verbatim,
}


def _attachments(document: Document, virtual: dict[str, bytes]) -> Iterator[dict[str, Any]]:
    taken: set[str] = set()
    for attachment in document.attachments:
        if attachment.relationship not in RELATIONSHIPS:
            raise ValueError(f"PDF/A-3 knows no relationship {attachment.relationship!r}")
        file = f"attachment-{len(virtual)}"
        name = _file_name(attachment.name, taken)
        virtual[file], is_text = _as_text(attachment.content)
        yield {
            "name": name,
            "file": file,
            "is_text": is_text,
            "relationship": attachment.relationship,
            "mime": attachment.mime,
            "description": _line(attachment.description, marks=False),
        }


def _file_name(name: str, taken: set[str]) -> str:
    """Return a name that leads to no other folder and that no other file of the document has; remember it."""
    plain = _ODD.sub("_", name[-LONGEST_NAME:]).lstrip(".") or "file"
    found = next(each for n in count() if (each := f"{n}-{plain}" if n else plain) not in taken)
    taken.add(found)
    return found


def _as_text(content: bytes) -> tuple[bytes, bool]:
    """Return content that typst takes, which is UTF-8 only, and whether it is the content itself.

    Where it is not, each byte is a character, and the template makes it bytes again: slow, and rare.
    """
    try:
        content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1").encode(), False
    return content, True


def _line(text: str, *, marks: bool = True) -> str:
    shown = drawable(printable(text))
    return breakable(shown) if marks else shown


def _cell(text: str, *, code: bool) -> str:
    return breakable(drawable(printable(text, CELL_LIMIT)), code=code)


def _width(svg: str) -> float:
    """Return the figure's width in percent of the page's: all of it, unless its height would not fit."""
    found = _VIEW.search(svg)
    if not found or not float(found[1]):
        return 100.0
    return round(min(100.0, 100 * _TALLEST * float(found[1]) / max(float(found[2]), 1.0)), 1)
