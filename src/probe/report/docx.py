"""A report as a letter to edit: headings, lists and tables of a word processor, the same bytes each time."""

from __future__ import annotations

from io import BytesIO
from itertools import count, repeat, starmap
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from probe.report.annex.blocks import Figure, Items, Paragraph, Table, Verbatim
from probe.report.letters.libraries import needed
from probe.report.letters.printable import CELL_LIMIT, LONGEST_WHOLE, drawable, printable, printable_lines
from probe.report.letters.typesetting import png
from probe.report.letters.widths import shares

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from docx.document import Document as Word

    from probe.report.annex.blocks import Block, Document

_TALLEST_MM: Final = 215
_TWIPS_PER_MM: Final = 1440 / 25.4
MOST_AT_FULL_SIZE: Final = 5
"""Columns of a table; more are printed smaller."""
_SMALL: Final = '<w:rPr><w:sz w:val="15"/><w:szCs w:val="15"/></w:rPr>'
_WHOLE: Final = "<w:trPr><w:cantSplit/></w:trPr>"
"""Of a row that no page break may go through."""


def docx_of(document: Document) -> bytes:
    """Return the document as a DOCX dated `document.generated`, without macros, links or a name of its maker.

    Raises MissingLibraryError without python-docx, or without typst where there are figures. What is attached
    to a PDF is not in it: programs for letters carry no files.
    """
    with needed("docx"):
        import docx

        from probe.report.letters import word as parts
    word = docx.Document()
    parts.prepare(word, document)
    word.core_properties.title = printable(document.title, 250)
    word.core_properties.author = printable(document.author, 250)
    blocks = [block for section in document.sections for block in section.blocks]
    parts.define_lists(word, sum(isinstance(block, Items) and block.ordered for block in blocks))
    _running(word, document)
    word.add_paragraph(printable(document.title), style="Title")
    word.add_paragraph(printable(document.subtitle), style="Subtitle")
    lists = count(parts.BULLETS + 1)
    for section in document.sections:
        word.add_paragraph(printable(f"{section.number}. {section.title}"), style="Heading 1")
        for block in section.blocks:
            _ADDED[type(block)](word, block, lists)
    return parts.packed(word)


def _running(word: Word, document: Document) -> None:
    """Write what stands on every page."""
    section = word.sections[0]
    section.header.paragraphs[0].text = printable(document.running_head)
    foot = section.footer.paragraphs[0]
    foot.add_run(f"{printable(document.labels.get('page', ''))} ")
    _field(foot, "PAGE")
    foot.add_run(" / ")
    _field(foot, "NUMPAGES")


def _field(paragraph: Any, name: str) -> None:
    """Add a number that the word processor counts."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    field = f'<w:fldSimple {nsdecls("w")} w:instr="{name}"><w:r><w:t>1</w:t></w:r></w:fldSimple>'
    paragraph._p.append(parse_xml(field))  # noqa: SLF001 - python-docx has no fields


def _paragraph(word: Word, block: Paragraph, _lists: Iterator[int]) -> None:
    word.add_paragraph().add_run(printable(block.text)).bold = block.strong or None


def _items(word: Word, block: Items, lists: Iterator[int]) -> None:
    if not block.ordered:
        for item in block.items:
            word.add_paragraph(printable(item), style="List Bullet")
        return
    numbered = next(lists)
    for item in block.items:
        paragraph = word.add_paragraph(printable(item), style="List Number")
        numbers = paragraph._p.get_or_add_pPr().get_or_add_numPr()  # noqa: SLF001 - python-docx has no lists
        numbers.get_or_add_ilvl().val = 0
        numbers.get_or_add_numId().val = numbered


def _table(word: Word, block: Table, _lists: Iterator[int]) -> None:
    """Write the table as XML at once: cell by cell the library takes a second for each hundred rows."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    from probe.report.letters.word import TEXT_MM

    if block.caption:
        word.add_paragraph(printable(block.caption), style="Caption").paragraph_format.keep_with_next = True
    widths = [round(share * TEXT_MM * _TWIPS_PER_MM) for share in shares(block)]
    styles = ["TableCode" if n in block.code else "TableText" for n in range(len(block.head))]
    sides = [n in block.right for n in range(len(block.head))]
    sizes = [_SMALL if len(block.head) > MOST_AT_FULL_SIZE else ""] * len(block.head)
    table = "".join(
        (
            f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblStyle w:val="Ruled"/>',
            f'<w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblLayout w:type="fixed"/>',
            '<w:tblLook w:val="0020" w:firstRow="1"/></w:tblPr><w:tblGrid>',
            *(f'<w:gridCol w:w="{width}"/>' for width in widths),
            "</w:tblGrid><w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>",
            *starmap(
                _cell, zip(block.head, widths, repeat("TableHead", len(widths)), sides, sizes, strict=True)
            ),
            "</w:tr>",
            *(
                f"<w:tr>{_WHOLE if len(''.join(row)) <= LONGEST_WHOLE else ''}"
                f"{''.join(starmap(_cell, zip(row, widths, styles, sides, sizes, strict=True)))}</w:tr>"
                for row in block.rows
            ),
            "</w:tbl>",
        )
    )
    word.add_paragraph(style="After Table")._p.addprevious(parse_xml(table))  # noqa: SLF001 - as above


def _cell(text: str, width: int, style: str, is_right: bool, size: str) -> str:
    shown = escape(printable(text, CELL_LIMIT))
    side = '<w:jc w:val="right"/>' if is_right else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{side}</w:pPr>'
        f'<w:r>{size}<w:t xml:space="preserve">{shown}</w:t></w:r></w:p></w:tc>'
    )


def _figure(word: Word, block: Figure, _lists: Iterator[int]) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Mm

    from probe.report.letters.word import TEXT_MM

    picture = word.add_picture(BytesIO(png(drawable(block.svg, in_figure=True))), width=Mm(TEXT_MM))
    if picture.height > Mm(_TALLEST_MM):
        picture.width = Mm(TEXT_MM * Mm(_TALLEST_MM) / picture.height)
        picture.height = Mm(_TALLEST_MM)
    for named in picture._inline.iter(qn("wp:docPr"), qn("pic:cNvPr")):  # noqa: SLF001 - no words for pictures
        named.set("descr", printable(block.alt, CELL_LIMIT))
    word.paragraphs[-1].paragraph_format.keep_with_next = True
    word.add_paragraph(printable(block.caption), style="Caption")


def _verbatim(word: Word, block: Verbatim, _lists: Iterator[int]) -> None:
    word.add_paragraph(printable_lines(block.text).rstrip("\n"), style="Verbatim")


_ADDED: Final[dict[type[Block], Callable[[Any, Any, Iterator[int]], None]]] = {
    Paragraph: _paragraph,
    Items: _items,
    Table: _table,
    Figure: _figure,
    Verbatim: _verbatim,
}
