"""What a file for word processors has beside its text: styles, lists, settings; no trace of a machine."""

from __future__ import annotations

import zipfile
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docx.document import Document as Word

    from probe.report.annex.blocks import Document

LOCALES: Final[Mapping[str, str]] = {"en": "en-GB", "ru": "ru-RU", "fr": "fr-FR"}
MARGIN_MM: Final = 22
TEXT_MM: Final = 210 - 2 * MARGIN_MM
BULLETS: Final = 1
"""Of the lists' definitions; numbered lists follow, one each, so that each begins with 1."""
_KEPT: Final = {
    RELATIONSHIP_TYPE.CORE_PROPERTIES,
    RELATIONSHIP_TYPE.OFFICE_DOCUMENT,
    RELATIONSHIP_TYPE.STYLES,
    RELATIONSHIP_TYPE.SETTINGS,
    RELATIONSHIP_TYPE.NUMBERING,
}
"""Parts of the library's own blank file that stay; the others name programs, themes and machines."""
_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""What every member of the file is dated: the earliest that a zip can say."""
_LEVEL: Final = (
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/>'
    '<w:lvlJc w:val="left"/><w:pPr><w:ind w:left="360" w:hanging="300"/></w:pPr></w:lvl>'
)


def prepare(word: Word, document: Document) -> None:
    """Make the library's blank file ours: A4, our styles in the document's language, our properties."""
    for rels in (word.part.package.rels, word.part.rels):
        for key in [key for key, rel in rels.items() if rel.reltype not in _KEPT]:
            del rels[key]
    styles = parse_xml(files("probe.report.letters").joinpath("styles.xml").read_bytes())
    for lang in styles.iter(qn("w:lang")):
        lang.set(qn("w:val"), LOCALES[document.lang])
    _replace(word.styles.element, styles)
    _replace(word.settings.element, parse_xml(_settings()))
    page = word.sections[0]
    for name in [name for name in page._sectPr.attrib if "rsid" in name]:  # noqa: SLF001 - ids of edits
        del page._sectPr.attrib[name]  # noqa: SLF001 - as above
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(MARGIN_MM)
    page.top_margin = page.bottom_margin = Mm(MARGIN_MM)
    known = word.core_properties
    known.language = LOCALES[document.lang]
    known.created = known.modified = document.generated.replace(tzinfo=None)
    known.last_modified_by = known.comments = known.keywords = ""
    known.revision = 1


def define_lists(word: Word, n_numbered: int) -> None:
    """Define the bullets, and as many numbered lists as the document has."""
    bullet = _LEVEL.format(form="bullet", text="\u2022")
    decimal = _LEVEL.format(form="decimal", text="%1.")
    restart = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    numbered = "".join(
        f'<w:num w:numId="{BULLETS + 1 + n}"><w:abstractNumId w:val="1"/>{restart}</w:num>'
        for n in range(max(n_numbered, 1))
    )
    single = '<w:multiLevelType w:val="singleLevel"/>'
    _replace(
        word.part.numbering_part.element,
        parse_xml(
            f"<w:numbering {nsdecls('w')}>"
            f'<w:abstractNum w:abstractNumId="0">{single}{bullet}</w:abstractNum>'
            f'<w:abstractNum w:abstractNumId="1">{single}{decimal}</w:abstractNum>'
            f'<w:num w:numId="{BULLETS}"><w:abstractNumId w:val="0"/></w:num>{numbered}</w:numbering>'
        ),
    )


def packed(word: Word) -> bytes:
    """Return the file: the same content gives the same bytes, whatever the clock says."""
    raw, out = BytesIO(), BytesIO()
    word.save(raw)
    with zipfile.ZipFile(raw) as members, zipfile.ZipFile(out, "w") as fresh:
        for name in sorted(members.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 0
            fresh.writestr(info, members.read(name))
    return out.getvalue()


def _replace(old: Any, new: Any) -> None:
    """Put the children of one element in place of another's."""
    old.clear()
    old.extend(list(new))


def _settings() -> str:
    """Return settings of this century: compatibility with old programs draws tables their way."""
    uri = "http://schemas.microsoft.com/office/word"
    return (
        f'<w:settings {nsdecls("w")}><w:zoom w:percent="100"/><w:defaultTabStop w:val="720"/>'
        "<w:autoHyphenation/>"
        f'<w:compat><w:compatSetting w:name="compatibilityMode" w:uri="{uri}" w:val="15"/></w:compat>'
        f"</w:settings>"
    )
