"""What `probe targets check` finds, and where the catalogue lies once installed."""

import datetime as dt
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from probe.judge.fingerprints import fingerprint_files
from probe.targets import catalogue_folder, check, read_catalogue
from probe.targets.check import Finding, old_fingerprints
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


def line_of(finding: Finding) -> str:
    return Path(finding.file).read_text(encoding="utf-8").split("\n")[finding.line - 1]


def test_a_year_later_every_dated_fact_is_named_with_the_line_of_its_date(folder: Path) -> None:
    later = [f for f in check(folder, today=dt.date(2027, 12, 1)) if "never checked" not in f.problem]
    assert {f.level for f in later} == {"warning"}
    assert {str(Path(f.file).relative_to(folder)) for f in later} == {
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
    }
    for finding in later:
        assert dict(finding.params)["dated"] in line_of(finding)
    said = {str(Path(f.file).relative_to(folder)): f.problem for f in later}
    assert said["ranges/google.txt"] == "address ranges of 2026-08-22"
    assert said["private-ca/signal.pem"] == "authorities of 2026-08-22"
    assert said["trust-anchor/root.ds"] == "root keys of 2026-11-21"
    assert said["network.toml"].endswith("stun")
    assert said["resolvers.toml"].startswith("last looked at on 2026-11-21: google-doh, ")
    assert said["resolvers.toml"].endswith(", helpers")


def test_one_changed_line_mends_what_was_old(folder: Path) -> None:
    today = dt.date(2027, 10, 1)
    (folder / "trust-anchor" / "root.ds").write_text(
        (folder / "trust-anchor" / "root.ds").read_text().replace("2026-11-21", "2026-08-21")
    )
    for finding in (f for f in check(folder, today=today) if f.params):
        path = Path(finding.file)
        lines = path.read_text(encoding="utf-8").split("\n")
        lines[finding.line - 1] = lines[finding.line - 1].replace(dict(finding.params)["dated"], "2027-09-30")
        path.write_text("\n".join(lines), encoding="utf-8")
    assert [f for f in check(folder, today=today) if f.params] == []


def test_a_special_file_names_what_is_old_in_it_too(folder: Path) -> None:
    old = [f.problem for f in check(folder / "neutral.toml", today=dt.date(2030, 1, 1))]
    assert all(problem.startswith("last looked at on 20") for problem in old)
    assert len(old) > 0


def test_fingerprints_age_as_well_and_every_file_of_them_has_a_date() -> None:
    found = list(old_fingerprints(fingerprint_files(), dt.date(2027, 12, 1)))
    assert {f.file for f in found} == {f"fingerprints/{name}" for name in fingerprint_files()}
    assert {f.problem for f in found} == {"fingerprints of 2026-11-21"}
    first = next(f for f in found if f.file == "fingerprints/pages_ru.toml")
    assert fingerprint_files()["pages_ru.toml"].decode().split("\n")[first.line - 1] == 'dated = "2026-11-21"'
    assert list(old_fingerprints(fingerprint_files(), TODAY)) == []


def test_ten_years_later_authorities_have_expired(folder: Path) -> None:
    later = [f.problem for f in check(folder, today=dt.date(2036, 1, 1))]
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
    pages = {"report.html", "blocks.html", "path.html", "style.css"}
    assert pages <= {file.name for file in (site / "probe" / "report" / "pages").iterdir()}
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
