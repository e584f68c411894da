"""Lists in Citizen Lab's format: read as they are published, refused with file and line."""

from pathlib import Path

import pytest

from probe.targets import CatalogueError, read_list
from probe.targets.lists import LONGEST_LINE

HEADER = "url,category_code,category_description,date_added,source,notes\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ru.csv"


def test_a_list_becomes_targets_in_its_order_with_inputs_as_written(path: Path) -> None:
    path.write_text(
        HEADER
        + "https://Meduza.io/,NEWS,News Media,2014-04-15,citizenlab,\n"
        + 'http://пример.рф/a,,,,,"a note, with ""quotes""\nand a second line"\n'
        + "\n"
        + "tcp://149.154.175.50:443,COMT,,,,\n",
        encoding="utf-8",
    )
    first, second, third = read_list(path)
    assert (first.input, first.category_code, first.experiment) == ("https://Meduza.io/", "NEWS", "web")
    assert (second.input, second.category_code) == ("http://пример.рф/a", "MISC")
    assert (third.input, third.experiment) == ("tcp://149.154.175.50:443", "tcp")
    assert {target.service for target in (first, second, third)} == {"list"}
    assert first.target_id.startswith("list/meduza.io-")
    assert first.source == "ru.csv"


def test_bom_crlf_more_columns_and_their_order_do_no_harm(path: Path) -> None:
    path.write_bytes(
        b"\xef\xbb\xbfnotes,url,category_code,category_description,date_added,source,more\r\n"
        b"x,https://a.example/,NEWS,,,,\r\n"
    )
    assert [target.input for target in read_list(path)] == ["https://a.example/"]


@pytest.mark.parametrize(
    ("content", "line", "problem", "hint"),
    [
        ("", 1, "the header lacks url, category_code", "Make the first line: url,category_code"),
        ("https://a.example/,NEWS,,,,\n", 1, "the header lacks url", "Make the first line"),
        ("url\nhttps://a.example/\n", 1, "the header lacks category_code", "Make the first line"),
        (HEADER, 1, "the list holds no URL", "Add a line below"),
        (HEADER + "a.example,NEWS,,,,\n", 2, "'a.example': the input does not begin with", "https://"),
        (HEADER + "https://a.example/,NEWS,,,,\nhttps://b example/,,,,,\n", 3, "holds a space", "whole URL"),
        (
            HEADER + "https://a.example/,NEWS,,,,\nhttps://A.example,,,,,\n",
            3,
            "first on line 2",
            "Delete one",
        ),
        (HEADER + "https://a.example/,news,,,,\n", 2, "'news' is no category code", "NEWS"),
        (HEADER + "https://a.example/,NEWS\n", 2, "2 fields instead of 6", "double quotes"),
        (HEADER + 'https://a.example/,NEWS,,,,"x\ny"\nbad,,,,,\n', 4, "does not begin with", "https://"),
        (HEADER + 'https://a.example/,NEWS,,,,"x" y\n', 2, "not CSV", "double quotes"),
        (HEADER + 'https://a.example/,NEWS,,,,"x\n', 2, "not CSV", "double quotes"),
        (HEADER + "https://a.example/" + "a" * 2048 + ",NEWS,,,,\n", 2, "longer than 2048", "whole URL"),
        (HEADER + "x" * (LONGEST_LINE + 1), 2, "a line longer than", "a list of URLs"),
    ],
)
def test_a_malformed_list_is_refused_with_its_line(
    path: Path, content: str, line: int, problem: str, hint: str
) -> None:
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        read_list(path)
    assert (caught.value.file, caught.value.line) == (str(path), line)
    assert problem in caught.value.problem
    assert hint in caught.value.hint


def test_a_list_in_another_encoding_is_refused_with_its_line(path: Path) -> None:
    path.write_bytes(
        HEADER.encode() + b"https://a.example/,NEWS,,,,\n" + "https://b.example/,,,,,é\n".encode("cp1252")
    )
    with pytest.raises(CatalogueError, match=r"ru\.csv:3: not UTF-8 text\. Save the list as UTF-8\."):
        read_list(path)


def test_a_missing_list_is_said(path: Path) -> None:
    with pytest.raises(
        CatalogueError, match=r"ru\.csv: cannot be read: No such file or directory\. Check the path"
    ):
        read_list(path)


def test_a_list_without_bound_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probe.targets.lists.MOST_ROWS", 2)
    path.write_text(HEADER + "".join(f"https://{n}.example/,,,,,\n" for n in range(3)))
    with pytest.raises(CatalogueError, match=r"ru\.csv:4: more than 2 rows\. Split the list\."):
        read_list(path)
