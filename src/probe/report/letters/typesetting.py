"""Typst at work: a template of ours, data beside it, typefaces of its own, nothing of this machine."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from probe.report.letters.libraries import needed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

STANDARDS: Final = ("a-3a", "ua-1")
"""PDF/A-3 to be kept for decades with files inside, PDF/UA to be read aloud."""
PIXELS_PER_INCH: Final = 220.0


def pdf(template: str, virtual: Mapping[str, bytes], when: datetime) -> bytes:
    """Return a PDF drawn by a template of this folder from files that exist in memory only.

    The same files and time give the same bytes. Raises MissingLibraryError without typst.
    """
    with needed("pdf"):
        import typst
    made: bytes = typst.compile(
        _project(template, virtual),
        format="pdf",
        pdf_standards=list(STANDARDS),
        timestamp=when,
        font_paths=_typefaces(),
        ignore_system_fonts=True,
    )
    return made


def png(svg: str) -> bytes:
    """Return a drawing as a picture for programs that show no SVG. Raises MissingLibraryError."""
    with needed("docx"):
        import typst
    made: bytes = typst.compile(
        _project("figure.typ", {"figure.svg": svg.encode()}),
        format="png",
        ppi=PIXELS_PER_INCH,
        font_paths=_typefaces(),
        ignore_system_fonts=True,
    )
    return made


def _project(template: str, virtual: Mapping[str, bytes]) -> Any:
    """Return the files that typst sees: no folder of this machine is its root."""
    source = files("probe.report.letters").joinpath(template).read_bytes()
    return {"main.typ": source, **virtual}


@lru_cache(maxsize=1)
def _typefaces() -> Any:
    import typst

    return typst.Fonts(include_system_fonts=False)
