"""docs/services.md has every service of the catalogue, under the rule that it has."""

import re
from pathlib import Path
from typing import Final

import pytest

from probe.targets import read_catalogue

TEXT: Final = (Path(__file__).parents[2] / "docs" / "services.md").read_text()
ROWS: Final = re.findall(
    r"^\| (`[a-z0-9-]+`(?:, `[a-z0-9-]+`)*) \| (.*?) \| `(\w+)`(.*?) \|$", TEXT, re.MULTILINE
)
"""Of the tables: services, what is asked, the rule, what is essential."""


def test_every_service_of_the_catalogue_is_described() -> None:
    missing = [
        name
        for name in (service.service for service in read_catalogue().services)
        if f"`{name}`" not in TEXT and f"`{re.sub('^(media|sanctions)', '', name)}`" not in TEXT
    ]
    assert missing == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_rule_is_the_catalogues(row: tuple[str, str, str, str]) -> None:
    names, _, rule, _ = row
    catalogue = read_catalogue()
    assert {catalogue.service(name).rule for name in re.findall(r"[a-z0-9-]+", names)} == {rule}


def test_a_rule_named_in_a_sentence_is_the_catalogues() -> None:
    named = re.findall(r"^`([a-z-]+)`, (?:(?!\n\n).)*?\brule `(\w+)`", TEXT, re.MULTILINE | re.DOTALL)
    assert [name for name, _ in named] == ["zone-ru", "sanctions-adobe"]
    assert [(name, read_catalogue().service(name).rule) for name, _ in named] == named


def test_enough_rows_are_read_for_this_to_mean_something() -> None:
    assert len(ROWS) > 15


def test_each_section_says_what_stays_innocent_and_what_is_not_seen() -> None:
    sections = re.split(r"^## (\d+)\. ", TEXT, flags=re.MULTILINE)[1:]
    found = dict(zip(sections[::2], sections[1::2], strict=True))
    assert len(found) == len(sections) / 2
    for number in ("1", "2", "3", "4", "5", "6", "9", "10", "11", "12", "13", "14"):
        assert "*Stays innocent*: " in found[number]
        assert "*Not seen*: " in found[number]
