"""The PDF of a report: read back by stock programs, whole, lasting, the same bytes; no text is markup."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from msgspec.structs import replace

from probe.report.annex.blocks import Figure, Paragraph, Section, Table, Verbatim
from probe.report.letters.libraries import MissingLibraryError
from probe.report.letters.printable import DRAWN, IN_FIGURES
from probe.report.pdf import pdf_of
from unit.a_document import (
    CSV,
    HOSTILE,
    RAW,
    a_document,
    a_hostile_document,
    a_section,
    a_table,
    a_whole_document,
)
from unit.papers import first_missing, pdf_text, run, squeezed, texts_of
from unit.some_trials import a_policed_run, drawn

TRIALS = drawn(a_policed_run())
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" font-family="sans-serif">'
AGAIN = """
import hashlib
from probe.report.pdf import pdf_of
from unit.a_document import a_whole_document
from unit.some_trials import a_policed_run, drawn
print(hashlib.sha256(pdf_of(a_whole_document(drawn(a_policed_run()), "ru"))).hexdigest())
"""


@pytest.fixture(scope="module", params=["en", "ru", "fr"])
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def paper(lang: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("paper") / f"annex-{lang}.pdf"
    file.write_bytes(pdf_of(a_whole_document(TRIALS, lang)))
    return file


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("hostile") / "hostile.pdf"
    file.write_bytes(pdf_of(a_hostile_document()))
    return file


def test_every_text_is_read_back_in_its_order(paper: Path, lang: str) -> None:
    assert first_missing(texts_of(a_whole_document(TRIALS, lang)), pdf_text(paper)) is None


def test_a_text_that_is_not_there_would_be_missed(paper: Path) -> None:
    assert first_missing(iter(["Statement 4", "Statement 3"]), pdf_text(paper)) == "Statement 3"


def test_files_attached_come_out_byte_by_byte(paper: Path, tmp_path: Path) -> None:
    run("pdfdetach", "-saveall", "-o", tmp_path, paper)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        "verdicts.csv": CSV.content,
        "raw.bin": RAW.content,
    }


def test_every_typeface_is_inside_and_none_is_this_machines(paper: Path) -> None:
    lines = run("pdffonts", paper).splitlines()[2:]
    assert {re.split(r"[+-]", line.split()[0])[1] for line in lines} == {"LibertinusSerif", "DejaVuSansMono"}
    assert {tuple(line.split()[-5:-2]) for line in lines} == {("yes", "yes", "yes")}


def test_the_file_is_sound_and_says_what_it_is(paper: Path, lang: str) -> None:
    run("qpdf", "--check", paper)
    info = run("pdfinfo", "-isodates", paper)
    told = dict(re.findall(r"^(\w+): +(.*)$", info, re.MULTILINE))
    assert told["Title"] == a_whole_document(TRIALS, lang).title
    assert told["Tagged"] == "yes"
    assert told["CreationDate"] == "2026-11-21T10:30:00Z"
    assert "Author" not in info
    meta = run("pdfinfo", "-meta", paper)
    assert re.findall(r"<(pdfaid:part|pdfaid:conformance|pdfuaid:part)>(\w+)<", meta) == [
        ("pdfaid:part", "3"),
        ("pdfaid:conformance", "A"),
        ("pdfuaid:part", "1"),
    ]


def test_a_figure_has_words_that_stand_for_it(paper: Path) -> None:
    assert "Figure" in run("pdfinfo", "-struct", paper)
    assert f'"/Alt": "u:A {a_title(paper)}"' in run("qpdf", "--json", paper)


def a_title(paper: Path) -> str:
    return {"en": "Limits", "ru": "Границы выводов", "fr": "Limites"}[paper.stem[-2:]]


def test_the_head_of_a_table_stands_on_each_of_its_pages(paper: Path, lang: str) -> None:
    head = " ".join(a_table(lang=lang).head)
    pages = [" ".join(pdf_text(paper, "-f", n, "-l", n).split()) for n in "123"]
    assert [page.count(head) for page in pages] == [1, 1, 1]


def test_each_page_says_which_of_how_many_it_is_and_of_what(paper: Path, lang: str) -> None:
    document = a_whole_document(TRIALS, lang)
    pages = run("pdftotext", "-layout", paper, "-").removesuffix("\f").split("\f")
    assert len(pages) == 5
    for n, page in enumerate(pages, 1):
        assert f"{document.labels['page']} {n} / 5" in page
        assert document.running_head in page


def test_headings_are_bookmarks_and_contents_lead_to_them(paper: Path, lang: str) -> None:
    whole = run("qpdf", "--json", paper)
    for section in a_whole_document(TRIALS, lang).sections:
        assert f'"title": "{section.number}. {section.title}"' in whole
    assert whole.count('"/Subtype": "/Link"') == 8


def test_the_same_document_gives_the_same_bytes_wherever_it_is_drawn(tmp_path: Path) -> None:
    first = hashlib.sha256(pdf_of(a_whole_document(TRIALS, "ru"))).hexdigest()
    elsewhere = {
        "TZ": "Asia/Vladivostok",
        "LANG": "ru_RU.UTF-8",
        "HOME": str(tmp_path),
        "PYTHONHASHSEED": "7",
    }
    path = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        [sys.executable, "-c", AGAIN],
        env={**elsewhere, "PYTHONPATH": path, "PATH": os.environ["PATH"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == first
    assert list(tmp_path.iterdir()) == []


def test_mischief_is_shown_as_it_is_written(hostile: Path) -> None:
    run("qpdf", "--check", hostile)
    text = squeezed(pdf_text(hostile))
    shown = (
        HOSTILE[0],
        "nul\\x00 esc\\x1b[31m cr\\r lf\\n tab\\t",
        "admin\\u202ecod.exe \\u2066a\\u2069 \\u200bzero \\u2028line \\u2029end",
        HOSTILE[3],
        HOSTILE[4],
        "lone \\ud800 high \\udfff low \\ufffe none",
        "\\U0001f600 \\u4e2d\\u56fd é q\\u0308\\u0301 \\u0e01",
        HOSTILE[8],
    )
    assert [each for each in shown if squeezed(each) not in text] == []
    # U+202B and U+202C are pdftotext's own, around what runs from right to left.
    assert not re.search("[\u200b\u202a\u202d\u202e\u2066-\u2069\x00-\x08\x1b]", text)


def test_mischief_makes_no_link_no_action_and_no_file(hostile: Path) -> None:
    whole = run("qpdf", "--json", hostile)
    assert not re.search(r"/(URI|Launch|JavaScript|JS|GoToR|SubmitForm|EmbeddedFile)\b", whole)


def test_no_word_of_any_length_leaves_the_page(hostile: Path) -> None:
    right = [
        float(x) for x in re.findall(r'<word [^>]*xMax="([\d.]+)"', run("pdftotext", "-bbox", hostile, "-"))
    ]
    assert len(right) > 1_000
    assert max(right) <= (210 - 22) * 72 / 25.4 + 0.5


def test_every_character_that_is_said_to_be_drawn_is_drawn() -> None:
    every, in_figures = (
        "".join(chr(point) for first, last in ranges for point in range(first, last + 1))
        for ranges in (DRAWN, IN_FIGURES)
    )
    parts = tuple(every[n : n + 200] for n in range(0, len(every), 200))
    made = pdf_of(
        a_document(
            *(Section(number=1, key="k", title=part, blocks=()) for part in parts),
            a_section(
                *(Paragraph(text=part) for part in parts),
                *(Paragraph(text=part, strong=True) for part in parts),
                *(Verbatim(text=part) for part in parts),
                Table(head=("a", "b"), rows=tuple((part, part) for part in parts), code=(1,)),
                *(
                    Figure(svg=f"{SVG}{element}{escape(in_figures)}</text></svg>", caption="", alt="x")
                    for element in ("<text>", '<text font-weight="bold">')
                ),
            ),
        )
    )
    assert made.startswith(b"%PDF-1.7")


def test_a_figure_too_tall_for_a_page_is_made_narrower(tmp_path: Path) -> None:
    svg = SVG.replace("0 0 9 9", "0 0 100 4000") + "</svg>"
    file = tmp_path / "tall.pdf"
    file.write_bytes(pdf_of(a_document(a_section(Figure(svg=svg, caption="tall", alt="a tall one")))))
    assert "Pages:           2" in run("pdfinfo", file)


def test_a_document_of_nothing_is_a_page(tmp_path: Path) -> None:
    file = tmp_path / "empty.pdf"
    file.write_bytes(pdf_of(replace(a_document(), subtitle="", labels={}, author="The Coalition")))
    assert "Author:          The Coalition" in run("pdfinfo", file)


def test_without_typst_the_message_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(MissingLibraryError) as caught:
        pdf_of(a_document())
    assert caught.value.problem == "The form pdf needs a library that is not installed."
    assert caught.value.hint == "Type: pip install 'interference-probe[letters]'"


def test_a_relationship_that_the_standard_does_not_know_is_our_fault() -> None:
    with pytest.raises(ValueError, match="PDF/A-3 knows no relationship 'cousin'"):
        pdf_of(a_document(attachments=(replace(CSV, relationship="cousin"),)))


def test_names_of_files_lead_nowhere_and_each_stands_once(tmp_path: Path) -> None:
    names = ("../../a\x00\u202e.csv", "verdicts.csv", "verdicts.csv", "..", "")
    file = tmp_path / "named.pdf"
    file.write_bytes(pdf_of(a_document(attachments=tuple(replace(CSV, name=name) for name in names))))
    listed = re.findall(r"^\d+: (.*)$", run("pdfdetach", "-list", file), re.MULTILINE)
    assert sorted(listed) == ["1-file", "1-verdicts.csv", "_.._a__.csv", "file", "verdicts.csv"]


def test_an_empty_title_and_a_picture_without_words_have_a_sign(tmp_path: Path) -> None:
    figure = Figure(svg=f"{SVG}</svg>", caption="", alt="")
    file = tmp_path / "nameless.pdf"
    file.write_bytes(pdf_of(replace(a_document(a_section(figure)), title="")))
    assert '"/Alt": "u:-"' in run("qpdf", "--json", file)


@pytest.mark.parametrize("n_lines", range(42, 50))
def test_a_caption_stands_on_the_page_of_its_table(n_lines: int, tmp_path: Path) -> None:
    file = tmp_path / "low.pdf"
    before = Verbatim(text="\n".join(["x"] * n_lines))
    file.write_bytes(pdf_of(a_document(a_section(before, replace(a_table(9), caption="The caption")))))
    pages = run("pdftotext", "-layout", file, "-").split("\f")
    (page,) = (page for page in pages if "The caption" in page)
    assert "service-0.example.org" in page
