"""Every decision is in the index, dated, under its number; what newcomers are sent to is there."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
DESIGN: Final = ROOT / "docs" / "design"
FILES: Final = sorted(path.name for path in DESIGN.glob("dd-*.md"))
FOR_NEWCOMERS: Final = ("CONTRIBUTING.md", "docs/tutorial.md", *(f"docs/design/{name}" for name in FILES))
DATE: Final = re.compile(r"\b2026-\d\d-\d\d\b|\b\d{1,2} [A-Z][a-z]+ 2026\b")


def test_the_index_has_every_decision_once_and_in_order() -> None:
    rows = re.findall(
        r"^\| \[.*?\]\((dd-\S+?\.md)\) \| (.+) \|$", (DESIGN / "README.md").read_text(), re.MULTILINE
    )
    assert [name for name, _ in rows] == FILES
    assert [name for name, answers in rows if "?" not in answers] == []


def test_numbers_of_decisions_have_no_gap() -> None:
    assert [int(name[3:6]) for name in FILES] == list(range(1, len(FILES) + 1))


@pytest.mark.parametrize("name", FILES)
def test_a_decision_says_its_number_and_its_date(name: str) -> None:
    first, *rest = (DESIGN / name).read_text().splitlines()
    assert first.startswith(f"# {name[:6]}")
    assert DATE.search(" ".join(rest[:2]))


@pytest.mark.parametrize("name", [*FOR_NEWCOMERS, "docs/design/README.md"])
def test_what_a_newcomer_follows_is_there(name: str) -> None:
    path = ROOT / name
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_folders_and_files_that_contributing_names_are_there() -> None:
    named = re.findall(r"`([a-z_/]+/(?:[a-z_.]+)?)`", (ROOT / "CONTRIBUTING.md").read_text())
    assert len(named) > 10
    places = (ROOT, ROOT / "src" / "probe")
    assert [one for one in named if one != "dist/" and not any((at / one).exists() for at in places)] == []
