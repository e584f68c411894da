"""What stock programs read in a report: its text in the order it is read aloud, its files, its typefaces."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from probe.report.annex.blocks import Document, Figure, Items, Paragraph, Table, Verbatim

HEAD_MM, FOOT_MM = 22, 22
"""What stands on every page lies above and below."""


def run(*words: str | Path) -> str:
    """Run a stock program; return what it says on stdout. Raises CalledProcessError."""
    done = subprocess.run(list(map(str, words)), check=True, capture_output=True)
    return done.stdout.decode("utf-8", "replace")


def pdf_text(file: Path, *options: str) -> str:
    """Return a PDF's text in the order of its content, without what stands on every page."""
    top, bottom = (round(mm * 72 / 25.4) for mm in (HEAD_MM, FOOT_MM))
    box = ("-x", "0", "-y", str(top), "-W", "596", "-H", str(842 - top - bottom))
    return run("pdftotext", "-raw", "-nopgbrk", "-enc", "UTF-8", *box, *options, file, "-")


def squeezed(text: str) -> str:
    """Return text without spaces, line breaks and hyphens: what stays the same however lines are broken."""
    return re.sub(r"[\s\u00ad\u2010-]+", "", text)


def texts_of(document: Document) -> Iterator[str]:
    """Yield every text of a document in the order it is read."""
    yield document.title
    yield document.subtitle
    for section in document.sections:
        yield f"{section.number}. {section.title}"
        for block in section.blocks:
            match block:
                case Paragraph(text=text) | Verbatim(text=text):
                    yield text
                case Items(items=items):
                    yield from items
                case Table(caption=caption, head=head, rows=rows):
                    yield caption
                    yield from head
                    for row in rows:
                        yield from row
                case Figure(caption=caption):
                    yield caption


def first_missing(texts: Iterator[str], whole: str) -> str | None:
    """Return the first text that does not follow those before it in the whole; None where all do."""
    rest, at = squeezed(whole), 0
    for text in texts:
        wanted = squeezed(text)
        found = rest.find(wanted, at)
        if found < 0:
            return text
        at = found + len(wanted)
    return None
