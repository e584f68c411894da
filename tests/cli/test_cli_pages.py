"""`probe report --format html|xlsx|csv` as typed: one file, the same each time, safe to open."""

import csv
import re
from io import BytesIO, StringIO
from pathlib import Path

import openpyxl
import pytest

from cli.command import probe
from unit.a_bag import a_run
from unit.a_page import assert_sound
from unit.markup import Page


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_run(tmp_path_factory.mktemp("pages"))


def page(run: Path, home: Path, *options: str) -> str:
    done = probe("report", str(run), "--format", "html", "-o", "page.html", *options, home=home)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert (home / "page.html").stat().st_mode & 0o777 == 0o600
    return (home / "page.html").read_text(encoding="utf-8")


def test_a_page_begins_with_the_21_statements_in_the_language_asked_for(run: Path, tmp_path: Path) -> None:
    pages = {lang: page(run, tmp_path, "--lang", lang) for lang in ("en", "ru", "fr")}
    for lang, text in pages.items():
        read = Page(text)
        assert_sound(read)
        assert f'<html lang="{lang}">' in text
        assert [int(number) for number in re.findall(r'<h2 id="s\d+">(\d+)\. ', text)] == list(range(1, 22))
    assert len({Page(text).said[0] for text in pages.values()}) == 3
    assert len({tuple(Page(text).ids) for text in pages.values()}) == 1


def test_a_page_made_public_tells_no_second_and_a_full_one_does(run: Path, tmp_path: Path) -> None:
    public, full = page(run, tmp_path), page(run, tmp_path, "--disclosure", "full")
    seconds = r"\d{4}-\d\d-\d\dT\d\d:\d\d:(?!00)\d\d"
    assert run.name not in public
    assert re.findall(seconds, public) == []
    assert run.name in full
    assert re.findall(seconds, full) != []


def test_the_same_run_gives_the_same_page_and_workbook_twice(run: Path, tmp_path: Path) -> None:
    assert page(run, tmp_path) == page(run, tmp_path)
    books = [tmp_path / f"{n}.xlsx" for n in "12"]
    for book in books:
        done = probe("report", str(run), "--format", "xlsx", "-o", str(book), home=tmp_path)
        assert done.returncode == 0, done.stderr
    assert books[0].read_bytes() == books[1].read_bytes()


def test_a_workbook_holds_what_the_table_of_the_run_holds(run: Path, tmp_path: Path) -> None:
    done = probe("report", str(run), "--format", "xlsx", "-o", "a.xlsx", home=tmp_path)
    assert done.returncode == 0, done.stderr
    sheet = openpyxl.load_workbook(BytesIO((tmp_path / "a.xlsx").read_bytes()))["verdicts"]
    with (run / "verdicts.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle, strict=True))
    found = [
        dict(zip([c.value for c in sheet[1]], [c.value for c in row], strict=True))
        for row in sheet.iter_rows(2)
    ]
    assert [row["input"] for row in found] == [row["input"] or None for row in rows]
    assert [row["state"] for row in found] == [row["state"] for row in rows]


def test_a_page_needs_nothing_of_what_draws_paper(run: Path, tmp_path: Path) -> None:
    done = probe("report", str(run), "--format", "html", "-o", "x.html", home=tmp_path, without="typst")
    assert done.returncode == 0, done.stderr


def test_without_the_extra_a_workbook_ends_with_2_and_what_to_install(run: Path, tmp_path: Path) -> None:
    done = probe("report", str(run), "--format", "xlsx", "-o", "a.xlsx", home=tmp_path, without="xlsxwriter")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "probe: The form xlsx needs a library that is not installed.\n"
        "       Type: pip install 'interference-probe[letters]'\n"
    )
    assert not (tmp_path / "a.xlsx").exists()


def test_a_strangers_table_is_made_safe_and_ours_comes_back_as_it_is(run: Path, tmp_path: Path) -> None:
    done = probe("report", str(run), "--format", "csv", "-o", "a.csv", home=tmp_path)
    assert done.returncode == 0, done.stderr
    ours = (run / "verdicts.csv").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() == ours
    stranger = tmp_path / "stranger.csv"
    header, _newline, _rows = ours.partition(b"\r\n")
    n = header.count(b",")
    stranger.write_bytes(header + b"\r\n" + b"=1+1," + b"," * (n - 1) + b"\x1b[31m\r\n")
    done = probe("report", str(run), str(stranger), "--format", "csv", home=tmp_path)
    assert done.returncode == 0, done.stderr
    *_all, last = csv.reader(StringIO(done.stdout, newline=""), strict=True)
    assert (last[0], last[-1]) == ("'=1+1", "\\u001b[31m")


def test_what_is_no_table_ends_with_2_and_its_line(run: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_bytes(b'a,b\r\n"x\r\n')
    done = probe("report", str(broken), "--format", "csv", home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        f"probe: {broken} is no table of verdicts: line 2: unexpected end of data.\n"
    )
