"""`probe report --format pdf|docx` as typed: the file, or what is said where none can be made."""

from pathlib import Path

import pytest

from cli.command import probe
from unit.a_bag import a_run
from unit.papers import run as stock

INSTALL = "       Type: pip install 'interference-probe[letters]'\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_run(tmp_path_factory.mktemp("letters"))


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Technical annex: network measurements"),
        ("ru", "Техническое приложение: сетевые измерения"),
        ("fr", "Annexe technique : mesures du réseau"),
    ],
)
def test_a_pdf_is_written_for_its_owner_alone_in_the_language_asked_for(
    run: Path, tmp_path: Path, lang: str, title: str
) -> None:
    done = probe("report", str(run), "--format", "pdf", "--lang", lang, "-o", "a.pdf", home=tmp_path)
    assert done.returncode == 0, done.stderr
    file = tmp_path / "a.pdf"
    assert file.stat().st_mode & 0o777 == 0o600
    assert title in " ".join(stock("pdftotext", file, "-").split())


@pytest.mark.parametrize(("form", "begin"), [("pdf", b"%PDF-"), ("docx", b"PK")])
def test_the_same_run_gives_the_same_file_twice(run: Path, tmp_path: Path, form: str, begin: bytes) -> None:
    files = [tmp_path / f"{n}.{form}" for n in "12"]
    for file in files:
        done = probe("report", str(run), "--format", form, "-o", str(file), home=tmp_path)
        assert done.returncode == 0, done.stderr
    first, second = (file.read_bytes() for file in files)
    assert first.startswith(begin)
    assert first == second


@pytest.mark.parametrize(("form", "library"), [("pdf", "typst"), ("docx", "docx")])
def test_without_the_extra_it_ends_with_2_and_says_what_to_install(
    run: Path, tmp_path: Path, form: str, library: str
) -> None:
    done = probe("report", str(run), "--format", form, "-o", f"a.{form}", home=tmp_path, without=library)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"probe: The form {form} needs a library that is not installed.\n{INSTALL}"
    assert not (tmp_path / f"a.{form}").exists()
