"""What the documents tell people to type exists, and every language tells the same."""

import re
from pathlib import Path
from typing import Final

import pytest

from cli.command import probe

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    "README.md",
    "README.ru.md",
    "docs/risks.md",
    "docs/risks.ru.md",
    "docs/risks.fr.md",
    "docs/evidence.ru.md",
    "docs/evidence.fr.md",
    "docs/helper.md",
    "docs/evidence.md",
    "docs/letters.md",
    "docs/letters.ru.md",
    "docs/services.md",
    "docs/coverage.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "docs/security.md",
    "docs/platforms.md",
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


TRANSLATED = (
    ("docs/risks.md", "docs/risks.ru.md"),
    ("docs/risks.md", "docs/risks.fr.md"),
    ("README.md", "README.ru.md"),
    ("docs/evidence.md", "docs/evidence.ru.md"),
    ("docs/evidence.md", "docs/evidence.fr.md"),
    ("docs/letters.md", "docs/letters.ru.md"),
)
FIRST_SCREEN: Final = {"evidence.md": "\n## "}
"""Documents of which what stands before this is translated, the rest linked to."""


def _text(name: str) -> str:
    text = (ROOT / name).read_text()
    return text.partition(FIRST_SCREEN[Path(name).name])[0] if Path(name).name in FIRST_SCREEN else text


@pytest.mark.parametrize(("english", "other"), TRANSLATED, ids=lambda name: name)
def test_a_translated_document_has_the_same_parts(english: str, other: str) -> None:
    shapes = [re.findall(r"^(#+|\||-|```) ?", _text(name), re.MULTILINE) for name in (english, other)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize(("english", "other"), TRANSLATED, ids=lambda name: name)
def test_a_translated_document_names_the_same_commands_files_and_links(english: str, other: str) -> None:
    typed = [_typed(_text(name)) for name in (english, other)]
    assert typed[1] == typed[0]


@pytest.mark.parametrize(("english", "other"), TRANSLATED, ids=lambda name: name)
def test_a_translated_document_gives_the_same_figures(english: str, other: str) -> None:
    figures = [
        sorted(re.findall(r"\d+(?:\.\d+)*", re.sub(r"(?<=\d)[,\u202f\xa0](?=\d{3}\b)", "", _text(n))))
        for n in (english, other)
    ]
    assert figures[1] == figures[0]


def _typed(text: str) -> list[str]:
    """Return what is typed or opened, sorted: commands, code in backquotes without placeholders, links."""
    blocks = re.findall(
        r"^((?:probe|make|pipx|sha256sum|find|ssh-keygen|openssl) .*?)(?: {2,}.*)?$", text, re.MULTILINE
    )
    inline = re.findall(
        r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    )
    links = re.findall(r"\]\(([^)]+)\)", text)
    pages = (re.sub(r"\.(?:ru|fr)\.md", ".md", link) for link in links)
    return sorted([*blocks, *(re.sub(r"<[^>]*>", "<>", word) for word in inline), *pages])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_that_a_document_links_to_is_there(name: str) -> None:
    document = ROOT / name
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []
