"""The letter to edit: what a word processor finds is the document, nothing of a machine or a maker."""

import re
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from msgspec.structs import replace

from probe.report.annex.blocks import Document, Items, Paragraph, Table
from probe.report.docx import docx_of
from probe.report.letters.libraries import MissingLibraryError
from unit.a_document import HOSTILE, a_document, a_hostile_document, a_section, a_whole_document
from unit.papers import first_missing, run, squeezed, texts_of
from unit.some_trials import a_policed_run, drawn

TRIALS = drawn(a_policed_run())
LANGS = ("en", "ru", "fr")
PARTS = {
    "[Content_Types].xml",
    "_rels/.rels",
    "docProps/core.xml",
    "word/_rels/document.xml.rels",
    "word/document.xml",
    "word/footer1.xml",
    "word/header1.xml",
    "word/media/image1.png",
    "word/numbering.xml",
    "word/settings.xml",
    "word/styles.xml",
}


def opened(document: Document) -> Any:
    return docx.Document(BytesIO(docx_of(document)))


def text_of(word: Any) -> str:
    """Return the text in its order, tables among it."""
    return "\n".join(text.text or "" for text in word.element.body.iter(qn("w:t"), qn("w:br")))


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as found:
        return {name: found.read(name) for name in found.namelist()}


@pytest.mark.parametrize("lang", LANGS)
def test_every_text_is_there_in_its_order(lang: str) -> None:
    document = a_whole_document(TRIALS, lang)
    assert first_missing(texts_of(document), text_of(opened(document))) is None


def test_the_same_document_gives_the_same_bytes_and_no_date_but_its_own() -> None:
    document = a_whole_document(TRIALS, "ru")
    first = docx_of(document)
    assert first == docx_of(document)
    with zipfile.ZipFile(BytesIO(first)) as found:
        assert {info.date_time for info in found.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    dates = re.findall(rb"\d{4}-\d\d-\d\dT[\d:]+Z", members(first)["docProps/core.xml"])
    assert dates == [b"2026-11-21T10:30:00Z"] * 2


def test_it_holds_its_parts_and_no_macro_link_or_name() -> None:
    found = members(docx_of(a_whole_document(TRIALS)))
    assert set(found) == PARTS
    whole = b"".join(found[name] for name in found if not name.endswith(".png"))
    assert b"TargetMode" not in whole
    assert not re.search(rb"python|Macintosh|Microsoft (Office|Word)|vbaProject|<w:hyperlink|w:rsid", whole)
    assert re.findall(rb'w:instr="(\w+)"', whole) == [b"PAGE", b"NUMPAGES"]


def test_its_author_is_who_was_named_or_nobody() -> None:
    assert opened(a_document()).core_properties.author == ""
    assert opened(a_document()).core_properties.last_modified_by == ""
    assert opened(replace(a_document(), author="The Coalition")).core_properties.author == "The Coalition"


@pytest.mark.parametrize(("lang", "locale"), [("en", "en-GB"), ("ru", "ru-RU"), ("fr", "fr-FR")])
def test_spelling_is_checked_in_the_language_of_the_document(lang: str, locale: str) -> None:
    word = opened(a_whole_document(TRIALS, lang))
    (found,) = word.styles.element.iter(qn("w:lang"))
    assert found.get(qn("w:val")) == locale
    assert word.core_properties.language == locale


def test_headings_are_headings_and_stand_on_the_page_with_what_follows() -> None:
    document = a_whole_document(TRIALS)
    paragraphs = opened(document).paragraphs
    assert [p.text for p in paragraphs if p.style.name == "Heading 1"] == [
        f"{section.number}. {section.title}" for section in document.sections
    ]
    assert {p.style.name for p in paragraphs} == {
        "Title",
        "Subtitle",
        "Heading 1",
        "Normal",
        "Caption",
        "After Table",
        "List Bullet",
        "List Number",
        "Verbatim",
    }


def test_each_table_repeats_its_head_and_has_the_width_of_the_page() -> None:
    tables = opened(a_whole_document(TRIALS)).tables
    assert len(tables) == 2
    for table in tables:
        rows = table._tbl.tr_lst
        assert [bool(list(row.iter(qn("w:tblHeader")))) for row in rows] == [True] + [False] * (len(rows) - 1)
        widths = [int(column.get(qn("w:w"))) for column in table._tbl.iter(qn("w:gridCol"))]
        assert sum(widths) == pytest.approx(166 / 25.4 * 1440, abs=len(widths))
        assert {int(w.get(qn("w:w"))) for w in table._tbl.iter(qn("w:tcW"))} == set(widths)


def test_machine_words_have_a_style_and_numbers_their_side() -> None:
    row = opened(a_whole_document(TRIALS)).tables[0].rows[1].cells
    styles = [cell.paragraphs[0].style.name for cell in row]
    assert styles == ["Table Code", "Table Text", "Table Code", "Table Code"]
    assert [str(cell.paragraphs[0].alignment) for cell in row] == ["None", "RIGHT (2)", "None", "None"]


def test_each_numbered_list_begins_with_one() -> None:
    ordered = Items(items=("a", "b"), ordered=True)
    word = opened(a_document(a_section(ordered, ordered)))
    numbers = [p._p.pPr.numPr.numId.val for p in word.paragraphs if p.style.name == "List Number"]
    assert numbers == [2, 2, 3, 3]
    starts = word.part.numbering_part.element.findall(
        f"{qn('w:num')}/{qn('w:lvlOverride')}/{qn('w:startOverride')}"
    )
    assert [start.get(qn("w:val")) for start in starts] == ["1", "1"]


def test_a_figure_is_a_picture_with_words_that_stand_for_it() -> None:
    found = members(docx_of(a_whole_document(TRIALS)))
    assert found["word/media/image1.png"].startswith(b"\x89PNG\r\n\x1a\n")
    assert re.findall(rb'descr="([^"]*)"', found["word/document.xml"]) == [b"A Limits"] * 2


def test_mischief_is_shown_as_it_is_written() -> None:
    text = squeezed(text_of(opened(a_hostile_document())))
    shown = (
        HOSTILE[0],
        "nul\\x00 esc\\x1b[31m cr\\r lf\\n tab\\t",
        "admin\\u202ecod.exe \\u2066a\\u2069 \\u200bzero \\u2028line \\u2029end",
        HOSTILE[3],
        HOSTILE[4],
        "lone \\ud800 high \\udfff low \\ufffe none",
        "\U0001f600 中国 é",
        HOSTILE[7],
        HOSTILE[8],
    )
    assert [each for each in shown if squeezed(each) not in text] == []
    assert not re.search("[\u200b\u202a-\u202e\u2066-\u2069\x00-\x08\x1b]", text)


def test_braces_in_a_cell_are_text() -> None:
    table = Table(head=("{rows}", "{w}"), rows=(("{rows}", "{w}{0}"), ("<w:t>", "&amp;")))
    word = opened(a_document(a_section(table)))
    assert [[cell.text for cell in row.cells] for row in word.tables[0].rows] == [
        ["{rows}", "{w}"],
        ["{rows}", "{w}{0}"],
        ["<w:t>", "&amp;"],
    ]


@pytest.mark.parametrize("library", ["docx", "typst"])
def test_without_a_library_the_message_says_what_to_type(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingLibraryError) as caught:
        docx_of(a_whole_document(TRIALS))
    assert caught.value.problem == "The form docx needs a library that is not installed."
    assert caught.value.hint == "Type: pip install 'interference-probe[letters]'"


def test_without_figures_it_needs_no_typst(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    assert docx_of(a_document(a_section(Paragraph(text="text")))).startswith(b"PK")


@pytest.mark.slow
def test_libreoffice_reads_every_text_in_its_order(tmp_path: Path) -> None:
    for lang in LANGS:
        (tmp_path / f"{lang}.docx").write_bytes(docx_of(a_whole_document(TRIALS, lang)))
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation=file://{tmp_path}/profile",
            "--headless",
            "--convert-to",
            "pdf",
            *("--outdir", str(tmp_path)),
            *(str(tmp_path / f"{lang}.docx") for lang in LANGS),
        ],
        check=True,
        capture_output=True,
    )
    for lang in LANGS:
        document = a_whole_document(TRIALS, lang)
        text = run(
            "pdftotext",
            "-raw",
            "-nopgbrk",
            *("-x", "0", "-y", "62", "-W", "596", "-H", "718"),
            tmp_path / f"{lang}.pdf",
            "-",
        )
        assert first_missing(texts_of(document), text) is None
