"""`probe report --format svg`: a picture for each target that transfers were made for, where asked for."""

from pathlib import Path

import pytest

from cli.command import probe
from probe.store import OwnValues, Redactor, RunFolder
from unit.a_run import a_measurement
from unit.some_trials import a_policed_run


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    """Return a run with transfers and one without."""
    with RunFolder.create(tmp_path, "slowed", redactor=Redactor(OwnValues())) as slowed:
        for measurement in a_policed_run():
            slowed.append(measurement)
    with RunFolder.create(tmp_path, "plain", redactor=Redactor(OwnValues())) as plain:
        plain.append(a_measurement())
    return slowed.path, plain.path


def test_a_picture_for_each_target_is_written_and_named_on_stderr(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    done = probe("report", str(runs[0]), "--format", "svg", "-o", str(tmp_path / "out"), home=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    (picture,) = (tmp_path / "out").iterdir()
    assert picture.name == "sample-media.svg"
    assert picture.stat().st_mode & 0o777 == 0o600
    assert done.stderr == f"Written: {picture}\n"
    assert picture.read_text().startswith("<svg ")


def test_several_runs_have_a_folder_each_and_one_without_transfers_says_so(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    done = probe("report", *map(str, runs), "--format", "svg", "-o", str(tmp_path / "out"), home=tmp_path)
    assert done.returncode == 0
    assert [str(p.relative_to(tmp_path)) for p in sorted(tmp_path.rglob("*.svg"))] == [
        "out/slowed/sample-media.svg"
    ]
    assert f"No transfers were made in {runs[1]}: there is nothing to draw." in done.stderr


def test_what_is_no_run_ends_with_2_and_writes_nothing(tmp_path: Path) -> None:
    done = probe("report", "absent", "--format", "svg", "-o", "out", home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no run: measurements.jsonl is missing" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_ends_with_2(runs: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = probe("report", str(runs[0]), "--format", "svg", "-o", str(tmp_path / "file" / "x"), home=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
