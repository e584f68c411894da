"""What `probe targets check` finds, and where the catalogue lies once installed."""

import datetime as dt
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from probe.targets import catalogue_folder, check, read_catalogue
from unit.a_catalogue import REPOSITORY, SERVICE, copy_of_the_catalogue, in_file

TODAY = dt.date(2026, 11, 21)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_the_catalogue(tmp_path)


def test_one_broken_file_does_not_hide_the_next(folder: Path) -> None:
    (folder / "one.toml").write_text("x")
    (folder / "two.toml").write_text("y")
    assert [Path(f.file).name for f in check(folder, today=TODAY)] == ["one.toml", "two.toml"]


def test_endpoints_of_last_year_are_named_with_the_line_of_their_date(folder: Path) -> None:
    old = SERVICE.replace("2026-08-22", "2025-08-22")
    fresh = (
        '\n[[endpoint]]\nid = "new"\ninput = "https://new.example/"\nexperiment = "web"\ndated = 2026-11-01\n'
    )
    (folder / "sample.toml").write_text(old + fresh)
    findings = check(folder / "sample.toml", today=TODAY)
    assert [(f.level, f.line, f.problem) for f in findings] == [
        ("warning", 7, "last looked at on 2025-08-22: sample/web")
    ]


def test_a_year_later_ranges_are_old_and_ten_years_later_authorities_have_expired(folder: Path) -> None:
    later = [f.problem for f in check(folder, today=dt.date(2036, 1, 1))]
    assert "address ranges of 2026-08-22" in later
    assert "every certificate has expired, the last on 2032-01-24" in later


def test_a_checked_neutral_set_gives_no_warning(folder: Path) -> None:
    in_file("neutral.toml", lambda text: text.replace("network = false", "network = true"))(folder)
    assert check(folder, today=TODAY) == ()


def test_a_special_file_or_a_list_can_be_checked_alone(folder: Path, tmp_path: Path) -> None:
    assert check(folder / "neutral.toml", today=TODAY) == ()
    listed = tmp_path / "list.csv"
    listed.write_text("url,category_code,category_description,date_added,source,notes\nnonsense,,,,,\n")
    (finding,) = check(listed, today=TODAY)
    assert (finding.level, finding.line) == ("error", 2)
    listed.write_text(
        "url,category_code,category_description,date_added,source,notes\nhttps://a.example/,,,,,\n"
    )
    assert check(listed, today=TODAY) == ()


def test_an_editable_install_reads_the_folder_that_a_volunteer_edits() -> None:
    assert catalogue_folder() == REPOSITORY / "targets"


def test_a_wheel_carries_the_catalogue_and_reads_its_own(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    shutil.unpack_archive(wheel, site, "zip")
    program = (
        "import probe.targets as t; c = t.read_catalogue(); print(t.catalogue_folder(), c.digest, sep='\\n')"
    )
    found = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(site)},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    folder, digest = found.stdout.splitlines()
    assert Path(folder) == site / "probe" / "targets" / "catalogue"
    assert digest == read_catalogue().digest
