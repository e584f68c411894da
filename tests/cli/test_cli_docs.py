"""What the documents tell people to type exists, and both languages tell the same."""

import re
from pathlib import Path

import pytest

from cli.command import probe

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    "README.md",
    "docs/risks.md",
    "docs/risks.ru.md",
    "docs/helper.md",
    "docs/services.md",
    "docs/coverage.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
)
GROUPS = ("baseline", "evidence", "targets", "helper")


def commands() -> list[tuple[str, ...]]:
    """Return every command line of the documents, in code blocks and in backquotes, as its words."""
    found: dict[tuple[str, ...], None] = {}
    for name in DOCUMENTS:
        text = (ROOT / name).read_text()
        for line in re.findall(r"^(probe .*?)(?: {2,}.*)?$|`(probe [^`|]*)`", text, re.MULTILINE):
            found[tuple((line[0] or line[1]).split())] = None
    return list(found)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_that_the_documents_name_exists_with_its_options(words: tuple[str, ...]) -> None:
    if words[1].startswith("-"):
        assert words[1] in probe("--help").stdout
        return
    depth = 3 if words[1] in GROUPS and len(words) > 2 else 2
    done = probe(*words[1:depth], "--help")
    assert done.returncode == 0, done.stderr
    options = [word for word in words if word.startswith("-") and word != "--help"]
    assert [option for option in options if option not in done.stdout] == []


def test_the_documents_name_enough_commands_for_this_to_mean_something() -> None:
    assert len(commands()) > 10


def test_the_readme_begins_with_the_two_commands_that_need_nothing() -> None:
    lines = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("make ")]
    assert [line.split()[1] for line in lines[:2]] == ["demo", "test"]


def test_both_languages_of_the_risks_have_the_same_parts() -> None:
    shapes = [
        re.findall(r"^(#+|\||-) ", (ROOT / "docs" / name).read_text(), re.MULTILINE)
        for name in ("risks.md", "risks.ru.md")
    ]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_that_a_document_links_to_is_there(name: str) -> None:
    document = ROOT / name
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []
