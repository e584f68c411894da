"""The command line speaks French where it is asked to, or where the locale is French."""

from pathlib import Path

import pytest

from cli.command import probe


def test_help_and_mistakes_are_told_in_french(tmp_path: Path) -> None:
    done = probe("run", "--raunds", "--lang", "fr", home=tmp_path)
    assert done.returncode == 2
    assert "Erreur\u202f: Option inconnue\u202f: --raunds" in done.stderr
    shown = probe("run", "--help", "--lang", "fr", home=tmp_path).stdout
    assert "Mesurer la sélection par défaut" in shown
    assert shown.splitlines()[-1].split("  ")[-1].strip() == "Montrer cette aide et s’arrêter."
    assert "Commandes:" in probe("--help", "--lang", "fr", home=tmp_path).stdout


@pytest.mark.parametrize("words", [("run",), ("evidence", "seal"), ("targets", "list"), ()], ids=" ".join)
@pytest.mark.parametrize("lang", ["ru", "fr"])
def test_help_holds_no_sentence_of_the_librarys_own(
    words: tuple[str, ...], lang: str, tmp_path: Path
) -> None:
    shown = probe(*words, "--help", home=tmp_path, env={"LC_ALL": lang, "PYTHONUTF8": "1"}).stdout
    assert "--help" in shown
    assert "Show this message" not in shown


def test_french_is_spoken_where_the_locale_asks_for_it(tmp_path: Path) -> None:
    done = probe("run", home=tmp_path, env={"LC_ALL": "fr_FR.UTF-8", "PYTHONUTF8": "1"})
    assert done.stderr.startswith("probe: Impossible de poser une question ici : ce n’est pas un terminal.")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1251"])
def test_a_terminal_without_the_letters_of_french_is_spoken_to_in_english(
    encoding: str, tmp_path: Path
) -> None:
    done = probe("run", "--lang", "fr", home=tmp_path, env={"PYTHONIOENCODING": encoding})
    assert done.stderr.startswith("probe: Nobody can be asked here")


def test_regions_are_offered_by_their_french_names(tmp_path: Path) -> None:
    done = probe("run", "--region", "Якут", "--lang", "fr", home=tmp_path)
    assert "Vouliez-vous dire République de Sakha (RU-SA)\u202f?" in done.stderr
