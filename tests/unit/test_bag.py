"""A run is sealed: what a stranger's tools say of the bag, and when nothing is sealed."""

import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest

from probe.evidence.error import EvidenceError
from probe.evidence.manifest import TAGMANIFEST
from probe.pipeline.request import UsageError
from probe.pipeline.sealing import Sealed, seal
from probe.pipeline.verifying import seal_of, verify
from probe.store import StoreError
from unit.a_bag import a_run, change, codes_of, refused, sealed

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sealed]:
    """A run and the bag made of it, not to be changed."""
    folder = tmp_path_factory.mktemp("made")
    run = a_run(folder)
    return run, sealed(run, folder / "out")


@pytest.fixture
def run(made: tuple[Path, Sealed], tmp_path: Path) -> Path:
    """A run of one's own."""
    return Path(shutil.copytree(made[0], tmp_path / made[0].name))


def stock(*command: str | Path, cwd: Path) -> str:
    """Run a stock program that has to be content, and return what it says."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_sha256sum_finds_every_file_as_it_was_sealed(made: tuple[Path, Sealed]) -> None:
    bag = made[1].bag
    for manifest in ("manifest-sha256.txt", TAGMANIFEST):
        lines = stock("sha256sum", "-c", manifest, cwd=bag).splitlines()
        assert lines
        assert all(line.endswith(": OK") for line in lines)
    root = stock("sha256sum", TAGMANIFEST, cwd=bag).split()[0]
    assert root == made[1].root_sha256


def test_the_library_of_congress_finds_a_valid_bag(made: tuple[Path, Sealed]) -> None:
    said = stock(BIN / "bagit.py", "--validate", made[1].bag, cwd=made[1].bag)
    assert said.endswith("is valid\n")


def test_frictionless_reads_the_tables_by_their_description(made: tuple[Path, Sealed]) -> None:
    stock(BIN / "frictionless", "validate", "--json", "datapackage.json", cwd=made[1].bag / "data")


def test_unzip_gives_the_bag_byte_for_byte(made: tuple[Path, Sealed], tmp_path: Path) -> None:
    with ZipFile(made[1].zip) as zipped:
        assert {info.compress_type for info in zipped.infolist()} == {ZIP_STORED}
        zipped.extractall(tmp_path)
    assert stock("diff", "-r", tmp_path / made[1].run_id, made[1].bag, cwd=tmp_path) == ""


def test_sealing_changes_no_byte_of_the_run(made: tuple[Path, Sealed]) -> None:
    run, done = made
    for path in run.rglob("*"):
        if path.is_file():
            assert (done.bag / "data" / path.relative_to(run)).read_bytes() == path.read_bytes()
    assert sorted(p.name for p in run.parent.iterdir()) == sorted([run.name, "out"])


def test_only_the_owner_may_read_what_was_sealed(made: tuple[Path, Sealed]) -> None:
    for path in (made[1].zip, made[1].bag, *made[1].bag.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_sealing_twice_gives_the_same_bytes(
    made: tuple[Path, Sealed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    os.umask(os.umask(0o077))
    again = sealed(made[0], tmp_path / "again")
    assert again.zip.read_bytes() == made[1].zip.read_bytes()
    assert again.root_sha256 == made[1].root_sha256
    assert stock("diff", "-r", again.bag, made[1].bag, cwd=tmp_path) == ""


def test_another_time_is_told_in_the_bag_and_changes_the_root_hash(
    made: tuple[Path, Sealed], tmp_path: Path
) -> None:
    later = seal(made[0], tmp_path / "later", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert isinstance(later, Sealed)
    assert later.root_sha256 != made[1].root_sha256
    custody = (later.bag / "data" / "custody.csv").read_bytes().decode().split("\r\n")
    assert custody[0] == "utc,role,action"
    assert custody[3:] == ["2030-01-02T03:04:05Z,holder,sealed", ""]
    assert codes_of(later.bag) == set()


def test_a_bag_and_its_zip_are_found_good_and_the_same(made: tuple[Path, Sealed]) -> None:
    for path in (made[1].bag, made[1].zip):
        done = verify(path, made[1].root_sha256.upper())
        assert done.faults.kept == []
        assert done.judging is not None
        assert done.judging.again
        assert done.checked is not None
        assert done.checked.root_sha256 == made[1].root_sha256
        assert (done.signature.state, done.token.state) == ("none", "none")


def test_a_bag_under_another_name_is_as_good(made: tuple[Path, Sealed], tmp_path: Path) -> None:
    shutil.copytree(made[1].bag, tmp_path / "evidence no. 1")
    assert codes_of(tmp_path / "evidence no. 1", made[1].root_sha256) == set()


def test_a_report_is_told_of_the_seal(made: tuple[Path, Sealed]) -> None:
    told = seal_of(made[1].bag)
    assert told is not None
    assert (told.root_sha256, told.n_files, told.n_bytes) == (
        made[1].root_sha256,
        made[1].n_files,
        made[1].n_bytes,
    )
    assert (told.signature, told.token) == ("none", "none")
    assert seal_of(made[0]) is None
    n_files = stock("bash", "-c", "find data -type f | wc -l", cwd=made[1].bag)
    assert int(n_files) == made[1].n_files


def test_the_root_hash_is_that_of_the_tag_manifest(made: tuple[Path, Sealed]) -> None:
    content = (made[1].bag / TAGMANIFEST).read_bytes()
    assert made[1].root_sha256 == hashlib.sha256(content).hexdigest()


def test_a_report_of_a_changed_bag_is_refused(made: tuple[Path, Sealed], tmp_path: Path) -> None:
    bag = Path(shutil.copytree(made[1].bag, tmp_path / "bag"))
    with (bag / "data" / "verdicts.csv").open("ab") as file:
        file.write(b"\r\n")
    with pytest.raises(StoreError, match="the bag is not what it says"):
        seal_of(bag)


def test_the_guide_speaks_three_languages_and_names_what_is_typed(made: tuple[Path, Sealed]) -> None:
    text = (made[1].bag / "VERIFY.txt").read_text()
    for language in ("English", "Русский", "Français"):
        assert text.count(f"{language}\n\n") == 1
    assert text.count("    sha256sum -c manifest-sha256.txt\n") == 3
    assert "Корневой хеш" in text


def test_a_bag_is_never_overwritten(made: tuple[Path, Sealed], tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = sealed(made[0], out)
    with pytest.raises(EvidenceError, match="never overwritten"):
        seal(made[0], out)
    shutil.rmtree(first.bag)
    with pytest.raises(EvidenceError, match="never overwritten"):
        seal(made[0], out)
    assert sorted(path.name for path in out.iterdir()) == [first.zip.name]


def test_a_run_without_an_end_is_not_sealed(run: Path, tmp_path: Path) -> None:
    change(run / "run.json", ended_utc="")
    with pytest.raises(UsageError, match="has not ended") as caught:
        seal(run, tmp_path / "out")
    assert caught.value.hint == f"Complete it: probe run --resume {run}"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("key", "value"), [("run_id", "../../elsewhere"), ("run_id", ""), ("started_utc", "today\r\n,x,y")]
)
def test_a_run_that_says_odd_things_of_itself_is_not_sealed(
    run: Path, tmp_path: Path, key: str, value: str
) -> None:
    change(run / "run.json", **{key: value})
    with pytest.raises(UsageError, match="not as this program writes it"):
        seal(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_run_that_somebody_writes_to_is_not_sealed(run: Path, tmp_path: Path) -> None:
    with (run / "measurements.jsonl").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="another probe is writing"):
            seal(run, tmp_path / "out")


def test_a_sealed_run_is_not_sealed_again(made: tuple[Path, Sealed], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="sealed already"):
        seal(made[1].bag, tmp_path / "out")


def test_a_time_before_the_end_is_refused(made: tuple[Path, Sealed], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ended later"):
        seal(made[0], tmp_path / "out", datetime(2020, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("name", ["verdicts.csv", "services.csv", "verdicts.jsonl", "datapackage.json"])
def test_a_run_without_its_tables_is_not_sealed(run: Path, tmp_path: Path, name: str) -> None:
    (run / name).unlink()
    with pytest.raises(UsageError) as caught:
        seal(run, tmp_path / "out")
    assert caught.value.problem == f"{run / name} is missing."
    assert caught.value.hint == f"Judge the run again, then seal it: probe judge {run}"


def test_what_is_no_file_of_a_run_is_not_sealed(run: Path, tmp_path: Path) -> None:
    (run / "blobs" / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(UsageError, match="is no file of a run"):
        seal(run, tmp_path / "out")


@pytest.mark.parametrize("name", ["verdicts.csv", "blobs/link", "inputs/link"])
def test_a_link_in_a_run_is_not_followed(run: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("secret")
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(tmp_path / "secret")
    with pytest.raises((UsageError, OSError)):
        seal(run, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*"))


def test_a_run_whose_verdicts_were_altered_is_not_sealed(run: Path, tmp_path: Path) -> None:
    table = run / "verdicts.csv"
    table.write_bytes(table.read_bytes().replace(b"blocked", b"reachable", 1))
    done = refused(run, tmp_path / "out")
    assert [(fault.code, fault.file, fault.line > 1) for fault in done.faults] == [
        ("table", "data/verdicts.csv", True)
    ]
    assert not list((tmp_path / "out").iterdir())


def test_what_a_crash_left_stays_outside(run: Path, tmp_path: Path) -> None:
    (run / "measurements.torn-1.jsonl").write_bytes(b'{"prev')
    (run / "blobs" / ".x.tmp-77").write_bytes(b"half")
    done = sealed(run, tmp_path / "out")
    names = {path.name for path in done.bag.rglob("*")}
    assert not names & {"measurements.torn-1.jsonl", ".x.tmp-77"}
