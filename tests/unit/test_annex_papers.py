"""The annex as it is printed: its statements read back by a stock program and held against the JSON."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from probe import locale
from probe.model.words import State
from probe.report.annex import annex_of, document
from probe.report.annex.facts import as_json
from probe.report.annex.statements import SECTIONS
from probe.report.annex.terms import time
from probe.report.pdf import pdf_of
from probe.report.told import SelfTested, Told
from unit.papers import first_missing, pdf_text, squeezed, texts_of
from unit.some_trials import a_policed_run, drawn
from unit.test_annex_statements import LETTER, many
from unit.told_runs import KNOWN, a_told

LETTERS = {each: replace(LETTER, disclosure=each) for each in ("public", "full")}


def runs() -> tuple[Told, ...]:
    slowed = replace(
        a_told(State.THROTTLED, hours=5),
        trials=(drawn(a_policed_run()),),
        self_test=SelfTested(n_tests=640, n_false=3, bound=0.0625),
    )
    return (*many(), slowed, *(a_told(State.BLOCKED, hours=hours, sealed=True) for hours in (30, 33)))


@pytest.fixture(scope="module", params=locale.LANGUAGES)
def lang(request: pytest.FixtureRequest) -> Iterator[str]:
    locale.use(str(request.param))
    yield str(request.param)
    locale.use("en")


@pytest.fixture(params=LETTERS)
def disclosure(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def printed(folder: Path, disclosure: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the text of each section as read from the PDF, without spaces, and the facts as JSON."""
    told = runs()
    annex = annex_of(told, LETTERS[disclosure], KNOWN)
    made = document(annex, told)
    file = folder / "annex.pdf"
    file.write_bytes(pdf_of(made))
    text = squeezed(pdf_text(file))
    sections, end = {}, len(text)
    for section in reversed(made.sections):
        begin = text.rindex(squeezed(f"{section.number}. {section.title}"), 0, end)
        sections[section.key], end = text[begin:end], begin
    return sections, json.loads(as_json(annex))


def wanted(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield section and figure of what each statement has to print, in any language."""
    yield "identity", facts["document_id"]
    yield "identity", time(facts["generated_utc"])
    yield "identity", facts["letter"]["title"]
    for row in facts["summary"]:
        yield "summary", row["asn"]
        for span in row["spans"]:
            yield "summary", time(span["from_utc"])
            if span["longest_gap_s"] is not None:
                yield "summary", time(span["to_utc"])
        for one in row["mechanisms"]:
            yield "summary", f"({one['word']}) {one['n']}"
    for key in ("measured_by", "compiled_by", "contact", "key_fingerprint"):
        yield "people", facts["letter"][key]
    yield "period", time(facts["first_utc"])
    yield "period", time(facts["last_utc"])
    for row in facts["networks"]:
        for key in ("asn", "registered_name", "commercial_name", "country"):
            yield "networks", row[key]
    for row in facts["cells"]:
        yield "places", str(row["n_runs"])
    for row in facts["targets"]:
        for each in (row["target_id"], row["input"], *row["addresses"], *row["names"]):
            yield "targets", each
    for name, value in facts["known"]["thresholds"]:
        yield "method", f"{name} {value}"
    yield "method", facts["known"]["software_sha256"]
    for row in facts["counts"]:
        yield "counts", f"{row['asn']} {row['target_id']} {row['input']} {row['n']}"
    for row in facts["errors"]["layers"]:
        yield "errors", f"{row['layer']} {row['n_tries']} {row['n_failed']}"
    for row in facts["errors"]["speed_tests"]:
        yield "errors", f"{row['median_kbps']:g} ({row['least_kbps']:g}-{row['most_kbps']:g})"
        yield "errors", f"{row['ratio']:g} {row['p']:g}"
    yield "errors", f"{facts['errors']['expected_false']:g}"
    for row in facts["findings"]:
        yield "wording", f"{row['number']} {row['run']} {row['asn']} {row['input']}"
        yield "measurements", " ".join((row["rule_id"],))
        for uid in row["measurement_uids"]:
            yield "measurements", uid
    for row in facts["block_pages"]:
        for key in ("sha256", "text", "title", "url"):
            yield "block_pages", row[key]
    for row in facts["letter"]["events"]:
        yield "events", f"{row['date']} {row['what']} {row['source']}"
    for row in facts["runs"]:
        for section in ("period", "integrity"):
            yield section, row["name"]
        yield "integrity", row["root_sha256"]
        yield "integrity", str(row["n_bytes"] or "")
        yield "controls", row["name"]
    for row in facts["custody"]:
        yield "custody", f"{row['run']} {time(row['time_utc'])}"
    for row in facts["redactions"]:
        yield "redactions", f"{row['word']} {row['n']}"
    for row in facts["requests"]:
        yield "requests", row["name"]
        for number in row["findings"]:
            yield "requests", str(number)


def test_every_statement_is_read_back_from_the_pdf_as_the_json_has_it(
    lang: str, disclosure: str, tmp_path: Path
) -> None:
    sections, facts = printed(tmp_path, disclosure)
    assert list(sections)[::-1] == [key for key, _title in SECTIONS]
    figures = list(wanted(facts))
    assert len(figures) > 140
    assert [(key, text) for key, text in figures if squeezed(text) not in sections[key]] == []


def test_a_figure_that_was_altered_would_be_missed(tmp_path: Path) -> None:
    sections, facts = printed(tmp_path, "full")
    facts["counts"][0]["n"] += 1
    facts["runs"][0]["root_sha256"] = "0" * 64
    missing = [key for key, text in wanted(facts) if squeezed(text) not in sections[key]]
    assert missing == ["counts", "integrity"]


def test_nothing_that_is_said_is_lost_in_print(lang: str, tmp_path: Path) -> None:
    told = runs()
    made = document(annex_of(told, LETTER, KNOWN), told)
    (tmp_path / "annex.pdf").write_bytes(pdf_of(made))
    assert first_missing(texts_of(made), pdf_text(tmp_path / "annex.pdf")) is None
