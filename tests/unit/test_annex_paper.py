"""The annex on paper: its 21 statements, read back from the PDF in each language, are those of the JSON."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probe import locale
from probe.model.words import State
from probe.report.annex import annex_of, document
from probe.report.annex.blocks import Document
from probe.report.annex.facts import as_json
from probe.report.annex.letter import Disclosure, Letter, addressee_of
from probe.report.annex.statements import SECTIONS
from probe.report.docx import docx_of
from probe.report.pdf import pdf_of
from probe.report.told import Told
from unit.a_run import a_measurement
from unit.papers import first_missing, pdf_text, run, squeezed, texts_of
from unit.some_trials import a_policed_run, drawn
from unit.told_runs import BEGAN, KNOWN, a_told, found

HOSTILE = "http://news.example/?a=#let x = $1$*_`<b>\u202e" + "w" * 3_000


def runs() -> tuple[Told, ...]:
    """Return runs of two operators: sealed, stopped, throttled with its trials, and with mischief."""
    from msgspec.structs import replace

    mischief = found(State.BLOCKED, BEGAN, input=HOSTILE, because=HOSTILE, mechanism="http.blockpage")
    return (
        a_told(State.BLOCKED, sealed=True),
        a_told(hours=1, verdicts=[mischief], measurements=[a_measurement()]),
        a_told(State.REACHABLE, hours=2, stopped="time"),
        replace(a_told(State.THROTTLED, hours=3, asn="AS64501"), trials=(drawn(a_policed_run()),)),
    )


def a_letter(disclosure: Disclosure) -> Letter:
    return Letter(
        title="To keep it on",
        addressees=tuple(map(addressee_of, ("operator:AS64500", "government", "service:twitter"))),
        requests=True,
        measured_by="volunteer 7",
        compiled_by="A coalition",
        contact="desk@example.org",
        disclosure=disclosure,
    )


def told(disclosure: Disclosure) -> tuple[Document, dict[str, Any]]:
    annex = annex_of(runs(), a_letter(disclosure), KNOWN)
    return document(annex, runs()), json.loads(as_json(annex))


@pytest.fixture(params=["en", "ru", "fr"])
def lang(request: pytest.FixtureRequest) -> Iterator[str]:
    locale.use(str(request.param))
    yield str(request.param)
    locale.use("en")


@pytest.mark.parametrize("disclosure", ["public", "full"])
def test_every_word_of_the_document_stands_in_the_pdf_in_its_order(
    lang: str, disclosure: Disclosure, tmp_path: Path
) -> None:
    made, _facts = told(disclosure)
    file = tmp_path / "annex.pdf"
    file.write_bytes(pdf_of(made))
    assert first_missing(map(as_shown, texts_of(made)), pdf_text(file)) is None
    run("qpdf", "--check", file)


@pytest.mark.parametrize("disclosure", ["public", "full"])
def test_the_statements_read_back_are_those_of_the_json(
    lang: str, disclosure: Disclosure, tmp_path: Path
) -> None:
    made, facts = told(disclosure)
    file = tmp_path / "annex.pdf"
    file.write_bytes(pdf_of(made))
    parts = statements(made, pdf_text(file))
    assert list(parts) == [key for key, _title in SECTIONS]
    assert squeezed(facts["document_id"]) in parts["identity"]
    for each in facts["runs"]:
        assert squeezed(each["name"]) in parts["period"]
        assert each["root_sha256"] in parts["integrity"]
    for row in facts["summary"]:
        assert row["title"] in parts["summary"]
    for network in facts["networks"]:
        assert squeezed(network["registered_name"]) in parts["networks"]
    for finding in facts["findings"]:
        assert squeezed(finding["rule_id"]) in parts["measurements"]
        assert squeezed(finding["target_id"]) in parts["measurements"]
        for uid in finding["measurement_uids"]:
            assert squeezed(uid) in parts["measurements"]
    for name, value in facts["known"]["thresholds"]:
        assert squeezed(f"{name}{value}") in parts["method"]
    assert figures(facts) <= set(re.findall(r"\d+(?:\.\d+)?", pdf_text(file)))


def statements(made: Document, text: str) -> dict[str, str]:
    """Return the squeezed text of each statement, cut at the headings of the document."""
    headings = [squeezed(f"{section.number}. {section.title}") for section in made.sections]
    _before, _contents, rest = squeezed(text).split(headings[0], 2)
    parts = {}
    for section, following in zip(made.sections, headings[1:], strict=False):
        parts[section.key], found_it, rest = rest.partition(following)
        assert found_it == following
    parts[made.sections[-1].key] = rest
    return parts


def figures(facts: dict[str, Any]) -> set[str]:
    """Return the counts of the JSON that a reader must find printed."""
    counted = {str(row["n_runs"]) for row in facts["summary"]} | {str(row["n"]) for row in facts["counts"]}
    return counted | {str(one["n_measurements"]) for one in facts["runs"]}


def as_shown(text: str) -> str:
    """Return what the PDF shows of a text: escapes, and cells cut with the rest counted."""
    from probe.report.letters.printable import drawable, printable_lines

    return drawable(printable_lines(text))


def test_the_same_runs_give_the_same_bytes_in_both_forms(lang: str) -> None:
    (first, _), (second, _) = told("public"), told("public")
    assert pdf_of(first) == pdf_of(second)
    assert docx_of(first) == docx_of(second)


def test_verdicts_travel_with_it_and_measurements_only_in_full(tmp_path: Path) -> None:
    counts: dict[Disclosure, int] = {"public": 1, "full": 1 + len(runs())}
    for disclosure, names in counts.items():
        made, _facts = told(disclosure)
        folder = tmp_path / disclosure
        folder.mkdir()
        file = tmp_path / f"{disclosure}.pdf"
        file.write_bytes(pdf_of(made))
        run("pdfdetach", "-saveall", "-o", folder, file)
        assert {each.name: each.read_bytes() for each in folder.iterdir()} == {
            one.name: one.content for one in made.attachments
        }
        assert len(made.attachments) == names
