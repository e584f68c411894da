"""A release is built twice from the last commit, checks itself, and nothing that differs is kept."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from tools import release, sums
from tools.source import ROOT, ToolError, commit_of, lay_out


def _is_repository() -> bool:
    """Say whether git reads this folder: it may be missing, or refuse a folder of another user's."""
    asked = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    return (
        shutil.which("git") is not None
        and not subprocess.run(asked, capture_output=True, check=False).returncode
    )


IN_GIT: Final = pytest.mark.skipif(
    not _is_repository(), reason="a release is made of a commit, and git reads none here"
)
PINNED: Final = re.compile(r"^([a-z0-9-]+)==([^ ]+)((?: ;.*)?) \\$", re.MULTILINE)


@IN_GIT
def test_a_release_holds_wheel_source_parts_and_hashes_that_a_stranger_can_check(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.release", "-o", str(tmp_path / "dist")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    name = f"interference_probe-{release.version_of(ROOT)}"
    made = [f"{name}-py3-none-any.whl", f"{name}.cdx.json", f"{name}.tar.gz"]
    assert sorted(path.name for path in (tmp_path / "dist").iterdir()) == ["SHA256SUMS", *made]
    checked = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path / "dist", capture_output=True, text=True, check=True
    )
    assert checked.stdout.splitlines() == [f"{one}: OK" for one in made]
    with zipfile.ZipFile(tmp_path / "dist" / made[0]) as wheel:
        held = set(wheel.namelist())
    assert {
        "probe/__main__.py",
        "probe/py.typed",
        "probe/targets/catalogue/youtube.toml",
        "probe/targets/catalogue/trust-anchor/root.ds",
        "probe/locale/ru/LC_MESSAGES/probe.mo",
        "probe/locale/fr/LC_MESSAGES/probe.mo",
    } <= held
    with tarfile.open(tmp_path / "dist" / made[2]) as archive:
        held = set(archive.getnames())
    assert {f"{name}/{path}" for path in ("Makefile", "CONTRIBUTING.md", "SECURITY.md", ".ci/run")} <= held
    assert {f"{name}/{path}" for path in ("tools/release.py", "tests/conftest.py", "docs/method.md")} <= held


@IN_GIT
def test_what_is_not_committed_is_not_laid_out(tmp_path: Path) -> None:
    full, epoch = commit_of("HEAD")
    source = lay_out(full, tmp_path / "source")
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", full], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    found = {p.relative_to(source).as_posix() for p in source.rglob("*") if not p.is_dir()}
    assert found == set(listed.splitlines())
    assert {int(path.stat().st_mtime) for path in source.rglob("*") if path.is_file()} == {epoch}


@IN_GIT
def test_a_commit_that_is_not_there_is_told() -> None:
    with pytest.raises(ToolError, match="git show failed here: "):
        commit_of("no-such-commit")


@IN_GIT
def test_two_builds_that_differ_are_named_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_chance(_source: Path, into: Path, _epoch: int, **_environment: str) -> None:
        into.mkdir(parents=True)
        (into / "same.whl").write_bytes(b"same")
        (into / "other.tar.gz").write_bytes(os.urandom(16))

    monkeypatch.setattr(release, "make", by_chance)
    with pytest.raises(ToolError) as refused:
        release.release(tmp_path / "dist", "HEAD")
    assert str(refused.value) == "Built twice, not the same bytes: other.tar.gz. Nothing is kept."
    assert not (tmp_path / "dist").exists()


def test_a_file_of_one_folder_only_is_a_difference_too(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "same").write_bytes(b"same")
    (tmp_path / "one" / "more").write_bytes(b"")
    assert sums.differences(tmp_path / "one", tmp_path / "other") == ("more",)
    assert list(sums.write_sums(tmp_path / "other")) == ["deep/same"]


@pytest.fixture
def make() -> str:
    found = shutil.which("make")
    if found is None:
        pytest.skip("make is not installed here")
    return found


def _targets() -> Iterator[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    yield from re.findall(r"^([a-z][a-z0-9_-]*):", text, re.MULTILINE)


def test_make_help_names_everything_that_can_be_made_and_what_for(make: str) -> None:
    said = subprocess.run([make, "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    told = dict(line.split("\t", 1) for line in said.splitlines())
    assert sorted(told) == sorted(_targets())
    assert [name for name, what in told.items() if len(what) < 5] == []
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(phony.split()) == sorted(told)


def test_the_bundle_is_made_of_the_versions_that_are_tested() -> None:
    pinned = {
        lock: {
            (name, version) for name, version, _ in PINNED.findall((ROOT / "requirements" / lock).read_text())
        }
        for lock in ("core.lock", "bundle.lock", "dev.lock")
    }
    assert pinned["core.lock"] - pinned["bundle.lock"] == set()
    tested = {name for name, _ in pinned["dev.lock"]}
    assert {one for one in pinned["bundle.lock"] if one[0] in tested} - pinned["dev.lock"] == set()
    assert {name for name, _ in pinned["bundle.lock"]} >= {"pyinstaller", "aioquic", "maxminddb"}
