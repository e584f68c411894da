"""What is wrong with a file is said in the language in use; every phrase of the table is one that is said."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from probe import locale
from probe.cli.file_faults import PHRASES, said
from unit.translations import SOURCE


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    locale.use("en")


def texts_of(folder: str) -> Iterator[str]:
    """Yield every text in the source of a package, an f-string with a mark for each of its values."""
    for path in sorted(Path(SOURCE, folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.JoinedStr):
                parts = [v.value if isinstance(v, ast.Constant) else "{}" for v in node.values]
                yield "".join(str(part) for part in parts)


def test_every_phrase_stands_in_the_packages_that_read_files() -> None:
    written = {*texts_of("store"), *texts_of("targets"), *texts_of("pipeline")}
    assert [p for p in PHRASES if re.sub(r"\{\d\}", "{}", p) not in written] == []


@pytest.mark.parametrize(
    ("lang", "english", "told"),
    [
        ("ru", "the list holds no URL", "в списке нет ни одного адреса"),
        ("fr", "3 fields instead of 6", "3 champs au lieu de 6"),
        ("fr", "'x' is no category code", "'x' n’est pas un code de catégorie"),
        ("fr", "'ftp//x': the input has no host", "'ftp//x'\u202f: l’adresse n’a pas d’hôte"),
        ("ru", "prev_sha256 does not fit: line 3 was changed or removed", None),
        ("fr", "something that no table knows: x", "something that no table knows: x"),
        ("en", "the list holds no URL", "the list holds no URL"),
    ],
)
def test_a_fault_is_said_in_the_language_in_use(lang: str, english: str, told: str | None) -> None:
    locale.use(lang)
    assert said(english) == (told or "prev_sha256 не сходится: строка 3 изменена или удалена")


def test_what_a_file_holds_is_never_taken_for_a_template() -> None:
    locale.use("fr")
    assert (
        said("'{0.__class__}{x}' is no category code") == "'{0.__class__}{x}' n’est pas un code de catégorie"
    )
