"""What a console shows whose encoding is a country's: words in its language, and no escapes among them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.command import own
from probe.system.signs import PLAINLY


def _shown(encoding: str, *arguments: str, home: Path) -> str:
    environ = {**os.environ, **own(home), "PYTHONIOENCODING": encoding, "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-m", "probe", *arguments],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        cwd=home,
    )
    return (done.stdout + done.stderr).decode(encoding)


@pytest.mark.parametrize(
    ("encoding", "lang", "begins"),
    [
        ("cp866", "ru", "probe: Сценария x нет."),
        ("cp437", "ru", "probe: There is no scenario x."),
        ("cp1252", "fr", "probe: Il n’y a pas de scénario x."),
        ("cp850", "fr", "probe: There is no scenario x."),
    ],
)
def test_a_person_is_told_in_the_language_that_the_console_has_letters_for(
    encoding: str, lang: str, begins: str, tmp_path: Path
) -> None:
    assert _shown(encoding, "demo", "--scenario", "x", "--lang", lang, home=tmp_path).startswith(begins)


@pytest.mark.parametrize(
    ("encoding", "lang"), [("cp866", "ru"), ("koi8-r", "ru"), ("cp1252", "fr"), ("ascii", "ru")]
)
def test_no_help_holds_an_escape(encoding: str, lang: str, tmp_path: Path) -> None:
    shown = _shown(encoding, "run", "--help", "--lang", lang, home=tmp_path)
    assert "--concurrency" in shown
    assert "\\u" not in shown
    assert "\\x" not in shown


def test_signs_are_plainer_letters_are_kept_and_what_is_left_is_escaped() -> None:
    said = "«Нет» — 3\u202f×\u202f5…\n\u202e\U0001f600"
    assert said.encode("cp866", PLAINLY).decode("cp866") == '"Нет" - 3 x 5...\n\\u202e\\U0001f600'
    assert said.encode("utf-8", PLAINLY) == said.encode()
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("utf-8", PLAINLY)
