"""What unit tests share: a run folder of its own for each, a redactor of one machine, a sealed run."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from probe.pipeline.sealing import Sealed
from probe.store import OwnValues, Redactor, RunFolder
from unit.a_bag import a_run, sealed
from unit.a_folder import RUN_ID


@pytest.fixture
def redactor() -> Redactor:
    return Redactor(OwnValues(user="ivanova", home="/home/ivanova"))


@pytest.fixture
def run(tmp_path: Path, redactor: Redactor) -> Iterator[RunFolder]:
    with RunFolder.create(tmp_path, RUN_ID, redactor=redactor) as folder:
        yield folder


@pytest.fixture(scope="session")
def sealed_run(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """A bag and its zip, judged by the rules in force; not to be changed."""
    folder = tmp_path_factory.mktemp("sealed")
    return sealed(a_run(folder), folder / "out")


@pytest.fixture
def bag(sealed_run: Sealed, tmp_path: Path) -> Path:
    """A bag of one's own."""
    return Path(shutil.copytree(sealed_run.bag, tmp_path / sealed_run.run_id))


@pytest.fixture
def nothing_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """After the test the place for temporary files is empty, and what stood around it is as it was."""
    around = tmp_path / "around"
    (around / "tmp").mkdir(parents=True)
    (around / "canary").write_text("canary")
    monkeypatch.setattr("tempfile.tempdir", str(around / "tmp"))
    monkeypatch.setenv("TMPDIR", str(around / "tmp"))
    yield
    assert {path.name for path in around.rglob("*")} == {"tmp", "canary"}
    assert (around / "canary").read_text() == "canary"
