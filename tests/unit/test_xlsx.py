"""The workbook: the cells of the CSV with their types, no formula whatever a server says, the same bytes."""

import csv
import xml.etree.ElementTree as ET
import zipfile
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import pytest
from msgspec.structs import replace
from openpyxl.utils.escape import unescape

from probe import locale
from probe.model.words import Caveat, State
from probe.report import xlsx
from probe.report.book import BOOK, verdict_rows
from probe.report.columns import VERDICT_COLUMNS
from probe.report.csv import as_csv, unguarded
from probe.report.facts import ShownFact
from probe.report.told import Told
from probe.report.xlsx import write_xlsx
from unit.a_run import a_record, a_service_verdict, a_verdict
from unit.telling import HOSTILE, a_told


def written(*runs: Told) -> bytes:
    stream = BytesIO()
    write_xlsx(stream, runs)
    return stream.getvalue()


def book_of(*runs: Told) -> Any:
    return openpyxl.load_workbook(BytesIO(written(*runs)))


def cells(*runs: Told) -> list[Any]:
    return [cell for sheet in book_of(*runs) for row in sheet.iter_rows() for cell in row]


def a_run_that_says(text: str) -> Told:
    """Return a run in which everything that somebody else may have said is this text."""
    verdict = a_verdict(input=text, because=text, failure=text, category_code=text, rule_id=text)
    record = a_record()
    return a_told(
        record=replace(record, vantage=replace(record.vantage, probe_network_name=text)),
        verdicts=(verdict,),
        services=(a_service_verdict(because=text),),
        facts=(ShownFact(measurement=None, input=text),),
    )


def test_the_sheets_are_those_promised_with_the_columns_of_the_csv() -> None:
    book = book_of(a_told(verdicts=(a_verdict(),), services=(a_service_verdict(),)))
    assert book.sheetnames == ["verdicts", "services", "categories", "facts", "legend"]
    for sheet in BOOK:
        assert [cell.value for cell in book[sheet.name][1]] == [column.name for column in sheet.columns]


def test_a_verdict_has_the_cells_that_the_csv_has_with_their_types() -> None:
    run = a_told(verdicts=(a_verdict(caveats=(Caveat.BYPASS_ACTIVE,), dns_ms=12.345, n_controls=6),))
    sheet = book_of(run)["verdicts"]
    shown = dict(zip([c.value for c in sheet[1]], [c.value for c in sheet[2]], strict=True))
    (row,) = csv.DictReader(StringIO(as_csv(VERDICT_COLUMNS, verdict_rows([run])).decode()))
    as_text = {True: "true", False: "false", None: ""}
    numbers = {column.name for column in VERDICT_COLUMNS if column.type in ("integer", "number")}
    for name, value in shown.items():
        if name in numbers and value is not None:
            assert float(row[name]) == value
        else:
            assert row[name] == as_text.get(value, value)
    assert (shown["confirmed"], shown["dns_ms"], shown["n_controls"]) == (False, 12.3, 6)


def test_runs_follow_each_other_with_one_header() -> None:
    one = a_told(verdicts=(a_verdict(target_id="twitter/web"), a_verdict(target_id="twitter/app")))
    two = a_told(record=replace(a_record(), run_id="20261122T120000Z-AS1-beef"), verdicts=(a_verdict(),))
    sheet = book_of(one, two)["verdicts"]
    assert [(row[1].value, row[3].value) for row in sheet.iter_rows(min_row=2)] == [
        (one.record.run_id, "twitter/app"),
        (one.record.run_id, "twitter/web"),
        ("20261122T120000Z-AS1-beef", "twitter/web"),
    ]


def test_categories_and_facts_are_told() -> None:
    run = a_told(
        verdicts=(a_verdict(category_code="NEWS"), a_verdict(category_code="NEWS", state=State.REACHABLE)),
        facts=(ShownFact(measurement=None, input="registry://AS3333"),),
    )
    book = book_of(run)
    assert [cell.value for cell in book["categories"][2]][1:6] == ["NEWS", "News media", 2, 1, 0]
    assert [c.value for c in book["facts"][2]][1:] == [
        "registry://AS3333",
        "registry://AS3333: not measured.",
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_is_a_formula_or_a_link_whatever_was_said(text: str) -> None:
    found = cells(a_run_that_says(text))
    assert {cell.data_type for cell in found} <= {"s", "n", "b"}
    assert not any(cell.hyperlink for cell in found)
    names = zipfile.ZipFile(BytesIO(written(a_run_that_says(text)))).namelist()
    assert not [name for name in names if "externalLink" in name or "vba" in name or "drawing" in name]
    book = zipfile.ZipFile(BytesIO(written(a_run_that_says(text))))
    for name in names:
        root = ET.fromstring(book.read(name))  # well-formed
        assert not [e for e in root.iter() if e.tag.rpartition("}")[2] in {"f", "hyperlink", "hyperlinks"}]


@pytest.mark.parametrize("text", [text for text in HOSTILE if len(text) < 10_000])
def test_what_was_said_can_be_had_back(text: str) -> None:
    sheet = book_of(a_run_that_says(text))["verdicts"]
    shown = dict(zip([c.value for c in sheet[1]], [c.value for c in sheet[2]], strict=True))
    assert unguarded(unescape(shown["because"])) == text


def test_a_text_longer_than_a_cell_is_cut_and_says_so() -> None:
    for text in ("a" * 40_000, "\U0001f600" * 20_000):
        value = book_of(a_run_that_says(text))["verdicts"]["N2"].value
        assert value.endswith("[+]")
        assert len(value.encode("utf-16-le")) == 2 * 32_003


def test_a_number_that_no_cell_holds_is_text() -> None:
    sheet = book_of(a_told(verdicts=(a_verdict(dns_ms=float("inf")),)))["verdicts"]
    assert sheet["S2"].value == "inf"


def test_the_same_runs_give_the_same_bytes_dated_by_their_end() -> None:
    run = a_told(record=replace(a_record(), ended_utc="2026-11-21T12:34:56Z"), verdicts=(a_verdict(),))
    assert written(run) == written(run)
    book = zipfile.ZipFile(BytesIO(written(run)))
    assert {info.date_time for info in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert b">2026-11-21T12:34:56Z<" in book.read("docProps/core.xml")
    assert book_of(run).properties.creator is None or book_of(run).properties.creator == ""


def test_headers_stay_in_sight_and_can_be_filtered() -> None:
    book = book_of(a_told(verdicts=(a_verdict(), a_verdict(target_id="twitter/app"))))
    assert (book["verdicts"].freeze_panes, book["verdicts"].auto_filter.ref) == ("F2", "A1:AI3")
    assert (book["facts"].freeze_panes, book["facts"].auto_filter.ref) == ("B2", "A1:C2")
    assert book["verdicts"].column_dimensions["N"].width > 50


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 2)
    book = book_of(a_told(verdicts=tuple(a_verdict(target_id=f"twitter/{n}") for n in range(5))))
    assert book.sheetnames[:3] == ["verdicts", "verdicts-2", "verdicts-3"]
    assert [row[3].value for name in book.sheetnames[:3] for row in book[name].iter_rows(min_row=2)] == [
        f"twitter/{n}" for n in range(5)
    ]


def test_the_legend_says_what_each_column_and_word_means_and_that_a_run_was_made_in_the_lab() -> None:
    legend = [[cell.value for cell in row] for row in book_of(a_told())["legend"].iter_rows()]
    for column in VERDICT_COLUMNS:
        assert ["verdicts", column.name, column.meaning] in legend
    assert [row[1] for row in legend if row[0] == "state"] == list(State)
    assert all(row[2] for row in legend)
    lab = "This run was made in the built-in lab: it is evidence of nothing."
    assert lab not in [row[2] for row in legend]
    made = a_told(record=replace(a_record(), simulated=True))
    assert [row[2] for row in book_of(made)["legend"].iter_rows(values_only=True)][1] == lab


def test_machine_words_stay_as_they_are_in_every_language() -> None:
    run = a_told(verdicts=(a_verdict(),), services=(a_service_verdict(),))
    english = [c.value for name in ("verdicts", "services") for row in book_of(run)[name] for c in row]
    locale.use("ru")
    try:
        russian = [c.value for name in ("verdicts", "services") for row in book_of(run)[name] for c in row]
    finally:
        locale.use("en")
    assert russian == english
